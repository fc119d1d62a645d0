//! Helping others: codes from root, tokens that have run away, and why somebody cannot log in.

use std::fs;

use countersign_core::hotp::{Counter, Hotp};
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::secret::Secret;
use countersign_tests::desk::{ALICE, BOB, ROOT};
use countersign_tests::{Desk, Phone};

const CODE: &str = "One-time code: ";
const TICKET: &str = "Code from your admin: ";
const PROOF: &str = "Code from one of your factors, or a recovery code: ";
const TOKEN: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

#[test]
fn a_code_from_root_lets_a_user_enroll_once() {
    let ticket = ("self-service = \"off\"", "self-service = \"ticket\"");
    let Some(desk) = Desk::with(&[ticket]) else {
        return;
    };
    desk.sees(ALICE, "countersignctl enroll", 1);
    let code = issued(&desk.sees(ROOT, "countersignctl issue-code alice", 0));
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.notes("It is alice's, and nobody else's.");
    desk.sees(BOB, "countersignctl enroll", 1);
    let mut run = desk.types(ALICE, "countersignctl enroll --label phone");
    run.terminal.answer(TICKET, &code, "the issued code");
    let shown = run.terminal.until("First code from the app: ");
    let mut phone = Phone::scan(&shown);
    run.terminal.answer("", &phone.code(), "the first code");
    let shown = run.ends(0);
    desk.notes("A recovery code proves who it is, once; the issued code has been used.");
    for (code, what, status) in [
        (recovery_code(&shown), "a recovery code", 0),
        (code, "the issued code", 1),
    ] {
        let mut run = desk.types(ALICE, "countersignctl rename 1 mobile");
        run.terminal.answer(PROOF, &code, what);
        run.ends(status);
    }
    desk.sees(ALICE, "countersignctl status", 0);
    desk.saw("ticket");
}

#[test]
fn a_code_from_root_opens_one_login() {
    let Some(desk) = Desk::start() else { return };
    desk.place.world.enroll_as(ALICE.1, ALICE.0);
    let first = issued(&desk.sees(ROOT, "countersignctl issue-code alice", 0));
    let second = issued(&desk.sees(ROOT, "countersignctl issue-code alice --for 2h", 0));
    desk.sees(ROOT, "countersignctl list", 0);
    let mut run = desk.types(ROOT, "countersignctl test alice");
    run.terminal
        .answer(CODE, &second, "the code that was issued last");
    run.ends(0);
    let mut run = desk.types(ROOT, "countersignctl test alice");
    run.terminal
        .answer(CODE, &first, "the code that was issued first");
    run.terminal.answer(CODE, "", "nothing");
    run.ends(1);
    desk.sees(ROOT, "countersignctl issue-code alice --json", 0);
    desk.sees(ROOT, "countersignctl issue-code alice --for 30d", 1);
    desk.sees(ROOT, "countersignctl issue-code alice --for ten", 2);
    desk.sees(ROOT, "countersignctl issue-code nosuchuser", 1);
    desk.sees(ALICE, "countersignctl issue-code alice", 1);
    desk.saw("issue-code");
}

#[test]
fn where_no_codes_are_issued_that_is_said() {
    let off = ("issue-codes = \"on\"", "issue-codes = \"off\"");
    let Some(desk) = Desk::with(&[off]) else {
        return;
    };
    desk.sees(ROOT, "countersignctl issue-code alice", 1);
    desk.saw("issue-code-off");
}

#[test]
fn a_token_is_set_up_renamed_and_found_again() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    let clock = desk.with_clock();
    fs::write(desk.home(ROOT).join("token.key"), TOKEN).unwrap();
    let line = "countersignctl enroll alice --factor hotp --label token --secret-stdin <token.key";
    let mut run = desk.types(ROOT, line);
    let first = "First code from the token: ";
    run.terminal.answer(first, &code(90), "a code far ahead");
    run.ends(1);
    let mut run = desk.types(ROOT, "countersignctl confirm alice");
    run.terminal.answer(first, "12", "no code");
    run.terminal.answer(first, &code(90), "a code far ahead");
    run.terminal.answer(first, &code(0), "the first code");
    run.ends(0);
    desk.sees(ROOT, "countersignctl rename alice 1 'blue token'", 0);
    desk.sees(ROOT, "countersignctl rename alice 7 none", 1);
    desk.sees(ROOT, "countersignctl rename alice", 2);
    desk.notes("Its button was pressed in a pocket, thirty times.");
    for (codes, status) in [([31, 33], 1), ([31, 32], 0), ([31, 32], 1)] {
        let mut run = desk.types(ROOT, "countersignctl resync alice");
        let what = codes.map(|number| format!("code {number}"));
        run.terminal
            .answer("This code: ", &code(codes[0]), &what[0]);
        run.terminal
            .answer("And the next one: ", &code(codes[1]), &what[1]);
        run.ends(status);
        clock.pass(60);
    }
    desk.sees(ROOT, "countersignctl status alice", 0);
    let line = format!(
        "printf \"{}\\n{}\\n\" | countersignctl resync alice --json",
        code(40),
        code(41)
    );
    desk.types(ROOT, &line)
        .terminal
        .until("\"credential\":\"1\"");
    desk.sees(ROOT, "countersignctl resync bob", 1);
    desk.sees(
        ROOT,
        "countersignctl enroll bob --factor hotp --period 60",
        1,
    );
    desk.saw("token");
}

#[test]
fn why_somebody_cannot_log_in_is_said_with_what_mends_it() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    desk.with_clock();
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.sees(ROOT, "countersignctl enroll alice --json >/dev/null", 0);
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.notes("The account had another name when it was enrolled.");
    desk.place.world.enroll_as("robert", BOB.0);
    desk.sees(ROOT, "countersignctl status bob", 0);
    desk.sees(ROOT, "countersignctl test bob </dev/null", 1);
    desk.sees(ROOT, "countersignctl list", 0);
    desk.notes("Alice has tried what she had in mind, and a recovery code that is none.");
    desk.sees(
        ROOT,
        "countersignctl enroll alice --unconfirmed --json >/dev/null",
        0,
    );
    for (answer, what) in [
        ("000000", "a wrong code"),
        ("3-AAAA-AAAA-AAAA-AAAA", "a wrong recovery code"),
    ] {
        let mut run = desk.types(ROOT, "countersignctl test alice --service sshd");
        run.terminal.answer(CODE, answer, what);
        run.terminal.answer(CODE, "", "nothing");
        run.ends(1);
    }
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.saw("status");
}

/// A code of the token.
fn code(counter: u64) -> String {
    let secret = Secret::from_base32(TOKEN).unwrap();
    let token = Hotp::new(secret, Algorithm::Sha1, Digits::DEFAULT);
    token.code_at(Counter::new(counter).unwrap())
}

/// The issued code on a screen.
fn issued(shown: &str) -> String {
    let line = shown.lines().find_map(|line| line.strip_prefix("  0-"));
    format!("0-{}", line.expect("a code"))
}

/// The first recovery code on a screen.
fn recovery_code(shown: &str) -> String {
    let mut lines = shown.lines().map(str::trim);
    let code = lines.find(|line| line.starts_with("1-"));
    code.expect("a code").to_owned()
}
