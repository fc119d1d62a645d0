//! Many answers in one instant.

use std::time::Duration;

use countersign_core::throttle::{Backoff, Throttle};
use countersign_core::transaction::Transaction;

use crate::expected::Expected;
use crate::history::{Act, Answer, Leap, Rival};
use crate::store::Fate;
use crate::user::{USUAL, decoy, enrolled};
use crate::world::World;

#[test]
fn of_many_parallel_guesses_exactly_one_is_evaluated() {
    for guesses in [8, 64, 256] {
        for record in [enrolled(&[USUAL]), decoy()] {
            let mut world = World::new(record, Backoff::DEFAULT);
            world.race(&rivals(guesses, |_| 3, guess));
            assert_eq!(world.count(&Expected::Wrong(1)), 1, "of {guesses}");
            assert_eq!(world.count(&Expected::NotLookedAt), guesses - 1);
        }
    }
}

#[test]
fn of_many_parallel_guesses_from_unknown_places_exactly_one_is_evaluated() {
    let mut world = World::new(enrolled(&[USUAL]), Backoff::DEFAULT);
    world.race(&rivals(256, |number| 2 + number % 7, guess));
    assert_eq!(world.count(&Expected::Wrong(1)), 1);
    assert_eq!(world.count(&Expected::NotLookedAt), 255);
}

#[test]
fn of_many_parallel_guesses_from_everywhere_one_is_evaluated_for_each_pool() {
    let mut world = World::new(enrolled(&[USUAL]), Backoff::DEFAULT);
    // Four logins, so that four addresses have pools of their own.
    for address in 3..7 {
        world.act(&Act::Leap(Leap::By(60)));
        world.race(&rivals(1, |_| address, |_| shown(0)));
    }
    assert_eq!(world.accepted(), 4);

    world.race(&rivals(256, |number| number, guess));
    assert_eq!(world.count(&Expected::Wrong(1)), Throttle::POOLS);
    assert_eq!(world.count(&Expected::NotLookedAt), 256 - Throttle::POOLS);
}

#[test]
fn of_many_parallel_logins_with_one_code_exactly_one_is_accepted() {
    let mut world = World::new(enrolled(&[USUAL]), Backoff::DEFAULT);
    world.race(&rivals(256, |number| number, |_| shown(0)));
    assert_eq!(world.accepted(), 1);
    assert_eq!(world.count(&Expected::Used), 255);
}

#[test]
fn of_many_parallel_logins_with_one_recovery_code_exactly_one_is_accepted() {
    // The public door, origin 1 of 9, counts wrong recovery codes apart.
    for (from, wrong) in [(2, 1), (1, 2)] {
        let mut world = World::new(enrolled(&[USUAL]), Backoff::DEFAULT);
        let either = |number| number % 2 * from;
        world.race(&rivals(16, either, |_| Answer::Recovery(2)));
        assert_eq!(world.accepted(), 1);
        assert_eq!(world.count(&Expected::WrongRecovery), wrong);
        assert_eq!(world.count(&Expected::RecoveryWaits), 15 - wrong);
    }
}

#[test]
fn of_parallel_logins_with_the_codes_around_now_none_is_accepted_after_a_later_one() {
    // Each order in which three can be saved.
    for ranks in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut world = World::new(enrolled(&[USUAL]), Backoff::DEFAULT);
        let rivals: Vec<Rival> = (-1..=1)
            .zip(ranks)
            .map(|(offset, rank)| Rival {
                from: 0,
                answer: shown(offset),
                rank,
                fate: Fate::Saved,
            })
            .collect();
        world.race(&rivals);
        let latest_first = world.accepted();
        assert!((1..=3).contains(&latest_first));
        assert_eq!(
            world.accepted() + world.count(&Expected::Used),
            3,
            "{ranks:?}"
        );
    }
}

#[test]
fn a_right_code_whose_record_is_not_saved_is_not_used_up() {
    let mut world = World::new(enrolled(&[USUAL]), Backoff::DEFAULT);
    world.race(&failing(Fate::Fails));
    assert_eq!((world.accepted(), world.outcomes.len()), (0, 0));
    world.race(&failing(Fate::Saved));
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_right_code_whose_answer_was_lost_is_used_up() {
    let mut world = World::new(enrolled(&[USUAL]), Backoff::DEFAULT);
    world.race(&failing(Fate::AnswerLost));
    world.race(&failing(Fate::Saved));
    assert_eq!(world.count(&Expected::Used), 1);
}

#[test]
fn a_login_waits_for_an_answer_longer_than_a_row_of_codes_takes() {
    assert!(Transaction::PATIENCE >= Duration::from_secs(3 * 30));
}

fn failing(fate: Fate) -> Vec<Rival> {
    let mut rivals = rivals(1, |_| 0, |_| shown(0));
    rivals[0].fate = fate;
    rivals
}

fn rivals(
    number: usize,
    from: impl Fn(usize) -> usize,
    answer: impl Fn(usize) -> Answer,
) -> Vec<Rival> {
    (0..number)
        .map(|number| Rival {
            from: from(number),
            answer: answer(number),
            // In some order that is not theirs.
            rank: u32::try_from(number).unwrap().wrapping_mul(2_654_435_761),
            fate: Fate::Saved,
        })
        .collect()
}

/// Seven digits, which no app here shows.
fn guess(number: usize) -> Answer {
    Answer::Guess(format!("{number:07}"))
}

const fn shown(offset: i64) -> Answer {
    Answer::Shown {
        credential: 0,
        offset,
    }
}
