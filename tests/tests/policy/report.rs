//! Report mode: it asks nothing, records everything, and never says yes.

use countersign_bus::client::Begun;
use countersign_bus::types::Login;
use countersign_tests::{TestClock, World};

use crate::seat::{Seat, ssh};

#[test]
fn what_would_have_come_of_each_login_is_recorded() {
    let rules =
        "[[rule]]\nname = 'trial'\nmode = 'report'\nremember = { for = '1h', per = 'origin' }\n";
    let mut seat = Seat::with(rules);
    let ada = seat.world.enroll_as("ada", 1000);
    let as_user = |name: &str, uid| Login {
        user: Some(name.to_owned()),
        uid,
        ..ssh(&ada)
    };
    for (login, note) in [
        (ssh(&ada), "would have been asked, and can answer"),
        (
            as_user("bob", Some(1001)),
            "would have been asked in vain: not enrolled",
        ),
        (
            as_user("mallory", None),
            "would have been asked in vain: no such user",
        ),
        (
            as_user("eve", Some(1000)),
            "would have been asked in vain: uid 1000 is enrolled",
        ),
    ] {
        let begun = seat.client.begin(&login).unwrap();
        assert!(matches!(begun, Begun::NotDemanded { .. }), "{begun:?}");
        let event = seat.event();
        assert_eq!(event.outcome.as_deref(), Some("reported"));
        assert_eq!(event.rule.as_deref(), Some("trial"));
        assert!(
            event.note.as_deref().unwrap().starts_with(note),
            "{event:?}"
        );
        assert_eq!(event.factor, None);
        assert_eq!(seat.client.guard(&login), Ok("trial".to_owned()));
        let event = seat.event();
        assert_eq!(event.outcome.as_deref(), Some("reported"));
        assert!(
            event
                .note
                .as_deref()
                .unwrap()
                .starts_with("guard: would have been refused"),
            "{event:?}"
        );
    }
    assert_eq!(seat.passes(&ada), 0, "nothing was proven");
}

/// Where no other module decides, libpam refuses: nobody is let in by a rule that only reports.
#[test]
fn a_login_that_is_only_reported_succeeds_by_nothing_of_ours() {
    let clock = TestClock::default();
    let world = World::with_settings(&clock, "[[rule]]\nname = 'trial'\nmode = 'report'\n");
    let _ = world.enroll("daemon");
    for user in ["daemon", "bin", "nobody-in-particular"] {
        let outcome = world.login(user).answers(["000000"]).start().finish();
        assert_ne!(outcome.result, "PAM_SUCCESS", "{user}");
        assert!(
            !outcome.shown.contains("code"),
            "nothing is asked: {}",
            outcome.shown
        );
    }
}
