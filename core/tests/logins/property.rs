//! What holds of every history.

use countersign_core::judgement::{self, Response, Verdict};
use countersign_core::throttle::Backoff;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::expected::{Expected, Row, Typed};
use crate::history::{Act, Case, Leap, acts, cases, cases_of_anybody, fewer};
use crate::owner::Went;
use crate::store::{Fate, differences};
use crate::user::{decoy, moved_over, origin, with_past};
use crate::world::World;

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn no_code_is_accepted_twice_or_after_a_later_one_and_only_once_it_is_saved(
        case in cases_of_anybody(),
    ) {
        after(&case);
    }

    #[test]
    fn whatever_came_before_the_owner_gets_in_with_as_many_codes_as_are_asked_for(
        case in cases(),
        from in any::<usize>(),
    ) {
        let mut world = after(&case);
        // At whatever time the clock shows, with each app that was not used later than that.
        world.owner_gets_in(origin(from));
        // And at the right time with each.
        world.leap(Leap::ToLatest);
        for mut held in world.devices_as_last_seen() {
            let went = world.owner_logs_in(&mut held, origin(from), |_| {});
            prop_assert!(went.is_at_once(&held), "{:?} with {:?}", went, held);
        }
    }

    #[test]
    fn a_device_that_went_astray_is_found_again_within_two_answers_and_then_followed(
        case in cases(),
        from in any::<usize>(),
        ahead in -20..=20_i64,
        presses in 0..=100_u64,
    ) {
        let mut world = after(&case);
        world.leap(Leap::ToLatest);
        for mut held in world.devices_as_last_seen() {
            held.ahead = ahead;
            held.counter += presses;
            let went = world.owner_logs_in(&mut held, origin(from), |_| {});
            if went == Went::NoCode {
                prop_assert!(world.is_behind(&held));
                continue;
            }
            prop_assert!(matches!(went, Went::In(1..=2)), "{:?} with {:?}", went, held);
            let went = world.owner_logs_in(&mut held, origin(from), |_| {});
            prop_assert!(went.is_at_once(&held), "{:?} with {:?}", went, held);
        }
    }

    #[test]
    fn whatever_came_before_a_recovery_code_is_accepted_within_half_an_hour(
        case in cases(),
        from in any::<usize>(),
    ) {
        after(&case).owner_recovers(origin(from));
    }

    #[test]
    fn whatever_came_before_an_issued_code_is_accepted_once_within_half_an_hour(
        case in cases_of_anybody(),
        from in any::<usize>(),
    ) {
        after(&case).owner_is_helped(origin(from));
    }

    #[test]
    fn an_attacker_who_never_stops_keeps_the_owner_out_of_no_login(
        case in cases(),
        from in any::<usize>(),
        attacks in vec(any_attack(), 1..40),
    ) {
        let mut world = after(&case);
        world.leap(Leap::ToLatest);
        let mut devices = world.devices_as_last_seen().into_iter();
        let Some(mut held) = devices.find(|held| !held.is_exact()) else {
            return Ok(());
        };
        let mut attacks = attacks.into_iter().cycle();
        let mut meanwhile = |world: &mut World| attack(world, &attacks.next().unwrap(), from);
        // Answers that are not looked at lead to a question that the attacker cannot spoil.
        let went = world.owner_logs_in(&mut held, origin(from), &mut meanwhile);
        prop_assert!(matches!(went, Went::In(1..=3)), "{:?}", went);
    }

    #[test]
    fn a_decoy_accepts_nothing_whatever_happens(acts in acts()) {
        let decoy = decoy();
        let mut world = World::new(decoy.clone(), Backoff::DEFAULT);
        for act in &acts {
            // Nothing is ever enrolled on a decoy, and no code issued to it.
            if !matches!(act, Act::Enrol { .. } | Act::Issue(_)) {
                world.act(act);
            }
        }
        prop_assert_eq!(world.accepted(), 0);
        prop_assert_eq!(world.count(&Expected::Used), 0);
        let changed = differences(&decoy.encode().unwrap(), world.store.bytes());
        prop_assert!(changed.iter().all(|place| place[0] == 5), "{:?}", changed);
    }
}

/// Guards the properties against histories in which nothing of note happens.
#[test]
fn histories_lead_to_all_that_can_come_of_a_response() {
    let mut runner = TestRunner::deterministic();
    let mut tally = std::collections::BTreeMap::new();
    for _ in 0..128 {
        let case = cases_of_anybody().new_tree(&mut runner).unwrap().current();
        for outcome in after(&case).outcomes {
            *tally.entry(name(&outcome)).or_insert(0) += 1;
        }
    }
    println!("{tally:?}");
    for outcome in [
        "not looked at",
        "used",
        "wrong",
        "one code",
        "found again",
        "two codes",
        "three codes",
        "recovery waits",
        "wrong recovery",
        "recovery",
        "scratch",
        "issued",
    ] {
        assert!(
            tally.get(outcome).is_some_and(|times| *times >= 3),
            "{outcome}: {tally:?}"
        );
    }
}

fn name(outcome: &Expected) -> &'static str {
    match outcome {
        Expected::NotLookedAt => "not looked at",
        Expected::Used => "used",
        Expected::Wrong(_) => "wrong",
        Expected::Proven(proven) => {
            let proven = proven.first().unwrap();
            match proven.numbers.end() - proven.numbers.start() {
                0 => "one code",
                _ if proven.found_again => "found again",
                1 => "two codes",
                _ => "three codes",
            }
        }
        Expected::RecoveryWaits => "recovery waits",
        Expected::WrongRecovery => "wrong recovery",
        Expected::Recovery(_) => "recovery",
        Expected::Scratch(_) => "scratch",
        Expected::Issued => "issued",
    }
}

fn after(case: &Case) -> World {
    let record = with_past(&moved_over(&case.kinds, case.scratch_codes), case.past);
    let mut world = World::new(record, case.rule);
    for act in &case.acts {
        world.act(act);
    }
    world
}

/// Wrong answers at once, in the time between two of the owner's.
#[derive(Clone, Debug)]
struct Attack {
    /// Where they come from, if not from where the owner is.
    from: Option<usize>,
    guesses: usize,
    codes: usize,
    seconds: u64,
}

fn any_attack() -> impl Strategy<Value = Attack> {
    let from = prop::option::of(any::<usize>());
    let codes = prop_oneof![4 => Just(1_usize), 1 => 2..4_usize];
    let seconds = prop_oneof![3 => Just(0_u64), 1 => 0..20_u64];
    (from, 1..4_usize, codes, seconds).prop_map(|(from, guesses, codes, seconds)| Attack {
        from,
        guesses,
        codes,
        seconds,
    })
}

fn attack(world: &mut World, attack: &Attack, owner: usize) {
    for _ in 0..attack.guesses {
        // Seven digits, which no app here shows.
        let typed = vec!["0000000".to_owned(); attack.codes];
        let codes = typed.iter().map(|code| code.parse().unwrap()).collect();
        let response = Response::Codes(judgement::Row::of(codes));
        let typed = Typed::Codes(Row {
            codes: typed,
            earlier: Vec::new(),
        });
        let from = origin(attack.from.unwrap_or(owner));
        let verdict = world.answer(&typed, &response, from, Fate::Saved);
        assert!(matches!(verdict, Ok(Verdict::Reject(_))));
    }
    world.wait(attack.seconds);
}
