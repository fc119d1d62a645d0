//! What an enrolment at a login leads to.

use countersign_bus::events::EventOptions;
use countersign_bus::types::News;

use super::*;

#[test]
fn a_first_code_and_then_any_answer_finish_the_login() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    assert_eq!((walk.offer.tries, walk.offer.news), (3, None));
    assert_eq!(walk.offer.lengths, [6]);
    assert_eq!(
        held(&world),
        [],
        "nothing is on record before it is confirmed"
    );

    let code = walk.app.code(clock.unix());
    assert_eq!(walk.respond(&code), Ok(Next::Acknowledge));
    let codes = walk.reveal().unwrap();
    assert_eq!(codes.lines().count(), 10);
    assert!(!codes.contains("otpauth"));
    let finished = Next::Finished {
        recovery_left: None,
    };
    assert_eq!(walk.respond("yes"), Ok(finished));

    assert_eq!(held(&world), [("1".to_owned(), true)]);
    assert!(!opens(&world, &code), "the first code is spent");
    clock.pass(30);
    assert!(opens(&world, &walk.app.code(clock.unix())));
    assert!(opens(&world, codes.lines().next().unwrap()));
}

#[test]
fn the_key_is_shown_with_a_picture_unless_that_is_turned_off() {
    let clock = TestClock::default();
    let mut walk = Walk::begin(&world(&clock));
    assert!(walk.offer.qr);
    let shown = walk.reveal().unwrap();
    let mut lines = shown.lines();
    let uri = lines.next().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Countersign:ada?secret="),
        "a key URI"
    );
    let picture: Vec<_> = lines.collect();
    assert!((15..=25).contains(&picture.len()), "{}", picture.len());
    for line in picture {
        assert!(line.chars().all(|c| " ▀▄█".contains(c)));
        assert!(line.chars().count() <= 78);
    }

    let never = World::with_settings(&clock, &format!("login.qr = 'never'\n{RULE}"));
    let mut walk = Walk::begin(&never);
    assert!(!walk.offer.qr);
    assert_eq!(walk.reveal().unwrap().lines().count(), 1);
}

#[test]
fn the_key_is_of_the_kind_that_the_configuration_says() {
    let clock = TestClock::default();
    let settings = format!("[totp]\ndigits = 8\nalgorithm = 'SHA256'\nperiod-seconds = 60\n{RULE}");
    let mut walk = Walk::begin(&World::with_settings(&clock, &settings));
    assert_eq!(walk.offer.lengths, [8]);
    let shown = walk.reveal().unwrap();
    let uri = shown.lines().next().unwrap();
    assert!(uri.ends_with("&algorithm=SHA256&digits=8&period=60"));
}

#[test]
fn the_second_code_may_be_right() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    let wrong = walk.app.wrong_code(clock.unix());
    let Ok(Next::Enroll(again)) = walk.respond(&wrong) else {
        panic!("another code is taken");
    };
    assert_eq!((again.tries, again.news), (2, Some(News::Wrong)));
    walk.finish(&clock);
    assert!(status(&world).enrolled.unwrap());
}

#[test]
fn what_happened_is_told_with_the_rule_and_without_a_secret() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut walk = Walk::begin(&world);
    let key = walk.reveal().unwrap();
    let wrong = walk.app.wrong_code(clock.unix());
    assert!(walk.respond(&wrong).is_ok());
    let code = walk.app.code(clock.unix());
    assert!(walk.respond(&code).is_ok());
    let codes = walk.reveal().unwrap();
    assert!(walk.respond("").is_ok());

    let (events, _) = world.client().events(0, &EventOptions::default()).unwrap();
    let [change, login] = events.as_slice() else {
        panic!("{events:?}");
    };
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    assert_eq!(told(&change.outcome), "enrolled");
    assert_eq!(told(&change.by), format!("uid {UID}"));
    assert_eq!(
        told(&change.note),
        "credential 1, at a login through sshd from 192.0.2.7"
    );
    assert_eq!(
        (told(&login.outcome), told(&login.factor), login.wrong),
        ("accepted".to_owned(), "enrolled".to_owned(), Some(1))
    );
    assert_eq!(told(&login.rule), "roll-out");
    assert_eq!(told(&login.note), "credential 1");

    let all = format!("{events:?}");
    let secret = key.split_once("secret=").unwrap().1.split('&').next();
    assert!(!all.contains(secret.unwrap()) && !all.contains(&code));
    assert!(codes.lines().all(|code| !all.contains(code)));
}
