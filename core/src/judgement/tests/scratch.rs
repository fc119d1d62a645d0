//! Scratch codes that came over from another verifier.

use super::*;

#[test]
fn a_scratch_code_opens_one_login() {
    let alice = moved_over(enrolled(&[PHONE]));
    let (verdict, after) = judged(&alice, &typed(&[FIRST]), now());
    assert_eq!(verdict, Ok(Proof::Scratch));
    let after = after.unwrap();
    assert_eq!(after.scratch_codes_left(), 1);
    assert!(
        spent(&Some(after.clone()))
            .iter()
            .all(|held| held.0.is_none())
    );

    let (verdict, again) = judged(&after, &typed(&[FIRST]), now());
    assert_eq!(verdict, Err(Reason::Wrong));
    assert_eq!(again.unwrap().scratch_codes_left(), 1);
    let (verdict, _) = judged(&after, &typed(&[SECOND]), now());
    assert_eq!(verdict, Ok(Proof::Scratch));
}

#[test]
fn a_wrong_one_is_a_wrong_code() {
    let alice = moved_over(enrolled(&[PHONE]));
    let (verdict, after) = judged(&alice, &typed(&["00000000"]), now());
    assert_eq!(verdict, Err(Reason::Wrong));
    let counted = Throttle::default().after_failure(now().rule, now().origin, now().now, 1);
    assert_eq!(after.unwrap().throttle, counted);
}

#[test]
fn it_does_not_do_where_two_in_a_row_are_demanded() {
    let alice = moved_over(enrolled(&[PHONE]));
    let (_, failed) = judged(&alice, &wrong(1), now());
    let failed = failed.unwrap();
    let (verdict, nothing) = judged(&failed, &typed(&[FIRST]), now());
    assert_eq!(verdict, Err(Reason::SeveralDemanded));
    assert!(nothing.is_none(), "it was not looked at");
    let (verdict, after) = judged(&failed, &typed(&[FIRST, SECOND]), now());
    assert_eq!(verdict, Err(Reason::Wrong));
    assert_eq!(after.unwrap().scratch_codes_left(), 2);
    let (verdict, _) = judged(&failed, &typed(&[FIRST]), later(2));
    assert_eq!(verdict, Ok(Proof::Scratch));
}

#[test]
fn it_proves_nothing_without_a_confirmed_credential_nor_of_a_decoy() {
    let (offered, _) = NOBODY
        .0
        .clone()
        .offer(Factor::totp(totp(PHONE)), "", now().now)
        .unwrap();
    for record in [NOBODY.0.clone(), offered, Record::decoy(&[PHONE; 20])] {
        let (verdict, after) = judged(&moved_over(record), &typed(&[FIRST]), now());
        assert_eq!(verdict, Err(Reason::Wrong));
        assert_eq!(after.unwrap().scratch_codes_left(), 2);
    }
}

#[test]
fn it_counts_among_the_recovery_codes_that_are_left() {
    let judgement = moved_over(enrolled(&[PHONE])).judge(&typed(&[FIRST]), now());
    let verdict = ready(judgement.settle(|_| async { Ok::<(), ()>(()) }));
    let Ok(Verdict::Accept(verified)) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(verified.recovery_left(), 11);
}

const FIRST: &str = "10203040";
const SECOND: &str = "50607080";

fn moved_over(record: Record) -> Record {
    let codes = [FIRST, SECOND].map(|code| code.parse().unwrap());
    record.import(&[], &codes, [9; 16], now().now).unwrap().0
}

fn typed(codes: &[&str]) -> Response {
    let codes = codes.iter().map(|code| code.parse().unwrap());
    Response::Codes(Row::of(codes.collect()))
}
