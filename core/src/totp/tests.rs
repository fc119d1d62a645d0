//! RFC 6238, its test vectors, and clocks that are off.

use super::*;

/// RFC 6238 appendix B: time, and the eight digits of each algorithm.
const VECTORS: [(u64, &str, &str, &str); 6] = [
    (59, "94287082", "46119246", "90693936"),
    (1_111_111_109, "07081804", "68084774", "25091201"),
    (1_111_111_111, "14050471", "67062674", "99943326"),
    (1_234_567_890, "89005924", "91819424", "93441116"),
    (2_000_000_000, "69279037", "90698825", "38618901"),
    (20_000_000_000, "65353130", "77737706", "47863826"),
];

#[test]
fn rfc_6238_vectors_hold_for_all_three_algorithms() {
    for (seconds, sha1, sha256, sha512) in VECTORS {
        for (algorithm, expected) in [
            (Algorithm::Sha1, sha1),
            (Algorithm::Sha256, sha256),
            (Algorithm::Sha512, sha512),
        ] {
            let totp = rfc(algorithm, 8);
            let now = Timestamp::from_unix(seconds);
            let step = Period::DEFAULT.step_at(now);
            assert_eq!(totp.code_at(step), expected, "{algorithm:?} at {seconds}");
            let check = totp.check(&[code(expected)], now, (None, Drift::NONE), Reach::Near);
            assert_eq!(check, Check::Fresh(step.0));
        }
    }
}

#[test]
fn one_step_either_way_is_accepted_and_two_are_not() {
    for (offset, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let step = NOW_STEP.checked_add_signed(offset).map(Step).unwrap();
        let check = check(&[step], None);
        assert_eq!(
            check == Check::Fresh(step.0),
            accepted,
            "{offset}: {check:?}"
        );
    }
}

#[test]
fn a_step_that_is_spent_or_older_is_used() {
    let spent = Some(Step(NOW_STEP));
    assert_eq!(check(&[Step(NOW_STEP)], spent), Check::Used);
    assert_eq!(check(&[Step(NOW_STEP - 1)], spent), Check::Used);
    assert_eq!(
        check(&[Step(NOW_STEP + 1)], spent),
        Check::Fresh(NOW_STEP + 1)
    );
}

#[test]
fn codes_in_a_row_are_found_as_far_as_they_are_looked_for_and_no_further() {
    let step = |offset: i64| Step(NOW_STEP.checked_add_signed(offset).unwrap());
    for (offsets, near, far) in [
        (vec![-22, -21], false, false),
        (vec![-21, -20], false, true),
        (vec![-5, -4], false, true),
        (vec![-4, -3], true, true),
        (vec![2, 3], true, true),
        (vec![3, 4], false, true),
        (vec![19, 20], false, true),
        (vec![20, 21], false, false),
        (vec![1, 0], false, false),
        (vec![0, 0], false, false),
        (vec![-1, 1], false, false),
        (vec![-22, -21, -20], false, true),
        (vec![-23, -22, -21], false, false),
        (vec![18, 19, 20], false, true),
    ] {
        let steps: Vec<Step> = offsets.iter().copied().map(step).collect();
        let fresh = Check::Fresh(steps.last().unwrap().0);
        let found = |reach| check_within(reach, &steps, None) == fresh;
        assert_eq!(found(Reach::Near), near, "{offsets:?}");
        assert_eq!(found(Reach::Far), far, "{offsets:?}");
    }
}

#[test]
fn a_single_code_is_looked_for_where_the_clock_was_seen_last() {
    let totp = rfc(Algorithm::Sha1, 6);
    for (drift, offset, accepted) in [
        (5, 3, false),
        (5, 4, true),
        (5, 6, true),
        (5, 7, false),
        (5, 0, false),
        (-20, -21, true),
        (-20, -22, false),
        (20, 21, true),
        (20, 22, false),
    ] {
        let step = NOW_STEP.checked_add_signed(offset).map(Step).unwrap();
        let drift = Drift::from_steps(drift).unwrap();
        let check = totp.check(
            &[code(&totp.code_at(step))],
            NOW,
            (None, drift),
            Reach::Near,
        );
        assert_eq!(
            check == Check::Fresh(step.0),
            accepted,
            "{drift:?} {offset}"
        );
    }
}

#[test]
fn a_wider_skew_accepts_its_steps_and_no_more() {
    let totp = rfc(Algorithm::Sha1, 6).with_skew(Skew::new(2).unwrap());
    for (offset, accepted) in [(-3, false), (-2, true), (2, true), (3, false)] {
        let step = NOW_STEP.checked_add_signed(offset).map(Step).unwrap();
        let check = totp.check(
            &[code(&totp.code_at(step))],
            NOW,
            (None, Drift::NONE),
            Reach::Near,
        );
        assert_eq!(check == Check::Fresh(step.0), accepted, "{offset}");
    }
}

