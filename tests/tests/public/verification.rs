//! Logins through the public door.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use countersign_bus::Error;
use countersign_bus::types::{Ask, Factor, Login, Next};
use countersign_tests::programs::programs;
use countersign_tests::public::{ADA, BOB, request};
use countersign_tests::{Public, TestClock, World};
use countersignd::authorize::Caller;
use countersignd::config::Config;
use countersignd::engine::{Attempt, Begun, Engine};
use countersignd::entropy::Kernel;
use countersignd::store::sqlite::Sqlite;
use countersignd::vault::Vault;

use super::{begin, log_in, now};

#[test]
fn a_right_code_verifies_its_own_user_only_and_is_then_spent_at_both_doors() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let bob = place.world.enroll_as(BOB.1, BOB.0);
    let (mut as_ada, mut root) = (place.client(ADA), place.world.client());

    let code = bob.code(now());
    assert!(log_in(&mut as_ada, &request(ADA), &code).is_err());
    root.unlock(ada.uid).unwrap();
    let code = ada.code(now());
    log_in(&mut as_ada, &request(ADA), &code).unwrap();
    assert!(log_in(&mut as_ada, &request(ADA), &code).is_err());
    assert!(log_in(&mut root, &request(ADA), &code).is_err());
}

#[test]
fn a_uid_in_the_message_means_nothing() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let bob = place.world.enroll_as(BOB.1, BOB.0);
    let (mut as_ada, mut root) = (place.client(ADA), place.world.client());

    // Bob's name, uid and code, in a message of ada's: bob's code is not even spent by it.
    for name in [BOB.1, ADA.1] {
        let login = Login {
            user: Some(name.to_owned()),
            ..request(BOB)
        };
        assert!(
            log_in(&mut as_ada, &login, &bob.code(now())).is_err(),
            "{name}"
        );
        root.unlock(ada.uid).unwrap();
    }
    log_in(&mut root, &request(BOB), &bob.code(now())).unwrap();
    // Bob's uid with ada's name: it is ada who logs in.
    let login = Login {
        uid: Some(bob.uid),
        ..request(ADA)
    };
    log_in(&mut as_ada, &login, &ada.code(now())).unwrap();
}

#[test]
fn a_login_is_continued_by_the_connection_that_began_it_and_no_other() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let _ = place.world.enroll_as(BOB.1, BOB.0);
    let mut hers = place.client(ADA);
    let (login, _) = begin(&mut hers, &request(ADA));
    for mut another in [
        place.client(ADA),
        place.client(BOB),
        place.client((0, "root")),
    ] {
        let code = ada.code(now());
        for refused in [
            another.respond(&login, &code).map(drop),
            another.choose(&login, Factor::Recovery).map(drop),
            another.cancel(&login),
        ] {
            let not_theirs = Error::NotPermitted("that is another one's login".to_owned());
            assert_eq!(refused, Err(not_theirs));
        }
    }
    // At the root door it does not even exist.
    let foreign = place.world.client().respond(&login, &ada.code(now()));
    assert!(matches!(foreign, Err(Error::Expired(_))), "{foreign:?}");
    // All of that changed nothing about it.
    let end = hers.respond(&login, &ada.code(now())).unwrap();
    assert!(matches!(end, Next::Finished { .. }), "{end:?}");
}

#[test]
fn no_recovery_code_is_taken_or_spent() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let recovery = &ada.recovery_codes[0];
    let mut client = place.client(ADA);
    let (login, challenge) = begin(&mut client, &request(ADA));
    assert!(!challenge.recovery, "{challenge:?}");
    let chosen = client.choose(&login, Factor::Recovery);
    assert!(matches!(chosen, Err(Error::NotPermitted(_))), "{chosen:?}");
    client.cancel(&login).unwrap();
    assert!(log_in(&mut client, &request(ADA), recovery).is_err());

    let status = place.world.client().status(ADA).unwrap();
    assert_eq!(status.recovery_left, Some(10));
    log_in(&mut place.world.client(), &request(ADA), recovery).unwrap();
}

