//! Devices that went astray, and what finds them again: an answer that was wrong, together with the
//! next.

use super::*;
use crate::hotp::{Counter, Hotp};

#[test]
fn a_wrong_code_and_its_successor_find_an_app_again_as_far_as_a_clock_may_be_off() {
    let alice = enrolled(&[PHONE]);
    for (first, found) in [
        (-22, false),
        (-21, true),
        (4, true),
        (19, true),
        (20, false),
    ] {
        assert_eq!(
            judged(&alice, &codes(PHONE, &[first + 1]), now()).0,
            Err(Reason::Wrong),
            "{first}"
        );
        let (verdict, after) = judged(&alice, &paired(PHONE, first, first + 1), now());
        assert_eq!(verdict.is_ok(), found, "{first}: {verdict:?}");
        let used = spent(&after)[0].0;
        assert_eq!(used, found.then(|| step(first + 1)), "{first}");
    }
}

#[test]
fn both_codes_are_used_up_and_the_app_is_followed() {
    let (_, after) = judged(&enrolled(&[PHONE]), &paired(PHONE, 7, 8), now());
    let after = after.unwrap();
    for offset in [7, 8] {
        let verdict = judged(&after, &codes(PHONE, &[offset]), now()).0;
        assert_eq!(verdict, Err(Reason::Used), "{offset}");
    }
    assert_eq!(
        judged(&after, &codes(PHONE, &[7, 8]), now()).0,
        Err(Reason::Used)
    );
    let (verdict, _) = judged(&after, &codes(PHONE, &[9]), now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
}

#[test]
fn two_that_are_no_neighbours_are_one_wrong_code() {
    let alice = enrolled(&[PHONE, LAPTOP]);
    let counted = Throttle::default().after_failure(now().rule, now().origin, now().now, 1);
    let of_two_apps = Response::Codes(Row {
        codes: vec![code(LAPTOP, 8)],
        earlier: vec![code(PHONE, 7)],
    });
    for response in [
        paired(PHONE, 7, 7),
        paired(PHONE, 7, 9),
        paired(PHONE, 8, 7),
        of_two_apps,
    ] {
        let (verdict, after) = judged(&alice, &response, now());
        assert_eq!(verdict, Err(Reason::Wrong));
        assert_eq!(after.unwrap().throttle, counted);
    }
}

#[test]
fn what_was_used_stays_used_whatever_was_typed_before_it() {
    let (_, after) = judged(&enrolled(&[PHONE]), &paired(PHONE, 7, 8), now());
    let after = after.unwrap();
    for (earlier, then) in [(6, 7), (7, 8), (8, 9)] {
        let (verdict, _) = judged(&after, &paired(PHONE, earlier, then), now());
        // The last is right by itself.
        assert_eq!(verdict.is_ok(), then == 9, "{earlier}: {verdict:?}");
    }
}

#[test]
fn a_code_that_is_right_by_itself_needs_none_before_it_and_uses_up_nothing_else() {
    let alice = enrolled(&[PHONE, LAPTOP]);
    let response = Response::Codes(Row {
        codes: vec![code(LAPTOP, 0)],
        earlier: vec![code(PHONE, 7)],
    });
    let (verdict, after) = judged(&alice, &response, now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
    let used: Vec<bool> = spent(&after).iter().map(|held| held.0.is_some()).collect();
    assert_eq!(used, [false, true]);
}

#[test]
fn an_earlier_code_does_not_stand_in_for_one_of_those_that_are_demanded() {
    let (_, failed) = judged(&enrolled(&[PHONE]), &wrong(1), now());
    let failed = failed.unwrap();
    let (verdict, nothing) = judged(&failed, &paired(PHONE, 7, 8), now());
    assert_eq!(verdict, Err(Reason::SeveralDemanded));
    assert!(nothing.is_none(), "it was not looked at");
}

#[test]
fn where_two_are_demanded_they_are_looked_for_far_away_with_those_before_them() {
    let (_, failed) = judged(&enrolled(&[PHONE]), &wrong(1), now());
    let failed = failed.unwrap();
    for (earlier, then, found) in [
        (vec![], [8, 9], false),
        (vec![7], [8, 9], true),
        (vec![6, 7], [8, 9], true),
        // The one that the device still shows is typed again.
        (vec![7, 8], [8, 9], true),
        (vec![7], [9, 10], false),
        (vec![6, 8], [9, 10], false),
        (vec![7, 7], [8, 9], false),
        (vec![8, 9], [7, 8], false),
    ] {
        let response = Response::Codes(Row {
            codes: then.map(|offset| code(PHONE, offset)).to_vec(),
            earlier: earlier.iter().map(|offset| code(PHONE, *offset)).collect(),
        });
        let (verdict, _) = judged(&failed, &response, now());
        assert_eq!(verdict.is_ok(), found, "{earlier:?} {then:?}: {verdict:?}");
    }
}

#[test]
fn one_code_typed_twice_is_one() {
    let (verdict, _) = judged(&enrolled(&[PHONE]), &paired(PHONE, 7, 7), now());
    assert_eq!(verdict, Err(Reason::Wrong));
}

#[test]
fn a_decoy_is_never_found() {
    let decoy = Record::decoy(&[PHONE; 20]);
    for response in [paired(PHONE, 7, 8), paired(PHONE, -1, 0)] {
        let (verdict, _) = judged(&decoy, &response, now());
        assert_eq!(verdict, Err(Reason::Wrong));
    }
}

#[test]
fn an_offer_is_found_by_nothing() {
    let (alice, _) = enrolled(&[LAPTOP])
        .offer(Factor::totp(totp(PHONE)), "", now().now)
        .unwrap();
    for response in [paired(PHONE, 7, 8), codes(PHONE, &[0, 1])] {
        let (verdict, _) = judged(&alice, &response, now());
        assert_eq!(verdict, Err(Reason::Wrong));
    }
}

#[test]
fn a_token_that_was_played_with_is_found_by_a_wrong_code_and_the_next() {
    let alice = owner_of_a_token(false);
    for (counter, found) in [(105, true), (200, true), (201, false)] {
        let (verdict, after) = judged(&alice, &pressed(Some(counter), counter + 1), now());
        assert_eq!(verdict.is_ok(), found, "{counter}: {verdict:?}");
        let next = spent(&after)[0].0.map(Step::number);
        assert_eq!(
            next,
            found.then_some(counter + 2).or(Some(100)),
            "{counter}"
        );
    }
    let (verdict, _) = judged(&alice, &pressed(Some(98), 99), now());
    assert_eq!(verdict, Err(Reason::Used));
}

#[test]
fn of_a_token_that_may_be_behind_no_single_code_is_taken_until_two_in_a_row_were() {
    let alice = owner_of_a_token(true);
    for counter in [100, 103] {
        let (verdict, _) = judged(&alice, &pressed(None, counter), now());
        assert_eq!(verdict, Err(Reason::Wrong), "{counter}");
    }
    let (verdict, after) = judged(&alice, &pressed(Some(103), 104), now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
    let (verdict, _) = judged(&after.unwrap(), &pressed(None, 105), now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
}

/// A code so many steps from now, after another one that was wrong.
fn paired(name: u8, earlier: i64, then: i64) -> Response {
    Response::Codes(Row {
        codes: vec![code(name, then)],
        earlier: vec![code(name, earlier)],
    })
}

fn token() -> Hotp {
    Hotp::new(
        Secret::from_entropy(&[7; 20]),
        Algorithm::Sha1,
        Digits::DEFAULT,
    )
}

/// The code of a counter, after another one that was wrong, if there was one.
fn pressed(earlier: Option<u64>, then: u64) -> Response {
    let code = |counter| -> Code {
        token()
            .code_at(Counter::new(counter).unwrap())
            .parse()
            .unwrap()
    };
    Response::Codes(Row {
        codes: vec![code(then)],
        earlier: earlier.map(code).into_iter().collect(),
    })
}

/// Who has pressed it a hundred times.
fn owner_of_a_token(uncertain: bool) -> Record {
    let factor = Factor::Hotp {
        hotp: token(),
        next: Counter::new(100).unwrap(),
        uncertain,
    };
    let (alice, id) = NOBODY.0.clone().offer(factor, "", now().now).unwrap();
    alice.trust(id).unwrap()
}
