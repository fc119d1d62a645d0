//! The public door: whoever calls there can deceive nobody but themself.

use countersign_bus::client::Begun;
use countersign_bus::types::{Ask, Login, Next};
use countersign_bus::{Client, Error};
use countersign_tests::bus::Policy;
use countersign_tests::public::{ADA, BOB, Public, request};

/// A line of the shipped configuration, behind which rules may stand.
const LONGEST: &str = "longest-minutes = 1440";
const RULES: &str = "longest-minutes = 1440

[[rule]]
name = 'locker'
services = ['locker']
remember = { for = '1h', per = 'login-session' }

[[rule]]
name = 'net'
services = ['net']
remember = { for = '1h', per = 'origin' }

[[rule]]
name = 'trusted'
from = ['192.0.2.0/24']
require = 'none'
";
const LEADER: (u32, u64) = (4711, 90_000);

fn now() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}

fn place() -> Option<Public> {
    Public::with(Policy::Shipped, &[(LONGEST, RULES)])
}

fn is_asked(client: &mut Client, login: &Login) -> bool {
    match client.begin(login).unwrap() {
        Begun::Transaction { transaction, .. } => {
            client.cancel(&transaction).unwrap();
            true
        }
        Begun::NotDemanded { .. } | Begun::Remembered { .. } => false,
    }
}

#[test]
fn a_locker_counts_the_login_of_its_users_session_and_of_nobody_elses() {
    let Some(place) = place() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let _ = place.world.enroll_as(BOB.1, BOB.0);
    let mut root = place.world.client();
    let login = Login {
        service: Some("sshd".to_owned()),
        rhost: Some("192.0.2.70".to_owned()),
        leaders: Some(vec![LEADER]),
        ..request(ADA)
    };
    let outside = Login {
        rhost: Some("198.51.100.70".to_owned()),
        ..login
    };
    let Begun::Transaction { transaction, .. } = root.begin(&outside).unwrap() else {
        panic!("not asked")
    };
    let end = root.respond(&transaction, &ada.code(now())).unwrap();
    assert!(matches!(end, Next::Finished { .. }), "{end:?}");

    let within = |whom| Login {
        session: Some(LEADER),
        ..request(whom)
    };
    assert!(!is_asked(&mut place.client(ADA), &within(ADA)));
    assert!(is_asked(&mut place.client(ADA), &request(ADA)));
    // Ada's session, and ada's name, do not make bob her.
    for whom in [ADA, BOB] {
        let mut bob = place.client(BOB);
        assert!(is_asked(&mut bob, &within(whom)), "{whom:?}");
    }
    // Anybody may make their own logins stricter, and nobody another's.
    assert!(matches!(
        place.client(BOB).forget(ADA),
        Err(Error::NotPermitted(_))
    ));
    place.client(ADA).forget(ADA).unwrap();
    assert!(is_asked(&mut place.client(ADA), &within(ADA)));
}

#[test]
fn a_login_through_the_public_door_leaves_no_pass_whatever_it_claims() {
    let Some(place) = place() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let mut client = place.client(ADA);
    let claims = Login {
        rhost: Some("198.51.100.7".to_owned()),
        session: Some(LEADER),
        leaders: Some(vec![LEADER, (1, 1)]),
        ..request(ADA)
    };
    let Begun::Transaction { transaction, .. } = client.begin(&claims).unwrap() else {
        panic!("not asked")
    };
    let end = client.respond(&transaction, &ada.code(now())).unwrap();
    assert!(matches!(end, Next::Finished { .. }), "{end:?}");
    assert_eq!(client.status(ADA).unwrap().passes.unwrap().len(), 0);
    for service in ["locker", "net"] {
        let again = Login {
            service: Some(service.to_owned()),
            ..claims.clone()
        };
        assert!(is_asked(&mut client, &again), "{service}");
    }
}

#[test]
fn no_address_that_a_user_claims_is_in_any_network() {
    let Some(place) = place() else { return };
    let _ = place.world.enroll_as(ADA.1, ADA.0);
    let claim = Login {
        rhost: Some("192.0.2.7".to_owned()),
        service: Some("sshd".to_owned()),
        ..request(ADA)
    };
    let mut client = place.client(ADA);
    assert!(is_asked(&mut client, &claim));
    assert!(matches!(client.guard(&claim), Err(Error::NotPermitted(_))));
    let mut root = place.world.client();
    assert!(
        !is_asked(&mut root, &claim),
        "sshd says so at the root door"
    );
}

/// Whoever finds a session open could enroll there, and nobody gave a password before.
#[test]
fn nobody_is_walked_through_enrolment_however_much_the_bus_lets_through() {
    let rule = format!("{LONGEST}\n[[rule]]\nname = 'roll-out'\nnot-enrolled = 'enroll'\n");
    for policy in [Policy::Shipped, Policy::AllowAll] {
        let Some(place) = Public::with(policy, &[(LONGEST, &rule)]) else {
            return;
        };
        let mut client = place.client(ADA);
        let Begun::Transaction {
            transaction, next, ..
        } = client.begin(&request(ADA)).unwrap()
        else {
            panic!("not asked")
        };
        let Next::Ask(asked) = next else {
            panic!("{next:?}")
        };
        assert_eq!((asked.ask, asked.recovery), (Ask::Code, false));
        let last = loop {
            let shown = client.reveal(&transaction);
            assert!(matches!(shown, Err(Error::NotPermitted(_))), "{shown:?}");
            match client.respond(&transaction, "000000") {
                Ok(next) => assert!(matches!(next, Next::Ask(_)), "{next:?}"),
                Err(error) => break error,
            }
        };
        assert!(matches!(last, Error::Rejected(_)), "{last:?}");
        let guard = client.guard(&request(ADA));
        assert!(matches!(guard, Err(Error::NotPermitted(_))), "{guard:?}");
        assert_eq!(client.status(ADA).unwrap().enrolled, Some(false));

        // The very rule walks her through it where a password was asked for.
        let mut root = place.world.client();
        let begun = root.begin(&request(ADA)).unwrap();
        let Begun::Transaction { next, .. } = begun else {
            panic!("{begun:?}")
        };
        assert!(matches!(next, Next::Enroll(_)), "{next:?}");
    }
}
