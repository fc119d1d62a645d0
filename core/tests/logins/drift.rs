//! A device whose clock is off, and whose owner is now quick and now slow.

use countersign_core::throttle::{Backoff, Origin};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::history::{Leap, fewer};
use crate::owner::{Held, Went};
use crate::user::{Kind, Maker, Moves, USUAL, enrolled};
use crate::world::World;

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn a_clock_that_wanders_a_step_every_other_login_is_never_refused(
        skew in 1..=2_u64,
        wanders in vec((-1..=1_i64, 2..4_usize, 0..5_u64), 1..30),
    ) {
        let (mut world, mut phone) = owner_of_a_phone(skew);
        for (steps, logins, pause) in wanders {
            phone.ahead = (phone.ahead + steps).clamp(-20, 20);
            for _ in 0..logins {
                prop_assert_eq!(logs_in(&mut world, &mut phone, pause), Went::In(1));
            }
        }
    }

    #[test]
    fn codes_of_three_neighbouring_steps_are_accepted_in_any_order_once_the_clock_was_found(
        middle in -19..=19_i64,
        offsets in vec((-1..=1_i64, 0..5_u64), 1..60),
    ) {
        let (mut world, mut phone) = owner_of_a_phone(1);
        phone.ahead = middle;
        prop_assert!(matches!(logs_in(&mut world, &mut phone, 0), Went::In(1..=2)));
        for (offset, pause) in offsets {
            phone.ahead = middle + offset;
            prop_assert_eq!(logs_in(&mut world, &mut phone, pause), Went::In(1));
        }
    }
}

/// A user with an app that was never used.
fn owner_of_a_phone(skew: u64) -> (World, Held) {
    let moves = Moves::Clock { period: 30, skew };
    let phone = Kind { moves, ..USUAL };
    let world = World::new(enrolled(&[phone]), Backoff::DEFAULT);
    let phone = world.devices_as_last_seen().remove(0);
    (world, phone)
}

/// One login at the beginning of the first step in which the app shows what is not used up, or so
/// many steps later.
fn logs_in(world: &mut World, phone: &mut Held, pause: u64) -> Went {
    let Maker::App(totp) = &phone.device.maker else {
        panic!("a phone has an app")
    };
    let period = totp.period().seconds();
    let unused = world.ledger.unused(&phone.device);
    let first = unused.saturating_add_signed(-phone.ahead);
    let step = first.max(world.now / period + 1) + pause;
    let wait = i64::try_from(step * period - world.now).unwrap();
    world.leap(Leap::By(wait));
    world.owner_logs_in(phone, Origin::Seat, |_| {})
}
