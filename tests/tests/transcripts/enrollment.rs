//! From nothing to a second factor.

use countersign_tests::desk::{ALICE, BOB, ROOT};
use countersign_tests::{Desk, Phone};

const FIRST: &str = "First code from the app: ";
const CODE: &str = "One-time code: ";

#[test]
fn root_enrolls_a_user_who_then_tries_it() {
    let Some(desk) = Desk::start() else { return };
    desk.sees(ROOT, "countersignctl status alice", 0);
    let mut run = desk.types(ROOT, "countersignctl enroll alice --label phone");
    let mut phone = Phone::scan(&run.terminal.until(FIRST));
    run.terminal.answer("", "hello", "no code");
    run.terminal
        .answer(FIRST, &phone.wrong_code(), "a wrong code");
    run.terminal.answer(FIRST, &phone.code(), "its first code");
    run.ends(0);
    let mut run = desk.types(ROOT, "countersignctl test alice");
    run.terminal.answer(CODE, &phone.code(), "its next code");
    run.ends(0);
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.saw("enroll");
}

#[test]
fn an_enrolment_that_was_left_is_taken_up_again_or_removed() {
    let Some(desk) = Desk::start() else { return };
    let mut run = desk.types(ROOT, "countersignctl enroll alice");
    let mut phone = Phone::scan(&run.terminal.until(FIRST));
    run.terminal.press("\x03");
    run.ends(130);
    desk.sees(ROOT, "countersignctl status alice", 0);
    let mut run = desk.types(ROOT, "countersignctl test alice");
    run.terminal.answer(CODE, &phone.code(), "its code");
    run.terminal.answer(CODE, "", "nothing");
    run.ends(1);
    let mut run = desk.types(ROOT, "countersignctl confirm alice");
    for _ in 0..3 {
        run.terminal
            .answer(FIRST, &phone.wrong_code(), "a wrong code");
    }
    run.ends(1);
    let mut run = desk.types(ROOT, "countersignctl confirm alice 1");
    run.terminal.answer(FIRST, &phone.code(), "its first code");
    run.ends(0);
    desk.sees(ROOT, "countersignctl confirm alice", 1);
    desk.sees(ROOT, "countersignctl confirm alice 1", 1);
    desk.sees(ROOT, "countersignctl confirm alice 7", 1);
    desk.saw("confirm");
}

#[test]
fn a_key_has_the_settings_that_were_asked_for() {
    let Some(desk) = Desk::start() else { return };
    let line = "countersignctl enroll bob --unconfirmed --digits 8 --algorithm sha256 --show-uri";
    Phone::scan(&desk.sees(ROOT, line, 0));
    let line = "echo JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP | \
                countersignctl enroll alice --secret-stdin --unconfirmed --json";
    desk.sees(ROOT, line, 0);
    desk.sees(ROOT, "countersignctl enroll alice --digits 9", 2);
    desk.saw("enroll-settings");
}

#[test]
fn without_self_service_a_user_is_told_whom_to_ask() {
    let Some(desk) = Desk::start() else { return };
    desk.sees(ALICE, "countersignctl status", 0);
    desk.sees(ALICE, "countersignctl enroll", 1);
    desk.sees(ALICE, "countersignctl enroll --unconfirmed", 1);
    desk.sees(ALICE, "countersignctl enroll bob", 1);
    desk.sees(ALICE, "countersignctl status bob", 1);
    desk.saw("self-service-off");
}

#[test]
fn a_user_enrolls_and_changes_what_they_hold() {
    let on = ("self-service = \"off\"", "self-service = \"open\"");
    let Some(desk) = Desk::with(&[on]) else {
        return;
    };
    let mut run = desk.types(ALICE, "countersignctl enroll --label phone");
    let mut phone = Phone::scan(&run.terminal.until(FIRST));
    run.terminal.answer("", &phone.code(), "its first code");
    run.ends(0);
    let proof = "Code from one of your factors, or a recovery code: ";
    let mut run = desk.types(ALICE, "countersignctl enroll --label tablet");
    run.terminal
        .answer(proof, &phone.code(), "the phone's next code");
    let mut tablet = Phone::scan(&run.terminal.until(FIRST));
    run.terminal
        .answer("", &tablet.code(), "the tablet's first code");
    run.ends(0);
    let mut run = desk.types(ALICE, "countersignctl remove 1");
    run.terminal
        .answer(proof, &tablet.code(), "the tablet's next code");
    run.ends(0);
    desk.sees(ALICE, "countersignctl status", 0);
    desk.notes("Without a proof that is right, nothing changes.");
    let mut run = desk.types(ALICE, "countersignctl recovery-codes");
    run.terminal
        .answer(proof, &phone.code(), "a code of the phone that was removed");
    run.ends(1);
    desk.sees(ALICE, "countersignctl remove 2 </dev/null", 1);
    desk.sees(BOB, "countersignctl remove alice 2 </dev/null", 1);
    desk.saw("self-service");
}
