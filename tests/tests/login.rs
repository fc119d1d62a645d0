//! A real PAM login with a one-time code: libpam, the module, the daemon, the store.

use countersign_tests::{TestClock, World};

const USERS: [&str; 4] = ["daemon", "bin", "sys", "games"];

#[test]
fn the_right_code_logs_in_and_nothing_else_does() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let [ada, bob, ..] = USERS.map(|name| world.enroll(name));
    let now = clock.unix();

    world
        .login("daemon")
        .answers([ada.code(now)])
        .run()
        .is("PAM_SUCCESS");

    let refused = |answer: String| {
        world
            .login("daemon")
            .answers(always(&answer))
            .run()
            .refused();
        world.client().unlock(ada.uid).unwrap();
        clock.pass(60);
    };
    refused(ada.wrong_code(now));
    refused(bob.code(clock.unix()));
    refused(ada.code(clock.unix() - 3 * 30));
    refused(ada.code(clock.unix() + 3 * 30));
    refused(ada.code(now));
}

#[test]
fn a_code_is_good_for_one_login_and_the_next_is_asked_for() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let code = ada.code(clock.unix());
    world
        .login("daemon")
        .answers([&code])
        .run()
        .is("PAM_SUCCESS");

    let again = [&code, &ada.code(clock.unix() + 30)];
    world
        .login("daemon")
        .answers(again)
        .run()
        .is("PAM_SUCCESS")
        .showed("Code already used. Wait for a new one.");
}

#[test]
fn a_code_typed_in_groups_is_the_same_code() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let code = ada.code(clock.unix());
    let (first, second) = code.split_at(3);
    world
        .login("daemon")
        .answers([format!("{first} {second}")])
        .run()
        .is("PAM_SUCCESS");
    world
        .login("daemon")
        .answers([format!("{first}-{second}")])
        .run()
        .is("PAM_CONV_ERR");
}

#[test]
fn enter_alone_never_succeeds_and_never_counts() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let outcome = world.login("daemon").answers(["", "", "", "", ""]).run();
    assert_ne!(outcome.result, "PAM_SUCCESS");

    world
        .login("daemon")
        .answers(["", &ada.code(clock.unix())])
        .run()
        .is("PAM_SUCCESS");
    let status = world.client().status((ada.uid, "daemon")).unwrap();
    assert_eq!(status.codes_demanded, Some(1));
}

#[test]
fn a_recovery_code_works_once() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    assert_eq!(ada.recovery_codes.len(), 10);
    let code = &ada.recovery_codes[4];
    world
        .login("daemon")
        .answers([code.to_lowercase()])
        .run()
        .is("PAM_SUCCESS")
        .showed("Recovery code used. 9 left.");
    world.login("daemon").answers(always(code)).run().refused();
}

#[test]
fn whoever_has_three_recovery_codes_left_is_told_so() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let log_in = |answer: &str| {
        let outcome = world.login("daemon").answers([answer]).run();
        outcome.is("PAM_SUCCESS")
    };
    for code in &ada.recovery_codes[..6] {
        assert!(!log_in(code).shown.contains("Make new ones"));
    }
    assert!(!log_in(&ada.code(clock.unix())).shown.contains("left"));

    let more = "Make new ones: countersignctl recovery-codes";
    log_in(&ada.recovery_codes[6]).showed(&format!("Recovery code used. 3 left. {more}"));
    let next = ada.code(clock.unix() + 30);
    log_in(&next).showed(&format!("Recovery codes: 3 left. {more}"));
}

#[test]
fn a_login_is_in_the_language_of_the_configuration() {
    let clock = TestClock::default();
    let world = World::with_settings(&clock, "[login]\nlanguage = \"ko\"");
    let ada = world.enroll("daemon");
    let answers = [ada.wrong_code(clock.unix()), ada.recovery_codes[0].clone()];
    let outcome = world
        .login("daemon")
        // Neither of them has a say.
        .environment("LANG", "en_US.UTF-8")
        .environment("LC_ALL", "C")
        .answers(answers)
        .run()
        .is("PAM_SUCCESS")
        .showed(&escaped("일회용 코드: "))
        .showed(&escaped("일회용 코드가 틀렸습니다. (2회 남음)"))
        .showed(&escaped("복구 코드를 사용했습니다. (9개 남음)"));
    assert!(!outcome.shown.contains("code"), "{outcome:#?}");
}

/// As pam-login shows what is not ASCII.
fn escaped(text: &str) -> String {
    let byte = |b: u8| match b {
        b' '..=b'~' => char::from(b).to_string(),
        other => format!("\\x{other:02x}"),
    };
    text.bytes().map(byte).collect()
}

