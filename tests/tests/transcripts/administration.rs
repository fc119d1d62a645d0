//! Wrong codes, who helps, and what is known afterwards.

use std::time::SystemTime;

use countersign_bus::OwnedObjectPath;
use countersign_bus::client::{Begun, Client};
use countersign_bus::types::{ChangeOptions, Login, Next};
use countersign_tests::desk::{ALICE, BOB, ROOT};
use countersign_tests::public::request;
use countersign_tests::world::read;
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

#[test]
fn who_logged_in_who_did_not_and_what_was_changed() {
    let Some(mut desk) = Desk::start() else {
        return;
    };
    // No line is broken, so that what stands for a time can be as long as it is.
    desk.size = (200, 50);
    desk.sees(ROOT, "countersignctl events", 0);
    let world = &desk.place.world;
    let alice = world.enroll_as(ALICE.1, ALICE.0);
    let bob = world.enroll_as(BOB.1, BOB.0);
    log_in(world, ALICE, Some("192.0.2.7"), &alice.code(now()));
    guess(world, Some("198.51.100.9"), &alice.wrong_code(now()));
    log_in(world, BOB, None, &bob.recovery_codes[0]);
    let proof = ChangeOptions {
        proof: Some(alice.code(now() + 30)),
    };
    let new = desk.place.client(ALICE).renew_recovery_codes(ALICE, &proof);
    let new = read(new.expect("a proof"));
    world.client().unlock(ALICE.0).expect("a user");
    world.client().reset(BOB.0).expect("a user");
    desk.sees(ROOT, "countersignctl events", 0);
    desk.sees(ROOT, "countersignctl events --json", 0);
    desk.sees(ROOT, "countersignctl events --user bob --since 1h", 0);
    desk.sees(ROOT, "countersignctl events --since whenever", 2);
    desk.sees(ALICE, "countersignctl events", 1);
    let follow = "countersignctl events --follow --limit 1 --user alice";
    let mut run = desk.types(ROOT, follow);
    run.terminal.until("unlock");
    let code = new.lines().next().expect("a recovery code");
    log_in(&desk.place.world, ALICE, None, code);
    run.terminal.until("recovery");
    run.terminal.press("\x03");
    run.ends(130);
    desk.saw("events");
}

/// One wrong code of alice's from a place.
fn guess(world: &World, place: Option<&str>, wrong: &str) {
    let (mut client, transaction) = begin(world, ALICE, place);
    assert!(client.respond(&transaction, wrong).is_ok(), "asked again");
    client.cancel(&transaction).expect("an end");
}

/// A login that succeeds.
fn log_in(world: &World, user: (u32, &str), place: Option<&str>, code: &str) {
    let (mut client, transaction) = begin(world, user, place);
    let next = client.respond(&transaction, code);
    assert!(matches!(next, Ok(Next::Finished { .. })), "{next:?}");
}

fn begin(world: &World, user: (u32, &str), place: Option<&str>) -> (Client, OwnedObjectPath) {
    let mut client = world.client();
    let login = Login {
        rhost: place.map(str::to_owned),
        service: Some("sshd".to_owned()),
        ..request(user)
    };
    match client.begin(&login) {
        Ok(Begun::Transaction { transaction, .. }) => (client, transaction),
        other => panic!("a login begins: {other:?}"),
    }
}

pub(crate) fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}
