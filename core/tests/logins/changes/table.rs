//! Sequences that somebody might hope something from.

use countersign_core::pass::Per;

use super::act::{By, What, Which::Id};
use super::passes::Stay;
use super::registry::Registry;

use What::{
    BackUp, Confirm, Import, Issue, LogIn, Offer, Remove, Rename, RenewRecoveryCodes, Reset,
    Restore, Trust, Unlock,
};

/// Two apps and a token.
const PHONE: u8 = 0;
const TOKEN: u8 = 1;
const LAPTOP: u8 = 2;

#[test]
fn an_offer_opens_nothing_whatever_is_done_to_it() {
    leads_to(
        &[
            (Offer(PHONE), true),
            (codes(PHONE), false),
            (Rename(Id(1), "phone".to_owned()), true),
            (codes(PHONE), false),
            (RenewRecoveryCodes, true),
            (recovery_code(), false),
            (Unlock, true),
            (codes(PHONE), false),
        ],
        false,
    );
}

#[test]
fn an_offer_that_is_gone_cannot_be_confirmed() {
    for gone in [
        Offer(LAPTOP),
        Remove(Id(1)),
        Reset,
        moved_over(PHONE, -1),
        moved_over(LAPTOP, -1),
    ] {
        leads_to(
            &[
                (Offer(PHONE), true),
                (gone.clone(), true),
                (confirm(1), false),
            ],
            matches!(gone, Import { .. }),
        );
    }
}

#[test]
fn an_offer_of_another_secret_is_not_confirmed_by_what_opens_logins() {
    leads_to(
        &[
            (Offer(PHONE), true),
            (confirm(1), true),
            (Offer(LAPTOP), true),
            (codes(PHONE), true),
            (codes(LAPTOP), false),
            // By a code of a step that is too far away.
            (
                Confirm {
                    which: Id(2),
                    offset: 2,
                },
                false,
            ),
            (codes(LAPTOP), false),
        ],
        true,
    );
}

#[test]
fn what_was_removed_opens_nothing_under_its_old_id() {
    leads_to(
        &[
            (Offer(PHONE), true),
            (confirm(1), true),
            (Remove(Id(1)), true),
            (confirm(1), false),
            (Trust(Id(1)), false),
            (codes(PHONE), false),
            (Offer(PHONE), true),
            (confirm(1), false),
            (codes(PHONE), false),
            (confirm(2), true),
            (codes(PHONE), true),
        ],
        true,
    );
}

#[test]
fn what_stands_in_for_a_factor_goes_with_the_last_one_though_another_is_on_offer() {
    leads_to(
        &[
            (moved_over(PHONE, -1), true),
            (RenewRecoveryCodes, true),
            (scratch_codes(), true),
            (Offer(LAPTOP), true),
            (Remove(Id(1)), true),
            (scratch_code(), false),
            (recovery_code(), false),
            (confirm(2), true),
            (scratch_code(), false),
            (recovery_code(), false),
            // Nor does another import bring them back.
            (scratch_codes(), true),
            (scratch_code(), false),
        ],
        true,
    );
}

#[test]
fn an_issued_code_opens_one_login_and_makes_nobody_enrolled() {
    leads_to(
        &[
            (Offer(PHONE), true),
            (RenewRecoveryCodes, true),
            (Issue(3600), true),
            (issued_code(), true),
            (issued_code(), false),
            (codes(PHONE), false),
            (recovery_code(), false),
            (confirm(1), true),
            (recovery_code(), true),
        ],
        true,
    );
}

#[test]
fn an_issued_code_does_not_outlive_its_time_a_reset_or_the_next_one() {
    for gone in [
        vec![(Reset, true)],
        vec![(Issue(1), true)],
        // A minute each.
        vec![(Unlock, true), (Unlock, true), (Unlock, true)],
    ] {
        let issued = vec![(Issue(200), true)];
        let refused = vec![(issued_code(), false)];
        leads_to(&[issued, gone, refused].concat(), false);
    }
}

#[test]
fn no_change_makes_a_used_code_good_again() {
    let used = [
        (moved_over(PHONE, -1), true),
        (moved_over(TOKEN, 0), true),
        (codes_at(PHONE, 2), true),
        (codes(TOKEN), true),
    ];
    for change in [
        moved_over(PHONE, -1),
        moved_over(TOKEN, -5),
        Trust(Id(1)),
        Trust(Id(2)),
        Rename(Id(1), "new".to_owned()),
        Unlock,
        RenewRecoveryCodes,
        Offer(LAPTOP),
        Issue(3600),
    ] {
        let again = [
            (change, true),
            (codes_at(PHONE, -4), false),
            (codes_at(TOKEN, -1), false),
        ];
        leads_to(&[&used[..], &again[..]].concat(), true);
    }
}

#[test]
fn a_secret_that_is_held_is_not_offered_again() {
    leads_to(
        &[
            (Offer(PHONE), true),
            (Offer(PHONE), true),
            (confirm(2), true),
            (Offer(PHONE), false),
            (Remove(Id(2)), true),
            (Offer(PHONE), true),
        ],
        false,
    );
}

