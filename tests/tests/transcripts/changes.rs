//! What a user holds: shown, renewed, taken away.

use countersign_tests::desk::{ALICE, ROOT};
use countersign_tests::{Desk, Phone};

#[test]
fn what_is_shown_and_taken_away() {
    let Some(desk) = Desk::start() else { return };
    desk.sees(ROOT, "countersignctl list", 0);
    enroll(&desk, "alice --label phone");
    enroll(&desk, "alice --label 'hardware token' --digits 8");
    enroll(&desk, "bob");
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.sees(ROOT, "countersignctl status alice --json", 0);
    desk.sees(ALICE, "countersignctl status", 0);
    desk.sees(ROOT, "countersignctl list", 0);
    desk.sees(ROOT, "countersignctl list --json", 0);
    desk.sees(ROOT, "countersignctl remove alice 3", 1);
    desk.sees(ROOT, "countersignctl remove alice 2", 0);
    let mut run = desk.types(ROOT, "countersignctl reset alice");
    run.terminal.reply("Type yes to go on: ", "no");
    run.ends(1);
    let mut run = desk.types(ROOT, "countersignctl reset alice");
    run.terminal.reply("Type yes to go on: ", "yes");
    run.ends(0);
    desk.sees(ROOT, "countersignctl reset bob --yes", 0);
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.sees(ROOT, "countersignctl list --json", 0);
    desk.saw("remove-and-reset");
}

#[test]
fn recovery_codes_open_one_login_each_and_new_ones_void_the_old() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    let clock = desk.with_clock();
    desk.sees(ROOT, "countersignctl recovery-codes alice", 1);
    let old = codes(&enroll(&desk, "alice"));
    login_with(&desk, &old, 3, 0);
    login_with(&desk, &old, 3, 1);
    clock.pass(60);
    let new = codes(&desk.sees(ROOT, "countersignctl recovery-codes alice", 0));
    assert_eq!(new.len(), 10);
    login_with(&desk, &old, 4, 1);
    clock.pass(60);
    login_with(&desk, &new, 4, 0);
    desk.sees(ROOT, "countersignctl recovery-codes alice --json", 0);
    desk.saw("recovery-codes");
}

/// Enrols without a first code, and gives what is shown.
fn enroll(desk: &Desk, arguments: &str) -> String {
    let line = format!("countersignctl enroll {arguments} --unconfirmed");
    let shown = desk.sees(ROOT, &line, 0);
    Phone::scan(&shown);
    shown
}

/// The recovery codes on a screen.
fn codes(shown: &str) -> Vec<String> {
    let lines = shown.lines().map(str::trim);
    let code = |line: &&str| line.len() >= 21 && line.matches('-').count() == 4;
    lines.filter(code).map(str::to_owned).collect()
}

/// Tries a login with one of the recovery codes.
#[track_caller]
fn login_with(desk: &Desk, codes: &[String], number: usize, status: i32) {
    let mut run = desk.types(ROOT, "countersignctl test alice");
    let code = codes.get(number - 1).expect("a code");
    let what = format!("recovery code {number}");
    run.terminal.answer("One-time code: ", code, &what);
    if status != 0 {
        run.terminal.answer("One-time code: ", "", "nothing");
    }
    run.ends(status);
}
