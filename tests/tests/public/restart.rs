//! The bus goes away and comes back; the root door does not notice.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use countersign_bus::{Client, Door};
use countersign_tests::Public;
use countersign_tests::bus::as_user;
use countersign_tests::public::{ADA, BOB, request};

use super::{begin, log_in, now, wait_until};

#[test]
fn after_the_bus_was_restarted_the_public_door_opens_by_itself_and_the_root_door_never_shut() {
    let Some(mut place) = Public::start() else {
        return;
    };
    let ada = place.world.enroll_as(ADA.1, ADA.0);
    let pid = place.daemon().pid();
    let (login, _) = begin(&mut place.client(ADA), &request(ADA));
    drop(login);

    let (stop, logins) = (AtomicBool::new(false), AtomicU32::new(0));
    let address = place.address();
    let took = std::thread::scope(|scope| {
        let (world, bus) = (&place.world, &mut place.bus);
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                let mut root = world.client();
                let (login, _) = begin(&mut root, &request(BOB));
                root.cancel(&login).unwrap();
                logins.fetch_add(1, Relaxed);
            }
        });
        let took = [0, 1].map(|_| {
            let before = logins.load(Relaxed);
            bus.stop();
            wait_until("the root door works without a bus", LIMIT, || {
                logins.load(Relaxed) > before + 20
            });
            bus.restart();
            wait_until("the public door is open again", LIMIT, || {
                as_user(ADA.0, || {
                    let bus = address.clone();
                    let mut client = Client::new(Door::Public { bus }, LIMIT).unwrap();
                    client.status(ADA).is_ok()
                })
            })
        });
        stop.store(true, Relaxed);
        took
    });
    println!("the public door was back {took:?} after the bus; {logins:?} logins at the root door");
    log_in(&mut place.client(ADA), &request(ADA), &ada.code(now())).unwrap();
    assert_eq!(place.daemon().pid(), pid);
    assert!(place.resident() > 0, "the daemon is still that process");
}

const LIMIT: Duration = Duration::from_secs(20);
