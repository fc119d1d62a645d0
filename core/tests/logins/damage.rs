//! Bytes that are no record, or one that nobody would have saved.

use countersign_core::code::Code;
use countersign_core::factors::Factors;
use countersign_core::issued::IssuedCode;
use countersign_core::judgement::{Circumstances, Response, Row, Verdict};
use countersign_core::record::Record;
use countersign_core::throttle::Backoff;
use countersign_core::time::Timestamp;
use countersign_core::transaction::Transaction;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::user::{Device, Past, TOKEN, USUAL, moved_over, origin, with_past};
use crate::world::ready;

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_or_a_record_that_can_be_judged(
        bytes in vec(any::<u8>(), 0..200),
        now in any_time(),
    ) {
        exercise(&bytes, now, 0);
    }

    #[test]
    fn a_damaged_record_is_refused_or_can_be_judged(
        damage in vec(any_damage(), 1..6),
        now in any_time(),
        from in any::<usize>(),
    ) {
        let mut bytes = sound();
        for damage in damage {
            damage.apply(&mut bytes);
        }
        exercise(&bytes, now, from);
    }
}

#[test]
fn a_length_that_memory_could_not_hold_is_refused() {
    let sound = sound();
    // The last four bytes are those of a number: no length begins there.
    for place in 0..sound.len() - 4 {
        for major in [0x40, 0x60, 0x80, 0xa0] {
            let huge = [&sound[..place], &[major | 0x1b], &[0xff; 8]].concat();
            let refused = Record::decode(&huge);
            assert!(refused.is_err(), "{major:#x} at {place}");
        }
    }
}

#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Repeat(Index, Index),
    /// A number that fills its place.
    Number(Index, u64),
    Cut(Index),
}

impl Damage {
    fn apply(self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Set(place, byte) => bytes[place.index(length)] = byte,
            Self::Insert(place, byte) => bytes.insert(place.index(length), byte),
            Self::Remove(place) => {
                bytes.remove(place.index(length));
            }
            Self::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let repeated = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(to..to, repeated);
            }
            Self::Number(place, number) => {
                let place = place.index(length);
                let number = minicbor::to_vec(number).unwrap();
                bytes.splice(place..=place, number);
            }
            Self::Cut(place) => bytes.truncate(place.index(length)),
        }
    }
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    let number = prop_oneof![any::<u64>(), Just(u64::MAX), 0..300_u64];
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(place, byte)| Damage::Set(place, byte)),
        2 => (place(), any::<u8>()).prop_map(|(place, byte)| Damage::Insert(place, byte)),
        2 => place().prop_map(Damage::Remove),
        1 => (place(), place()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        8 => (place(), number).prop_map(|(place, number)| Damage::Number(place, number)),
        1 => place().prop_map(Damage::Cut),
    ]
}

fn any_time() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..200_u64,
        1_700_000_000..1_800_000_000_u64,
        any::<u64>(),
        (u64::MAX - 200)..=u64::MAX,
    ]
}

/// A record in which everything there can be is there.
fn sound() -> Vec<u8> {
    let mut record = with_past(&moved_over(&[USUAL, TOKEN], 2), Past::WrongCodes(3));
    let [from, expires] = [1_750_000_000, 1_760_000_000].map(Timestamp::from_unix);
    let entropy = [0x5b; IssuedCode::ENTROPY];
    record = record.issue(&entropy, from, expires).unwrap().0;
    let rule = Backoff::DEFAULT;
    for (number, seconds) in [(3, 1_750_100_000), (4, 1_750_200_000)] {
        let now = Timestamp::from_unix(seconds);
        let at = Circumstances {
            rule: &rule,
            origin: origin(number),
            now,
            factors: Factors::ALL,
        };
        let app = Device::of(&record.credentials()[0]);
        let code = app.code(seconds / 30);
        let right = Response::Codes(Row::of(vec![code.parse().unwrap()]));
        let judgement = record.clone().judge(&right, at);
        let saved = ready(judgement.settle(|after| {
            record = after;
            async { Ok::<(), ()>(()) }
        }));
        assert!(matches!(saved, Ok(Verdict::Accept(_))));
    }
    record.encode().unwrap().to_vec()
}

/// Whatever the bytes are: does all there is to do with a record, at any time.
fn exercise(bytes: &[u8], now: u64, from: usize) {
    let Ok(record) = Record::decode(bytes) else {
        return;
    };
    let bytes = record.encode().unwrap();
    let again = Record::decode(&bytes).unwrap().encode().unwrap();
    assert_eq!(*again, *bytes);

    let rule = Backoff::DEFAULT;
    let at = Circumstances {
        rule: &rule,
        origin: origin(from),
        now: Timestamp::from_unix(now),
        factors: Factors::ALL,
    };
    let (_, challenge) = Transaction::begin(&record, true, Transaction::TRIES, at);
    assert_eq!(challenge.lengths, record.code_lengths(Factors::ALL));

    let code: Code = "000000".parse().unwrap();
    let codes = |count| Response::Codes(Row::of(vec![code.clone(); count]));
    let pair = Response::Codes(Row {
        codes: vec![code.clone()],
        earlier: vec![code.clone()],
    });
    let recovery = Response::Recovery("1-0000-0000-0000-0000".parse().unwrap());
    let issued = Response::Issued("0-0000-0000".parse().unwrap());
    for response in [codes(1), pair, codes(2), codes(3), recovery, issued] {
        let judgement = record.clone().judge(&response, at);
        let verdict = ready(judgement.settle(|record| {
            let saved = record.encode().unwrap();
            assert!(Record::decode(&saved).is_ok());
            async { Ok::<(), ()>(()) }
        }));
        assert!(verdict.is_ok());
    }
}