#[test]
fn a_clock_is_followed_only_so_far() {
    for (steps, kept) in [
        (-20, true),
        (20, true),
        (-21, false),
        (21, false),
        (i64::MIN, false),
    ] {
        assert_eq!(Drift::from_steps(steps).is_ok(), kept, "{steps}");
    }
    let found = |step, now| Drift::found(Step(step), Step(now)).steps();
    assert_eq!(found(107, 100), 7);
    assert_eq!(found(79, 100), -20);
    assert_eq!(found(u64::MAX, 0), 20);
    assert_eq!(found(0, u64::MAX), -20);
    let most = Drift::from_steps(20).unwrap();
    assert_eq!(most.followed(Step(121), Step(100), Skew::DEFAULT), most);
}

#[test]
fn no_order_of_quick_and_slow_codes_has_one_refused() {
    // Whatever came before, of three neighbouring steps all are in the window from then on
    // that the device is followed to them.
    for skew in [Skew::DEFAULT, Skew::MOST] {
        let spread = skew.steps() as i64;
        let mut drifts = vec![Drift::NONE];
        let mut seen = drifts.clone();
        while let Some(drift) = drifts.pop() {
            for offset in -spread..=spread {
                let step = Step(NOW_STEP.checked_add_signed(offset).unwrap());
                assert!(
                    drift.window(NOW_STEP, skew, 0).contains(&step.0),
                    "{drift:?} {offset}"
                );
                let after = drift.followed(step, Step(NOW_STEP), skew);
                if !seen.contains(&after) {
                    seen.push(after);
                    drifts.push(after);
                }
            }
        }
        assert_eq!(seen.len(), 3, "{seen:?}");
    }
}

#[test]
fn a_clock_that_wanders_a_step_in_two_logins_is_followed() {
    let mut drift = Drift::NONE;
    for login in 1..=36_u64 {
        let step = NOW_STEP + login / 2;
        assert!(
            drift.window(NOW_STEP, Skew::DEFAULT, 0).contains(&step),
            "{login} {drift:?}"
        );
        drift = drift.followed(Step(step), Step(NOW_STEP), Skew::DEFAULT);
    }
}

#[test]
fn at_most_one_code_more_than_the_skew_says_is_ever_accepted() {
    for half_steps in -40..=40 {
        let window = Drift(half_steps).window(NOW_STEP, Skew::DEFAULT, 0);
        assert!(window.count() <= 4);
    }
}

#[test]
fn the_step_of_a_code_is_found_near_the_time_it_was_used() {
    let totp = rfc(Algorithm::Sha1, 6);
    let used = code(&totp.code_at(Step(NOW_STEP - 3)));
    assert_eq!(totp.step_of(&used, NOW, 3), Some(Step(NOW_STEP - 3)));
    assert_eq!(totp.step_of(&used, NOW, 2), None);
}

#[test]
fn codes_in_a_row_must_all_be_later_than_what_was_spent() {
    let row = [Step(NOW_STEP - 1), Step(NOW_STEP)];
    assert_eq!(check(&row, Some(Step(NOW_STEP - 1))), Check::Used);
    assert_eq!(
        check(&row, Some(Step(NOW_STEP - 2))),
        Check::Fresh(NOW_STEP)
    );
}

#[test]
fn no_code_at_all_proves_nothing() {
    assert_eq!(check(&[], None), Check::Wrong);
}

#[test]
fn a_code_with_the_wrong_number_of_digits_is_wrong() {
    let now = Timestamp::from_unix(59);
    let six = rfc(Algorithm::Sha1, 6);
    assert_eq!(
        six.check(&[code("94287082")], now, (None, Drift::NONE), Reach::Near),
        Check::Wrong
    );
    assert_eq!(
        rfc(Algorithm::Sha1, 8).check(&[code("287082")], now, (None, Drift::NONE), Reach::Near),
        Check::Wrong
    );
}

#[test]
fn the_first_and_the_last_moment_of_time_are_judged_without_a_panic() {
    for seconds in [0, 29, u64::MAX] {
        let check = rfc(Algorithm::Sha1, 6).check(
            &[code("000000"), code("000000")],
            Timestamp::from_unix(seconds),
            (Some(Step(u64::MAX)), Drift::NONE),
            Reach::Near,
        );
        assert_ne!(check, Check::Fresh(0));
    }
}

const NOW_STEP: u64 = 66_666_666;
const NOW: Timestamp = Timestamp::from_unix(NOW_STEP * 30 + 7);

fn check(steps: &[Step], spent: Option<Step>) -> Check {
    check_within(Reach::Near, steps, spent)
}

fn check_within(reach: Reach, steps: &[Step], spent: Option<Step>) -> Check {
    let totp = rfc(Algorithm::Sha1, 6);
    let codes: Vec<Code> = steps.iter().map(|s| code(&totp.code_at(*s))).collect();
    totp.check(&codes, NOW, (spent, Drift::NONE), reach)
}

fn rfc(algorithm: Algorithm, digits: u32) -> Totp {
    let key: Vec<u8> = b"1234567890"
        .iter()
        .copied()
        .cycle()
        .take(algorithm.secret_bytes())
        .collect();
    let digits = Digits::new(digits).unwrap();
    Totp::new(
        Secret::from_entropy(&key),
        algorithm,
        digits,
        Period::DEFAULT,
    )
}

fn code(digits: &str) -> Code {
    digits.parse().unwrap()
}
