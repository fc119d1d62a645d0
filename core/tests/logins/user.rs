//! The user whom the logins are for: what is enrolled, what is shown, and what went wrong before.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use countersign_core::credential::{Credential, CredentialId, Factor};
use countersign_core::hotp::{Counter, Hotp, LookAhead};
use countersign_core::issued::IssuedCode;
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::record::Record;
use countersign_core::recovery::RecoverySet;
use countersign_core::secret::Secret;
use countersign_core::throttle::{Backoff, Network, Origin, Throttle};
use countersign_core::time::{Period, Skew, Step, Timestamp};
use countersign_core::totp::Totp;

use crate::store::items;

/// What a device is set up with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) digits: u32,
    pub(crate) algorithm: Algorithm,
    pub(crate) moves: Moves,
}

/// What moves a device's codes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moves {
    /// The time, at so many seconds a step.
    Clock { period: u64, skew: u64 },
    /// A button.
    Button { look_ahead: u64 },
}

pub(crate) const USUAL: Kind = Kind {
    digits: 6,
    algorithm: Algorithm::Sha1,
    moves: Moves::Clock {
        period: 30,
        skew: 1,
    },
};

pub(crate) const TOKEN: Kind = Kind {
    moves: Moves::Button { look_ahead: 5 },
    ..USUAL
};

/// The first counter of a token that was not used when it was enrolled.
pub(crate) const FIRST_COUNTER: u64 = 7;

impl Kind {
    pub(crate) const fn is_app(self) -> bool {
        matches!(self.moves, Moves::Clock { .. })
    }

    pub(crate) fn factor(self, name: u8) -> Factor {
        let secret = Secret::from_entropy(&[name; 20]);
        let digits = Digits::new(self.digits).unwrap();
        match self.moves {
            Moves::Clock { period, skew } => {
                let period = Period::from_seconds(period).unwrap();
                let totp = Totp::new(secret, self.algorithm, digits, period);
                Factor::totp(totp.with_skew(Skew::new(skew).unwrap()))
            }
            Moves::Button { look_ahead } => {
                let look_ahead = LookAhead::new(look_ahead).unwrap();
                let hotp = Hotp::new(secret, self.algorithm, digits).with_look_ahead(look_ahead);
                Factor::hotp(hotp, Counter::new(FIRST_COUNTER).unwrap())
            }
        }
    }
}

/// What shows the codes of a credential.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) id: CredentialId,
    pub(crate) maker: Maker,
}

/// What makes them.
#[derive(Clone, Debug)]
pub(crate) enum Maker {
    App(Totp),
    Token(Hotp),
}

impl Device {
    pub(crate) fn of(credential: &Credential) -> Self {
        let maker = match credential.factor() {
            Factor::Totp { totp, .. } => Maker::App(totp.clone()),
            Factor::Hotp { hotp, .. } => Maker::Token(hotp.clone()),
        };
        Self {
            id: credential.id(),
            maker,
        }
    }

    /// The code of a step or a counter.
    pub(crate) fn code(&self, number: u64) -> String {
        match &self.maker {
            Maker::App(totp) => totp.code_at(Step::from_number(number)),
            Maker::Token(hotp) => hotp.code_at(Counter::new(number).unwrap()),
        }
    }
}

/// When histories begin.
pub(crate) const START: u64 = 1_750_000_007;

/// What went wrong before a history begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Past {
    Nothing,
    /// So many wrong single codes from everywhere.
    WrongCodes(u8),
    /// So many wrong pairs from everywhere that three codes are asked for.
    WrongPairs,
}

/// A user without a credential, but with ten recovery codes, and those.
pub(crate) static NOBODY: LazyLock<(Record, Vec<String>)> = LazyLock::new(|| {
    let alice = Record::new(1000, "alice");
    let (alice, codes) = alice.renew_recovery_codes(&[0x5a; RecoverySet::ENTROPY]);
    let codes = codes.iter().map(|code| code.expose().to_string());
    (alice, codes.collect())
});

