//! What an enrolment at a login leads to, and above all what it does not.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::factors::Factors;
use crate::judgement::{Circumstances, Proof, Response, Row, Verdict};
use crate::otp::{Algorithm, Digits};
use crate::pass::{Moment, Per, Remember, Whereabouts};
use crate::secret::Secret;
use crate::throttle::{Backoff, Origin};
use crate::time::{Period, Step};
use crate::totp::Totp;

#[test]
fn a_first_code_enrolls_and_proves_the_login() {
    let (record, enrolled) = enroll(begin(nobody()), &code(1, 0));
    assert!(record.is_enrolled());
    assert_eq!(record.credentials().len(), 1);
    assert_eq!(record.credentials()[0].id(), enrolled.credential());
    assert_eq!(enrolled.recovery_codes().len(), 10);
    assert_eq!(record.recovery_codes_left(), 10);

    let credential = enrolled.credential();
    let verified = enrolled.acknowledged();
    assert_eq!(verified.proof(), Proof::Enrollment(credential));
    assert_eq!(verified.recovery_left(), 10);
}

#[test]
fn who_holds_a_factor_is_offered_no_other() {
    let (holder, id) = nobody().offer(factor(2), "", NOW).unwrap();
    let holder = holder.confirm(id, &code(2, 0).parse().unwrap(), NOW);
    assert!(Walk::begin(holder.unwrap(), factor(1)).is_none());
    assert!(Walk::begin(Record::decoy(&[7; 20]), factor(1)).is_none());
}

#[test]
fn an_offer_is_on_no_record_before_its_first_code() {
    let walk = begin(nobody());
    assert!(walk.record.credentials().is_empty());
    let Received::Wrong(walk) = walk.receive("000000", &ENTROPY, NOW) else {
        panic!("a wrong code is no right one");
    };
    assert!(walk.record.credentials().is_empty());
    assert!(!walk.record.is_enrolled());
    assert_eq!(walk.record.recovery_codes_left(), 0);
}

#[test]
fn after_three_wrong_answers_a_right_one_is_not_taken() {
    let mut walk = begin(nobody());
    for (tries, wrong) in [(3, code(2, 0)), (2, String::new())] {
        assert_eq!(walk.tries(), tries);
        let Received::Wrong(rest) = walk.receive(&wrong, &ENTROPY, NOW) else {
            panic!("{wrong:?} is no right code");
        };
        walk = rest;
    }
    let last = walk.receive(&code(1, -9), &ENTROPY, NOW);
    // The walk is gone with it.
    assert!(matches!(last, Received::LastWrong));
}

#[test]
fn the_second_and_the_third_answer_may_be_right() {
    for wrong in 1..Walk::TRIES {
        let walk = (0..wrong).fold(begin(nobody()), |walk, _| {
            match walk.receive("123", &ENTROPY, NOW) {
                Received::Wrong(walk) => walk,
                Received::Right(_) | Received::LastWrong => panic!("another is taken"),
            }
        });
        assert!(enroll(walk, &code(1, 1)).0.is_enrolled());
    }
}

#[test]
fn nothing_is_known_of_an_enrolment_that_was_not_saved() {
    let Received::Right(confirmation) = begin(nobody()).receive(&code(1, 0), &ENTROPY, NOW) else {
        panic!("the code is right");
    };
    let failed = ready(confirmation.settle(|_| async { Err::<(), _>("disk full") }));
    assert_eq!(failed.err(), Some("disk full"));
}

#[test]
fn the_first_code_is_used_up_by_the_enrolment() {
    let (record, _) = enroll(begin(nobody()), &code(1, 0));
    let at = Circumstances {
        rule: &Backoff::DEFAULT,
        origin: Origin::Seat,
        now: NOW,
        factors: Factors::ALL,
    };
    for offset in [0, -1] {
        let again = Row::of(vec![code(1, offset).parse().unwrap()]);
        let judgement = record.clone().judge(&Response::Codes(again), at);
        let verdict = ready(judgement.settle(|_| async { Ok::<(), ()>(()) })).unwrap();
        assert!(matches!(verdict, Verdict::Reject(_)), "{verdict:?}");
    }
}

#[test]
fn an_enrolment_leaves_no_pass() {
    let (record, enrolled) = enroll(begin(nobody()), &code(1, 0));
    let moment = Moment {
        now: NOW,
        uptime: 9000,
    };
    let login = Whereabouts {
        service: "sshd",
        address: Some("192.0.2.7".parse().unwrap()),
        session: None,
        leaders: &[],
    };
    let remember = Remember {
        lasts: Duration::from_secs(3600),
        per: Per::Origin,
    };
    let proof = enrolled.acknowledged().proof();
    let record = record.remember(proof, &login, remember, moment);
    assert_eq!(record.passes(moment).count(), 0);
}

#[test]
fn what_else_was_offered_and_never_confirmed_is_void() {
    let (alice, id) = nobody().offer(factor(2), "", NOW).unwrap();
    let (record, _) = enroll(begin(alice), &code(1, 0));
    assert_eq!(record.credentials().len(), 1);
    assert!(
        record
            .confirm(id, &code(2, 0).parse().unwrap(), NOW)
            .is_err()
    );
}

#[test]
fn recovery_codes_that_an_earlier_factor_left_are_void() {
    let (alice, old) = nobody().renew_recovery_codes(&[9; RecoverySet::ENTROPY]);
    let (record, enrolled) = enroll(begin(alice), &code(1, 0));
    assert!(record.recovery.spend(&old[0]).is_none());
    let new = &enrolled.recovery_codes()[0];
    assert!(record.recovery.spend(new).is_some());
}

const NOW: Timestamp = Timestamp::from_unix(1_750_000_007);
const ENTROPY: [u8; RecoverySet::ENTROPY] = [0x5a; RecoverySet::ENTROPY];

fn nobody() -> Record {
    Record::new(1000, "alice")
}

fn begin(record: Record) -> Walk {
    Walk::begin(record, factor(1)).unwrap()
}

fn enroll(walk: Walk, code: &str) -> (Record, Enrolled) {
    let Received::Right(confirmation) = walk.receive(code, &ENTROPY, NOW) else {
        panic!("{code} is right");
    };
    let mut saved = None;
    let enrolled = ready(confirmation.settle(|record| {
        saved = Some(record);
        async { Ok::<(), ()>(()) }
    }));
    (
        saved.unwrap(),
        enrolled.unwrap_or_else(|()| panic!("saved")),
    )
}

fn factor(name: u8) -> Factor {
    Factor::totp(totp(name))
}

fn totp(name: u8) -> Totp {
    let secret = Secret::from_entropy(&[name; 20]);
    Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT)
}

fn code(name: u8, offset: i64) -> String {
    let Step(now) = Period::DEFAULT.step_at(NOW);
    totp(name).code_at(Step(now.checked_add_signed(offset).unwrap()))
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}
