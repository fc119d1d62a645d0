//! Histories of one throttle, whoever makes them: guesses, logins, and a clock that is set.

use countersign_core::throttle::{Backoff, Demand, Network, Origin, Throttle};
use countersign_core::time::Timestamp;
use proptest::prelude::*;

use crate::year::address;

/// One thing that happens. The numbers choose among the places of whoever does it.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// The attacker guesses so many single codes, each as soon as one is evaluated.
    Guess { from: usize, times: u8 },
    /// The owner gets in, with however many codes are asked for.
    LogIn { from: usize },
    /// The owner mistypes however many codes are asked for.
    Mistype { from: usize },
    /// The clock is set back by so many seconds.
    SetBack(u64),
    /// Some seconds pass, or the clock is set forward.
    Wait(u64),
}

/// Up to eighty acts.
pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let place = 0..64_usize;
    let act = prop_oneof![
        6 => (place.clone(), 1..=25_u8).prop_map(|(from, times)| Act::Guess { from, times }),
        6 => place.clone().prop_map(|from| Act::LogIn { from }),
        1 => place.prop_map(|from| Act::Mistype { from }),
        1 => prop_oneof![0..900_u64, 0..20 * DAY].prop_map(Act::SetBack),
        4 => prop_oneof![0..900_u64, 0..DAY, 0..10 * DAY].prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 1..80)
}

/// A rule, and its bucket of single codes as a number and a number a day.
pub(crate) fn rules() -> impl Strategy<Value = (Backoff, u64, u64)> {
    prop_oneof![
        Just((Backoff::DEFAULT, 20, 4)),
        Just((Backoff::STRICT, 10, 1))
    ]
}

/// The guesses of a history that were evaluated, each at the time since it began, counting only
/// the time by which the clock went forward.
pub(crate) fn guesses(
    rule: &Backoff,
    acts: Vec<Act>,
    attacker: &[Origin],
    owner: &[Origin],
) -> Vec<u64> {
    let mut throttle = Throttle::default();
    let mut clock = Clock::default();
    let mut guesses = Vec::new();
    for act in acts {
        throttle = match act {
            Act::Guess { from, times } => (0..times).fold(throttle, |throttle, _| {
                let origin = place(attacker, from);
                guess(throttle, rule, origin, &mut clock, &mut guesses)
            }),
            Act::LogIn { from } => throttle.after_success(rule, place(owner, from), clock.now()),
            Act::Mistype { from } => {
                let origin = place(owner, from);
                let codes = throttle.demand(rule, origin, clock.now()).codes();
                throttle.after_failure(rule, origin, clock.now(), codes)
            }
            Act::SetBack(seconds) => {
                clock.set_back += seconds;
                throttle
            }
            Act::Wait(seconds) => {
                clock.forward += seconds;
                throttle
            }
        };
    }
    guesses
}

/// One guess at a single code, after a wait for it of a day at most.
fn guess(
    throttle: Throttle,
    rule: &Backoff,
    origin: Origin,
    clock: &mut Clock,
    guesses: &mut Vec<u64>,
) -> Throttle {
    match throttle.demand(rule, origin, clock.now()) {
        Demand::One => {}
        Demand::Two { wait: Some(wait) } if wait.as_secs() <= DAY => {
            clock.forward += wait.as_secs();
        }
        Demand::Two { .. } | Demand::Three => return throttle,
    }
    assert_eq!(throttle.demand(rule, origin, clock.now()), Demand::One);
    guesses.push(clock.forward);
    throttle.after_failure(rule, origin, clock.now(), 1)
}

/// The same of wrong recovery codes, whoever's they are.
pub(crate) fn recovery_guesses(rule: &Backoff, acts: Vec<Act>) -> Vec<u64> {
    let mut throttle = Throttle::default();
    let mut clock = Clock::default();
    let mut guesses = Vec::new();
    for act in acts {
        match act {
            Act::Guess { times, .. } => {
                for _ in 0..times {
                    let wait = throttle.recovery_wait(rule, Origin::Seat, clock.now());
                    clock.forward += wait.unwrap_or_default().as_secs();
                    guesses.push(clock.forward);
                    throttle = throttle.after_recovery_failure(rule, Origin::Seat, clock.now());
                }
            }
            Act::LogIn { .. } => {
                throttle = throttle.after_recovery_success(rule, Origin::Seat, clock.now());
            }
            // A clock that is set back a long way lets one more through: see the module.
            Act::Mistype { .. } | Act::SetBack(_) => {}
            Act::Wait(seconds) => clock.forward += seconds,
        }
    }
    guesses
}

/// A state with any numbers whatever in it.
pub(crate) fn any_throttle() -> impl Strategy<Value = Throttle> {
    let bucket = || (any_number(), any_number());
    let delay = || (any::<u32>(), any_number());
    let pool = move || (bucket(), bucket(), delay());
    let known = prop::collection::vec((0..8_u32, pool()), 0..6);
    let state = (
        pool(),
        pool(),
        pool(),
        known,
        prop_oneof![0..120_u32, any::<u32>()],
        (bucket(), delay()),
    );
    state.prop_map(|(unknown, seat, locker, known, strangers, recovery)| {
        let known: Vec<_> = known
            .into_iter()
            .map(|(number, pool)| (network(number), pool))
            .collect();
        let stored = (unknown, seat, locker, known, strangers, recovery);
        let stored = minicbor::to_vec(stored).expect("a vector takes anything");
        minicbor::decode(&stored).expect("these are the fields of a throttle")
    })
}

/// Any number, but often one that is a likely time or level.
pub(crate) fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0..30 * DAY,
        NOW - 30 * DAY..NOW + 30 * DAY,
        Just(u64::MAX),
    ]
}

/// Any place that a login can come from.
pub(crate) fn any_origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Locker),
        Just(Origin::Seat),
        Just(Origin::Unknown),
        (0..10_u32).prop_map(address),
    ]
}

fn place(places: &[Origin], number: usize) -> Origin {
    let place = places.iter().cycle().nth(number);
    *place.expect("there is a place to be")
}

fn network(number: u32) -> Network {
    match address(number) {
        Origin::Address(network) => network,
        Origin::Locker | Origin::Seat | Origin::Unknown => unreachable!(),
    }
}

#[derive(Default)]
struct Clock {
    forward: u64,
    set_back: u64,
}

impl Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix((NOW + self.forward).saturating_sub(self.set_back))
    }
}

pub(crate) const NOW: u64 = 1_785_542_400;
pub(crate) const DAY: u64 = 86_400;
