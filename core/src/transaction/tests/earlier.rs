//! The answer that was wrong just before.

use super::*;

#[test]
fn a_device_that_went_astray_needs_one_answer_more() {
    let alice = enrolled();
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    let (outcome, alice) = answered(&mut login, alice, &[&code(7)], 0);
    let challenge = asked(outcome);
    // Nothing gives away that a neighbour of it would do.
    assert_eq!((challenge.ask, challenge.codes), (Ask::Code, 1));
    assert_eq!(challenge.news, Some(News::Wrong));
    let (outcome, _) = answered(&mut login, alice, &[&code(8)], 30);
    assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
}

#[test]
fn only_a_code_that_was_wrong_goes_with_the_next() {
    let wait = Duration::from_secs(5);
    for (reason, goes) in [
        (Reason::Wrong, true),
        (Reason::Used, false),
        (Reason::SeveralDemanded, false),
        (Reason::WrongRecovery, false),
        (Reason::RecoveryWait(wait), false),
    ] {
        let alice = enrolled();
        let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
        assert!(!has_earlier(login.receive(&code(7))));
        asked(login.conclude(rejected(reason), &alice, at(0)));
        assert_eq!(has_earlier(login.receive(&code(8))), goes, "{reason:?}");
    }
}

#[test]
fn it_goes_with_the_next_answer_and_no_later_one() {
    let alice = enrolled();
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    let (outcome, alice) = answered(&mut login, alice, &[&code(7)], 0);
    asked(outcome);
    let (outcome, alice) = answered(&mut login, alice, &["000000"], 30);
    asked(outcome);
    // A minute later, so that one code is asked for again.
    let (outcome, _) = answered(&mut login, alice, &[&code(8)], 90);
    assert!(
        matches!(outcome, Outcome::End(End::Rejected)),
        "{outcome:?}"
    );
}

#[test]
fn anything_else_that_is_typed_in_between_parts_the_two() {
    for between in ["let me in", "12345", RECOVERY, "0-ABCD-EFGH"] {
        let alice = enrolled();
        let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
        let _ = login.receive(&code(7));
        asked(login.conclude(rejected(Reason::Wrong), &alice, at(0)));
        let outcome = match login.receive(between) {
            Received::Malformed => login.conclude_malformed(&alice, at(0)),
            Received::Judge(_) => login.conclude(rejected(Reason::WrongRecovery), &alice, at(0)),
            Received::OneOfSeveral => panic!("one was asked for"),
        };
        asked(outcome);
        assert!(!has_earlier(login.receive(&code(8))), "{between}");
    }
}

#[test]
fn a_code_whose_verdict_never_came_goes_with_none() {
    let alice = enrolled();
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    let _ = login.receive(&code(7));
    assert!(matches!(login.receive("let me in"), Received::Malformed));
    asked(login.conclude_malformed(&alice, at(0)));
    assert!(!has_earlier(login.receive(&code(8))));
}

#[test]
fn a_row_that_was_wrong_goes_with_the_next() {
    let alice = failed(enrolled(), 20, 1);
    for again in [[9, 10], [10, 11]] {
        let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
        let right = [8, 9].map(code);
        let (outcome, alice) = answered(&mut login, alice.clone(), &[&right[0], &right[1]], 0);
        assert_eq!(asked(outcome).codes, 2);
        let right = again.map(code);
        let (outcome, _) = answered(&mut login, alice, &[&right[0], &right[1]], 30);
        assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
    }
}

fn has_earlier(received: Received) -> bool {
    match received {
        Received::Judge(Response::Codes(row)) => !row.earlier.is_empty(),
        Received::Judge(Response::Recovery(_) | Response::Issued(_))
        | Received::OneOfSeveral
        | Received::Malformed => panic!("no codes: {received:?}"),
    }
}
