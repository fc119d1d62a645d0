//! Whoever has the password, and began a walk, adds nothing behind the owner's back.

use countersign_bus::types::{EnrollOptions, Factor, IssueOptions};

use super::*;

#[test]
fn no_secret_is_shown_to_two_logins() {
    let clock = TestClock::default();
    let world = world(&clock);
    let [mut one, mut other] = [Walk::begin(&world), Walk::begin(&world)];
    let first = one.reveal().unwrap();
    assert_ne!(first, other.reveal().unwrap());
    assert_eq!(
        first,
        one.reveal().unwrap(),
        "but the same one twice to one"
    );
}

#[test]
fn of_two_walks_at_once_the_one_that_is_confirmed_first_counts_and_no_other() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut attacker = Walk::begin(&world);
    let mut owner = Walk::begin(&world);
    owner.finish(&clock);
    attacker.is_refused(&clock);
    assert_eq!(held(&world), [("1".to_owned(), true)]);
    clock.pass(30);
    assert!(opens(&world, &owner.app.code(clock.unix())));
    clock.pass(30);
    assert!(!opens(&world, &attacker.app.code(clock.unix())));
}

#[test]
fn a_walk_that_waits_at_its_recovery_codes_has_ended_the_others() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut attacker = Walk::begin(&world);
    let mut owner = Walk::begin(&world);
    let code = owner.app.code(clock.unix());
    assert_eq!(owner.respond(&code), Ok(Next::Acknowledge));
    attacker.is_refused(&clock);
    assert!(owner.reveal().is_ok());
}

#[test]
fn whatever_else_happened_to_the_user_meanwhile_ends_a_walk() {
    type Deed = fn(&World, &TestClock);
    let deeds: [(&str, Deed); 7] = [
        ("enrolled by root", |world, _| drop(by_root(world, true))),
        ("offered a key by root", |world, _| {
            drop(by_root(world, false))
        }),
        ("enrolled and removed", |world, _| {
            let id = by_root(world, true);
            let none = countersign_bus::types::ChangeOptions::default();
            world.client().remove((UID, "ada"), &id, &none).unwrap();
        }),
        ("enrolled and reset", |world, _| {
            by_root(world, true);
            world.client().reset(UID).unwrap();
        }),
        ("enrolled at a login and reset", |world, clock| {
            Walk::begin(world).finish(clock);
            world.client().reset(UID).unwrap();
        }),
        ("enrolled under another name", |world, _| {
            let options = unconfirmed(true);
            let enrolled = world.client().enroll((UID, "bob"), Factor::Totp, &options);
            enrolled.unwrap();
        }),
        ("issued a code", |world, _| {
            let options = IssueOptions::default();
            world.client().issue_code((UID, "ada"), &options).unwrap();
        }),
    ];
    for (name, deed) in deeds {
        let clock = TestClock::default();
        let world = world(&clock);
        let mut walk = Walk::begin(&world);
        deed(&world, &clock);
        let before = world.client().list(None, 9).unwrap();
        walk.is_refused(&clock);
        let after = world.client().list(None, 9).unwrap();
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "{name}");
    }
}

#[test]
fn another_users_enrolment_ends_no_walk() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    world.enroll("daemon");
    walk.finish(&clock);
    assert!(status(&world).enrolled.unwrap());
}

/// Enrols ada by the root door: what for.
fn by_root(world: &World, at_once: bool) -> String {
    let options = unconfirmed(at_once);
    let mut client = world.client();
    let offered = client.enroll((UID, "ada"), Factor::Totp, &options);
    offered.unwrap().0
}

fn unconfirmed(at_once: bool) -> EnrollOptions {
    EnrollOptions {
        unconfirmed: Some(at_once),
        ..EnrollOptions::default()
    }
}
