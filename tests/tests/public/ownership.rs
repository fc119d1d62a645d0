//! Who may own the name, and whom a caller may name.

use std::fs;

use countersign_bus::types::{ChangeOptions, EnrollOptions, Factor};
use countersign_bus::{Client, Error, NAME};
use countersign_tests::Public;
use countersign_tests::public::{ADA, BOB, NOBODY};

#[test]
fn only_the_daemons_user_can_own_the_name_whether_or_not_the_daemon_runs() {
    let Some(mut place) = Public::start() else {
        return;
    };
    for daemon_runs in [true, false] {
        if !daemon_runs {
            place.kill();
        }
        for uid in [NOBODY.0, ADA.0, 0] {
            let connection = place.bus.connect(uid).unwrap();
            let asked = zbus::block_on(connection.request_name(NAME));
            let refusal = asked.expect_err("the name is not for sale").to_string();
            assert!(refusal.contains("AccessDenied"), "{uid}: {refusal}");
        }
    }
}

#[test]
fn the_daemons_own_user_is_nobody_at_the_root_door() {
    let Some(place) = Public::start() else { return };
    let socket = place.world.path().join("socket");
    for uid in [countersign_tests::bus::DAEMON, NOBODY.0, ADA.0] {
        let refused = countersign_tests::bus::as_user(uid, || {
            std::os::unix::net::UnixStream::connect(&socket).map(drop)
        });
        let kind = refused.expect_err("root's door").kind();
        assert_eq!(kind, std::io::ErrorKind::PermissionDenied, "{uid}");
    }
    // Were the socket open to all, whoever comes in is turned away before a byte is read.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(&socket, open).unwrap();
    for uid in [countersign_tests::bus::DAEMON, NOBODY.0, ADA.0] {
        let said = countersign_tests::bus::as_user(uid, || {
            let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
            std::io::Read::read(&mut stream, &mut [0; 16])
        });
        assert!(matches!(said, Ok(0) | Err(_)), "{uid}: {said:?}");
    }
}

#[test]
fn about_another_user_everybody_gets_one_answer_whoever_that_is_and_whether_or_not_they_exist() {
    let Some(place) = Public::start() else { return };
    let enrolled = place.world.enroll_as(BOB.1, BOB.0);
    let mine = place.world.enroll_as(ADA.1, ADA.0);
    let mut client = place.client(ADA);
    let others = [
        (enrolled.uid, BOB.1),
        (enrolled.uid, ADA.1),
        (3, "sys"),
        (0, "root"),
        (4_000_000_000, "nobody-has-this"),
        (u32::MAX, "x"),
    ];
    let answers = |client: &mut Client| -> Vec<Error> {
        let of = |user| all_about(client, user, &enrolled.credential);
        others.into_iter().flat_map(of).collect()
    };
    let before = answers(&mut client);
    let one = Error::NotPermitted("that is another user".to_owned());
    assert!(before.iter().all(|answer| *answer == one), "{before:#?}");
    assert_eq!(before.len(), others.len() * 5);

    // Not a record is read for it: it is the same without a database.
    let database = place.world.path().join("state/store.db");
    fs::rename(&database, database.with_extension("away")).unwrap();
    let own = client.status((mine.uid, ADA.1));
    assert!(matches!(own, Err(Error::Unavailable(_))), "{own:?}");
    super::wait_until("patience", std::time::Duration::from_secs(30), || {
        !matches!(client.status((mine.uid, ADA.1)), Err(Error::Busy(_)))
    });
    let others_now = all_about(&mut client, (enrolled.uid, BOB.1), &enrolled.credential);
    assert!(
        others_now.iter().all(|answer| *answer == one),
        "{others_now:#?}"
    );
}

/// What is answered to every question about a user.
fn all_about(client: &mut Client, user: (u32, &str), credential: &str) -> Vec<Error> {
    let (enroll, change) = (EnrollOptions::default(), ChangeOptions::default());
    vec![
        client.status(user).expect_err("status"),
        client
            .enroll(user, Factor::Totp, &enroll)
            .expect_err("enroll"),
        client
            .confirm(user, credential, "123456")
            .expect_err("confirm"),
        client
            .remove(user, credential, &change)
            .expect_err("remove"),
        client
            .renew_recovery_codes(user, &change)
            .expect_err("renew"),
    ]
}
