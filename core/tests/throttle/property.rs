//! What holds of every state and every history.

use std::time::Duration;

use countersign_core::throttle::{Backoff, Demand, Origin, Throttle};
use countersign_core::time::Timestamp;
use proptest::prelude::*;

use crate::everywhere;
use crate::history::{
    DAY, acts, any_number, any_origin, any_throttle, guesses, recovery_guesses, rules,
};
use crate::year::address;

proptest! {
    #[test]
    fn no_history_lets_more_through_than_all_pools_take(
        (rule, at_once, a_day) in rules(),
        acts in acts(),
    ) {
        let places = everywhere(9);
        let guesses = guesses(&rule, acts, &places, &places);
        within(Throttle::POOLS as u64 * at_once, Throttle::POOLS as u64 * a_day, &guesses)?;
    }

    #[test]
    fn an_attacker_elsewhere_gets_one_pool_whatever_the_owner_does(
        (rule, at_once, a_day) in rules(),
        acts in acts(),
    ) {
        let elsewhere: Vec<_> = (100..110).map(address).chain([Origin::Unknown]).collect();
        within(at_once, a_day, &guesses(&rule, acts, &elsewhere, &everywhere(9)))?;
    }

    #[test]
    fn an_attacker_on_some_of_the_owners_addresses_gets_one_pool_more_for_each(
        (rule, at_once, a_day) in rules(),
        on in 1..4_u32,
        acts in acts(),
    ) {
        let attacker: Vec<_> = (0..on).map(address).chain([Origin::Unknown]).collect();
        let owner: Vec<_> = (0..9).map(address).collect();
        let pools = u64::from(on) + 1;
        within(pools * at_once, pools * a_day, &guesses(&rule, acts, &attacker, &owner))?;
    }

    #[test]
    fn an_attacker_on_one_of_the_owners_addresses_and_nowhere_else_gets_one_pool(
        (rule, at_once, a_day) in rules(),
        acts in acts(),
    ) {
        let owner: Vec<_> = (0..9).map(address).collect();
        within(at_once, a_day, &guesses(&rule, acts, &owner[..1], &owner))?;
    }

    #[test]
    fn wrong_recovery_codes_stay_within_their_own_bucket(
        (rule, _, _) in rules(),
        acts in acts(),
    ) {
        within(100, 100, &recovery_guesses(&rule, acts))?;
    }

    #[test]
    fn nothing_stored_and_no_time_makes_it_panic_or_changes_when_stored_again(
        throttle in any_throttle(),
        (rule, _, _) in rules(),
        origin in any_origin(),
        now in any_number(),
        judged in prop_oneof![0..5_usize, any::<usize>()],
    ) {
        let now = Timestamp::from_unix(now);
        let _ = (throttle.demand(&rule, origin, now), throttle.recovery_wait(&rule, origin, now));
        let states = [
            throttle.clone().after_failure(&rule, origin, now, judged),
            throttle.clone().after_success(&rule, origin, now),
            throttle.clone().after_recovery_failure(&rule, origin, now),
            throttle.after_recovery_success(&rule, origin, now),
        ];
        for state in states {
            let stored = minicbor::to_vec(&state).unwrap();
            prop_assert_eq!(minicbor::decode::<Throttle>(&stored).unwrap(), state);
        }
    }

    #[test]
    fn a_login_that_succeeds_makes_one_code_do_again_soon_whatever_was_stored(
        throttle in any_throttle(),
        (rule, _, a_day) in rules(),
        origin in any_origin(),
        now in 0..u64::MAX / 2,
    ) {
        let throttle = throttle.after_success(&rule, origin, Timestamp::from_unix(now));
        let soon = Timestamp::from_unix(now + DAY / a_day);
        for origin in everywhere(9) {
            prop_assert_eq!(throttle.demand(&rule, origin, soon), Demand::One);
        }
    }

    #[test]
    fn an_earlier_time_never_asks_for_fewer_codes(
        throttle in any_throttle(),
        (rule, _, _) in rules(),
        origin in any_origin(),
        times in (any_number(), any_number()),
    ) {
        let [early, late] = [times.0.min(times.1), times.0.max(times.1)]
            .map(|time| throttle.demand(&rule, origin, Timestamp::from_unix(time)).codes());
        prop_assert!(early >= late);
    }

    #[test]
    fn one_code_does_when_the_wait_that_was_told_is_over_and_not_before(
        throttle in any_throttle(),
        (rule, _, _) in rules(),
        origin in any_origin(),
        now in any_number(),
    ) {
        let demand = |now: u64| throttle.demand(&rule, origin, Timestamp::from_unix(now));
        if let Demand::Two { wait: Some(wait) } = demand(now) {
            let over = now.saturating_add(wait.as_secs());
            prop_assert_eq!(demand(over), Demand::One);
            prop_assert_eq!(demand(over - 1).codes(), 2);
        }
    }

    #[test]
    fn failures_elsewhere_ask_nothing_more_of_a_known_address_the_seat_or_the_locker(
        throttle in any_throttle(),
        (rule, _, _) in rules(),
        elsewhere in any_origin(),
        failures in prop::collection::vec((any_number(), 0..4_usize), 1..40),
        now in any_number(),
    ) {
        let now = Timestamp::from_unix(now);
        let known: Vec<_> = throttle.known_origins().collect();
        let after = failures.iter().fold(throttle.clone(), |throttle, (at, judged)| {
            throttle.after_failure(&rule, elsewhere, Timestamp::from_unix(*at), *judged)
        });
        for origin in known.into_iter().chain([Origin::Seat, Origin::Locker]) {
            let demand = |throttle: &Throttle| throttle.demand(&rule, origin, now);
            prop_assert!(origin == elsewhere || demand(&after) == demand(&throttle));
        }
        for origin in [Origin::Unknown, Origin::Locker] {
            let wait = |throttle: &Throttle| throttle.recovery_wait(&rule, origin, now);
            prop_assert_eq!(wait(&after), wait(&throttle));
        }
    }

    #[test]
    fn no_local_process_asks_more_of_any_other_login(
        throttle in any_throttle(),
        (rule, _, _) in rules(),
        failures in prop::collection::vec((any_number(), 0..4_usize), 1..200),
        now in any_number(),
    ) {
        let now = Timestamp::from_unix(now);
        let after = failures.iter().fold(throttle.clone(), |throttle, (at, judged)| {
            let at = Timestamp::from_unix(*at);
            throttle
                .after_failure(&rule, Origin::Locker, at, *judged)
                .after_recovery_failure(&rule, Origin::Locker, at)
        });
        for origin in everywhere(9).into_iter().filter(|origin| *origin != Origin::Locker) {
            let demand = |throttle: &Throttle| throttle.demand(&rule, origin, now);
            prop_assert_eq!(demand(&after), demand(&throttle));
            let wait = |throttle: &Throttle| throttle.recovery_wait(&rule, origin, now);
            prop_assert_eq!(wait(&after), wait(&throttle));
        }
    }

    #[test]
    fn a_recovery_code_is_never_kept_waiting_for_more_than_half_an_hour(
        throttle in any_throttle(),
        (rule, _, _) in rules(),
        origin in any_origin(),
        now in any_number(),
    ) {
        let wait = |now: u64| throttle.recovery_wait(&rule, origin, Timestamp::from_unix(now));
        if let Some(first) = wait(now) {
            prop_assert!(first <= Duration::from_secs(1_800));
            prop_assert_eq!(wait(now.saturating_add(first.as_secs())), None);
        }
    }

    #[test]
    fn the_state_stays_small_and_at_most_four_addresses_are_known(
        throttle in any_throttle(),
        logins in prop::collection::vec((any_origin(), any_number()), 1..40),
    ) {
        let rule = Backoff::DEFAULT;
        let after = logins.iter().fold(throttle, |throttle, (origin, at)| {
            let at = Timestamp::from_unix(*at);
            let failed = throttle.after_failure(&rule, *origin, at, 1);
            failed.after_success(&rule, *origin, at)
        });
        let came_by_address = logins.iter().any(|(origin, _)| address_of(*origin));
        prop_assert!(!came_by_address || after.known_origins().count() <= Throttle::KNOWN);
        prop_assert!(!came_by_address || minicbor::to_vec(&after).unwrap().len() <= 640);
    }
}

/// That no stretch of time has more guesses in it than `at_once`, and `a_day` for each day.
fn within(at_once: u64, a_day: u64, guesses: &[u64]) -> Result<(), TestCaseError> {
    for (first, from) in guesses.iter().enumerate() {
        for (last, to) in guesses.iter().enumerate().skip(first) {
            let evaluated = (last - first + 1) as u64;
            let allowed = at_once * DAY + a_day * (to - from);
            prop_assert!(evaluated * DAY <= allowed, "{evaluated} in {} s", to - from);
        }
    }
    Ok(())
}

fn address_of(origin: Origin) -> bool {
    match origin {
        Origin::Address(_) => true,
        Origin::Locker | Origin::Seat | Origin::Unknown => false,
    }
}
