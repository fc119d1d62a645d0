//! How a code is typed: at a prompt of its own, or behind the password in one field.

use countersign_bus::client::Begun;
use countersign_bus::types::{Ask, Challenge, Entry, ExplainOptions, Login, Next};
use countersign_bus::{Error, OwnedObjectPath};

use crate::seat::{Seat, ssh, through};

const APPENDED: &str = "[[rule]]\nname = 'a'\nentry = 'appended'\n";

impl Seat {
    /// Begins a login, which must go as is explained: how it is typed, and what is asked.
    fn entry(&mut self, login: &Login) -> (Entry, OwnedObjectPath, Challenge) {
        let explained = self.client.explain(login, &ExplainOptions::default());
        let explained = explained.unwrap().entry;
        match self.client.begin(login).unwrap() {
            Begun::Transaction {
                transaction,
                next: Next::Ask(challenge),
                entry,
                ..
            } => {
                assert_eq!(explained.as_deref(), Some(entry.name()), "{login:?}");
                (entry, transaction, challenge)
            }
            other => panic!("not asked: {other:?}"),
        }
    }
}

#[test]
fn a_service_with_one_field_takes_one_answer_unless_a_rule_says_otherwise() {
    const USUAL: [(&str, Entry); 4] = [
        ("sshd", Entry::Separate),
        ("lightdm", Entry::Separate),
        ("i3lock", Entry::Appended),
        ("sddm", Entry::Appended),
    ];
    let all = |entry| USUAL.map(|(service, _)| (service, entry));
    for (rule, entries) in [
        ("", USUAL),
        ("entry = 'separate'", all(Entry::Separate)),
        ("entry = 'appended'", all(Entry::Appended)),
    ] {
        let mut seat = Seat::with(&format!("[[rule]]\nname = 'a'\n{rule}\n"));
        let ada = seat.world.enroll_as("ada", 1000);
        for (service, expected) in entries {
            let (entry, transaction, challenge) = seat.entry(&through(service, &ada));
            assert_eq!(entry, expected, "{rule} {service}");
            let tries = match entry {
                Entry::Separate => 3,
                Entry::Appended => 1,
            };
            assert_eq!((challenge.ask, challenge.tries), (Ask::Code, tries));
            seat.client.cancel(&transaction).unwrap();
        }
    }
}

#[test]
fn one_field_is_refused_at_its_first_wrong_answer_and_nobody_can_tell_who_has_a_factor() {
    let mut seat = Seat::with(APPENDED);
    let ada = seat.world.enroll_as("ada", 1000);
    let nobody = Login {
        user: Some("mallory".to_owned()),
        uid: None,
        ..ssh(&ada)
    };
    let unenrolled = Login {
        user: Some("bob".to_owned()),
        uid: Some(1001),
        ..ssh(&ada)
    };
    for login in [ssh(&ada), unenrolled, nobody] {
        let (_, transaction, challenge) = seat.entry(&login);
        assert_eq!((challenge.tries, challenge.lengths), (1, vec![6]));
        let refused = seat.client.respond(&transaction, "000000");
        assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
        let event = seat.event();
        assert_eq!(event.outcome.as_deref(), Some("rejected"), "{event:?}");
    }
    seat.log_in(&ssh(&ada), &ada);
}

#[test]
fn nobody_is_enrolled_where_the_password_is_looked_at_last() {
    let mut seat = Seat::with("[[rule]]\nname = 'a'\nnot-enrolled = 'enroll'\n");
    let bob = |service: &str| Login {
        user: Some("bob".to_owned()),
        uid: Some(1001),
        groups: Some(Vec::new()),
        service: Some(service.to_owned()),
        ..Login::default()
    };
    assert_eq!(seat.begin(&bob("sudo")), "enroll");
    for service in ["i3lock", "sddm", "vsftpd"] {
        assert_eq!(seat.begin(&bob(service)), "ask", "{service}");
    }
}

#[test]
fn after_many_wrong_ones_two_codes_in_one_field_open_it() {
    let mut seat = Seat::with(APPENDED);
    let ada = seat.world.enroll_as("ada", 1000);
    for _ in 0..4 {
        seat.clock.pass(1);
        let refused = seat.answer(&ssh(&ada), "000000");
        assert!(refused.is_err(), "{refused:?}");
    }
    let (_, transaction, challenge) = seat.entry(&ssh(&ada));
    assert_eq!(
        (challenge.ask, challenge.codes, challenge.tries),
        (Ask::FirstCode, 2, 1)
    );
    let now = seat.clock.unix();
    let next = seat.client.respond(&transaction, &ada.code(now)).unwrap();
    let Next::Ask(Challenge {
        ask: Ask::NextCode,
        tries: 1,
        ..
    }) = next
    else {
        panic!("{next:?}");
    };
    let done = seat
        .client
        .respond(&transaction, &ada.code(now + 30))
        .unwrap();
    assert!(matches!(done, Next::Finished { .. }), "{done:?}");
}

#[test]
fn a_recovery_code_opens_one_field_too() {
    let mut seat = Seat::with(APPENDED);
    let ada = seat.world.enroll_as("ada", 1000);
    let (_, transaction, challenge) = seat.entry(&ssh(&ada));
    assert!(challenge.recovery);
    let done = seat.client.respond(&transaction, &ada.recovery_codes[0]);
    assert!(matches!(done, Ok(Next::Finished { .. })), "{done:?}");
}