/// What another verifier handed out as scratch codes.
pub(crate) const SCRATCH: [&str; 4] = ["10203040", "50607080", "12121212", "98765432"];

/// A user who holds these, and so many scratch codes.
pub(crate) fn moved_over(kinds: &[Kind], scratch_codes: usize) -> Record {
    let codes = SCRATCH.map(|code| code.parse().unwrap());
    let now = Timestamp::from_unix(START);
    let alice = enrolled(kinds);
    let moved_over = alice.import(&[], &codes[..scratch_codes], [9; 16], now);
    moved_over.unwrap().0
}

/// A user who holds these.
pub(crate) fn enrolled(kinds: &[Kind]) -> Record {
    let nobody = NOBODY.0.clone();
    (1..).zip(kinds).fold(nobody, |alice, (name, kind)| {
        let now = Timestamp::from_unix(START);
        let (alice, id) = alice.offer(kind.factor(name), "", now).unwrap();
        alice.trust(id).unwrap()
    })
}

/// An issued code, which a decoy has.
pub(crate) static ISSUED: LazyLock<(Record, String)> = LazyLock::new(|| {
    let [from, expires] = [START, START + 600].map(Timestamp::from_unix);
    let alice = moved_over(&[], SCRATCH.len());
    let (alice, code) = alice
        .issue(&[0x5b; IssuedCode::ENTROPY], from, expires)
        .unwrap();
    (alice, code.expose().to_string())
});

/// A decoy that has ten recovery codes, scratch codes and an issued one, as no decoy has.
pub(crate) fn decoy() -> Record {
    let alice = ISSUED.0.encode().unwrap();
    [4, 7, 8]
        .into_iter()
        .fold(Record::decoy(&[1; 20]), |decoy, place| {
            with_item(
                &decoy.encode().unwrap(),
                place,
                items(&alice).unwrap()[place],
            )
        })
}

/// The record with that past.
pub(crate) fn with_past(record: &Record, past: Past) -> Record {
    let throttle = match past {
        Past::Nothing => Throttle::default(),
        Past::WrongCodes(times) => failed(usize::from(times), 1),
        Past::WrongPairs => WRONG_PAIRS.clone(),
    };
    let throttle = minicbor::to_vec(throttle).unwrap();
    with_item(&record.encode().unwrap(), 5, &throttle)
}

static WRONG_PAIRS: LazyLock<Throttle> = LazyLock::new(|| failed(100_000, 2));

fn failed(times: usize, codes: usize) -> Throttle {
    let now = Timestamp::from_unix(START);
    let pools = [Origin::Unknown, Origin::Seat, Origin::Locker];
    pools
        .into_iter()
        .fold(Throttle::default(), |state, origin| {
            (0..times).fold(state, |state, _| {
                state.after_failure(&Backoff::DEFAULT, origin, now, codes)
            })
        })
}

/// The record with another item in its encoding, or one more.
fn with_item(record: &[u8], index: usize, item: &[u8]) -> Record {
    let mut items = items(record).unwrap();
    match items.get_mut(index) {
        Some(there) => *there = item,
        None => items.push(item),
    }
    let array = 0x80 | u8::try_from(items.len()).unwrap();
    Record::decode(&[&[array], items.concat().as_slice()].concat()).unwrap()
}

/// Places that logins come from: more than have a pool of their own.
pub(crate) fn origin(number: usize) -> Origin {
    match number % 9 {
        0 => Origin::Seat,
        1 => Origin::Locker,
        2 => Origin::Unknown,
        other => {
            let address = Ipv4Addr::new(192, 0, 2, u8::try_from(other).unwrap());
            Origin::Address(Network::around(IpAddr::V4(address)))
        }
    }
}

/// The devices that can prove something, as a list to choose from.
pub(crate) fn devices(record: &Record) -> Vec<Device> {
    let held = record.credentials().iter();
    held.filter(|credential| credential.is_confirmed())
        .map(Device::of)
        .collect()
}
