//! Nothing that was used is good again, whatever happened before, since and after.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::code::Code;
use crate::credential::CredentialId;
use crate::hotp::{Counter, Hotp};
use crate::otp::{Algorithm, Digits, Reach};
use crate::recovery::{RecoveryCode, RecoverySet};
use crate::secret::Secret;
use crate::throttle::{Backoff, Origin};
use crate::time::{Period, Step};
use crate::totp::{Drift, Totp};

#[test]
fn what_would_be_accepted_at_that_moment_counts_as_used_and_the_next_code_does_not() {
    for (drift, last) in [(0, 1), (5, 6), (-5, -4)] {
        let ada = restored(&ada(drift), None);
        for offset in last - 3..=last {
            assert!(
                !accepts(&ada, PHONE, &phone_code(offset), NOW),
                "{drift} {offset}"
            );
        }
        let next = phone_code(last + 1);
        assert!(accepts(&ada, PHONE, &next, later(30)), "{drift}");
    }
}

#[test]
fn a_step_that_was_used_further_ahead_stays_used() {
    let mut backup = ada(0);
    set_spent(&mut backup, 7);
    let here = ada(0);
    for (record, present) in [
        (&backup, None),
        (&backup, Some(&here)),
        (&here, Some(&backup)),
    ] {
        let record = restored(record, present);
        assert!(!accepts(&record, PHONE, &phone_code(7), later(7 * 30)));
        assert!(accepts(&record, PHONE, &phone_code(8), later(7 * 30)));
    }
}

#[test]
fn a_token_whose_use_nobody_knows_has_to_give_two_codes_in_a_row() {
    let ada = restored(&ada(0), None);
    assert!(!accepts(&ada, TOKEN, &token_code(10), NOW));
    let pair = [token_code(12), token_code(13)];
    let (check, after) = ada.credentials[TOKEN].factor.check(&pair, NOW, Reach::Far);
    assert!(check.fresh().is_some(), "{check:?}");
    let (check, _) = after.unwrap().check(&[token_code(14)], NOW, Reach::Near);
    assert!(check.fresh().is_some(), "{check:?}");
}

#[test]
fn a_token_that_is_here_goes_on_from_where_it_is() {
    let (mut behind, mut ahead) = (ada(0), ada(0));
    use_up(&mut behind, TOKEN, &token_code(10), NOW).unwrap();
    use_up(&mut ahead, TOKEN, &token_code(14), NOW).unwrap();
    for (record, present) in [(&behind, &ahead), (&ahead, &behind)] {
        let ada = restored(record, Some(present));
        assert!(!accepts(&ada, TOKEN, &token_code(14), NOW));
        assert!(accepts(&ada, TOKEN, &token_code(15), NOW));
    }
}

#[test]
fn an_offer_that_is_here_knows_nothing_of_a_tokens_use() {
    let mut present = ada(0);
    present.credentials[TOKEN].confirmed = false;
    let ada = restored(&ada(0), Some(&present));
    assert!(!accepts(&ada, TOKEN, &token_code(10), NOW));
}

#[test]
fn an_offer_and_an_issued_code_do_not_come_back() {
    let mut backup = ada(0);
    backup.credentials[PHONE].confirmed = false;
    let restored = restored(&backup, None);
    assert_eq!(restored.credentials.len(), 1);
    assert_eq!(restored.credentials[0].id, CredentialId(2));
    assert!(restored.issued.is_none());
}

#[test]
fn recovery_codes_come_back_where_nobody_can_know_only_if_somebody_does() {
    let (ada, _) = with_recovery_codes(ada(0), 1);
    let left = |unaccounted| {
        ada.clone()
            .restore(None, NOW, unaccounted)
            .recovery_codes_left()
    };
    assert_eq!(left(Unaccounted::Void), 0);
    assert_eq!(left(Unaccounted::Trusted), 10);
}

#[test]
fn of_recovery_codes_what_is_left_in_both_is_left() {
    let (ada, codes) = with_recovery_codes(ada(0), 1);
    let without = |code: &RecoveryCode| {
        let mut without = ada.clone();
        without.recovery = ada.recovery.spend(code).unwrap();
        without
    };
    let (backup, present) = (without(&codes[0]), without(&codes[1]));
    let both = backup.restore(Some(&present), NOW, Unaccounted::Trusted);
    assert_eq!(both.recovery_codes_left(), 8);
    for code in &codes[..2] {
        assert!(both.recovery.spend(code).is_none());
    }
}

#[test]
fn recovery_codes_that_were_made_void_stay_void() {
    let (old, codes) = with_recovery_codes(ada(0), 1);
    let (present, new) = with_recovery_codes(ada(0), 2);
    let restored = old
        .clone()
        .restore(Some(&present), NOW, Unaccounted::Trusted);
    assert!(restored.recovery.spend(&codes[0]).is_none());
    assert!(restored.recovery.spend(&new[0]).is_some());

    // Restored once, they were void; they are not to come back by doing it again.
    let once = old.clone().restore(None, NOW, Unaccounted::Void);
    let twice = old.restore(Some(&once), NOW, Unaccounted::Trusted);
    assert_eq!(twice.recovery_codes_left(), 0);
}

#[test]
fn wrong_answers_here_are_not_forgotten_and_an_id_is_never_given_twice() {
    let (backup, mut present) = (ada(0), ada(0));
    let rule = Backoff::DEFAULT;
    present.throttle = present.throttle.after_failure(&rule, Origin::Seat, NOW, 1);
    present.next_id = 9;
    let ada = restored(&backup, Some(&present));
    assert_eq!(ada.throttle, present.throttle);
    assert_eq!(ada.next_id, 9);
}

