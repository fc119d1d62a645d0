//! What the record of events keeps of the public door.

use countersign_bus::events::{Event, EventOptions};
use countersign_bus::types::ChangeOptions;
use countersign_tests::Public;
use countersign_tests::public::{ADA, NOBODY, request};

use crate::{begin, now};

#[test]
fn a_login_that_was_begun_and_left_leaves_no_event_and_one_with_an_answer_does() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let before = told(&place);
    for person in [ADA, NOBODY] {
        let mut client = place.client(person);
        for _ in 0..10 {
            let (transaction, _) = begin(&mut client, &request(person));
            client.cancel(&transaction).unwrap();
        }
    }
    assert_eq!(told(&place).len(), before.len());

    let mut client = place.client(ADA);
    let (transaction, _) = begin(&mut client, &request(ADA));
    let _ = client.respond(&transaction, &ada.code(now())).unwrap();
    let (transaction, _) = begin(&mut client, &request(ADA));
    let wrong = ada.wrong_code(now());
    assert!(client.respond(&transaction, &wrong).is_ok(), "asked again");
    client.cancel(&transaction).unwrap();
    let after = told(&place);
    let [accepted, abandoned] = &after[before.len()..] else {
        panic!("{after:#?}");
    };
    assert_eq!(abandoned.outcome.as_deref(), Some("abandoned"));
    assert_eq!(abandoned.wrong, Some(1));
    assert_eq!(accepted.outcome.as_deref(), Some("accepted"));
    for event in [abandoned, accepted] {
        assert_eq!(event.door.as_deref(), Some("public"));
        assert_eq!(event.origin.as_deref(), Some("locker"));
        assert_eq!(
            (event.uid, event.user.as_deref()),
            (Some(ADA.0), Some(ADA.1))
        );
    }
}

#[test]
fn a_change_is_told_with_the_uid_that_the_bus_vouches_for_and_no_name_that_was_sent() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let options = ChangeOptions {
        proof: Some(ada.code(now())),
    };
    let mut client = place.client(ADA);
    client
        .remove((ADA.0, "root"), &ada.credential, &options)
        .unwrap();
    let removed = told(&place).pop().unwrap();
    assert_eq!(removed.outcome.as_deref(), Some("removed"));
    assert_eq!(removed.by.as_deref(), Some("uid 1"));
    assert_eq!(removed.user.as_deref(), Some("(uid 1)"));
}

fn told(place: &Public) -> Vec<Event> {
    let asked = place.world.client().events(0, &EventOptions::default());
    asked.unwrap().0
}
