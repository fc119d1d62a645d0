//! What judging answers, what it remembers, and when either is known.

mod astray;
mod issued;
mod recovery;
mod scratch;

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::credential::{Credential, CredentialId, Factor};
use crate::factors::Factors;
use crate::otp::{Algorithm, Digits};
use crate::recovery::RecoverySet;
use crate::secret::Secret;
use crate::throttle::Throttle;
use crate::time::{Period, Step};
use crate::totp::Totp;

#[test]
fn a_right_code_is_accepted_and_then_used() {
    let alice = enrolled(&[PHONE]);
    let (verdict, after) = judged(&alice, &codes(PHONE, &[0]), now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
    let (phone, _) = &spent(&after)[0];
    assert_eq!(*phone, Some(step(0)));

    let after = after.unwrap();
    let (verdict, nothing) = judged(&after, &codes(PHONE, &[0]), now());
    assert_eq!(verdict, Err(Reason::Used));
    assert!(nothing.is_none(), "a used code is not counted as a guess");
}

#[test]
fn after_a_code_is_accepted_only_later_ones_are() {
    let (_, after) = judged(&enrolled(&[PHONE]), &codes(PHONE, &[0]), now());
    let after = after.unwrap();
    let verdict = |offset, at| judged(&after, &codes(PHONE, &[offset]), at).0;

    assert_eq!(verdict(-1, now()), Err(Reason::Used));
    assert!(matches!(verdict(1, now()), Ok(Proof::Code(_))));
    // A clock that was set back brings no code back.
    assert_eq!(verdict(-1, later(-30)), Err(Reason::Used));
    assert_eq!(verdict(0, later(-30)), Err(Reason::Used));
    assert_eq!(verdict(-2, later(-30)), Err(Reason::Used));
}

#[test]
fn a_wrong_code_counts_once_in_the_throttle_and_changes_nothing_else() {
    let alice = enrolled(&[PHONE, TOKEN, LAPTOP]);
    let (verdict, after) = judged(&alice, &wrong(1), now());
    assert_eq!(verdict, Err(Reason::Wrong));

    let after = after.unwrap();
    let counted = alice
        .throttle
        .clone()
        .after_failure(now().rule, now().origin, now().now, 1);
    assert_eq!(after.throttle, counted);
    assert_eq!(
        apart_from_the_throttle(&after),
        apart_from_the_throttle(&alice)
    );
}

#[test]
fn no_verdict_is_known_of_a_record_that_could_not_be_saved() {
    for response in [codes(PHONE, &[0]), wrong(1), recovery(3)] {
        let judgement = enrolled(&[PHONE]).judge(&response, now());
        let verdict = ready(judgement.settle(|_| async { Err("disk full") }));
        assert!(matches!(verdict, Err("disk full")), "{verdict:?}");
    }
}

#[test]
fn no_verdict_is_known_before_the_record_is_saved() {
    let judgement = enrolled(&[PHONE]).judge(&codes(PHONE, &[0]), now());
    let mut polls = 0;
    let saving = std::future::poll_fn(|_| {
        polls += 1;
        if polls < 3 {
            return Poll::Pending;
        }
        Poll::Ready(Ok::<(), ()>(()))
    });
    let mut settling = pin!(judgement.settle(|_| saving));

    let mut context = Context::from_waker(Waker::noop());
    assert!(settling.as_mut().poll(&mut context).is_pending());
    assert!(settling.as_mut().poll(&mut context).is_pending());
    let verdict = settling.as_mut().poll(&mut context);
    assert!(matches!(verdict, Poll::Ready(Ok(Verdict::Accept(_)))));
}

#[test]
fn a_right_code_is_not_looked_at_while_several_are_demanded() {
    let (_, failed) = judged(&enrolled(&[PHONE]), &wrong(1), now());
    let failed = failed.unwrap();
    let (verdict, nothing) = judged(&failed, &codes(PHONE, &[0]), now());
    assert_eq!(verdict, Err(Reason::SeveralDemanded));
    assert!(nothing.is_none());

    // It was not used up either.
    let (verdict, _) = judged(&failed, &codes(PHONE, &[0]), later(2));
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
}

#[test]
fn no_code_at_all_is_not_looked_at() {
    let (verdict, nothing) = judged(
        &enrolled(&[PHONE]),
        &Response::Codes(Row::of(Vec::new())),
        now(),
    );
    assert_eq!(verdict, Err(Reason::SeveralDemanded));
    assert!(nothing.is_none());
}

#[test]
fn codes_in_a_row_are_judged_and_used_up_together() {
    let (_, failed) = judged(&enrolled(&[PHONE]), &wrong(1), now());
    let (verdict, after) = judged(&failed.unwrap(), &codes(PHONE, &[-1, 0]), now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
    let after = after.unwrap();
    for offset in [-1, 0] {
        let verdict = judged(&after, &codes(PHONE, &[offset]), now()).0;
        assert_eq!(verdict, Err(Reason::Used), "{offset}");
    }
}

#[test]
fn a_wrong_row_is_counted_as_a_row() {
    let alice = enrolled(&[PHONE]);
    let (verdict, after) = judged(&alice, &codes(PHONE, &[0, -1]), now());
    assert_eq!(verdict, Err(Reason::Wrong));
    let counted = Throttle::default().after_failure(now().rule, now().origin, now().now, 2);
    assert_eq!(after.unwrap().throttle, counted);
}

#[test]
fn a_code_of_any_of_several_credentials_is_accepted_and_uses_up_only_that_one() {
    let alice = enrolled(&[PHONE, TOKEN, LAPTOP]);
    for (place, totp) in [PHONE, TOKEN, LAPTOP].into_iter().enumerate() {
        let (verdict, after) = judged(&alice, &codes(totp, &[0]), now());
        assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
        for (other, (spent, used)) in spent(&after).into_iter().enumerate() {
            assert_eq!(spent.is_some(), other == place, "{place} {other}");
            assert_eq!(used.is_some(), other == place, "{place} {other}");
        }
    }
}

#[test]
fn no_code_is_good_twice_should_two_credentials_ever_share_a_secret() {
    let mut alice = enrolled(&[PHONE, LAPTOP]);
    // As only a record could have it that was written before offers of known secrets were refused.
    let twin = Credential {
        id: CredentialId(9),
        ..alice.credentials()[0].clone()
    };
    alice.credentials.push(twin.clone());
    let (_, after) = judged(&alice, &codes(PHONE, &[0]), now());
    assert_eq!(spent(&after)[0], spent(&after)[2], "used up for both");
    let after = after.unwrap();
    let (verdict, _) = judged(&after, &codes(PHONE, &[0]), now());
    assert_eq!(verdict, Err(Reason::Used));

    // Also if only one of them has been used.
    let (_, mut after) = judged(&enrolled(&[PHONE]), &codes(PHONE, &[0]), now());
    let after = after.as_mut().unwrap();
    after.credentials.push(twin);
    let (verdict, _) = judged(after, &codes(PHONE, &[0]), now());
    assert_eq!(verdict, Err(Reason::Used));
    let (verdict, _) = judged(after, &codes(PHONE, &[1]), now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
}

#[test]
fn a_row_of_two_credentials_codes_proves_neither() {
    let alice = enrolled(&[PHONE, LAPTOP]);
    let row = vec![code(PHONE, -1), code(LAPTOP, 0)];
    let (verdict, _) = judged(&alice, &Response::Codes(Row::of(row)), now());
    assert_eq!(verdict, Err(Reason::Wrong));
}

#[test]
fn an_offer_that_is_not_confirmed_proves_nothing() {
    let (alice, _) = enrolled(&[PHONE])
        .offer(Factor::totp(totp(LAPTOP)), "laptop", now().now)
        .unwrap();
    let (verdict, _) = judged(&alice, &codes(LAPTOP, &[0]), now());
    assert_eq!(verdict, Err(Reason::Wrong));
}

#[test]
fn a_decoy_accepts_nothing_and_counts_as_a_user_does() {
    let (decoy, _) = Record::decoy(&[PHONE; 20]).renew_recovery_codes(&ENTROPY);
    let user = enrolled(&[PHONE]);
    for right in [codes(PHONE, &[0]), codes(PHONE, &[-1, 0]), recovery(3)] {
        assert!(judged(&user, &right, now()).0.is_ok());
        let (verdict, after) = judged(&decoy, &right, now());
        assert!(matches!(
            verdict,
            Err(Reason::Wrong | Reason::WrongRecovery)
        ));
        assert_ne!(after.unwrap().throttle, decoy.throttle);
    }
    for wrong in [wrong(1), wrong(2), wrong_recovery()] {
        let (of_decoy, decoy_after) = judged(&decoy, &wrong, now());
        let (of_user, user_after) = judged(&user, &wrong, now());
        assert_eq!(of_decoy, of_user);
        assert_eq!(decoy_after.unwrap().throttle, user_after.unwrap().throttle);
    }
}

/// Names of credentials: each the byte that its secret consists of.
const PHONE: u8 = 1;
/// Eight digits, SHA-256, a period of a minute.
const TOKEN: u8 = 2;
const LAPTOP: u8 = 3;

const ENTROPY: [u8; RecoverySet::ENTROPY] = [0x5a; RecoverySet::ENTROPY];

/// Who has ten recovery codes and nothing else. They are hashed once: that takes a while.
static NOBODY: LazyLock<(Record, Vec<RecoveryCode>)> =
    LazyLock::new(|| Record::new(1000, "alice").renew_recovery_codes(&ENTROPY));

fn totp(name: u8) -> Totp {
    let secret = Secret::from_entropy(&[name; 20]);
    if name == TOKEN {
        let (digits, period) = (Digits::new(8).unwrap(), Period::from_seconds(60).unwrap());
        return Totp::new(secret, Algorithm::Sha256, digits, period);
    }
    Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT)
}

/// A user with these credentials and ten recovery codes.
fn enrolled(names: &[u8]) -> Record {
    names.iter().fold(NOBODY.0.clone(), |alice, name| {
        let (alice, id) = alice
            .offer(Factor::totp(totp(*name)), "", Timestamp::default())
            .unwrap();
        assert_eq!(id, CredentialId(alice.next_id - 1));
        alice.trust(id).unwrap()
    })
}

/// The codes so many steps from now.
fn codes(name: u8, offsets: &[i64]) -> Response {
    Response::Codes(Row::of(
        offsets.iter().map(|offset| code(name, *offset)).collect(),
    ))
}

fn code(name: u8, offset: i64) -> Code {
    let totp = totp(name);
    let Step(now) = totp.period().step_at(now().now);
    let step = Step(now.checked_add_signed(offset).unwrap());
    totp.code_at(step).parse().unwrap()
}

/// The phone's step, so many from now.
fn step(offset: i64) -> Step {
    let Step(now) = Period::DEFAULT.step_at(now().now);
    Step(now.checked_add_signed(offset).unwrap())
}

/// Codes that nobody's app shows now.
fn wrong(count: usize) -> Response {
    Response::Codes(Row::of(vec!["000000".parse().unwrap(); count]))
}

fn recovery(number: usize) -> Response {
    Response::Recovery(NOBODY.1[number - 1].clone())
}

fn wrong_recovery() -> Response {
    Response::Recovery("3-0000-0000-0000-0000".parse().unwrap())
}

fn now() -> Circumstances<'static> {
    later(0)
}

/// The same from the public door, so many seconds later.
fn public_door(seconds: i64) -> Circumstances<'static> {
    Circumstances {
        origin: Origin::Locker,
        ..later(seconds)
    }
}

