//! Wrong codes, and who helps.

use countersign_bus::client::Begun;
use countersign_bus::types::Login;
use countersign_tests::desk::{ALICE, ROOT};
use countersign_tests::public::request;
use countersign_tests::{Desk, World};

const CODE: &str = "One-time code: ";

#[test]
fn after_wrong_codes_a_login_asks_for_two_in_a_row_until_root_unlocks() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    let clock = desk.with_clock();
    let alice = desk.place.world.enroll_as(ALICE.1, ALICE.0);
    let wrong = alice.wrong_code(clock.unix());
    // From elsewhere, and at the machine itself, until no single code is looked at.
    for _ in 0..22 {
        guess(&desk.place.world, Some("192.0.2.7"), &wrong);
        guess(&desk.place.world, None, &wrong);
        clock.pass(901);
    }
    desk.sees(ROOT, "countersignctl status alice", 0);
    desk.sees(ROOT, "countersignctl status alice --json", 0);
    let (this, next) = (alice.code(clock.unix()), alice.code(clock.unix() + 30));
    let mut run = desk.types(ROOT, "countersignctl test alice");
    run.terminal.answer("This code: ", &this, "a code");
    run.terminal
        .answer("And the next one: ", &next, "and the next");
    run.ends(0);
    desk.sees(ROOT, "countersignctl unlock alice", 0);
    desk.sees(ROOT, "countersignctl unlock bob", 1);
    desk.sees(ROOT, "countersignctl status alice", 0);
    clock.pass(60);
    let code = alice.code(clock.unix());
    let mut run = desk.types(ROOT, "countersignctl test alice --json");
    run.terminal.answer(CODE, &code, "a code");
    run.ends(0);
    let mut run = desk.types(ROOT, "countersignctl test alice");
    run.terminal.answer(CODE, &code, "the same code");
    run.terminal.answer(CODE, "", "nothing");
    run.ends(1);
    desk.saw("unlock");
}

/// One wrong code from a place.
fn guess(world: &World, place: Option<&str>, wrong: &str) {
    let mut client = world.client();
    let login = Login {
        rhost: place.map(str::to_owned),
        ..request(ALICE)
    };
    match client.begin(&login) {
        Ok(Begun::Transaction { transaction, .. }) => {
            assert!(client.respond(&transaction, wrong).is_ok(), "asked again");
            client.cancel(&transaction).expect("an end");
        }
        other => panic!("a login begins: {other:?}"),
    }
}
