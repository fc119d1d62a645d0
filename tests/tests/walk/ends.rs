//! How an enrolment at a login ends that does not succeed, and what it leaves.

use countersign_bus::types::Factor;
use countersign_tests::Phone;

use super::*;

#[test]
fn three_wrong_codes_end_it_and_leave_nothing() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    let wrong = walk.app.wrong_code(clock.unix());
    for answer in [wrong.as_str(), ""] {
        assert!(
            matches!(walk.respond(answer), Ok(Next::Enroll(_))),
            "{answer:?}"
        );
    }
    let last = walk.respond("nonsense");
    assert!(matches!(last, Err(Error::Rejected(_))), "{last:?}");
    let right = walk.app.code(clock.unix());
    assert!(matches!(walk.respond(&right), Err(Error::Expired(_))));
    assert!(walk.reveal().is_err());
    assert_eq!(held(&world), []);
    // Nobody guessed: the next login takes its three as well.
    assert_eq!(Walk::begin(&world).offer.tries, 3);
}

#[test]
fn a_walk_that_was_left_leaves_nothing() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut cancelled = Walk::begin(&world);
    cancelled.client.cancel(&cancelled.transaction).unwrap();
    drop(Walk::begin(&world));
    assert_eq!(held(&world), []);
    let code = cancelled.app.code(clock.unix());
    assert!(matches!(cancelled.respond(&code), Err(Error::Expired(_))));
    Walk::begin(&world).finish(&clock);
}

#[test]
fn there_is_time_to_install_an_app_but_not_for_ever() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    clock.pass(600);
    let wrong = walk.app.wrong_code(clock.unix());
    assert!(walk.respond(&wrong).is_ok());
    clock.pass(601);
    let code = walk.app.code(clock.unix());
    let late = walk.respond(&code);
    assert!(matches!(late, Err(Error::Expired(_))), "{late:?}");
    assert_eq!(held(&world), []);
}

#[test]
fn a_login_that_asks_for_a_code_still_waits_two_minutes() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll_as("ada", UID);
    let mut client = world.client();
    let (transaction, _) = begin(&mut client, &login());
    clock.pass(121);
    let late = client.respond(&transaction, &ada.code(clock.unix()));
    assert!(matches!(late, Err(Error::Expired(_))), "{late:?}");
}

#[test]
fn whoever_goes_away_at_the_recovery_codes_is_enrolled_and_not_logged_in() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    let code = walk.app.code(clock.unix());
    assert_eq!(walk.respond(&code), Ok(Next::Acknowledge));
    clock.pass(601);
    assert!(matches!(walk.respond(""), Err(Error::Expired(_))));
    assert!(status(&world).enrolled.unwrap());
    assert!(opens(&world, &walk.app.code(clock.unix())));
}

#[test]
fn nothing_is_revealed_where_nothing_is_to_be_shown_nor_to_anybody_else() {
    let clock = TestClock::default();
    let world = world(&clock);
    let walk = Walk::begin(&world);
    let elsewhere = world.client().reveal(&walk.transaction);
    assert!(matches!(elsewhere, Err(Error::Expired(_))), "{elsewhere:?}");
    let elsewhere = world.client().respond(&walk.transaction, "000000");
    assert!(matches!(elsewhere, Err(Error::Expired(_))), "{elsewhere:?}");

    world.enroll_as("ada", UID);
    let mut client = world.client();
    let (transaction, _) = begin(&mut client, &login());
    let nothing = client.reveal(&transaction);
    assert!(
        matches!(nothing, Err(Error::NotPermitted(_))),
        "{nothing:?}"
    );
}

#[test]
fn a_recovery_code_cannot_be_chosen_where_nobody_has_one() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    let refused = walk.client.choose(&walk.transaction, Factor::Recovery);
    assert!(
        matches!(refused, Err(Error::NotPermitted(_))),
        "{refused:?}"
    );
    walk.finish(&clock);
}

#[test]
fn other_settings_end_a_walk_and_the_same_do_not() {
    let mut world = World::prepare();
    let drop_ins = world.path().join("countersign.toml.d");
    std::fs::create_dir(&drop_ins).unwrap();
    std::fs::write(drop_ins.join("rule.toml"), RULE).unwrap();
    world.resume();
    let mut attacker = Walk::begin(&world);
    let refuse = RULE.replace("'enroll'", "'refuse'");
    std::fs::write(drop_ins.join("rule.toml"), refuse).unwrap();
    world.client().reload().unwrap();
    let code = Phone::with(&attacker.reveal().unwrap()).code();
    let refused = attacker.respond(&code);
    assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
    assert_eq!(held(&world), []);

    std::fs::write(drop_ins.join("rule.toml"), RULE).unwrap();
    world.client().reload().unwrap();
    let mut walk = Walk::begin(&world);
    world.client().reload().unwrap();
    let code = Phone::with(&walk.reveal().unwrap()).code();
    assert_eq!(walk.respond(&code), Ok(Next::Acknowledge));
}
