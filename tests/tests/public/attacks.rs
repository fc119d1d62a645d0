//! Who has a user's session, or their password, and wants their second factor: every change but
//! the one with the right proof is refused, and what the user holds is as it was.

use countersign_bus::{Client, Error};
use countersign_tests::Public;
use countersign_tests::public::{ADA, BOB, request};

use super::changes::{
    Status, anothers, change, enroll, every_change, forget, is_wrong, issue, offer_to, refused,
    rename, status,
};
use super::{log_in, now};

#[test]
fn nobody_changes_another_user_whosever_proof_they_have() {
    let Some(place) = Public::start() else { return };
    let (ada, bob) = (enroll(&place, ADA), enroll(&place, BOB));
    let offer = offer_to(&place, BOB, &bob.code(now()));
    let mut mallory = place.client(ADA);
    let before = status(&place, BOB);
    let mut proofs = vec![None];
    for user in [&ada, &bob] {
        proofs.push(Some(user.code(now() + 30)));
        proofs.push(Some(user.recovery_codes[0].clone()));
        proofs.push(Some(issue(&place, (user.uid, &user.name), 600)));
    }
    let before = Status {
        issued: true,
        ..before
    };
    for proof in &proofs {
        for (change, outcome) in every_change(&mut mallory, BOB, &bob.credential, proof.as_ref()) {
            assert_eq!(outcome, anothers(), "{change}");
        }
    }
    let confirmed = mallory.confirm(BOB, &offer.credential, &offer.code(now() + 30));
    assert_eq!(confirmed.map(drop), anothers());
    let codes = [bob.code(now() + 30), bob.code(now() + 60)];
    let resynchronized = mallory.resynchronize(BOB, [&codes[0], &codes[1]]);
    assert_eq!(resynchronized.map(drop), anothers());
    assert_eq!(status(&place, BOB), before);

    // None of the proofs was used up by it.
    for (proof, user) in [(&proofs[1], ADA), (&proofs[4], BOB)] {
        let change = change(proof.as_ref());
        place
            .client(user)
            .renew_recovery_codes(user, &change)
            .unwrap();
    }
}

#[test]
fn anothers_name_beside_ones_own_uid_makes_nobody_else_of_one() {
    let Some(place) = Public::start() else { return };
    let (ada, bob) = (enroll(&place, ADA), enroll(&place, BOB));
    let before = (status(&place, ADA), status(&place, BOB));
    // The uid is the bus's word.
    let (mut mallory, named) = (place.client(ADA), (ADA.0, BOB.1));
    for proof in [bob.code(now()), bob.recovery_codes[0].clone()] {
        refused(&place, &mut mallory, named, &ada.credential, &proof);
    }
    assert_eq!((status(&place, ADA), status(&place, BOB)), before);
}

#[test]
fn a_proof_is_of_the_user_whom_the_change_is_about() {
    let Some(place) = Public::start() else { return };
    let (ada, bob) = (enroll(&place, ADA), enroll(&place, BOB));
    let issued = issue(&place, BOB, 600);
    let before = (status(&place, ADA), status(&place, BOB));
    let mut mallory = place.client(ADA);
    for proof in [
        bob.code(now()),
        bob.code(now() + 30),
        bob.recovery_codes[0].clone(),
        issued.clone(),
    ] {
        refused(&place, &mut mallory, ADA, &ada.credential, &proof);
        assert_eq!((status(&place, ADA), status(&place, BOB)), before);
    }
    // They are good for what they are of.
    log_in(&mut place.world.client(), &request(BOB), &issued).unwrap();
    log_in(
        &mut place.world.client(),
        &request(BOB),
        &bob.recovery_codes[0],
    )
    .unwrap();
    log_in(&mut place.client(BOB), &request(BOB), &bob.code(now() + 30)).unwrap();
}

#[test]
fn without_a_proof_or_with_something_else_nothing_changes() {
    let Some(place) = Public::start() else { return };
    let ada = enroll(&place, ADA);
    let before = status(&place, ADA);
    let mut client = place.client(ADA);
    for (change, outcome) in every_change(&mut client, ADA, &ada.credential, None) {
        let refused = matches!(outcome, Err(Error::NotPermitted(_)));
        assert!(refused, "{change}: {outcome:?}");
    }
    for proof in [
        "",
        " ",
        "proof",
        "00000",
        "123456789",
        "1-AAAA",
        "0-",
        "\u{0}",
        "६६६६६६",
    ] {
        for (change, outcome) in
            every_change(&mut client, ADA, &ada.credential, Some(&proof.to_owned()))
        {
            assert!(outcome.is_err(), "{proof:?}: {change}");
        }
    }
    forget(&place, ADA);
    assert_eq!(status(&place, ADA), before);
}

