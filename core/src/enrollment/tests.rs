//! What a user comes to hold, and how it goes again.

use super::*;
use crate::factors::Factors;
use crate::otp::{Algorithm, Digits};
use crate::secret::Secret;
use crate::throttle::{Backoff, Origin};
use crate::time::{Period, Step};
use crate::totp::Totp;

#[test]
fn an_offer_proves_nothing_until_its_first_code() {
    let (alice, id) = nobody().offer(factor(1), "phone", NOW).unwrap();
    let offer = &alice.credentials()[0];
    assert_eq!((offer.id(), offer.label()), (id, "phone"));
    assert_eq!((offer.created(), offer.last_used()), (NOW, None));
    assert!(!offer.is_confirmed());
    assert!(!alice.is_enrolled());
    assert_eq!(alice.code_lengths(Factors::ALL), [6]);

    let alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
    assert!(alice.is_enrolled());
    assert_eq!(alice.credentials()[0].last_used(), Some(NOW));
    assert_eq!(alice.code_lengths(Factors::ALL), [6]);
}

#[test]
fn the_first_code_is_used_up() {
    let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
    let alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
    assert_eq!(spent(&alice), [Some(step(0))]);
}

#[test]
fn a_code_that_does_not_fit_confirms_nothing() {
    let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
    for wrong in [code(2, 0), code(1, -2), code(1, 2)] {
        let refused = alice.clone().confirm(id, &wrong, NOW);
        assert_eq!(refused.unwrap_err(), NotConfirmed::WrongCode);
    }
    assert!(alice.confirm(id, &code(1, 1), NOW).is_ok());
}

#[test]
fn only_an_offer_can_be_confirmed() {
    let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
    let stranger = alice.clone().confirm(CredentialId(9), &code(1, 0), NOW);
    assert_eq!(stranger.unwrap_err(), NotConfirmed::NoOffer);
    let alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
    let again = alice.confirm(id, &code(1, 1), NOW);
    assert_eq!(again.unwrap_err(), NotConfirmed::NoOffer);
}

#[test]
fn a_new_offer_replaces_one_that_was_not_confirmed() {
    let (alice, first) = nobody().offer(factor(1), "", NOW).unwrap();
    let (alice, second) = alice.offer(factor(2), "", NOW).unwrap();
    assert_ne!(first, second);
    assert_eq!(ids(&alice), [second]);
    let refused = alice.clone().confirm(first, &code(1, 0), NOW);
    assert_eq!(refused.unwrap_err(), NotConfirmed::NoOffer);
    assert!(alice.confirm(second, &code(2, 0), NOW).is_ok());
}

#[test]
fn an_offer_leaves_what_is_enrolled_as_it_was() {
    let alice = enrolled(2);
    let (offered, id) = alice.clone().offer(factor(9), "", NOW).unwrap();
    let without = offered.remove(id).unwrap();
    assert_eq!(ids(&without), ids(&alice));
    assert!(without.is_enrolled());
}

#[test]
fn a_user_holds_sixteen_credentials_at_most() {
    let alice = enrolled(15);
    // A sixteenth that was never confirmed is in nobody's way.
    let (alice, _) = alice.offer(factor(16), "", NOW).unwrap();
    let (alice, id) = alice.offer(factor(17), "", NOW).unwrap();
    let alice = alice.trust(id).unwrap();
    assert_eq!(alice.credentials().len(), Record::MOST_CREDENTIALS);
    let refused = alice.clone().offer(factor(18), "", NOW);
    assert_eq!(refused.unwrap_err(), NotOffered::TooMany);

    let (alice, _) = alice
        .remove(id)
        .unwrap()
        .offer(factor(18), "", NOW)
        .unwrap();
    assert_eq!(alice.credentials().len(), Record::MOST_CREDENTIALS);
}

#[test]
fn no_secret_is_enrolled_twice() {
    let alice = enrolled(2);
    let refused = alice.clone().offer(factor(1), "", NOW);
    assert_eq!(refused.unwrap_err(), NotOffered::KnownSecret);
    let secret = Secret::from_entropy(&[1; 20]);
    let digits = Digits::new(8).unwrap();
    let other = Totp::new(secret, Algorithm::Sha256, digits, Period::DEFAULT);
    let refused = alice.clone().offer(Factor::totp(other), "", NOW);
    assert_eq!(refused.unwrap_err(), NotOffered::KnownSecret);

    // It can be offered again while it is not confirmed, and once it was removed.
    let (alice, _) = alice.offer(factor(2), "", NOW).unwrap();
    let (alice, _) = alice.offer(factor(2), "", NOW).unwrap();
    let first = ids(&alice)[0];
    assert!(
        alice
            .remove(first)
            .unwrap()
            .offer(factor(0), "", NOW)
            .is_ok()
    );
}

