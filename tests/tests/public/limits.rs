//! How much of the daemon one user can take up.

use std::time::Duration;

use countersign_bus::client::Begun;
use countersign_bus::{Error, NAME, PATH, USER};
use countersign_tests::Public;
use countersign_tests::public::{ADA, BOB, NOBODY, outcome, request};
use zbus::Message;

use super::{begin, log_in, now, wait_until};

#[test]
fn a_user_has_four_logins_open_at_most_over_all_connections_and_others_have_theirs() {
    let Some(place) = Public::start() else { return };
    let _ = place.world.enroll_as(ADA.1, ADA.0);
    let (mut one, mut two) = (place.client(ADA), place.client(ADA));
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(begin(&mut one, &request(ADA)).0);
        begin(&mut two, &request(ADA));
    }
    for client in [&mut one, &mut two] {
        let fifth = client.begin(&request(ADA));
        assert!(matches!(fifth, Err(Error::Busy(_))), "{fifth:?}");
    }
    begin(&mut place.client(BOB), &request(BOB));
    begin(&mut place.world.client(), &request(ADA));

    one.cancel(&open.remove(0)).unwrap();
    begin(&mut two, &request(ADA));
}

#[test]
fn the_logins_of_a_closed_connection_are_gone_soon() {
    let Some(place) = Public::start() else { return };
    let mut gone = place.client(ADA);
    let mut left: Vec<_> = (0..4).map(|_| begin(&mut gone, &request(ADA)).0).collect();
    let mut client = place.client(ADA);
    let full = client.begin(&request(ADA));
    assert!(matches!(full, Err(Error::Busy(_))), "{full:?}");
    drop(gone);
    let took = wait_until("a place is free", Duration::from_secs(15), || {
        matches!(client.begin(&request(ADA)), Ok(Begun::Transaction { .. }))
    });
    println!("places were free again after {took:?}");
    let over = client.respond(&left.remove(0), "123456");
    assert!(matches!(over, Err(Error::Expired(_))), "{over:?}");
    assert!(place.world.log().contains("abandoned"));
}

#[test]
fn a_burst_of_requests_is_told_to_wait_and_nobody_else_is() {
    let Some(place) = Public::start() else { return };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let flooder = place.bus.connect(NOBODY.0).unwrap();
    let (mut answered, mut busy) = (0, 0);
    zbus::block_on(async {
        let mut replies = zbus::MessageStream::from(&flooder);
        for _ in 0..100 {
            let call = Message::method_call(PATH, "Status")
                .destination(NAME)
                .interface(USER)
                .build(&NOBODY)
                .unwrap();
            flooder.send(&call).await.unwrap();
        }
        while answered + busy < 100 {
            let reply = next(&mut replies).await;
            match reply.header().error_name().map(|name| name.as_str()) {
                None => answered += i32::from(reply.header().reply_serial().is_some()),
                Some(name) if name.ends_with(".Error.Busy") => busy += 1,
                Some(name) => panic!("{name}"),
            }
        }
    });
    println!("of a burst of 100, {answered} were answered");
    assert!((40..90).contains(&answered), "{answered}");
    // Others are not touched by it, nor are other connections of theirs.
    log_in(&mut place.client(ADA), &request(ADA), &ada.code(now())).unwrap();
    let mut client = place.client(NOBODY);
    wait_until("patience is back", Duration::from_secs(10), || {
        client.status(NOBODY).is_ok()
    });
}

async fn next(replies: &mut zbus::MessageStream) -> Message {
    let next = std::future::poll_fn(|context| {
        zbus::export::futures_core::Stream::poll_next(std::pin::Pin::new(&mut *replies), context)
    });
    next.await.expect("a connection").expect("a message")
}

#[test]
fn a_message_as_large_as_the_bus_lets_through_is_refused_and_harms_nobody() {
    let Some(place) = Public::start() else { return };
    let mut login = request(NOBODY);
    login.user = Some("x".repeat(20 << 20));
    let refused = place.client(NOBODY).begin(&login);
    assert!(
        matches!(refused, Err(Error::InvalidArgs(_))),
        "{:?}",
        refused.map(drop)
    );
    bounded(&place, "a name of 20 MiB");
}

#[test]
fn large_messages_from_many_connections_at_once_harm_nobody() {
    let Some(place) = Public::start() else { return };
    let mut login = request(NOBODY);
    login.user = Some("x".repeat(31 << 20));
    send_from_each(&place, 8, &login);
    bounded(&place, "eight names of 31 MiB at once");
}

#[test]
fn a_message_of_very_many_small_parts_harms_nobody() {
    let Some(place) = Public::start() else { return };
    let login = countersign_bus::types::Login {
        groups: Some(vec![String::new(); 3_900_000]),
        ..request(NOBODY)
    };
    send_from_each(&place, 1, &login);
    bounded(&place, "four million groups");
}

/// While the daemon waits for the bus's word on who somebody is, what others send piles up.
#[test]
fn large_messages_among_questions_of_new_connections_harm_nobody() {
    let Some(place) = Public::start() else { return };
    let mut login = request(NOBODY);
    login.user = Some("x".repeat(31 << 20));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let connection = place.bus.connect(BOB.0).unwrap();
                    outcome(&connection, (PATH, USER, "Status"), &BOB);
                }
            });
        }
        for _ in 0..3 {
            send_from_each(&place, 8, &login);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    bounded(&place, "names of 31 MiB among questions of new connections");
}

/// Sends it over so many new connections, whose users the daemon has yet to ask the bus for, and
/// waits until it was handled or they were thrown out.
fn send_from_each(place: &Public, count: usize, login: &countersign_bus::types::Login) {
    let connections: Vec<_> = (0..count)
        .map(|_| place.bus.connect(NOBODY.0).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for connection in &connections {
            scope.spawn(|| {
                let method = (PATH, countersign_bus::VERIFIER, "Begin");
                outcome(connection, method, &(login,))
            });
        }
    });
}

/// Root logs in, and the daemon lives within what its unit lets it have.
fn bounded(place: &Public, what: &str) {
    println!(
        "{what}: the daemon held {} KiB at most, {} KiB afterwards",
        place.peak(),
        place.resident()
    );
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    log_in(&mut place.world.client(), &request(ADA), &ada.code(now())).unwrap();
    assert!(place.peak() < MOST, "{what}: {} KiB", place.peak());
}

/// What the unit lets the daemon hold, in KiB (MemoryMax=): beyond it, the kernel ends it.
const MOST: u64 = 128 << 10;