#[test]
fn an_old_code_is_no_proof() {
    let Some(place) = Public::start() else { return };
    let ada = enroll(&place, ADA);
    let skipped = ada.code(now());
    let newest = ada.code(now() + 30);
    log_in(&mut place.client(ADA), &request(ADA), &newest).unwrap();
    let before = status(&place, ADA);
    let mut client = place.client(ADA);
    // Used in a login; older than that, and never used; of minutes ago.
    for proof in [newest, skipped, ada.code(now() - 90), ada.code(now() - 600)] {
        refused(&place, &mut client, ADA, &ada.credential, &proof);
        assert_eq!(status(&place, ADA), before);
    }
    let stale = [ada.code(now() - 60), ada.code(now() - 30)];
    let resynchronized = client.resynchronize(ADA, [&stale[0], &stale[1]]);
    assert!(is_wrong(&resynchronized.map(drop)), "used before");
    forget(&place, ADA);
    assert_eq!(status(&place, ADA), before);
}

#[test]
fn a_proof_is_good_for_one_change_and_for_no_login_after_it() {
    let Some(place) = Public::start() else { return };
    let ada = enroll(&place, ADA);
    let mut client = place.client(ADA);
    let issued = issue(&place, ADA, 600);
    for proof in [ada.recovery_codes[4].clone(), issued, ada.code(now())] {
        rename(&mut client, ADA, &ada.credential, "phone", Some(&proof)).unwrap();
        let before = status(&place, ADA);
        refused(&place, &mut client, ADA, &ada.credential, &proof);
        assert!(log_in(&mut place.world.client(), &request(ADA), &proof).is_err());
        forget(&place, ADA);
        assert_eq!(status(&place, ADA), before);
    }
    // Nor is it good again for a change that could not be made.
    let proof = ada.code(now() + 30);
    let unknown = rename(&mut client, ADA, "777", "phone", Some(&proof));
    assert!(matches!(unknown, Err(Error::InvalidArgs(_))), "{unknown:?}");
    refused(&place, &mut client, ADA, &ada.credential, &proof);
}

#[test]
fn of_changes_at_once_with_one_proof_one_is_made() {
    let Some(place) = Public::start() else { return };
    let ada = enroll(&place, ADA);
    for proof in [ada.code(now() + 30), ada.recovery_codes[0].clone()] {
        let clients: Vec<Client> = (0..6).map(|_| place.client(ADA)).collect();
        let made: usize = std::thread::scope(|scope| {
            let one = |mut client: Client| {
                let (ada, proof) = (&ada, &proof);
                scope.spawn(move || {
                    rename(&mut client, ADA, &ada.credential, "mine", Some(proof)).is_ok()
                })
            };
            let all: Vec<_> = clients.into_iter().map(one).collect();
            all.into_iter()
                .map(|one| usize::from(one.join().unwrap()))
                .sum()
        });
        assert_eq!(made, 1, "{proof}");
        forget(&place, ADA);
    }
}

#[test]
fn what_was_good_before_a_reset_is_good_for_nothing_after_it() {
    let Some(place) = Public::start() else { return };
    let old = enroll(&place, ADA);
    let offer = offer_to(&place, ADA, &old.code(now()));
    let issued = issue(&place, ADA, 600);
    place.world.client().reset(ADA.0).unwrap();
    let mut client = place.client(ADA);
    let proofs = [old.code(now() + 30), old.recovery_codes[0].clone(), issued];
    for again in [false, true] {
        if again {
            enroll(&place, ADA);
        }
        let before = status(&place, ADA);
        assert_eq!(before.enrolled, again);
        for proof in &proofs {
            for (change, outcome) in every_change(&mut client, ADA, &old.credential, Some(proof)) {
                assert!(outcome.is_err(), "{change}");
                forget(&place, ADA);
            }
        }
        let confirmed = client.confirm(ADA, &offer.credential, &offer.code(now()));
        assert!(confirmed.is_err(), "an offer outlived a reset");
        assert_eq!(status(&place, ADA), before);
    }
}