#[test]
fn an_id_is_never_given_twice() {
    let mut alice = enrolled(0);
    let mut given = Vec::new();
    for name in 1..40 {
        let (offered, id) = alice.offer(factor(name), "", NOW).unwrap();
        assert!(!given.contains(&id), "{id} again");
        given.push(id);
        alice = match name % 3 {
            0 => offered,
            1 => offered.remove(id).unwrap(),
            _ => offered.trust(id).unwrap().remove(id).unwrap(),
        };
    }
}

#[test]
fn what_is_taken_on_trust_counts_as_confirmed_and_unused() {
    let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
    let alice = alice.trust(id).unwrap();
    assert!(alice.is_enrolled());
    assert_eq!(spent(&alice), [None]);
    assert_eq!(alice.credentials()[0].last_used(), None);
    assert_eq!(alice.trust(CredentialId(9)).unwrap_err(), UnknownCredential);
}

#[test]
fn the_last_credential_takes_the_recovery_codes_with_it() {
    let (alice, codes) = enrolled(2).renew_recovery_codes(&ENTROPY);
    assert_eq!((codes.len(), alice.recovery_codes_left()), (10, 10));
    let ids = ids(&alice);
    let alice = alice.remove(ids[0]).unwrap();
    assert_eq!(alice.recovery_codes_left(), 10);
    let refused = alice.clone().remove(ids[0]);
    assert_eq!(refused.unwrap_err(), UnknownCredential);

    let alice = alice.remove(ids[1]).unwrap();
    assert_eq!(alice.recovery_codes_left(), 0);
    assert!(!alice.is_enrolled());
}

#[test]
fn new_recovery_codes_void_the_old_ones() {
    let (alice, old) = enrolled(1).renew_recovery_codes(&ENTROPY);
    let (alice, new) = alice.renew_recovery_codes(&[7; RecoverySet::ENTROPY]);
    assert_eq!(alice.recovery_codes_left(), 10);
    assert!(alice.recovery.spend(&old[0]).is_none());
    assert!(alice.recovery.spend(&new[0]).is_some());
}

#[test]
fn unlocking_forgets_wrong_responses_and_no_used_code() {
    let (mut alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
    alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
    for _ in 0..20 {
        let throttle = alice.throttle;
        alice.throttle = throttle.after_failure(&Backoff::DEFAULT, Origin::Seat, NOW, 1);
    }
    let codes = |record: &Record| {
        let demand = record.throttle.demand(&Backoff::DEFAULT, Origin::Seat, NOW);
        demand.codes()
    };
    assert_eq!(codes(&alice), 2);
    let alice = alice.unlock();
    assert_eq!(codes(&alice), 1);
    assert_eq!(spent(&alice), [Some(step(0))]);
}

const NOW: Timestamp = Timestamp::from_unix(1_750_000_007);
const ENTROPY: [u8; RecoverySet::ENTROPY] = [0x5a; RecoverySet::ENTROPY];

fn nobody() -> Record {
    Record::new(1000, "alice")
}

fn enrolled(credentials: u8) -> Record {
    (0..credentials).fold(nobody(), |alice, name| {
        let (alice, id) = alice.offer(factor(name), "", NOW).unwrap();
        alice.trust(id).unwrap()
    })
}

fn factor(name: u8) -> Factor {
    Factor::totp(totp(name))
}

fn totp(name: u8) -> Totp {
    let secret = Secret::from_entropy(&[name; 20]);
    Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT)
}

fn step(offset: i64) -> Step {
    let Step(now) = Period::DEFAULT.step_at(NOW);
    Step(now.checked_add_signed(offset).unwrap())
}

fn code(name: u8, offset: i64) -> Code {
    totp(name).code_at(step(offset)).parse().unwrap()
}

fn ids(record: &Record) -> Vec<CredentialId> {
    record.credentials().iter().map(Credential::id).collect()
}

fn spent(record: &Record) -> Vec<Option<Step>> {
    let held = record.credentials().iter();
    held.map(|credential| match credential.factor() {
        Factor::Totp { spent, .. } => *spent,
        Factor::Hotp { next, .. } => Some(Step(next.value())),
    })
    .collect()
}