fn later(seconds: i64) -> Circumstances<'static> {
    Circumstances {
        rule: &Backoff::DEFAULT,
        origin: Origin::Seat,
        now: Timestamp::from_unix(1_750_000_007_u64.checked_add_signed(seconds).unwrap()),
        factors: Factors::ALL,
    }
}

/// What it comes to, and what is remembered, if anything.
fn judged(
    record: &Record,
    response: &Response,
    at: Circumstances<'_>,
) -> (Result<Proof, Reason>, Option<Record>) {
    let mut saved = None;
    let judgement = record.clone().judge(response, at);
    let verdict = ready(judgement.settle(|record| {
        saved = Some(record);
        async { Ok::<(), ()>(()) }
    }));
    match verdict {
        Ok(Verdict::Accept(verified)) => {
            assert!(saved.is_some(), "accepted, and not remembered");
            (Ok(verified.proof()), saved)
        }
        Ok(Verdict::Reject(reason)) => (Err(reason), saved),
        Err(()) => unreachable!("it was saved"),
    }
}

/// Of each credential, the step it is used up to, and when it was used.
fn spent(record: &Option<Record>) -> Vec<(Option<Step>, Option<Timestamp>)> {
    let held = record.iter().flat_map(Record::credentials);
    held.map(|credential| match credential.factor() {
        Factor::Totp { spent, .. } => (*spent, credential.last_used()),
        Factor::Hotp { next, .. } => (Some(Step(next.value())), credential.last_used()),
    })
    .collect()
}

fn apart_from_the_throttle(record: &Record) -> Vec<u8> {
    record.clone().unlock().encode().unwrap().to_vec()
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}
