//! First factors: who may enrol one, and what else was offered by then.

use countersign_bus::import::{Hidden, ImportCredential, ImportOptions, ImportUser, encode};
use countersign_bus::{Client, Error};
use countersign_tests::Public;
use countersign_tests::backup::sealed;
use countersign_tests::bus::Policy;
use countersign_tests::public::{ADA, BOB, request};

use super::changes::{altered, enroll, forget, is_wrong, issue, offer, status};
use super::{log_in, now, wait_until};

const OPEN: (&str, &str) = ("self-service = \"off\"", "self-service = \"open\"");
const TICKET: (&str, &str) = ("self-service = \"off\"", "self-service = \"ticket\"");

#[test]
fn an_offer_that_took_no_proof_is_void_once_somebody_else_has_enrolled_the_user() {
    for way in [Way::Root, Way::Themself, Way::Import] {
        let Some(place) = Public::with(Policy::Shipped, &[OPEN]) else {
            return;
        };
        let mut mallory = place.client(ADA);
        let offered = offer(&mut mallory, ADA, None).unwrap();
        way.enroll(&place);
        let before = status(&place, ADA);
        assert!(before.enrolled);
        let offers = before
            .credentials
            .iter()
            .filter(|(_, _, confirmed)| !confirmed);
        assert_eq!(offers.count(), 0, "{way:?}: the offer is gone: {before:?}");
        for time in [now(), now() + 30] {
            let confirmed = mallory.confirm(ADA, &offered.credential, &offered.code(time));
            let void = matches!(confirmed, Err(Error::InvalidArgs(_)));
            assert!(void, "{way:?}: {confirmed:?}");
        }
        let entered = log_in(
            &mut place.world.client(),
            &request(ADA),
            &offered.code(now()),
        );
        assert!(entered.is_err());
        forget(&place, ADA);
        assert_eq!(status(&place, ADA), before);
    }
}

/// How a user comes to a first factor.
#[derive(Clone, Copy, Debug)]
enum Way {
    Root,
    Themself,
    Import,
}

impl Way {
    fn enroll(self, place: &Public) {
        match self {
            Self::Root => {
                enroll(place, ADA);
            }
            Self::Themself => {
                let mut ada = place.client(ADA);
                let own = offer(&mut ada, ADA, None).unwrap();
                ada.confirm(ADA, &own.credential, &own.code(now())).unwrap();
            }
            Self::Import => import(place),
        }
    }
}

/// Brings over what another module kept of ada.
fn import(place: &Public) {
    let user = ImportUser {
        uid: Some(ADA.0),
        name: Some(ADA.1.to_owned()),
        credentials: Some(vec![ImportCredential {
            secret: Some(Hidden::from(&b"12345678901234567890"[..])),
            ..ImportCredential::default()
        }]),
        scratch: None,
    };
    let users = encode(&[user]).unwrap();
    let outcomes = place
        .world
        .client()
        .import(sealed(users.bytes()), &ImportOptions::default());
    assert_eq!(outcomes.unwrap().len(), 1);
}

#[test]
fn of_first_enrolments_at_once_one_user_comes_of_it_and_no_second_factor_without_a_proof() {
    let Some(place) = Public::with(Policy::Shipped, &[OPEN]) else {
        return;
    };
    let clients: Vec<Client> = (0..4).map(|_| place.client(ADA)).collect();
    std::thread::scope(|scope| {
        for mut client in clients {
            scope.spawn(move || {
                let Ok(own) = offer(&mut client, ADA, None) else {
                    return;
                };
                let _ = client.confirm(ADA, &own.credential, &own.code(now()));
            });
        }
    });
    let confirmed = status(&place, ADA).credentials;
    let confirmed = confirmed
        .iter()
        .filter(|(_, _, confirmed)| *confirmed)
        .count();
    assert!(confirmed <= 1, "{confirmed} were confirmed");
}

#[test]
fn off_is_off_whatever_ticket_there_is() {
    let Some(place) = Public::start() else { return };
    let ticket = issue(&place, ADA, 600);
    let before = status(&place, ADA);
    let mut client = place.client(ADA);
    for proof in [None, Some(&ticket)] {
        let refused = offer(&mut client, ADA, proof).map(drop);
        assert!(
            matches!(refused, Err(Error::NotPermitted(_))),
            "{refused:?}"
        );
    }
    assert_eq!(status(&place, ADA), before);
    assert!(before.issued, "the code is as good as before");
}

#[test]
fn a_first_factor_takes_a_ticket_of_ones_own_that_is_good_still() {
    let Some(place) = Public::with(Policy::Shipped, &[TICKET]) else {
        return;
    };
    let mut client = place.client(ADA);
    let bobs = issue(&place, BOB, 600);
    let nothing = status(&place, ADA);
    let refused = |client: &mut Client, proof: Option<&String>| {
        let outcome = offer(client, ADA, proof).map(drop);
        let expected = match proof {
            None => matches!(outcome, Err(Error::NotPermitted(_))),
            Some(_) => is_wrong(&outcome),
        };
        assert!(expected, "{proof:?}: {outcome:?}");
        // The state is compared without what wrong answers cost.
        let _ = place.world.client().unlock(ADA.0);
    };
    // None was issued at all; another's; then one that is not it.
    refused(&mut client, None);
    refused(&mut client, Some(&bobs));
    assert_eq!(status(&place, ADA), nothing);
    let mut ticket = issue(&place, ADA, 600);
    let before = status(&place, ADA);
    for wrong in [&altered(&ticket), &bobs, &"123456".to_owned()] {
        refused(&mut client, Some(wrong));
    }
    refused(&mut client, None);
    assert_eq!(status(&place, ADA), before);

    // A new one voids the one before; an expired one is none.
    let voided = std::mem::replace(&mut ticket, issue(&place, ADA, 1));
    refused(&mut client, Some(&voided));
    let limit = std::time::Duration::from_secs(20);
    wait_until("the code is over", limit, || !status(&place, ADA).issued);
    refused(&mut client, Some(&ticket));
    assert!(!status(&place, ADA).enrolled);

    // The right one is good once.
    let ticket = issue(&place, ADA, 600);
    let own = offer(&mut client, ADA, Some(&ticket)).unwrap();
    refused(&mut client, Some(&ticket));
    client
        .confirm(ADA, &own.credential, &own.code(now()))
        .unwrap();
    refused(&mut client, Some(&ticket));
    refused(&mut client, None);
    let after = status(&place, ADA);
    assert!(after.enrolled && after.credentials.len() == 1, "{after:?}");
    assert!(!status(&place, BOB).enrolled);
}
