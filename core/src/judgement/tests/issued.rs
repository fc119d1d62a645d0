//! Codes that an admin issued.

use super::*;
use crate::factors::Factors;

#[test]
fn an_issued_code_opens_one_login_from_when_it_was_issued_until_it_expires() {
    let (alice, code) = helped(enrolled(&[PHONE]));
    for (seconds, expected) in [
        (-1, Err(Reason::WrongRecovery)),
        (0, Ok(Proof::Issued)),
        (599, Ok(Proof::Issued)),
        (600, Err(Reason::WrongRecovery)),
    ] {
        assert_eq!(
            judged(&alice, &code, later(seconds)).0,
            expected,
            "{seconds}"
        );
    }

    let (_, after) = judged(&alice, &code, now());
    let after = after.unwrap();
    assert!(after.issued_code(now().now).is_none());
    let (verdict, _) = judged(&after, &code, now());
    assert_eq!(verdict, Err(Reason::WrongRecovery));
}

#[test]
fn it_is_good_for_who_holds_no_factor_and_makes_nobody_hold_one() {
    let offered = NOBODY.0.clone();
    let (offered, _) = offered
        .offer(Factor::totp(totp(PHONE)), "", now().now)
        .unwrap();
    for record in [Record::new(1000, "alice"), NOBODY.0.clone(), offered] {
        let (record, code) = helped(record);
        assert!(record.is_answerable(Factors::ALL, now().now));
        let (verdict, after) = judged(&record, &code, now());
        assert_eq!(verdict, Ok(Proof::Issued));
        let after = after.unwrap();
        assert!(!after.is_enrolled() && !after.is_answerable(Factors::ALL, now().now));
        assert_eq!(after.recovery_codes_left(), record.recovery_codes_left());
    }
}

#[test]
fn a_decoy_takes_none_and_counts_as_a_user_does() {
    let (decoy, right) = helped(Record::decoy(&[PHONE; 20]));
    assert!(!decoy.is_answerable(Factors::ALL, now().now));
    let (user, _) = helped(enrolled(&[PHONE]));
    let (of_decoy, decoy_after) = judged(&decoy, &right, now());
    let (of_user, user_after) = judged(&user, &wrong_issued(), now());
    assert_eq!((of_decoy, of_user), (Err(Reason::WrongRecovery), of_decoy));
    let (decoy_after, user_after) = (decoy_after.unwrap(), user_after.unwrap());
    assert_eq!(decoy_after.throttle, user_after.throttle);
    assert_ne!(decoy_after.throttle, decoy.throttle);
}

#[test]
fn a_wrong_one_counts_against_recovery_and_issued_codes_only_and_voids_none() {
    let (alice, code) = helped(enrolled(&[PHONE]));
    let (verdict, after) = judged(&alice, &wrong_issued(), now());
    assert_eq!(verdict, Err(Reason::WrongRecovery));
    let after = after.unwrap();
    let counted = Throttle::default().after_recovery_failure(now().rule, now().origin, now().now);
    assert_eq!(after.throttle, counted);
    assert_eq!(
        apart_from_the_throttle(&after),
        apart_from_the_throttle(&alice)
    );

    let wait = Err(Reason::RecoveryWait(Duration::from_secs(1)));
    for response in [&code, &recovery(3)] {
        let (verdict, nothing) = judged(&after, response, now());
        assert_eq!(verdict, wait);
        assert!(nothing.is_none(), "it was not looked at");
    }
    let (verdict, _) = judged(&after, &codes(PHONE, &[0]), now());
    assert!(matches!(verdict, Ok(Proof::Code(_))), "{verdict:?}");
    assert_eq!(judged(&after, &code, later(1)).0, Ok(Proof::Issued));
}

#[test]
fn wrong_ones_at_the_public_door_are_counted_apart() {
    let (alice, code) = helped(enrolled(&[PHONE]));
    let (_, failed) = judged(&alice, &wrong_issued(), public_door(0));
    let failed = failed.unwrap();
    let (verdict, _) = judged(&failed, &code, public_door(0));
    assert!(
        matches!(verdict, Err(Reason::RecoveryWait(_))),
        "{verdict:?}"
    );
    assert_eq!(judged(&failed, &code, now()).0, Ok(Proof::Issued));
    assert_eq!(judged(&failed, &code, public_door(1)).0, Ok(Proof::Issued));
}

#[test]
fn a_new_one_voids_the_one_before_and_so_does_nobody_else() {
    let (alice, first) = helped(enrolled(&[PHONE]));
    let (_, after) = judged(&alice, &codes(PHONE, &[0]), now());
    assert_eq!(judged(&after.unwrap(), &first, now()).0, Ok(Proof::Issued));
    assert_eq!(
        judged(&alice.clone().unlock(), &first, now()).0,
        Ok(Proof::Issued)
    );

    let expires = later(600).now;
    let entropy = [0x77; IssuedCode::ENTROPY];
    let (alice, second) = alice.issue(&entropy, now().now, expires).unwrap();
    let (verdict, _) = judged(&alice, &first, now());
    assert_eq!(verdict, Err(Reason::WrongRecovery));
    let (verdict, _) = judged(&alice, &Response::Issued(second), now());
    assert_eq!(verdict, Ok(Proof::Issued));
}

/// The record with a code that is good for ten minutes, and that.
fn helped(record: Record) -> (Record, Response) {
    let entropy = [0x5b; IssuedCode::ENTROPY];
    let (record, code) = record.issue(&entropy, now().now, later(600).now).unwrap();
    (record, Response::Issued(code))
}

fn wrong_issued() -> Response {
    Response::Issued("0-0000-0000".parse().unwrap())
}
