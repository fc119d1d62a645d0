//! What the rule does, case by case. What holds of all histories: `core/tests/throttle`.

use super::*;

const RULE: Backoff = Backoff::DEFAULT;
const DAY: u64 = 86_400;
const NOW: u64 = 20_000 * DAY;

#[test]
fn twenty_wrong_codes_close_the_single_code_until_one_has_leaked() {
    let throttle = guessed_at(Origin::Seat, 20);
    assert_eq!(throttle.demand(&RULE, Origin::Seat, at(NOW)).codes(), 2);
    let demand = throttle.demand(&RULE, Origin::Seat, at(NOW + DAY / 4));
    assert_eq!(demand, Demand::One);
}

#[test]
fn a_success_ends_the_delay_and_empties_no_bucket() {
    let delayed = guessed_at(Origin::Seat, 12).after_success(&RULE, Origin::Seat, at(NOW));
    let demand = delayed.demand(&RULE, Origin::Seat, at(NOW));
    assert_eq!(demand, Demand::One);

    let full = guessed_at(Origin::Seat, 20).after_success(&RULE, Origin::Seat, at(NOW));
    let wait = Some(Duration::from_secs(DAY / 4));
    let demand = full.demand(&RULE, Origin::Seat, at(NOW));
    assert_eq!(demand, Demand::Two { wait });
}

#[test]
fn a_wrong_code_asks_for_two_for_a_second() {
    let throttle = guessed_at(Origin::Unknown, 1);
    let wait = Some(Duration::from_secs(1));
    let demand = |now| throttle.demand(&RULE, Origin::Unknown, at(now));
    assert_eq!(demand(NOW), Demand::Two { wait });
    assert_eq!(demand(NOW + 1), Demand::One);
}

#[test]
fn a_hundred_failures_from_unknown_origins_close_the_single_code_to_them_alone() {
    let known = Throttle::default().after_success(&RULE, address(1), at(NOW));
    let closed = (0..100).fold(known, |throttle, days| {
        throttle.after_failure(&RULE, address(2), at(NOW + days * DAY), 1)
    });
    let later = at(NOW + 200 * DAY);
    for stranger in [address(2), address(3), Origin::Unknown] {
        let demand = closed.demand(&RULE, stranger, later);
        assert_eq!(demand, Demand::Two { wait: None });
    }
    for other in [address(1), Origin::Seat, Origin::Locker] {
        assert_eq!(closed.demand(&RULE, other, later), Demand::One);
    }

    let reopened = closed.after_success(&RULE, address(1), later);
    assert_eq!(reopened.demand(&RULE, address(2), later), Demand::One);
}

#[test]
fn pairs_and_threes_leave_the_single_code_open() {
    for judged in [2, 3, usize::MAX] {
        let throttle = Throttle::default().after_failure(&RULE, Origin::Seat, at(NOW), judged);
        let demand = throttle.demand(&RULE, Origin::Seat, at(NOW));
        assert_eq!(demand, Demand::One);
    }
}

#[test]
fn a_hundred_thousand_wrong_pairs_ask_for_three_codes() {
    let throttle = (0..100_000).fold(Throttle::default(), |throttle, _| {
        throttle.after_failure(&RULE, Origin::Seat, at(NOW), 2)
    });
    let demand = |now| throttle.demand(&RULE, Origin::Seat, at(now));
    assert_eq!(demand(NOW), Demand::Three);
    assert_eq!(demand(NOW + 32), Demand::One);
}

#[test]
fn a_response_of_no_code_counts_as_one() {
    let throttle = Throttle::default().after_failure(&RULE, Origin::Seat, at(NOW), 0);
    assert_eq!(throttle, guessed_at(Origin::Seat, 1));
}

#[test]
fn the_four_addresses_that_succeeded_last_are_known() {
    let logins = [1, 2, 3, 4, 1, 5];
    let throttle = logins.iter().fold(Throttle::default(), |throttle, number| {
        throttle.after_success(&RULE, address(*number), at(NOW))
    });
    let known: Vec<_> = throttle.known_origins().collect();
    assert_eq!(known, [5, 1, 4, 3].map(address));
}