#[test]
fn wrong_codes_of_the_public_door_do_not_change_what_the_root_door_asks() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let (mut client, mut root) = (place.client(ADA), place.world.client());
    let wrong = ada.wrong_code(now());
    super::wait_until("two codes asked for", Duration::from_secs(60), || {
        let (login, challenge) = begin(&mut client, &request(ADA));
        let _ = client.respond(&login, &wrong);
        client.cancel(&login).unwrap();
        challenge.codes == 2
    });
    let (login, challenge) = begin(&mut root, &request(ADA));
    assert_eq!((challenge.ask, challenge.codes), (Ask::Code, 1));
    let end = root.respond(&login, &ada.code(now())).unwrap();
    assert!(matches!(end, Next::Finished { .. }), "{end:?}");
}

/// As the last one, to the brim: with a clock that is set, a year's guesses take no time.
#[test]
fn a_full_pool_of_the_public_door_leaves_the_root_doors_as_it_is() {
    let clock = TestClock::default();
    let world = World::prepare();
    let store = Sqlite::open(&world.path().join("state"));
    let vault = Vault::new(store, world.path().join("master.key"));
    let config = Config::load(&world.path().join("countersign.toml")).unwrap();
    let engine = Arc::new(Engine::new(vault, clock.clone(), Kernel, config));
    let ada = zbus::block_on(enroll(&engine));
    let local = Caller::User {
        uid: ADA.0,
        connection: ":1.7".to_owned(),
    };
    let wrong = ada.wrong_code(clock.unix());
    let demanded = |caller: &Caller| -> u32 {
        let login = request(ADA);
        let begun = Attempt::begin(&engine, caller, &login, "0");
        let Ok(Begun::Asked(mut attempt, _, next)) = zbus::block_on(begun) else {
            panic!("not asked")
        };
        if matches!(caller, Caller::User { .. }) {
            let _ = zbus::block_on(attempt.respond(&wrong));
        }
        match next {
            Next::Ask(challenge) => challenge.codes,
            Next::Enroll(_) | Next::Acknowledge | Next::Finished { .. } => 0,
        }
    };
    for _ in 0..100 {
        demanded(&local);
        // Longer than any delay, and too short for much to leak.
        clock.pass(901);
    }
    assert_eq!(demanded(&local), 2, "the pool is full");
    assert_eq!(demanded(&Caller::Root), 1);
}

async fn enroll(engine: &Arc<Engine>) -> countersign_tests::Enrolled {
    let options = countersign_bus::types::EnrollOptions {
        unconfirmed: Some(true),
        ..Default::default()
    };
    let (credential, lines) = engine
        .enroll(&Caller::Root, ADA, 1, &options)
        .await
        .unwrap();
    let lines = countersign_tests::world::read(lines);
    countersign_tests::Enrolled::new(ADA.1, ADA.0, credential, &lines)
}

/// As i3lock does it: no root, no privilege, a PAM service that names our module.
#[test]
fn an_unprivileged_program_logs_its_user_in_through_pam() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    // Where ada can read them, wherever this was built.
    let directory = place.world.path();
    let (module, program) = (directory.join("module.so"), directory.join("pam-login"));
    fs::copy(&programs().module, &module).unwrap();
    fs::copy(&programs().pam_login, &program).unwrap();
    let stack = format!(
        "auth [success=ok ignore=ignore default=die] {} bus={}\n",
        module.display(),
        place.address()
    );
    fs::write(place.world.pam().join("locker"), stack).unwrap();

    let log_in = |answer: &str| {
        let mut child = Command::new("setpriv")
            .args(["--reuid=1", "--regid=1", "--clear-groups", "--no-new-privs"])
            .arg(&program)
            .arg("-vc")
            .arg(place.world.pam())
            .args(["-s", "locker", "-u", ADA.1])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{answer}").unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let code = ada.code(now());
    let shown = log_in(&code);
    assert!(shown.ends_with("PAM_SUCCESS\n"), "{shown}");
    let again = log_in(&code);
    assert!(again.contains("already used"), "{again}");
    assert!(!again.contains("PAM_SUCCESS"), "{again}");
}
