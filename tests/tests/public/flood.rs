//! Logins as root, while somebody without privileges does their worst on the bus.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use countersign_bus::{Client, Door};
use countersign_tests::bus::as_user;
use countersign_tests::flood::Flood;
use countersign_tests::public::{ADA, NOBODY, request};
use countersign_tests::{Enrolled, Public};

use super::{log_in, now, stopwatch, wait_until};

/// How long the flood goes on at least. The system tests have a longer one.
const FLOOD: Duration = Duration::from_secs(5);
const LOGINS: u32 = 200;
/// KiB.
const MOST: u64 = 64 << 10;
/// How long the public door, which promises nothing under a flood, may take to recover.
const AFTERMATH: Duration = Duration::from_secs(120);

#[test]
fn under_a_flood_of_the_bus_every_login_as_root_succeeds_in_time_and_memory_is_bounded() {
    let Some(place) = Public::start() else { return };
    let users: Vec<Enrolled> = (0..LOGINS / 2 + 50)
        .map(|number| place.world.enroll_as("user", 80_000 + number))
        .collect();
    let (rested, busy) = users.split_at(50);
    let before = logins(&place, rested, Duration::ZERO);
    let memory = place.peak();

    let flood = Flood::default();
    let during = flood.during(&place.bus, NOBODY.0, || {
        wait_until("the flood has begun", Duration::from_secs(20), || {
            flood.messages.load(Relaxed) > 1000
        });
        logins(&place, busy, FLOOD)
    });
    let (messages, connections) = (
        flood.messages.load(Relaxed),
        flood.connections.load(Relaxed),
    );
    println!(
        "logins as root, p50 and p99: {:?} and {:?} before, {:?} and {:?} under a flood of \
         {messages} messages over {connections} connections; the daemon held {memory} KiB at \
         most before, {} KiB during",
        before.0,
        before.1,
        during.0,
        during.1,
        place.peak()
    );
    assert!(during.1 < Duration::from_secs(1), "{during:?}");
    assert!(place.peak() < MOST, "{} KiB", place.peak());
    // And once what it left behind is worked off, the bus is everybody's again.
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let took = wait_until("the public door answers", AFTERMATH, || {
        let bus = place.address();
        as_user(ADA.0, || {
            let mut client = Client::new(Door::Public { bus }, AFTERMATH).expect("a client");
            client.status(ADA).is_ok()
        })
    });
    println!("another user had an answer of the public door {took:?} after the flood");
    log_in(&mut place.client(ADA), &request(ADA), &ada.code(now())).unwrap();
}

/// Two logins of each user, by new connections, over at least this long: the median, and what 99
/// of 100 stay below.
fn logins(place: &Public, users: &[Enrolled], over: Duration) -> (Duration, Duration) {
    let mut took = Vec::new();
    let pause = over / (2 * u32::try_from(users.len()).expect("a small number"));
    for user in users {
        for late in [0, 30] {
            let started = stopwatch();
            let code = user.code(now() + late);
            let login = request((user.uid, &user.name));
            log_in(&mut place.world.client(), &login, &code).expect("a login as root");
            took.push(started.elapsed());
            std::thread::park_timeout(pause.saturating_sub(started.elapsed()));
        }
    }
    took.sort_unstable();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}
