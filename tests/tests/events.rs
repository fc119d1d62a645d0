//! The record of events: what happens is told at once, with who did it, and no secret in it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use countersign_bus::client::Begun;
use countersign_bus::events::{Event, EventOptions};
use countersign_bus::types::{ChangeOptions, EnrollOptions, Factor, Login};
use countersign_tests::programs::programs;
use countersign_tests::world::read;
use countersign_tests::{TestClock, World};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

#[test]
fn everything_that_happens_is_told_with_who_did_it() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let mut ada = world.enroll("daemon");
    let mut tell = Told::new(&world);
    tell.is("enrolled daemon by root: credential 1");

    let code = ada.code(clock.unix());
    world
        .login("daemon")
        .from("192.0.2.7")
        .answers([&code])
        .run()
        .is("PAM_SUCCESS");
    tell.is("accepted daemon from 192.0.2.7 by code");
    let wrong = ada.wrong_code(clock.unix());
    world
        .login("daemon")
        .answers([&code, &wrong, &wrong, &wrong])
        .run()
        .refused();
    tell.is("throttled daemon from seat: 1 wrong, 1 used, 1 unjudged");
    let elsewhere = world.login("daemon").from("192.0.2.9");
    elsewhere.answers([&wrong; 9]).run().refused();
    tell.is("rejected daemon from 192.0.2.9: 2 wrong, 1 unjudged");
    world
        .login("daemon")
        .answers(["3-AAAA-AAAA-AAAA-AAAA"; 3])
        .run()
        .refused();
    tell.is("throttled daemon from seat: 1 wrong, 2 unjudged");
    world.login("daemon").run();
    tell.is("abandoned daemon from seat");
    world.login("bin").answers([&wrong; 9]).run().refused();
    tell.is("rejected bin from seat: 2 wrong, 1 unjudged: not enrolled");
    world
        .login("hunter2-typed-as-a-name")
        .answers([&wrong; 9])
        .run()
        .refused();
    tell.is("rejected (unknown) from seat: 2 wrong, 1 unjudged: no such user");

    world.client().unlock(ada.uid).unwrap();
    tell.is("unlocked daemon by root");
    let recovery = ada.recovery_codes.remove(0);
    world
        .login("daemon")
        .answers([&recovery])
        .run()
        .is("PAM_SUCCESS");
    tell.is("accepted daemon from seat by recovery");

    let offer = world
        .client()
        .enroll((ada.uid, "daemon"), Factor::Totp, &EnrollOptions::default());
    let (credential, lines) = offer.unwrap();
    tell.is("offered daemon by root: credential 2");
    let phone = countersign_tests::Enrolled::new("daemon", ada.uid, credential, &read(lines));
    let first = phone.code(clock.unix());
    world
        .client()
        .confirm((ada.uid, "daemon"), "2", &first)
        .unwrap();
    tell.is("enrolled daemon by root: credential 2");
    let options = ChangeOptions::default();
    world
        .client()
        .renew_recovery_codes((ada.uid, "daemon"), &options)
        .unwrap();
    tell.is("recovery-codes daemon by root");
    world
        .client()
        .remove((ada.uid, "daemon"), "1", &options)
        .unwrap();
    tell.is("removed daemon by root: credential 1");
    world.client().reset(ada.uid).unwrap();
    tell.is("reset daemon by root");

    let shown = format!("{}{}", ctl(&world, &["--json"]), ctl(&world, &[]));
    assert_eq!(shown.matches("\"kind\":\"change\"").count(), 7, "{shown}");
    let secrets = [&code, &wrong, &first, &recovery, &ada.recovery_codes[0]];
    for secret in secrets
        .into_iter()
        .map(String::as_str)
        .chain(["hunter2", "AAAA", "secret="])
    {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn those_who_were_not_there_to_answer_are_told_as_expired() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    let mut tell = Told::new(&world);
    tell.is("enrolled daemon by root: credential 1");
    let mut client = world.client();
    let login = Login {
        user: Some("daemon".to_owned()),
        uid: Some(ada.uid),
        ..Login::default()
    };
    let Ok(Begun::Transaction { transaction, .. }) = client.begin(&login) else {
        panic!("a factor is demanded");
    };
    clock.pass(121);
    assert!(
        client
            .respond(&transaction, &ada.code(clock.unix()))
            .is_err()
    );
    tell.is("expired daemon from seat");
}

#[test]
fn the_record_outlives_restarts_and_a_power_cut_costs_it_the_last_seconds_only() {
    let mut world = World::start();
    world.enroll("daemon");
    world.login("bin").answers(["000000"; 9]).run().refused();
    world.stop();
    world.resume();
    let before = told(&world);
    assert_eq!(before.len(), 2, "{before:#?}");

    world.login("sys").answers(["000000"; 9]).run().refused();
    world.kill();
    world.resume();
    world.login("games").answers(["000000"; 9]).run().refused();
    let after = told(&world);
    assert!(after.len() == 3 || after.len() == 4, "{after:#?}");
    assert_eq!(numbers(&after)[..2], numbers(&before));
    assert!(numbers(&after).is_sorted_by(|a, b| a < b), "{after:#?}");
    assert_eq!(after.last().unwrap().user.as_deref(), Some("games"));
}

