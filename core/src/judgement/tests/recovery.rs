//! Recovery codes.

use super::*;

#[test]
fn a_recovery_code_works_once() {
    let (verdict, after) = judged(&enrolled(&[PHONE]), &recovery(3), now());
    assert_eq!(verdict, Ok(Proof::Recovery));
    let after = after.unwrap();
    assert_eq!(after.recovery_codes_left(), 9);
    assert!(
        spent(&Some(after.clone()))
            .iter()
            .all(|held| held.0.is_none())
    );

    let (verdict, _) = judged(&after, &recovery(3), now());
    assert_eq!(verdict, Err(Reason::WrongRecovery));
    let (verdict, _) = judged(&after, &recovery(4), now());
    assert_eq!(verdict, Ok(Proof::Recovery));
}

#[test]
fn a_recovery_code_is_not_looked_at_while_it_must_wait() {
    let (_, failed) = judged(&enrolled(&[PHONE]), &wrong_recovery(), now());
    let failed = failed.unwrap();
    let (verdict, nothing) = judged(&failed, &recovery(3), now());
    assert_eq!(verdict, Err(Reason::RecoveryWait(Duration::from_secs(1))));
    assert!(nothing.is_none());

    let (verdict, _) = judged(&failed, &recovery(3), later(1));
    assert_eq!(verdict, Ok(Proof::Recovery));
}

#[test]
fn a_wrong_recovery_code_counts_against_recovery_codes_only() {
    let alice = enrolled(&[PHONE]);
    let (verdict, after) = judged(&alice, &wrong_recovery(), now());
    assert_eq!(verdict, Err(Reason::WrongRecovery));
    let after = after.unwrap();
    let counted = Throttle::default().after_recovery_failure(now().rule, now().origin, now().now);
    assert_eq!(after.throttle, counted);
    assert_eq!(
        apart_from_the_throttle(&after),
        apart_from_the_throttle(&alice)
    );
    let (verdict, _) = judged(&after, &codes(PHONE, &[0]), now());
    assert!(
        matches!(verdict, Ok(Proof::Code(_))),
        "one code does as before"
    );
}

#[test]
fn wrong_codes_keep_no_recovery_code_waiting() {
    let mut alice = enrolled(&[PHONE]);
    for _ in 0..200 {
        let counted = alice.throttle;
        alice.throttle = counted.after_failure(now().rule, now().origin, now().now, 1);
    }
    let (verdict, _) = judged(&alice, &recovery(3), now());
    assert_eq!(verdict, Ok(Proof::Recovery));
}

#[test]
fn recovery_codes_prove_nothing_without_a_confirmed_credential() {
    let nobody = NOBODY.0.clone();
    let (offered, _) = nobody
        .clone()
        .offer(Factor::totp(totp(PHONE)), "", now().now)
        .unwrap();
    for record in [nobody, offered] {
        let (verdict, after) = judged(&record, &recovery(3), now());
        assert_eq!(verdict, Err(Reason::WrongRecovery));
        assert_eq!(after.unwrap().recovery_codes_left(), 10);
    }
}

#[test]
fn a_proof_tells_how_many_recovery_codes_are_left() {
    for (response, left) in [(codes(PHONE, &[0]), 10), (recovery(3), 9)] {
        let judgement = enrolled(&[PHONE]).judge(&response, now());
        let verdict = ready(judgement.settle(|_| async { Ok::<(), ()>(()) }));
        let Ok(Verdict::Accept(verified)) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(verified.recovery_left(), left);
    }
}

#[test]
fn wrong_recovery_codes_at_the_public_door_keep_nobody_waiting_elsewhere_nor_the_other_way_round() {
    for (here, there) in [(public_door(0), now()), (now(), public_door(0))] {
        let (_, failed) = judged(&enrolled(&[PHONE]), &wrong_recovery(), here);
        let failed = failed.unwrap();
        let (verdict, _) = judged(&failed, &recovery(3), here);
        assert!(
            matches!(verdict, Err(Reason::RecoveryWait(_))),
            "{verdict:?}"
        );
        let (verdict, _) = judged(&failed, &recovery(3), there);
        assert_eq!(verdict, Ok(Proof::Recovery));
    }
}
