//! From one machine to another.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use countersign_tests::desk::{ALICE, BOB, Person, ROOT};
use countersign_tests::{Desk, Phone};

const WORDS: &str = "correct horse battery staple";
const GOOGLE: &str = ".google_authenticator";
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const HEX: &str = "3938373635343332313039383736353433323130";

#[test]
fn all_users_go_into_one_file_and_out_of_it_on_another_machine() {
    let (Some(old), Some(new)) = (Desk::start(), Desk::start()) else {
        return;
    };
    old.sees(ROOT, "countersignctl backup empty", 0);
    let mut phone = enroll(&old, "alice --label phone");
    enroll(&old, "bob");
    let mut run = old.types(ROOT, "countersignctl test alice");
    let used = phone.code();
    run.terminal.answer("One-time code: ", &used, "a code");
    run.ends(0);
    old.sees(ROOT, "countersignctl backup sealed", 0);
    old.sees(ROOT, "countersignctl backup sealed --json", 0);
    old.sees(ROOT, "countersignctl backup -", 1);
    passphrase(
        &old,
        "countersignctl backup words --passphrase",
        &["short"],
        1,
    );
    let twice = [WORDS, "correct horse battery stable"];
    passphrase(&old, "countersignctl backup words --passphrase", &twice, 1);
    passphrase(
        &old,
        "countersignctl backup words --passphrase",
        &[WORDS, WORDS],
        0,
    );
    old.sees(ALICE, "countersignctl backup mine", 1);
    old.saw("backup");

    for file in ["sealed", "words"] {
        carry(&old.home(ROOT).join(file), &new.home(ROOT).join(file));
    }
    let key = Path::new("master.key");
    carry(&old.place.world.path().join(key), &new.home(ROOT).join(key));
    new.sees(ROOT, "countersignctl restore sealed", 1);
    new.sees(
        ROOT,
        "countersignctl restore sealed --master-key master.key --dry-run",
        0,
    );
    new.sees(ROOT, "countersignctl status alice", 0);
    let wrong = ["wrong horse battery staple"];
    passphrase(&new, "countersignctl restore words --passphrase", &wrong, 1);
    let mut run = new.types(ROOT, "countersignctl restore words --passphrase");
    run.terminal.answer("Passphrase: ", WORDS, "the passphrase");
    run.terminal.reply("Type yes to go on: ", "yes");
    run.ends(0);
    new.sees(ROOT, "countersignctl status alice", 0);
    new.notes("What was used before is used.");
    let mut run = new.types(ROOT, "countersignctl test alice");
    run.terminal
        .answer("One-time code: ", &used, "the code of before");
    run.terminal.answer("One-time code: ", "", "nothing");
    run.ends(1);
    new.sees(
        ROOT,
        "countersignctl restore sealed --master-key master.key --yes",
        0,
    );
    new.sees(
        ROOT,
        "countersignctl restore sealed --master-key master.key --overwrite --yes --json",
        0,
    );
    new.sees(BOB, "countersignctl restore sealed", 1);
    new.saw("restore");
}

#[test]
fn people_come_from_other_modules_with_what_was_used() {
    let Some(desk) = Desk::start() else { return };
    let google = "countersignctl import google-authenticator";
    desk.sees(ROOT, &format!("{google} --all-homes"), 0);
    desk.sees(ROOT, &format!("{google} --user alice"), 1);
    let alices = format!(
        "{SECRET}\n\" RATE_LIMIT 3 30 1790000000\n\" WINDOW_SIZE 17\n\" DISALLOW_REUSE 1\n\
         \" TOTP_AUTH\n12345678\n23456789\n"
    );
    give(&desk, ALICE, &alices);
    std::os::unix::fs::symlink("/etc/shadow", desk.home(BOB).join(GOOGLE)).expect("a link");
    desk.sees(ROOT, &format!("{google} --all-homes --dry-run"), 1);
    desk.sees(ROOT, "countersignctl status alice", 0);
    fs::remove_file(desk.home(BOB).join(GOOGLE)).expect("the link");
    desk.sees(ROOT, &format!("{google} --all-homes"), 0);
    desk.sees(ROOT, &format!("{google} --all-homes"), 0);
    desk.sees(ROOT, &format!("{google} --user alice --json"), 0);
    desk.sees(
        ROOT,
        "countersignctl test alice --service sshd </dev/null",
        1,
    );

    let lines = format!(
        "# TYPE USER PASSWORD SECRET\nHOTP/E bob hunter2 {HEX} 41 755224\nHOTP/T60 alice - {HEX}\n\
         HOTP/T30 alice - 3132\nHOTP/T30 carol - {HEX}\n"
    );
    fs::write(desk.home(ROOT).join("users.oath"), lines).expect("a file");
    desk.sees(ROOT, "countersignctl import oath users.oath --dry-run", 1);
    desk.sees(ROOT, "countersignctl import oath users.oath", 1);
    desk.sees(ROOT, "countersignctl status bob", 0);
    let uris = format!(
        "otpauth://hotp/Old%20Inc:bob?secret={SECRET}&counter=7\n\
         otpauth-migration://offline?data=CjEKCkhlbGxv\n"
    );
    fs::write(desk.home(ROOT).join("keys.txt"), uris).expect("a file");
    desk.sees(ROOT, "countersignctl import otpauth keys.txt", 1);
    desk.sees(
        ROOT,
        "countersignctl import otpauth - --user bob <keys.txt",
        1,
    );
    desk.sees(ROOT, "countersignctl import oath /root", 1);
    desk.sees(ROOT, google, 2);
    desk.sees(ALICE, &format!("{google} --user alice"), 1);
    desk.saw("import");
}

/// Puts a file of google-authenticator's into that person's home.
fn give(desk: &Desk, person: Person, contents: &str) {
    let file = desk.home(person).join(GOOGLE);
    fs::write(&file, contents).expect("a file");
    fs::set_permissions(&file, Permissions::from_mode(0o400)).expect("a mode");
    chown(&file, Some(person.0), Some(person.0)).expect("to be root");
}

fn enroll(desk: &Desk, arguments: &str) -> Phone {
    let line = format!("countersignctl enroll {arguments} --unconfirmed --json");
    let shown = desk.sees(ROOT, &line, 0);
    let (_, uri) = shown.split_once("\"uri\":\"").expect("a key URI");
    Phone::with(uri.split('"').next().expect("its letters"))
}

/// Types a command that asks for a passphrase, and these.
#[track_caller]
fn passphrase(desk: &Desk, line: &str, phrases: &[&str], status: i32) {
    let mut run = desk.types(ROOT, line);
    for (prompt, phrase) in ["Passphrase: ", "The same again: "].iter().zip(phrases) {
        run.terminal.answer(prompt, phrase, "a passphrase");
    }
    run.ends(status);
}

/// A file of root's, on a stick.
fn carry(from: &Path, to: &Path) {
    fs::copy(from, to).expect("a file");
}
