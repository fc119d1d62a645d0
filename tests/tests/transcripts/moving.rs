//! From one machine to another.

use std::fs;
use std::path::Path;

use countersign_tests::desk::{ALICE, BOB, ROOT};
use countersign_tests::{Desk, Phone};

const WORDS: &str = "correct horse battery staple";

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
