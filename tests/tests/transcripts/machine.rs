//! The machine's side: its daemon, its configuration, its terminals.

use std::fs;

use countersign_tests::Desk;
use countersign_tests::desk::{ALICE, ROOT};

#[test]
fn a_daemon_that_is_not_there_is_said_to_be_at_both_doors() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    desk.place.kill();
    for line in [
        "countersignctl status alice",
        "countersignctl list",
        "countersignctl reload",
    ] {
        desk.sees(ROOT, line, 3);
    }
    desk.sees(ALICE, "countersignctl status", 3);
    desk.sees(ALICE, "countersignctl enroll", 3);
    desk.place.bus.stop();
    desk.sees(ALICE, "countersignctl status", 3);
    desk.saw("daemon-unreachable");
}

#[test]
fn a_configuration_is_checked_and_read_again() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    fs::write(desk.home(ROOT).join("good.toml"), "").unwrap();
    let bad = "[enrollment]\nself-servise = \"off\"\n";
    fs::write(desk.home(ROOT).join("bad.toml"), bad).unwrap();
    desk.sees(ROOT, "countersignctl check-config good.toml", 0);
    desk.sees(ROOT, "countersignctl check-config bad.toml", 1);
    desk.sees(ROOT, "countersignctl check-config missing.toml", 1);
    desk.sees(ROOT, "countersignctl reload", 0);
    fs::write(desk.place.world.path().join("countersign.toml"), bad).unwrap();
    // The file's path is as long as chance has it: here it is on one line.
    desk.size = (200, 50);
    desk.sees(ROOT, "countersignctl reload", 1);
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.sees(ALICE, "countersignctl reload", 1);
    desk.saw("configuration");
}

#[test]
fn usage_errors_say_what_is_meant() {
    let Some(desk) = Desk::start() else { return };
    for line in [
        "countersignctl",
        "countersignctl enrol alice",
        "countersignctl reset",
        "countersignctl status --colour",
        "countersignctl list extra",
    ] {
        desk.sees(ROOT, line, 2);
    }
    desk.sees(ROOT, "countersignctl status nosuchuser", 1);
    desk.sees(ALICE, "countersignctl list", 1);
    desk.sees(ALICE, "countersignctl unlock alice", 1);
    desk.sees(ALICE, "countersignctl reset alice", 1);
    desk.saw("usage");
}

#[test]
fn colours_and_pictures_are_for_terminals_that_have_them() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    desk.with_clock();
    let enroll = "countersignctl enroll alice --unconfirmed";
    desk.sees(ROOT, &format!("NO_COLOR=1 {enroll}"), 0);
    desk.sees(ROOT, "NO_COLOR=1 countersignctl status alice", 0);
    desk.sees(ROOT, "TERM=dumb countersignctl status alice", 0);
    desk.sees(ROOT, "countersignctl status alice | cat", 0);
    desk.sees(ROOT, &format!("{enroll} | cat"), 0);
    desk.size = (40, 24);
    desk.sees(ROOT, enroll, 0);
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.size = (80, 24);
    desk.sees(ROOT, enroll, 0);
    desk.saw("plain");
}
