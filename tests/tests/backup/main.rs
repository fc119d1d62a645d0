//! A backup opens elsewhere, whole or not at all, and nothing used becomes good again by it.

use std::collections::BTreeMap;

use countersign_bus::client::Begun;
use countersign_bus::types::{EnrollOptions, Factor, Login, Next, RestoreOptions, Status};
use countersign_bus::{Client, Error, OwnedObjectPath};
use countersign_core::hotp::{Counter, Hotp};
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::secret::Secret;
use countersign_tests::backup::{Backup, PASSPHRASE, by_master_key_of, by_passphrase, sealed};
use countersign_tests::{Enrolled, TestClock, World};

mod meanwhile;

/// The secret of RFC 4226's examples.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// How long a code may be good, its neighbours' time included: the next one is later.
const NEXT: u64 = 60;

#[test]
fn on_another_machine_it_opens_with_the_passphrase_or_the_old_master_key() {
    let clock = TestClock::default();
    let here = World::with_clock(&clock);
    let ada = here.enroll("daemon");
    for passphrase in [Some(PASSPHRASE), None] {
        let backup = Backup::of(&here, passphrase);
        assert_eq!(backup.report.users, Some(1));
        let there = World::with_clock(&clock);
        let refused = backup.restore(&there, &RestoreOptions::default());
        assert!(matches!(refused, Err(Error::InvalidArgs(_))), "{refused:?}");
        assert!(everybody(&there).is_empty());

        let options = match passphrase {
            Some(passphrase) => by_passphrase(passphrase),
            None => by_master_key_of(&here),
        };
        let report = backup.restore(&there, &options).unwrap();
        assert_eq!((report.restored, report.refused), (Some(1), Some(0)));
        assert_eq!(report.created, Some(clock.unix()));
        clock.pass(NEXT);
        let login = there.login("daemon").answers([ada.code(clock.unix())]);
        login.run().is("PAM_SUCCESS");
    }
}

#[test]
fn a_code_that_was_used_since_the_backup_is_refused_after_restoring_it() {
    let clock = TestClock::default();
    let here = World::with_clock(&clock);
    let ada = here.enroll("daemon");
    let backup = Backup::of(&here, Some(PASSPHRASE));
    clock.pass(300);
    let code = ada.code(clock.unix() + 30);
    here.login("daemon")
        .answers([&code])
        .run()
        .is("PAM_SUCCESS");

    let elsewhere = World::with_clock(&clock);
    for world in [&elsewhere, &here] {
        let options = RestoreOptions {
            overwrite: Some(true),
            ..by_passphrase(PASSPHRASE)
        };
        backup.restore(world, &options).unwrap();
        for pass in [0, 30, 30] {
            clock.pass(pass);
            let again = world.login("daemon").answers([&code; 3]);
            again.run().refused();
        }
        let next = ada.code(clock.unix() + 30);
        world
            .login("daemon")
            .answers([&next])
            .run()
            .is("PAM_SUCCESS");
        clock.set(clock.unix() - 60);
    }
}

