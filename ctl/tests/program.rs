//! The program as a whole, where no daemon is needed: what it says and how it exits.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene has failed"
)]

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::process::{Command, Output, Stdio};
use std::thread;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersignctl"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_daemon_that_is_not_there_is_3_and_named_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let socket = socket.to_str().unwrap();
    for command in [
        &["status", "root"][..],
        &["list"],
        &["events"],
        &["events", "--since", "today", "--json"],
        &["enroll", "root"],
        &["confirm", "root", "1"],
        &["remove", "root", "1"],
        &["reset", "root"],
        &["recovery-codes", "root"],
        &["unlock", "root"],
        &["test", "root"],
        &["reload"],
        &["backup", "never-made.backup"],
        &["restore", "Cargo.toml"],
    ] {
        // A code for the one that asks before it calls.
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersignctl"))
            .args(["--socket", socket])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Those that never read it may be gone already.
        let _ = child.stdin.take().unwrap().write_all(b"123456\n");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        assert!(errors(&output).contains(socket), "{}", errors(&output));
    }
}

#[test]
fn whoever_hangs_up_is_no_daemon() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let hang_up = thread::spawn(move || drop(listener.accept().unwrap()));
    let output = run(&["--socket", socket.to_str().unwrap(), "status", "root"]);
    hang_up.join().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
}

#[test]
fn a_bus_without_the_daemon_is_3() {
    let output = run(&["--bus", "unix:path=/nonexistent/bus", "status", "root"]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    assert!(errors(&output).contains("/nonexistent/bus"));
}

#[test]
fn what_only_root_may_do_is_refused_at_the_public_door_before_it_is_tried() {
    for command in [
        &["list"][..],
        &["events"],
        &["reset", "root"],
        &["unlock", "root"],
        &["reload"],
        &["enroll", "--unconfirmed"],
        &["status", "3999999999"],
    ] {
        let output = run(&[&["--bus", "unix:path=/nonexistent/bus"], command].concat());
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(errors(&output).contains("Only root"), "{}", errors(&output));
    }
}

#[test]
fn an_unknown_user_is_1_and_a_wrong_argument_2() {
    let output = run(&["status", "no-such-user"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("no-such-user"));
    assert_eq!(run(&["status", "--colour"]).status.code(), Some(2));
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["reset"]).status.code(), Some(2));
    assert_eq!(run(&["rename", "7f3a"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

#[test]
fn init_and_check_config_pass_on_what_the_daemon_says_and_how_it_exits() {
    // The shell stands in for the daemon: `sh init …` runs the file `init` in its directory.
    let directory = tempfile::tempdir().unwrap();
    for command in ["init", "check-config"] {
        let script = "echo \"$0 $*\"; echo trouble >&2; exit 7";
        fs::write(directory.path().join(command), script).unwrap();
    }
    for (arguments, passed_on) in [
        (
            &["check-config", "/a b.toml"][..],
            "check-config /a b.toml\n",
        ),
        (&["check-config"], "check-config \n"),
        (
            &["init", "--state-directory", "/s", "--master-key", "/k"],
            "init --state-directory /s --master-key /k\n",
        ),
        (&["init", "--user", "ada"], "init --user ada\n"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_countersignctl"))
            .args(arguments)
            .args(["--countersignd", "/bin/sh"])
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), passed_on);
        assert_eq!(errors(&output), "trouble\n");
    }
}

#[test]
fn a_daemon_program_that_is_not_there_is_1_and_named() {
    let output = run(&[
        "check-config",
        "--countersignd",
        "/nonexistent/countersignd",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("/nonexistent/countersignd"));
}

#[test]
fn a_reader_that_has_left_is_not_complained_about() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_countersignctl"))
        .args(["completions", "bash"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(errors(&output), "");
}
