//! The guard, through real libpam: what lets a login go on that has come to the account hook.

use std::fs;
use std::process::Command;

use countersign_tests::programs::programs;
use countersign_tests::{Login, Outcome, TestClock, World};
use serde_json::Value;

/// Where the module asks and guards, and another module decides what it has no say in.
const GUARDED: &str = "guarded";
/// Where the guard is alone: libpam refuses what it ignores.
const ALONE: &str = "alone";

/// A world with guarded services, in which no factor is demanded of the user "games".
fn world(clock: &TestClock) -> World {
    let settings = "[[rule]]\nname = \"games\"\nusers = [\"games\"]\nrequire = \"none\"\n";
    guarded(World::with_settings(clock, settings))
}

fn guarded(world: World) -> World {
    let socket = world.path().join("socket");
    let module = programs().module.display();
    let module = format!("{module} socket={}", socket.display());
    let alone = format!(
        "auth [success=ok ignore=ignore default=die] {module}\n\
         account required {module}\n"
    );
    let permit = "auth required pam_permit.so\naccount required pam_permit.so\n";
    fs::write(world.pam().join(GUARDED), format!("{alone}{permit}")).unwrap();
    fs::write(world.pam().join(ALONE), alone).unwrap();
    world
}

/// A login through `service`, step by step with one handle.
fn steps(world: &World, service: &str, user: &str, steps: &[&str]) -> Login {
    let login = world.login(user).with(&["-s", service]);
    login.with(&["--"]).with(steps)
}

/// What each step came to, such as "account: PAM_SUCCESS".
fn results(outcome: &Outcome) -> Vec<&str> {
    let results = outcome.shown.lines().filter(|line| line.contains(": PAM_"));
    results.collect()
}

#[test]
fn a_login_that_passed_is_let_in_and_once() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let outcome = steps(
        &world,
        ALONE,
        "daemon",
        &["authenticate", "account", "account"],
    )
    .answers([ada.code(clock.unix())])
    .run();
    assert_eq!(
        results(&outcome),
        [
            "authenticate: PAM_SUCCESS",
            "account: PAM_SUCCESS",
            "account: PAM_PERM_DENIED",
        ]
    );
    let outcome = outcome.showed("error: This login needs a one-time code.");
    // Nothing is left that another login could use: nor in the same process, nor in one beside it.
    drop(outcome);
    let outcome = steps(&world, ALONE, "daemon", &["account"]).run();
    assert_eq!(results(&outcome), ["account: PAM_PERM_DENIED"]);
}

#[test]
fn a_login_by_a_key_alone_is_refused_unless_the_policy_demands_nothing() {
    let clock = TestClock::default();
    let world = world(&clock);
    let _ = world.enroll("daemon");
    for (service, user, result) in [
        (GUARDED, "daemon", "PAM_PERM_DENIED"),
        // Not enrolled, and demanded of all the same.
        (GUARDED, "bin", "PAM_PERM_DENIED"),
        (GUARDED, "no-such-user", "PAM_PERM_DENIED"),
        // The guard has no say, and another module lets it in, or none does.
        (GUARDED, "games", "PAM_SUCCESS"),
        (ALONE, "games", "PAM_PERM_DENIED"),
    ] {
        let outcome = steps(&world, service, user, &["account"]).run();
        let expected = format!("account: {result}");
        assert_eq!(results(&outcome), [expected], "{service} {user}");
    }
}

#[test]
fn a_login_of_which_nothing_was_demanded_is_left_to_the_others() {
    let clock = TestClock::default();
    let world = world(&clock);
    for (service, result) in [(GUARDED, "PAM_SUCCESS"), (ALONE, "PAM_PERM_DENIED")] {
        let outcome = steps(&world, service, "games", &["authenticate", "account"]).run();
        let expected = [
            format!("authenticate: {result}"),
            format!("account: {result}"),
        ];
        assert_eq!(results(&outcome), expected, "{outcome:#?}");
    }
}

#[test]
fn a_remembered_login_is_let_in_and_a_key_alone_from_the_same_place_is_not() {
    let clock = TestClock::default();
    let rule = "[[rule]]\nname = \"office\"\nremember = { for = \"12h\", per = \"origin\" }\n";
    let world = guarded(World::with_settings(&clock, rule));
    let ada = world.enroll("daemon");
    let whole = ["authenticate", "account", "account"];
    let passed = [
        "authenticate: PAM_SUCCESS",
        "account: PAM_SUCCESS",
        "account: PAM_PERM_DENIED",
    ];
    let from = |done: &[&str], rhost: &str| {
        let login = world.login("daemon").with(&["-s", ALONE]).from(rhost);
        login.with(&["--"]).with(done)
    };
    let with_code = from(&whole, "192.0.2.7").answers([ada.code(clock.unix())]);
    assert_eq!(results(&with_code.run()), passed);

    // Nobody answers these.
    let remembered = from(&whole, "192.0.2.7").run();
    assert_eq!(results(&remembered), passed);
    assert!(!remembered.shown.contains("prompt("), "{remembered:#?}");
    let by_key = from(&["account"], "192.0.2.7").run();
    assert_eq!(results(&by_key), ["account: PAM_PERM_DENIED"]);
    let elsewhere = from(&whole, "192.0.2.8").run();
    let refused = results(&elsewhere);
    assert!(
        !refused.iter().any(|step| step.contains("SUCCESS")),
        "{refused:?}"
    );
}

