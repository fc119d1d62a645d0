//! Where a code is taken that an admin issued.

use super::*;
use crate::issued::IssuedCode;
use crate::judgement::Proof;

#[test]
fn an_issued_code_is_taken_wherever_a_recovery_code_is() {
    let alice = enrolled();
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert!(is_issued(login.receive(ISSUED)));

    // Also where a recovery code was chosen.
    login.choose_recovery(&alice, at(0)).unwrap();
    assert!(is_issued(login.receive(ISSUED)));

    // And in the middle of a row, which it ends.
    let alice = failed(enrolled(), 20, 1);
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert!(matches!(login.receive(&code(0)), Received::OneOfSeveral));
    assert!(is_issued(login.receive(ISSUED)));
    assert!(matches!(login.receive(&code(1)), Received::OneOfSeveral));
}

#[test]
fn without_recovery_an_issued_code_is_malformed() {
    let alice = enrolled();
    let (mut login, _) = Transaction::begin(&alice, false, Transaction::TRIES, at(0));
    assert!(matches!(login.receive(ISSUED), Received::Malformed));
    let challenge = asked(login.conclude_malformed(&alice, at(0)));
    assert_eq!(challenge.news, Some(News::Wrong));
}

#[test]
fn who_holds_no_factor_gets_in_by_an_issued_code_and_by_nothing_else() {
    let entropy = [0x5b; IssuedCode::ENTROPY];
    let nobody = Record::new(1000, "alice");
    let (nobody, issued) = nobody.issue(&entropy, at(0).now, at(600).now).unwrap();
    let (mut login, challenge) = Transaction::begin(&nobody, true, Transaction::TRIES, at(0));
    // Asked as anybody is.
    assert_eq!((challenge.ask, challenge.lengths), (Ask::Code, vec![6]));
    let (outcome, nobody) = answered(&mut login, nobody, &["000000"], 0);
    assert_eq!(asked(outcome).news, Some(News::Wrong));
    let (outcome, nobody) = answered(&mut login, nobody, &[ISSUED], 30);
    assert_eq!(asked(outcome).news, Some(News::WrongRecovery));
    let (outcome, _) = answered(&mut login, nobody, &[&issued.expose()], 60);
    assert!(
        matches!(&outcome, Outcome::Finish(verified) if verified.proof() == Proof::Issued),
        "{outcome:?}"
    );
}

#[test]
fn eight_digits_that_begin_with_a_zero_are_a_code() {
    // An issued code has nine symbols with its zero.
    let (mut login, _) = Transaction::begin(&enrolled(), true, Transaction::TRIES, at(0));
    assert_eq!(codes(login.receive("01234567")), 1);
    assert!(is_issued(login.receive("012345678")));
}

/// What has the shape of an issued code.
const ISSUED: &str = "0-ABCD-EFGH";

fn is_issued(received: Received) -> bool {
    matches!(received, Received::Judge(Response::Issued(_)))
}