#[test]
fn whoever_is_not_enrolled_sees_what_a_wrong_code_shows() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let wrong = ada.wrong_code(clock.unix());
    let wrong = always(&wrong);

    let enrolled = world.login("daemon").answers(&wrong).run().refused();
    let unenrolled = world.login("bin").answers(&wrong).run().refused();
    let nobody = world.login("no-such-user").answers(&wrong).run().refused();
    assert_eq!(enrolled.shown, unenrolled.shown);
    assert_eq!(enrolled.shown, nobody.shown);
}

#[test]
fn a_reused_uid_does_not_inherit_a_factor() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let gone = world.enroll_as("gone", 2); // uid 2 is bin's
    let code = gone.code(clock.unix());
    world.login("bin").answers(always(&code)).run().refused();
}

#[test]
fn after_wrong_codes_two_in_a_row_are_asked_for_and_let_the_owner_in() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let now = clock.unix();
    let wrong = ada.wrong_code(now);
    for _ in 0..5 {
        clock.pass(30);
        let guess = world.login("daemon").from("192.0.2.1").answers([&wrong]);
        guess.run().is("PAM_CONV_ERR");
    }

    let now = clock.unix() - 30;
    let row = [ada.code(now), ada.code(now + 30)];
    world
        .login("daemon")
        .from("192.0.2.1")
        .answers(&row)
        .run()
        .is("PAM_SUCCESS")
        .showed("Too many wrong codes. Type two in a row.")
        .showed("This code: ")
        .showed("And the next one: ");
    // Both are used up.
    clock.pass(3600);
    let late = [ada.code(now), ada.code(now + 30)];
    world.login("daemon").answers(late).run().is("PAM_CONV_ERR");
}

#[test]
fn an_attacker_elsewhere_does_not_slow_the_owner_at_a_known_origin() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let code = ada.code(clock.unix());
    world
        .login("daemon")
        .from("198.51.100.7")
        .answers([code])
        .run()
        .is("PAM_SUCCESS");

    let wrong = ada.wrong_code(clock.unix());
    for _ in 0..10 {
        world
            .login("daemon")
            .from("203.0.113.9")
            .answers([&wrong, &wrong, &wrong])
            .run();
        clock.pass(60);
    }
    let code = ada.code(clock.unix());
    let outcome = world
        .login("daemon")
        .from("198.51.100.7")
        .answers([code])
        .run();
    assert!(!outcome.is("PAM_SUCCESS").shown.contains("two in a row"));
}

#[test]
fn names_that_are_none_are_refused_without_a_question() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    for hex in ["610a62", "ff", "612f62", "61e280ae62", "1b5b324a"] {
        let outcome = world
            .login("x")
            .with(&["-b", hex])
            .answers(["123456"])
            .run();
        assert_ne!(outcome.result, "PAM_SUCCESS", "{outcome:#?}");
        assert!(!outcome.shown.contains("code"), "{outcome:#?}");
        assert_eq!(outcome.status, Some(1), "{outcome:#?}");
    }
    let long = world.path().join("long");
    std::fs::write(&long, "a".repeat(10_000_000)).unwrap();
    let file = format!("@{}", long.display());
    let outcome = world
        .login("x")
        .with(&["-b", &file])
        .answers(["123456"])
        .run();
    assert_ne!(outcome.result, "PAM_SUCCESS", "{}", outcome.result);
}

#[test]
fn answers_that_are_no_codes_are_refused() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let _ = world.enroll("daemon");
    for answer in [
        "\u{202e}123456",
        "123456\u{0}",
        "１２３４５６",
        "12345\x1b[A",
        &"1".repeat(500),
    ] {
        let outcome = world.login("daemon").answers(always(answer)).run();
        assert_ne!(outcome.result, "PAM_SUCCESS", "{outcome:#?}");
        assert_eq!(outcome.status, Some(1), "{outcome:#?}");
    }
}

#[test]
fn a_login_without_an_answer_is_over_after_two_minutes() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let mut client = world.client();
    let login = countersign_bus::types::Login {
        user: Some("daemon".into()),
        uid: Some(ada.uid),
        ..Default::default()
    };
    let countersign_bus::client::Begun::Transaction { transaction, .. } =
        client.begin(&login).unwrap()
    else {
        panic!("a factor is demanded");
    };
    clock.pass(121);
    let late = client.respond(&transaction, &ada.code(clock.unix()));
    assert!(
        matches!(late, Err(countersign_bus::Error::Expired(_))),
        "{late:?}"
    );
    // And the code was not spent on it.
    world
        .login("daemon")
        .answers([ada.code(clock.unix())])
        .run()
        .is("PAM_SUCCESS");
}

/// The same answer to every prompt that a login can have.
fn always(answer: &str) -> [String; 9] {
    std::array::from_fn(|_| answer.to_owned())
}
