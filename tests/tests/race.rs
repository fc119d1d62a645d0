//! Many at once: one code opens one login, and nobody stands in anybody's way.

use std::process::Command;

use countersign_tests::login::Started;
use countersign_tests::programs::programs;
use countersign_tests::{TestClock, World};
use serde_json::Value;

/// Enough accounts of every Debian for a crowd.
const CROWD: [&str; 16] = [
    "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy",
    "www-data", "backup", "list", "irc", "nobody",
];

#[test]
fn of_eight_logins_at_once_with_one_code_exactly_one_is_accepted_a_thousand_times() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    for round in 0..1000 {
        clock.pass(30);
        let login = world.login("daemon").answers([ada.code(clock.unix())]);
        let logins: Vec<Started> = (0..8).map(|_| login.start()).collect();
        let accepted = logins
            .into_iter()
            .map(Started::finish)
            .filter(|outcome| outcome.result == "PAM_SUCCESS")
            .count();
        assert_eq!(accepted, 1, "round {round}");
    }
}

#[test]
fn of_64_wrong_guesses_at_once_one_is_looked_at() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let guess = world
        .login("daemon")
        .answers([ada.wrong_code(clock.unix())]);
    let guesses: Vec<Started> = (0..64).map(|_| guess.start()).collect();
    let wrong = guesses
        .into_iter()
        .map(Started::finish)
        .filter(|outcome| outcome.shown.contains("Wrong one-time code"))
        .count();
    assert_eq!(wrong, 1);
}

#[test]
fn sixty_four_logins_of_many_users_at_once_all_succeed() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let users: Vec<_> = CROWD.iter().map(|name| world.enroll(name)).collect();
    // Four rounds of everybody at once, each with the next code.
    let mut logins = Vec::new();
    for round in 0..4 {
        let code_at = clock.unix() + 30 * round;
        clock.set(code_at);
        let started: Vec<Started> = users
            .iter()
            .map(|user| {
                world
                    .login(&user.name)
                    .answers([user.code(code_at)])
                    .start()
            })
            .collect();
        logins.extend(started.into_iter().map(Started::finish));
    }
    for outcome in logins {
        outcome.is("PAM_SUCCESS");
    }
}

#[test]
fn ten_thousand_logins_in_one_process_leave_nothing_behind() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let _ = world.enroll("daemon");
    // A right code can be used only once; what a login leaves behind does not depend on it.
    let output = Command::new(&programs().pam_load)
        .arg("-c")
        .arg(world.pam())
        .args([
            "-s",
            "login",
            "-u",
            "daemon",
            "-k",
            "fixed:not-a-code",
            "-e",
            "PAM_AUTH_ERR",
        ])
        .args(["-n", "10000", "-w", "100", "-L"])
        .output()
        .expect("pam-load");
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(text.lines().last().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {text} {output:?}"));
    assert!(output.status.success(), "{report:#}");
    assert_eq!(report["unexpected"], 0, "{report:#}");
    assert_eq!(report["left"], Value::Array(Vec::new()), "{report:#}");
}

#[test]
fn hundreds_of_logins_that_one_user_leaves_open_shut_nobody_out() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let mallory = world.enroll("bin");
    let login = countersign_bus::types::Login {
        user: Some(mallory.name.clone()),
        uid: Some(mallory.uid),
        ..Default::default()
    };
    let open: Vec<_> = (0..450)
        .map(|_| {
            let mut client = world.client();
            let begun = client.begin(&login).expect("a login");
            (client, begun)
        })
        .collect();
    let code = ada.code(clock.unix());
    world
        .login("daemon")
        .answers([code])
        .run()
        .is("PAM_SUCCESS");
    drop(open);
}