#[test]
fn a_token_gives_two_codes_in_a_row_where_nobody_knows_what_it_has_given() {
    let clock = TestClock::default();
    let here = World::with_clock(&clock);
    let options = EnrollOptions {
        secret: Some(sealed(SECRET.as_bytes())),
        unconfirmed: Some(true),
        ..EnrollOptions::default()
    };
    let account = (1, "daemon");
    let mut client = here.client();
    client.enroll(account, Factor::Hotp, &options).unwrap();
    let token = Hotp::new(
        Secret::from_base32(SECRET).unwrap(),
        Algorithm::Sha1,
        Digits::DEFAULT,
    );
    let code = |counter| token.code_at(Counter::new(counter).unwrap());
    let backup = Backup::of(&here, Some(PASSPHRASE));
    for counter in 0..3 {
        let login = here.login("daemon").answers([code(counter)]);
        login.run().is("PAM_SUCCESS");
    }

    // Where it is, it goes on.
    let overwrite = RestoreOptions {
        overwrite: Some(true),
        ..by_passphrase(PASSPHRASE)
    };
    let report = backup.restore(&here, &overwrite).unwrap();
    assert_eq!((report.merged, report.unsynchronized), (Some(1), Some(0)));
    here.login("daemon")
        .answers([code(2), code(2), code(2)])
        .run()
        .refused();
    here.login("daemon")
        .answers([code(3)])
        .run()
        .is("PAM_SUCCESS");

    let there = World::with_clock(&clock);
    let report = backup.restore(&there, &by_passphrase(PASSPHRASE)).unwrap();
    assert_eq!((report.restored, report.unsynchronized), (Some(1), Some(1)));
    let mut client = there.client();
    assert!(!logs_in(&mut client, account, &code(2)), "it was used");
    clock.pass(900);
    // One that was not used, by itself, and then with the one after it.
    let transaction = begin(&mut client, account);
    let alone = client.respond(&transaction, &code(4)).unwrap();
    assert!(matches!(alone, Next::Ask(_)), "{alone:?}");
    clock.pass(5);
    let both = client.respond(&transaction, &code(5)).unwrap();
    assert!(matches!(both, Next::Finished { .. }), "{both:?}");
    assert!(logs_in(&mut client, account, &code(6)));
}

#[test]
fn recovery_codes_come_back_only_if_somebody_says_that_none_was_used() {
    let clock = TestClock::default();
    let here = World::with_clock(&clock);
    let ada = here.enroll("daemon");
    let backup = Backup::of(&here, Some(PASSPHRASE));
    let left = |world: &World| status(world, &ada).recovery_left;

    let void = World::with_clock(&clock);
    let report = backup.restore(&void, &by_passphrase(PASSPHRASE)).unwrap();
    assert_eq!(report.without_recovery_codes, Some(1));
    assert_eq!(left(&void), Some(0));

    let kept = World::with_clock(&clock);
    let options = RestoreOptions {
        keep_recovery_codes: Some(true),
        ..by_passphrase(PASSPHRASE)
    };
    let report = backup.restore(&kept, &options).unwrap();
    assert_eq!(report.without_recovery_codes, Some(0));
    assert_eq!(left(&kept), Some(10));

    // Where they were used, they stay so, whatever anybody says.
    let code = &ada.recovery_codes[3];
    here.login("daemon").answers([code]).run().is("PAM_SUCCESS");
    let options = RestoreOptions {
        overwrite: Some(true),
        keep_recovery_codes: Some(true),
        ..by_passphrase(PASSPHRASE)
    };
    backup.restore(&here, &options).unwrap();
    assert_eq!(left(&here), Some(9));
    here.login("daemon").answers([code; 3]).run().refused();
}

#[test]
fn whoever_is_there_is_kept_unless_told_otherwise_and_never_another_one() {
    let clock = TestClock::default();
    let here = World::with_clock(&clock);
    let (ada, bob) = (here.enroll("daemon"), here.enroll("bin"));
    let backup = Backup::of(&here, Some(PASSPHRASE));

    let there = World::with_clock(&clock);
    let new_ada = there.enroll("daemon");
    let squatter = there.enroll_as("mallory", bob.uid);
    let report = backup.restore(&there, &by_passphrase(PASSPHRASE)).unwrap();
    assert_eq!((report.restored, report.kept), (Some(0), Some(2)));

    let dry = RestoreOptions {
        overwrite: Some(true),
        dry_run: Some(true),
        ..by_passphrase(PASSPHRASE)
    };
    let overwrite = RestoreOptions {
        overwrite: Some(true),
        ..by_passphrase(PASSPHRASE)
    };
    for options in [dry, overwrite] {
        let holds = |user: &Enrolled| {
            there
                .login(&user.name)
                .answers([user.code(clock.unix())])
                .run()
        };
        clock.pass(NEXT);
        holds(&new_ada).is("PAM_SUCCESS");
        let report = backup.restore(&there, &options).unwrap();
        assert_eq!((report.merged, report.refused), (Some(1), Some(1)));
        let problem = &report.problems.unwrap()[0];
        assert_eq!(
            (problem.uid, problem.user.as_deref()),
            (Some(bob.uid), Some("bin"))
        );
    }
    clock.pass(NEXT);
    let login = there.login("daemon").answers([ada.code(clock.unix())]);
    login.run().is("PAM_SUCCESS");
    assert_eq!(status(&there, &squatter).user.as_deref(), Some("mallory"));
}