#[test]
fn events_are_picked_by_user_time_and_number() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    for user in ["daemon", "bin", "daemon"] {
        world.login(user).run();
        clock.pass(60);
    }
    let count = |arguments: &[&str]| {
        ctl(&world, &[&["--json"], arguments].concat())
            .lines()
            .count()
    };
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["--user", "daemon"]), 2);
    assert_eq!(count(&["--user", "2"]), 1);
    assert_eq!(count(&["--limit", "1"]), 1);
    assert_eq!(count(&["--limit", "5000"]), 3);
    assert_eq!(count(&["--since", "2020-01-01", "--user", "daemon"]), 2);
    assert_eq!(count(&["--since", "2020-01-01", "--limit", "1"]), 1);
    assert_eq!(count(&["--since", "2126-01-01"]), 0);
    let table = ctl(&world, &["--limit", "2"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].starts_with("TIME") && lines[1].contains("bin"),
        "{table}"
    );
    let column = lines[0].find("EVENT").unwrap();
    assert!(
        lines[2][column..].starts_with("abandoned  login"),
        "{table}"
    );
    assert!(!table.contains('\u{1b}'), "{table:?}");
    assert_eq!(
        ctl(&world, &["--user", "games"]),
        "Nothing of that kind has happened.\n"
    );
}

#[test]
fn whoever_follows_sees_what_happens_also_after_the_daemon_was_restarted() {
    let mut world = World::start();
    world.enroll("daemon");
    let mut follower = follow(&world);
    let mut lines = BufReader::new(follower.stdout.take().unwrap());
    assert_eq!(line(&mut lines)["outcome"], "enrolled");
    world.login("bin").answers(["000000"; 9]).run().refused();
    assert_eq!(line(&mut lines)["user"], "bin");
    world.stop();
    let mut complaints = BufReader::new(follower.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("asked again") {
        assert_ne!(complaints.read_line(&mut said).unwrap(), 0, "{said}");
    }
    world.resume();
    world.login("sys").answers(["000000"; 9]).run().refused();
    assert_eq!(line(&mut lines)["user"], "sys");

    // Not SIGINT, which is ignored in whatever a shell starts in the background.
    let pid = Pid::from_raw(i32::try_from(follower.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let status = follower.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::SIGTERM as i32), "{status}");
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    complaints.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn whoever_follows_ends_when_nobody_reads_any_more() {
    let world = World::start();
    world.enroll("daemon");
    let mut follower = follow(&world);
    let mut lines = BufReader::new(follower.stdout.take().unwrap());
    assert_eq!(line(&mut lines)["outcome"], "enrolled");
    // Nothing happens any more, so nothing is written that could fail.
    drop(lines);
    let output = follower.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"");
}

/// What is told, one after the other.
struct Told<'a> {
    world: &'a World,
    after: u64,
}

impl<'a> Told<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, after: 1 }
    }

    /// The only thing that was told since.
    #[track_caller]
    fn is(&mut self, expected: &str) {
        let mut client = self.world.client();
        let (events, upto) = client.events(self.after, &EventOptions::default()).unwrap();
        self.after = upto;
        let events: Vec<String> = events.iter().map(words).collect();
        assert_eq!(events, [expected]);
    }
}

fn words(event: &Event) -> String {
    let text = |word: &str, text: &Option<String>| match text {
        Some(text) => format!("{word}{text}"),
        None => String::new(),
    };
    let count = |count: Option<u32>, what| count.map(|count| format!("{count} {what}"));
    let counts = [
        count(event.wrong, "wrong"),
        count(event.used, "used"),
        count(event.unjudged, "unjudged"),
    ];
    let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    [
        text("", &event.outcome),
        text(" ", &event.user),
        text(" from ", &event.origin),
        text(" by ", &event.by),
        text(" by ", &event.factor),
        text(": ", &Some(counts).filter(|counts| !counts.is_empty())),
        text(": ", &event.note),
    ]
    .concat()
}

fn told(world: &World) -> Vec<Event> {
    world
        .client()
        .events(0, &EventOptions::default())
        .unwrap()
        .0
}

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.sequence.unwrap()).collect()
}

fn command(world: &World) -> Command {
    let mut command = Command::new(&programs().ctl);
    command
        .arg("--socket")
        .arg(world.path().join("socket"))
        .arg("events");
    command
}

fn ctl(world: &World, arguments: &[&str]) -> String {
    let output = command(world).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn follow(world: &World) -> Child {
    command(world)
        .args(["--follow", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn line(lines: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}
