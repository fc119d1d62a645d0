//! Who is walked through enrolment, and above all who is not.

use countersign_bus::types::{EnrollOptions, Factor, IssueOptions};

use super::*;

#[test]
fn who_holds_a_factor_is_asked_for_it() {
    let clock = TestClock::default();
    let world = world(&clock);
    world.enroll_as("ada", UID);
    asked(&world, &login());
}

#[test]
fn who_holds_no_factor_that_the_rule_takes_is_asked_in_vain() {
    let clock = TestClock::default();
    let world = World::with_settings(&clock, &format!("{RULE}factors = ['totp']\n"));
    let options = EnrollOptions {
        unconfirmed: Some(true),
        ..EnrollOptions::default()
    };
    let mut client = world.client();
    client.enroll((UID, "ada"), Factor::Hotp, &options).unwrap();
    asked(&world, &login());
}

#[test]
fn whose_uid_was_somebody_elses_is_asked_in_vain() {
    let clock = TestClock::default();
    let world = world(&clock);
    world.enroll_as("bob", UID);
    asked(&world, &login());
}

#[test]
fn who_is_nobody_is_asked_in_vain() {
    let clock = TestClock::default();
    let world = world(&clock);
    let nobody = Login {
        user: Some("nobody-of-that-name".to_owned()),
        uid: None,
        ..login()
    };
    asked(&world, &nobody);
}

#[test]
fn who_has_a_code_from_an_admin_is_asked_for_it() {
    let clock = TestClock::default();
    let world = world(&clock);
    let options = IssueOptions::default();
    world.client().issue_code((UID, "ada"), &options).unwrap();
    asked(&world, &login());
}

#[test]
fn who_was_reset_or_has_removed_the_last_factor_is_walked_again() {
    let clock = TestClock::default();
    let world = world(&clock);
    Walk::begin(&world).finish(&clock);
    let none = countersign_bus::types::ChangeOptions::default();
    world.client().remove((UID, "ada"), "1", &none).unwrap();
    Walk::begin(&world).finish(&clock);
    assert_eq!(held(&world), [("2".to_owned(), true)]);
    world.client().reset(UID).unwrap();
    Walk::begin(&world).finish(&clock);
}

#[test]
fn from_the_deadline_on_nobody_is_and_who_had_begun_may_finish() {
    let clock = TestClock::default();
    let deadline = clock.unix() + 30;
    let settings = format!("{RULE}enroll-by = 2026-09-21T14:14:00Z\n");
    assert_eq!(deadline, 1_790_000_040, "that is this");
    let world = World::with_settings(&clock, &settings);
    let mut walk = Walk::begin(&world);
    assert_eq!(walk.offer.until, Some(deadline));
    clock.pass(29);
    drop(Walk::begin(&world));
    clock.pass(1);
    asked(&world, &login());
    walk.finish(&clock);
    assert!(status(&world).enrolled.unwrap());
}

#[test]
fn an_enrolment_is_no_login_to_remember() {
    let clock = TestClock::default();
    let settings = format!("{RULE}remember = {{ for = '12h', per = 'origin' }}\n");
    let world = World::with_settings(&clock, &settings);
    let mut walk = Walk::begin(&world);
    walk.finish(&clock);
    assert_eq!(status(&world).passes.unwrap_or_default().len(), 0);
    asked(&world, &login());

    // A code is one.
    clock.pass(30);
    assert!(opens(&world, &walk.app.code(clock.unix())));
    let begun = world.client().begin(&login()).unwrap();
    assert!(matches!(begun, Begun::Remembered { .. }), "{begun:?}");
}

/// A login that asks for a code, and offers nothing.
#[track_caller]
fn asked(world: &World, login: &Login) {
    let mut client = world.client();
    let (transaction, next) = begin(&mut client, login);
    assert!(matches!(next, Next::Ask(_)), "{next:?}");
    let nothing = client.reveal(&transaction);
    assert!(
        matches!(nothing, Err(Error::NotPermitted(_))),
        "{nothing:?}"
    );
}