#[test]
fn what_is_not_a_whole_backup_restores_nobody() {
    let clock = TestClock::default();
    let here = World::with_clock(&clock);
    for number in 0..200 {
        here.enroll_as("ada", 100_000 + number);
    }
    let bytes = Backup::of(&here, Some(PASSPHRASE)).bytes();
    let there = World::with_clock(&clock);
    let flipped = |place: usize| {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        bytes
    };
    for damaged in [
        bytes[..bytes.len() - 1].to_vec(),
        bytes[..1000].to_vec(),
        Vec::new(),
        b"ada:secret\n".to_vec(),
        [&bytes[..], b"x"].concat(),
        flipped(19),
        flipped(30),
        flipped(bytes.len() / 2),
        flipped(bytes.len() - 1),
    ] {
        let refused = Backup::from_bytes(&damaged).restore(&there, &by_passphrase(PASSPHRASE));
        assert!(matches!(refused, Err(Error::InvalidArgs(_))), "{refused:?}");
    }
    let wrong = Backup::from_bytes(&bytes).restore(&there, &by_passphrase("twelve charz"));
    assert!(
        matches!(&wrong, Err(Error::InvalidArgs(text)) if text.contains("passphrase")),
        "{wrong:?}"
    );
    assert!(everybody(&there).is_empty());
}

#[test]
fn nobody_finds_a_name_or_a_secret_in_a_backup() {
    let world = World::with_clock(&TestClock::default());
    let options = EnrollOptions {
        secret: Some(sealed(SECRET.as_bytes())),
        unconfirmed: Some(true),
        ..EnrollOptions::default()
    };
    let account = (100_000, "ada-lovelace");
    let (_, lines) = world
        .client()
        .enroll(account, Factor::Totp, &options)
        .unwrap();
    let lines = countersign_tests::world::read(lines);
    for passphrase in [Some(PASSPHRASE), None] {
        let bytes = Backup::of(&world, passphrase).bytes();
        let plain = [
            "ada-lovelace",
            "12345678901234567890",
            "GEZDGNBV",
            PASSPHRASE,
        ];
        for needle in plain.into_iter().chain(lines.lines()) {
            let found = bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes());
            assert!(!found, "{needle}");
        }
    }
}

fn everybody(world: &World) -> BTreeMap<u32, Status> {
    let mut client = world.client();
    let mut found = BTreeMap::new();
    loop {
        let after = found.keys().last().copied();
        // Killed meanwhile, it lists nobody.
        let page = client.list(after, 1000).unwrap_or_default();
        if page.is_empty() {
            return found;
        }
        found.extend(page.into_iter().map(|status| (status.uid.unwrap(), status)));
    }
}

fn status(world: &World, user: &Enrolled) -> Status {
    world.client().status((user.uid, &user.name)).unwrap()
}

fn begin(client: &mut Client, (uid, name): (u32, &str)) -> OwnedObjectPath {
    let login = Login {
        user: Some(name.to_owned()),
        uid: Some(uid),
        service: Some("login".to_owned()),
        ..Login::default()
    };
    match client.begin(&login) {
        Ok(Begun::Transaction { transaction, .. }) => transaction,
        other => panic!("a factor is demanded: {other:?}"),
    }
}

fn logs_in(client: &mut Client, account: (u32, &str), code: &str) -> bool {
    let transaction = begin(client, account);
    let answered = client.respond(&transaction, code);
    let accepted = matches!(answered, Ok(Next::Finished { .. }));
    if !accepted {
        client.cancel(&transaction).unwrap();
    }
    accepted
}