#[test]
fn a_token_that_was_lost_is_not_taken_at_its_word_however_often_it_is_restored() {
    let lost = Restore {
        lost: true,
        trusted: false,
    };
    let restored = Restore {
        lost: false,
        trusted: true,
    };
    let mut registry = Registry::new();
    let changes = [
        moved_over(TOKEN, 0),
        BackUp,
        lost,
        restored.clone(),
        restored,
    ];
    registry.make_all(&changes);
    assert!(registry.model.credentials[0].uncertain);
    registry.make_all(&[codes(TOKEN)]);
    assert!(!registry.model.credentials[0].uncertain);
}

#[test]
fn what_was_used_after_a_backup_is_used_after_it_is_restored() {
    for trusted in [true, false] {
        let lost = false;
        leads_to(
            &[
                (RenewRecoveryCodes, true),
                (moved_over(PHONE, -1), true),
                (moved_over(TOKEN, 0), true),
                (scratch_codes(), true),
                (Issue(3600), true),
                (BackUp, true),
                (recovery_code(), true),
                (scratch_code(), true),
                (issued_code(), true),
                (codes(TOKEN), true),
                (codes(PHONE), true),
                (Restore { lost, trusted }, true),
                (recovery_code(), false),
                (scratch_code(), false),
                (issued_code(), false),
                (codes_at(TOKEN, -2), false),
                (codes_at(PHONE, -12), false),
            ],
            true,
        );
    }
}

#[test]
fn an_offer_does_not_come_back_out_of_a_backup() {
    for lost in [true, false] {
        let trusted = true;
        leads_to(
            &[
                (Offer(PHONE), true),
                (BackUp, true),
                (Restore { lost, trusted }, true),
                (confirm(1), false),
                (codes(PHONE), false),
            ],
            false,
        );
    }
}

#[test]
fn a_remembered_login_counts_until_something_else_is_proven_or_changes() {
    let remembered = || {
        let mut registry = Registry::new();
        registry.make_all(&[RenewRecoveryCodes, moved_over(PHONE, -1), Issue(3600)]);
        assert_eq!(registry.make_all(&[remembered_login(1)]), [true]);
        assert!(registry.recalled > 0);
        registry
    };
    for (change, counts) in [
        (Rename(Id(1), "phone".to_owned()), true),
        (Unlock, true),
        (Issue(60), true),
        (Offer(LAPTOP), true),
        (moved_over(PHONE, -5), true),
        (codes_at(PHONE, 3), true),
        // Which is refused.
        (codes_at(LAPTOP, 0), true),
        (
            Restore {
                lost: false,
                trusted: true,
            },
            false,
        ),
        (Trust(Id(1)), false),
        (Remove(Id(1)), false),
        (Reset, false),
        (RenewRecoveryCodes, false),
        (moved_over(LAPTOP, -1), false),
        (scratch_codes(), false),
        (recovery_code(), false),
        (issued_code(), false),
        (What::Forget, false),
        (What::SetClock(-60), false),
        (What::SetClock(60), false),
        (What::SetClock(59), true),
        (What::Reboot { down: 30, up: 60 }, false),
        (
            What::Reboot {
                down: 30,
                up: 10_000,
            },
            false,
        ),
    ] {
        let mut registry = remembered();
        registry.recalled = 0;
        registry.make_all(std::slice::from_ref(&change));
        assert_eq!(registry.recalled > 0, counts, "{change:?}");
    }
}

/// A login that is remembered for an hour.
fn remembered_login(offset: i64) -> What {
    let stay = Stay {
        spot: 0,
        per: Per::LoginSession,
        seconds: 3_600,
    };
    LogIn(
        By::Codes {
            name: PHONE,
            offset,
        },
        Some(stay),
    )
}

/// Makes changes, of which each must be made or refused as told, and then the user must be
/// enrolled, or not. What opens a login is checked after each.
fn leads_to(changes: &[(What, bool)], enrolled: bool) {
    let (changes, expected): (Vec<What>, Vec<bool>) = changes.iter().cloned().unzip();
    let mut registry = Registry::new();
    assert_eq!(registry.make_all(&changes), expected, "{changes:?}");
    assert_eq!(registry.store.load().0.is_enrolled(), enrolled);
}

const fn confirm(id: u32) -> What {
    Confirm {
        which: Id(id),
        offset: 0,
    }
}

const fn codes(name: u8) -> What {
    codes_at(name, 0)
}

const fn codes_at(name: u8, offset: i64) -> What {
    LogIn(By::Codes { name, offset }, None)
}

fn moved_over(name: u8, used: i64) -> What {
    Import {
        credentials: vec![(name, used)],
        scratch_codes: Vec::new(),
    }
}

fn scratch_codes() -> What {
    Import {
        credentials: Vec::new(),
        scratch_codes: vec![0],
    }
}

const fn scratch_code() -> What {
    LogIn(By::ScratchCode(0), None)
}

const fn issued_code() -> What {
    LogIn(By::IssuedCode, None)
}

const fn recovery_code() -> What {
    LogIn(By::RecoveryCode(0), None)
}
