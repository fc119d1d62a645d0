//! The guard: what it answers to a login that proved nothing.

use countersign_bus::Error;
use countersign_bus::types::Login;

use crate::seat::{Seat, ssh, through};

#[test]
fn a_login_that_proved_nothing_goes_on_only_where_nothing_is_demanded() {
    let mut seat = Seat::with(
        "[[rule]]\nname = 'cron'\nservices = ['cron']\nrequire = 'none'\n\
         [[rule]]\nname = 'lenient'\nservices = ['login']\nnot-enrolled = 'pass'\n\
         [[rule]]\nname = 'new'\nservices = ['gdm-password']\nnot-enrolled = 'enroll'\n\
         [[rule]]\nname = 'shut'\nservices = ['ftp']\nrequire = 'refuse'\n",
    );
    let ada = seat.world.enroll_as("ada", 1000);
    let bob = |service: &str| Login {
        user: Some("bob".to_owned()),
        uid: Some(1001),
        ..through(service, &ada)
    };
    for (login, rule) in [
        (through("cron", &ada), Some("cron")),
        (bob("cron"), Some("cron")),
        (bob("login"), Some("lenient")),
        (through("login", &ada), None),
        (bob("gdm-password"), None),
        (through("gdm-password", &ada), None),
        (bob("ftp"), None),
        (ssh(&ada), None),
        (bob("sshd"), None),
        (
            Login {
                uid: None,
                ..bob("sshd")
            },
            None,
        ),
        // Another name of an enrolled uid.
        (
            Login {
                uid: Some(1000),
                ..bob("login")
            },
            None,
        ),
    ] {
        match (seat.client.guard(&login), rule) {
            (Ok(named), Some(rule)) => assert_eq!(named, rule, "{login:?}"),
            (Err(Error::NotPermitted(_)), None) => {
                let event = seat.event();
                assert_eq!(event.outcome.as_deref(), Some("refused"), "{login:?}");
            }
            (answer, _) => panic!("{login:?}: {answer:?}"),
        }
    }
}

#[test]
fn an_earlier_login_does_not_count_where_nothing_was_asked_for() {
    let mut seat =
        Seat::with("[[rule]]\nname = 'office'\nremember = { for = '12h', per = 'origin' }\n");
    let ada = seat.world.enroll_as("ada", 1000);
    seat.log_in(&ssh(&ada), &ada);
    assert_eq!(seat.begin(&ssh(&ada)), "remembered");
    let guarded = seat.client.guard(&ssh(&ada));
    assert!(
        matches!(guarded, Err(Error::NotPermitted(_))),
        "{guarded:?}"
    );
}
