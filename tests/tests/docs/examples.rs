//! The examples of countersignctl's help, run as they stand.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use countersign_tests::Desk;
use countersign_tests::desk::{ALICE, ROOT};
use countersign_tests::programs::programs;

use crate::pages::{help, listed};

/// The examples of a command, each without what is said of it behind `#`.
fn examples(command: &[&str]) -> Vec<String> {
    let help = help(&programs().ctl, command);
    let (_, examples) = help.split_once("Examples:\n").expect("examples");
    let line = |line: &str| {
        line.split(" #")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    examples
        .lines()
        .map(line)
        .filter(|line| !line.is_empty())
        .collect()
}

/// A machine on which alice holds a key that counts and one that does not.
fn desk() -> Option<Desk> {
    let desk = Desk::start()?;
    for options in ["--unconfirmed", "--label tablet"] {
        desk.sees(
            ROOT,
            &format!("countersignctl enroll alice {options} --json"),
            0,
        );
    }
    const KEY: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    for ((uid, name), file, text) in [
        (ROOT, "token.key", format!("{KEY}\n")),
        (
            ROOT,
            "users.oath",
            "HOTP bob - 3132333435363738393031323334\n".to_owned(),
        ),
        (
            ROOT,
            "keys.txt",
            format!("otpauth://totp/bob?secret={KEY}\n"),
        ),
        (
            ROOT,
            "key.txt",
            format!("otpauth://totp/alice?secret={KEY}\n"),
        ),
        (
            ALICE,
            ".google_authenticator",
            format!("{KEY}\n\" TOTP_AUTH\n"),
        ),
        (ALICE, "countersign.toml", "[totp]\ndigits = 8\n".to_owned()),
    ] {
        let file = desk.home((uid, name)).join(file);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&file, Some(uid), Some(uid)).unwrap();
    }
    desk.sees(ROOT, "countersignctl backup countersign.backup", 0);
    let key = desk.place.world.path().join("master.key");
    fs::copy(key, desk.home(ROOT).join("old-master.key")).unwrap();
    Some(desk)
}

/// They change how people log in to the machine; the system tests run them in one that is booted
/// for it.
const OF_MACHINES: [&str; 3] = ["protect", "confirm-protect", "unprotect"];

/// Whoever runs one is at a terminal, and may be asked; here nobody answers.
#[test]
fn every_example_runs_and_ends_well_or_at_its_first_question() {
    let names = listed(&help(&programs().ctl, &[]));
    let names = names.iter().map(String::as_str);
    let commands = names
        .filter(|name| !OF_MACHINES.contains(name))
        .map(|name| vec![name]);
    for command in commands.chain([vec![]]) {
        for example in examples(&command) {
            let Some(desk) = desk() else { return };
            let (person, line) = match example.strip_prefix("sudo ") {
                Some(line) => (ROOT, line),
                None => (ALICE, example.as_str()),
            };
            // Not the machine's own file.
            let line = line.replace("/etc/users.oath", "users.oath");
            assert!(!line.contains('\''), "{line}");
            let mut run = desk.types(person, &format!("bash -c '{line}' </dev/null"));
            // Where the terminal is turned to after all, its input is at its end too.
            run.terminal.press("\x04");
            let status = run.terminal.end();
            let shown = run.terminal.shown();
            let asked = shown.contains("No answer was given") || shown.contains("Stopped.");
            // What doctor finds here is the machine's matter, and its exit code says how bad it is.
            let looked = command == ["doctor"] && [4, 5].contains(&status);
            assert!(
                status == 0 || looked || (status == 1 && asked),
                "{example}: {status}\n{shown}"
            );
        }
    }
}