#[test]
fn a_full_bucket_goes_with_an_address_that_is_given_up_and_comes_back_with_it() {
    let log_in =
        |throttle: Throttle, number: &u8| throttle.after_success(&RULE, address(*number), at(NOW));
    let known = [1, 2, 3, 4].iter().fold(Throttle::default(), log_in);
    let full = guessed(known, address(1), 20);
    let given_up = [5].iter().fold(full, log_in);
    assert_eq!(given_up.demand(&RULE, address(1), at(NOW)).codes(), 2);
    let back = [1].iter().fold(given_up, log_in);
    assert_eq!(back.demand(&RULE, address(1), at(NOW)).codes(), 2);
    assert_eq!(back.demand(&RULE, address(4), at(NOW)), Demand::One);
}

#[test]
fn a_clock_that_was_years_ahead_asks_for_two_codes_until_a_login_succeeds() {
    let full = guessed_at(Origin::Seat, 20);
    let past = NOW - 4_000 * DAY;
    let demand = full.demand(&RULE, Origin::Seat, at(past));
    assert_eq!(demand, Demand::Two { wait: None });

    let right = full.after_success(&RULE, Origin::Locker, at(past));
    let wait = Some(Duration::from_secs(DAY / 4));
    let demand = |now| right.demand(&RULE, Origin::Seat, at(now));
    assert_eq!(demand(past), Demand::Two { wait });
    assert_eq!(demand(past + DAY / 4), Demand::One);
}

#[test]
fn recovery_codes_wait_for_nothing_but_their_own_failures() {
    let guessed = guessed_at(Origin::Unknown, 30);
    assert_eq!(guessed.recovery_wait(&RULE, Origin::Seat, at(NOW)), None);

    let failed = wrong_recovery_codes(100);
    let wait = Some(Duration::from_secs(DAY / 100));
    assert_eq!(failed.recovery_wait(&RULE, Origin::Seat, at(NOW)), wait);
    let succeeded = failed.after_recovery_success(&RULE, Origin::Seat, at(NOW));
    assert_eq!(succeeded.recovery_wait(&RULE, Origin::Seat, at(NOW)), wait);
    let demand = succeeded.demand(&RULE, Origin::Unknown, at(NOW));
    assert_eq!(demand, Demand::One);
}

#[test]
fn a_clock_that_was_years_ahead_lets_one_recovery_code_through_and_then_makes_it_wait() {
    let past = at(NOW - 4_000 * DAY);
    let full = wrong_recovery_codes(100);
    assert_eq!(full.recovery_wait(&RULE, Origin::Seat, past), None);
    let failed = full.after_recovery_failure(&RULE, Origin::Seat, past);
    let wait = Some(Duration::from_secs(DAY / 100));
    assert_eq!(failed.recovery_wait(&RULE, Origin::Seat, past), wait);
}

#[test]
fn a_record_written_before_or_after_a_field_was_added_is_read() {
    let empty: Throttle = minicbor::decode(&[0x80]).unwrap();
    assert_eq!(empty, Throttle::default());

    let mut longer = minicbor::to_vec(guessed_at(Origin::Seat, 3)).unwrap();
    longer[0] += 1;
    longer.push(7);
    let read: Throttle = minicbor::decode(&longer).unwrap();
    assert_eq!(read, guessed_at(Origin::Seat, 3));
}

fn guessed_at(origin: Origin, times: u32) -> Throttle {
    guessed(Throttle::default(), origin, times)
}

fn guessed(throttle: Throttle, origin: Origin, times: u32) -> Throttle {
    (0..times).fold(throttle, |throttle, _| {
        throttle.after_failure(&RULE, origin, at(NOW), 1)
    })
}

fn wrong_recovery_codes(times: u32) -> Throttle {
    (0..times).fold(Throttle::default(), |throttle, _| {
        throttle.after_recovery_failure(&RULE, Origin::Seat, at(NOW))
    })
}

fn address(number: u8) -> Origin {
    Origin::from_rhost(&format!("192.0.2.{number}"))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds)
}