/// Something that a person did: with the phone or the token, with how many seconds since.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Phone { offset: i64, pause: u64 },
    Token { skipped: u64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (-1..=1_i64, 0..100_u64).prop_map(|(offset, pause)| Deed::Phone { offset, pause }),
        (0..5_u64).prop_map(|skipped| Deed::Token { skipped }),
    ]
}

proptest! {
    #[test]
    fn what_was_used_is_never_good_again(
        before in vec(deed(), 0..8),
        since in vec(deed(), 0..8),
        waits in vec(0..1200_u64, 1..8),
        here in any::<bool>(),
    ) {
        let (mut live, mut now) = (ada(0), NOW);
        let mut used = act(&mut live, &before, &mut now);
        let backup = live.clone();
        used.extend(act(&mut live, &since, &mut now));
        let restored = backup.clone().restore(here.then_some(&live), now, Unaccounted::Void);

        for (which, code, step) in used {
            // A device that ran further ahead than the backup knows is the exception.
            let Factor::Totp { totp, drift, .. } = &backup.credentials[PHONE].factor else {
                unreachable!()
            };
            if !here && which == PHONE && step > totp.latest(now, *drift) {
                continue;
            }
            for wait in &waits {
                let again = Timestamp::from_unix(now.unix() + wait);
                prop_assert!(!accepts(&restored, which, &code, again), "{which} {wait}");
            }
        }
    }

    #[test]
    fn a_phone_waits_for_its_next_codes_and_no_longer(seconds in 0..10_000_u64, drift in -20..=20_i64) {
        let now = later(seconds);
        let ada = ada(drift).restore(None, now, Unaccounted::Void);
        let then = Timestamp::from_unix(now.unix() + 60);
        let Factor::Totp { totp, .. } = &ada.credentials[PHONE].factor else {
            unreachable!()
        };
        let Step(step) = Period::DEFAULT.step_at(then);
        let shown = totp.code_at(Step(step.checked_add_signed(drift).unwrap()));
        prop_assert!(accepts(&ada, PHONE, &shown.parse().unwrap(), then));
    }
}

/// Does what a person did, and gives what was accepted: with which credential, which code, and of
/// the phone which step.
fn act(record: &mut Record, deeds: &[Deed], now: &mut Timestamp) -> Vec<(usize, Code, Step)> {
    let mut used = Vec::new();
    for deed in deeds {
        let (which, code, step) = match *deed {
            Deed::Phone { offset, pause } => {
                *now = Timestamp::from_unix(now.unix() + pause);
                let Step(step) = Period::DEFAULT.step_at(*now);
                let step = Step(step.checked_add_signed(offset).unwrap());
                (PHONE, phone().code_at(step).parse().unwrap(), step)
            }
            Deed::Token { skipped } => {
                let Factor::Hotp { next, .. } = &record.credentials[TOKEN].factor else {
                    unreachable!()
                };
                (TOKEN, token_code(next.value() + skipped), Step(0))
            }
        };
        if use_up(record, which, &code, *now).is_some() {
            used.push((which, code, step));
        }
    }
    used
}

const PHONE: usize = 0;
const TOKEN: usize = 1;
const NOW_STEP: u64 = 66_666_666;
const NOW: Timestamp = Timestamp::from_unix(NOW_STEP * 30);

fn later(seconds: u64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

fn phone() -> Totp {
    let secret = Secret::from_entropy(&[1; 20]);
    Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT)
}

fn token() -> Hotp {
    Hotp::new(
        Secret::from_entropy(&[2; 20]),
        Algorithm::Sha1,
        Digits::DEFAULT,
    )
}

/// Ada with a phone that is so many steps off, and a token at 10, none of them used.
fn ada(drift: i64) -> Record {
    let phone = Factor::Totp {
        totp: phone(),
        spent: None,
        drift: Drift::from_steps(drift).unwrap(),
    };
    let token = Factor::hotp(token(), Counter::new(10).unwrap());
    let mut ada = Record::new(1000, "ada");
    for factor in [phone, token] {
        let (offered, id) = ada.offer(factor, "", NOW).unwrap();
        ada = offered.trust(id).unwrap();
    }
    ada
}

fn with_recovery_codes(record: Record, fill: u8) -> (Record, Vec<RecoveryCode>) {
    record.renew_recovery_codes(&[fill; RecoverySet::ENTROPY])
}

fn restored(backup: &Record, present: Option<&Record>) -> Record {
    backup.clone().restore(present, NOW, Unaccounted::Void)
}

fn phone_code(offset: i64) -> Code {
    let step = Step(NOW_STEP.checked_add_signed(offset).unwrap());
    phone().code_at(step).parse().unwrap()
}

fn token_code(counter: u64) -> Code {
    token()
        .code_at(Counter::new(counter).unwrap())
        .parse()
        .unwrap()
}

fn set_spent(record: &mut Record, offset: u64) {
    let Factor::Totp { spent, .. } = &mut record.credentials[PHONE].factor else {
        unreachable!()
    };
    *spent = Some(Step(NOW_STEP + offset));
}

fn accepts(record: &Record, which: usize, code: &Code, now: Timestamp) -> bool {
    use_up(&mut record.clone(), which, code, now).is_some()
}

fn use_up(record: &mut Record, which: usize, code: &Code, now: Timestamp) -> Option<()> {
    let held = &mut record.credentials[which];
    let (_, after) = held
        .factor
        .check(std::slice::from_ref(code), now, Reach::Near);
    held.factor = after?;
    Some(())
}