#[test]
fn what_one_user_passed_does_not_let_another_in() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let _ = world.enroll("bin");
    let changed = [
        "authenticate",
        "user=bin",
        "account",
        "user=daemon",
        "account",
    ];
    let outcome = steps(&world, GUARDED, "daemon", &changed)
        .answers([ada.code(clock.unix())])
        .run();
    assert_eq!(
        results(&outcome),
        [
            "authenticate: PAM_SUCCESS",
            "user=bin: PAM_SUCCESS",
            "account: PAM_PERM_DENIED",
            "user=daemon: PAM_SUCCESS",
            // The first look has taken it.
            "account: PAM_PERM_DENIED",
        ]
    );
}

#[test]
fn what_one_service_passed_does_not_count_in_another() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let changed = ["authenticate", "service=alone", "account"];
    let outcome = steps(&world, GUARDED, "daemon", &changed)
        .answers([ada.code(clock.unix())])
        .run();
    assert_eq!(results(&outcome).last(), Some(&"account: PAM_PERM_DENIED"));
}

#[test]
fn an_earlier_success_does_not_make_up_for_a_failure() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let wrong = ada.wrong_code(clock.unix());
    let again = ["authenticate", "authenticate", "account"];
    let outcome = steps(&world, GUARDED, "daemon", &again)
        .answers([ada.code(clock.unix())])
        .answers([&wrong; 9])
        .run();
    assert_eq!(
        results(&outcome),
        [
            "authenticate: PAM_SUCCESS",
            "authenticate: PAM_AUTH_ERR",
            "account: PAM_PERM_DENIED",
        ]
    );
    // Nor for one that nobody answered.
    clock.pass(3600);
    let outcome = steps(&world, GUARDED, "daemon", &again)
        .answers([ada.code(clock.unix())])
        .run();
    assert_eq!(
        results(&outcome).last(),
        Some(&"account: PAM_PERM_DENIED"),
        "{outcome:#?}"
    );
}

#[test]
fn two_processes_of_one_login_go_on_alike_and_each_once() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let forked = ["authenticate", "fork", "account", "account"];
    let outcome = steps(&world, GUARDED, "daemon", &forked)
        .answers([ada.code(clock.unix())])
        .run();
    assert_eq!(
        results(&outcome),
        [
            "authenticate: PAM_SUCCESS",
            "child account: PAM_SUCCESS",
            "child account: PAM_PERM_DENIED",
            "parent account: PAM_SUCCESS",
            "parent account: PAM_PERM_DENIED",
        ]
    );
}

#[test]
fn what_a_child_has_passed_its_parent_has_not() {
    // As in sshd, where a child asks, and the parent sees logins by a key alone.
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let forked = ["fork", "authenticate", "account"];
    let outcome = steps(&world, GUARDED, "daemon", &forked)
        .answers([ada.code(clock.unix())])
        .run();
    let results = results(&outcome);
    assert_eq!(
        results[..2],
        [
            "child authenticate: PAM_SUCCESS",
            "child account: PAM_SUCCESS"
        ]
    );
    assert_eq!(results.last(), Some(&"parent account: PAM_PERM_DENIED"));
}

#[test]
fn a_login_does_not_count_in_another_that_goes_on_beside_it() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let with_code = steps(&world, GUARDED, "daemon", &["authenticate", "account"])
        .answers([ada.code(clock.unix())])
        .start();
    let without = steps(&world, GUARDED, "daemon", &["account"]).start();
    let (with_code, without) = (with_code.finish(), without.finish());
    assert_eq!(results(&with_code).last(), Some(&"account: PAM_SUCCESS"));
    assert_eq!(results(&without), ["account: PAM_PERM_DENIED"]);
}

#[test]
fn without_the_daemon_only_what_already_passed_goes_on() {
    let mut world = guarded(World::start());
    world.stop();
    let outcome = steps(&world, GUARDED, "daemon", &["account"]).run();
    assert_eq!(results(&outcome), ["account: PAM_AUTHINFO_UNAVAIL"]);
    outcome.showed("error: Code check unavailable. Ask your admin.");
}

#[test]
fn an_application_that_wants_silence_is_told_nothing_by_the_guard() {
    let clock = TestClock::default();
    let world = world(&clock);
    let silent = world
        .login("daemon")
        .with(&["-q", "-s", GUARDED, "account"]);
    let outcome = silent.run();
    assert_eq!(outcome.shown, "account: PAM_PERM_DENIED\n");
}

#[test]
fn a_wrong_option_refuses_and_uses_up_what_passed() {
    let clock = TestClock::default();
    let world = world(&clock);
    let ada = world.enroll("daemon");
    let module = programs().module.display();
    let service = fs::read_to_string(world.pam().join(GUARDED)).unwrap();
    let wrong = format!("{service}account required {module} nullok\n");
    fs::write(world.pam().join("wrong"), wrong).unwrap();
    let outcome = steps(&world, "wrong", "daemon", &["authenticate", "account"])
        .answers([ada.code(clock.unix())])
        .run();
    assert_eq!(
        results(&outcome),
        ["authenticate: PAM_SUCCESS", "account: PAM_SERVICE_ERR"]
    );
}

#[test]
fn thousands_of_guarded_logins_in_one_process_leave_nothing_behind() {
    let clock = TestClock::default();
    let world = world(&clock);
    let output = Command::new(&programs().pam_load)
        .arg("-c")
        .arg(world.pam())
        .args(["-s", GUARDED, "-u", "games", "-k", "fixed:none", "-a"])
        .args(["-n", "3000", "-w", "100", "-L"])
        .output()
        .expect("pam-load");
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(text.lines().last().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {text} {output:?}"));
    assert_eq!(report["unexpected"], 0, "{report:#}");
    assert_eq!(report["left"], Value::Array(Vec::new()), "{report:#}");
}
