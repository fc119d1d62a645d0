//! What is asked, one answer after the other.

mod earlier;
mod issued;

use super::*;
use crate::credential::Factor;
use crate::factors::Factors;
use crate::otp::{Algorithm, Digits};
use crate::secret::Secret;
use crate::throttle::{Backoff, Origin, Throttle};
use crate::time::{Period, Step, Timestamp};
use crate::totp::Totp;

#[test]
fn the_first_question_is_for_one_code_and_says_what_is_taken() {
    let mut alice = enrolled();
    alice = with(alice, totp(2, 8));
    let (_, challenge) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    let expected = Challenge {
        ask: Ask::Code,
        codes: 1,
        tries: 3,
        lengths: vec![6, 8],
        recovery: true,
        news: None,
    };
    assert_eq!(challenge, expected);
}

#[test]
fn a_login_takes_three_answers() {
    let alice = enrolled();
    let (mut login, challenge) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert_eq!(challenge.tries, 3);
    for left in [2, 1] {
        let challenge = asked(login.conclude(rejected(Reason::Wrong), &alice, at(0)));
        assert_eq!(challenge.tries, left);
        assert_eq!(challenge.news, Some(News::Wrong));
    }
    let outcome = login.conclude(rejected(Reason::Wrong), &alice, at(0));
    assert!(matches!(outcome, Outcome::End(End::Rejected)));
}

#[test]
fn a_login_whose_last_answer_was_not_looked_at_ends_as_throttled() {
    let wait = Duration::from_secs(5);
    for (last, end) in [
        (Reason::Wrong, End::Rejected),
        (Reason::Used, End::Rejected),
        (Reason::WrongRecovery, End::Rejected),
        (Reason::SeveralDemanded, End::Throttled),
        (Reason::RecoveryWait(wait), End::Throttled),
    ] {
        let alice = enrolled();
        let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
        for _ in 0..2 {
            asked(login.conclude(rejected(Reason::Wrong), &alice, at(0)));
        }
        let outcome = login.conclude(rejected(last), &alice, at(0));
        assert!(
            matches!(outcome, Outcome::End(ended) if ended == end),
            "{last:?}"
        );
    }
}

#[test]
fn why_it_is_asked_again_is_told() {
    let wait = Duration::from_secs(5);
    for (reason, news) in [
        (Reason::Wrong, News::Wrong),
        (Reason::Used, News::Used),
        (Reason::WrongRecovery, News::WrongRecovery),
        (Reason::RecoveryWait(wait), News::RecoveryWait(wait)),
    ] {
        let alice = enrolled();
        let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
        let challenge = asked(login.conclude(rejected(reason), &alice, at(0)));
        assert_eq!((challenge.ask, challenge.news), (Ask::Code, Some(news)));
    }
}

#[test]
fn what_cannot_be_a_code_is_one_of_the_three_answers() {
    let alice = enrolled();
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    for typed in ["12345", "letme in"] {
        assert!(matches!(login.receive(typed), Received::Malformed));
        let challenge = asked(login.conclude_malformed(&alice, at(0)));
        assert_eq!(challenge.news, Some(News::Wrong));
    }
    assert!(matches!(login.receive(""), Received::Malformed));
    let outcome = login.conclude_malformed(&alice, at(0));
    assert!(matches!(outcome, Outcome::End(End::Rejected)));
}

#[test]
fn after_too_many_wrong_codes_two_in_a_row_are_asked_for_and_judged_together() {
    let alice = failed(enrolled(), 20, 1);
    let (mut login, challenge) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert_eq!((challenge.ask, challenge.codes), (Ask::FirstCode, 2));
    let wait = Some(Duration::from_secs(6 * 3600 - 2));
    assert_eq!(challenge.news, Some(News::SeveralCodes { wait }));

    let [first, second] = [0, 1].map(code);
    assert!(matches!(login.receive(&first), Received::OneOfSeveral));
    let next = login.ask_next_code(&alice);
    assert_eq!((next.ask, next.codes, next.tries), (Ask::NextCode, 2, 3));
    assert_eq!(next.news, None);
    assert_eq!(codes(login.receive(&second)), 2);
}

#[test]
fn a_right_pair_finishes_and_a_wrong_one_is_asked_for_again() {
    let alice = failed(enrolled(), 20, 1);
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    let (outcome, alice) = answered(&mut login, alice, &["000000", "000000"], 30);
    let challenge = asked(outcome);
    assert_eq!((challenge.ask, challenge.tries), (Ask::FirstCode, 2));

    let right = [0, 1].map(code);
    let (outcome, _) = answered(&mut login, alice, &[&right[0], &right[1]], 30);
    assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
}

#[test]
fn three_codes_are_asked_for_when_even_pairs_were_wrong_too_often() {
    let mut alice = failed(enrolled(), 100_000, 2);
    let (mut login, challenge) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert_eq!((challenge.ask, challenge.codes), (Ask::FirstCode, 3));
    assert_eq!(challenge.news, Some(News::SeveralCodes { wait: None }));

    let right = [0, 1, 2].map(code);
    alice = failed(alice, 1_000, 2);
    let (outcome, _) = answered(&mut login, alice, &[&right[0], &right[1], &right[2]], 60);
    assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
}

#[test]
fn a_malformed_answer_in_the_middle_of_a_row_restarts_it() {
    let alice = failed(enrolled(), 20, 1);
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert!(matches!(login.receive(&code(0)), Received::OneOfSeveral));
    assert!(matches!(login.receive("12345"), Received::Malformed));
    let challenge = asked(login.conclude_malformed(&alice, at(0)));
    assert_eq!((challenge.ask, challenge.tries), (Ask::FirstCode, 2));

    assert!(matches!(login.receive(&code(0)), Received::OneOfSeveral));
    assert_eq!(codes(login.receive(&code(1))), 2);
}

#[test]
fn a_recovery_code_is_taken_where_a_code_is_asked_for() {
    let (mut login, _) = Transaction::begin(&enrolled(), true, Transaction::TRIES, at(0));
    assert!(is_recovery(login.receive(RECOVERY)));

    // Also in the middle of a row, which it ends.
    let alice = failed(enrolled(), 20, 1);
    let (mut login, challenge) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert!(challenge.recovery);
    assert!(matches!(login.receive(&code(0)), Received::OneOfSeveral));
    assert!(is_recovery(login.receive(RECOVERY)));
    assert!(matches!(login.receive(&code(1)), Received::OneOfSeveral));
}

#[test]
fn once_a_recovery_code_was_chosen_nothing_else_is_taken() {
    let alice = enrolled();
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    let challenge = login.choose_recovery(&alice, at(0)).unwrap();
    assert_eq!((challenge.ask, challenge.tries), (Ask::RecoveryCode, 3));
    assert!(matches!(login.receive(&code(0)), Received::Malformed));
    let challenge = asked(login.conclude_malformed(&alice, at(0)));
    assert_eq!((challenge.ask, challenge.tries), (Ask::RecoveryCode, 2));
    assert!(is_recovery(login.receive(RECOVERY)));
    let challenge = asked(login.conclude(rejected(Reason::WrongRecovery), &alice, at(0)));
    assert_eq!(challenge.ask, Ask::RecoveryCode);
    assert_eq!(challenge.news, Some(News::WrongRecovery));
}

#[test]
fn a_recovery_code_can_be_chosen_in_the_middle_of_a_row() {
    let alice = failed(enrolled(), 20, 1);
    let (mut login, _) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert!(matches!(login.receive(&code(0)), Received::OneOfSeveral));
    let challenge = login.choose_recovery(&alice, at(0)).unwrap();
    assert_eq!((challenge.ask, challenge.news), (Ask::RecoveryCode, None));
    assert!(is_recovery(login.receive(RECOVERY)));
}

#[test]
fn a_login_that_takes_one_answer_ends_with_it() {
    let once = |record: &Record| Transaction::begin(record, true, 1, at(0));
    let (mut login, challenge) = once(&enrolled());
    assert_eq!(challenge.tries, 1);
    let (outcome, alice) = answered(&mut login, enrolled(), &["000000"], 0);
    assert!(
        matches!(outcome, Outcome::End(End::Rejected)),
        "{outcome:?}"
    );
    let (mut login, _) = once(&alice);
    let outcome = login.conclude_malformed(&alice, at(0));
    assert!(
        matches!(outcome, Outcome::End(End::Rejected)),
        "{outcome:?}"
    );

    // Two codes in a row are one answer.
    let alice = failed(alice, 20, 1);
    let (mut login, challenge) = once(&alice);
    assert_eq!((challenge.ask, challenge.tries), (Ask::FirstCode, 1));
    let (outcome, _) = answered(&mut login, alice, &[&code(0), &code(1)], 0);
    assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
}

#[test]
fn without_recovery_a_recovery_code_is_neither_offered_nor_taken() {
    let alice = enrolled();
    let (mut login, challenge) = Transaction::begin(&alice, false, Transaction::TRIES, at(0));
    assert!(!challenge.recovery);
    assert_eq!(login.choose_recovery(&alice, at(0)), None);
    assert!(matches!(login.receive(RECOVERY), Received::Malformed));
    assert_eq!(codes(login.receive(&code(0))), 1);
}

#[test]
fn after_one_wrong_answer_a_person_is_asked_for_one_code_that_is_then_accepted() {
    let (mut login, _) = Transaction::begin(&enrolled(), true, Transaction::TRIES, at(0));
    let (outcome, alice) = answered(&mut login, enrolled(), &["000000"], 0);
    let challenge = asked(outcome);
    assert_eq!((challenge.ask, challenge.codes), (Ask::Code, 1));
    assert_eq!(challenge.news, Some(News::Wrong));

    let (outcome, _) = answered(&mut login, alice, &[&code(0)], 2);
    assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
}

#[test]
fn after_one_wrong_answer_an_answer_at_once_is_not_looked_at_and_two_codes_are_asked_for() {
    let (mut login, _) = Transaction::begin(&enrolled(), true, Transaction::TRIES, at(0));
    let (outcome, alice) = answered(&mut login, enrolled(), &["000000"], 0);
    asked(outcome);
    let (outcome, alice) = answered(&mut login, alice, &[&code(0)], 0);
    let challenge = asked(outcome);
    assert_eq!((challenge.ask, challenge.codes), (Ask::FirstCode, 2));
    let wait = Some(Duration::from_secs(1));
    assert_eq!(challenge.news, Some(News::SeveralCodes { wait }));

    // The code that was not looked at is not used up.
    let (outcome, _) = answered(&mut login, alice, &[&code(0), &code(1)], 30);
    assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
}

#[test]
fn whoever_fails_meanwhile_makes_it_two_codes_and_not_a_refusal() {
    let mut alice = enrolled();
    let (mut login, challenge) = Transaction::begin(&alice, true, Transaction::TRIES, at(0));
    assert_eq!(challenge.ask, Ask::Code);
    alice = failed(alice, 3, 1);
    let (outcome, alice) = answered(&mut login, alice, &[&code(0)], 0);
    let challenge = asked(outcome);
    assert_eq!((challenge.ask, challenge.codes), (Ask::FirstCode, 2));

    let alice = failed(alice, 3, 1);
    let (outcome, _) = answered(&mut login, alice, &[&code(0), &code(1)], 30);
    assert!(matches!(outcome, Outcome::Finish(_)), "{outcome:?}");
}

/// Receives the answers, judges what they come to so many seconds after all began, and concludes.
fn answered(
    login: &mut Transaction,
    record: Record,
    typed: &[&str],
    seconds: u64,
) -> (Outcome, Record) {
    let mut received = Received::Malformed;
    for (place, typed) in typed.iter().enumerate() {
        assert!(place == 0 || matches!(received, Received::OneOfSeveral));
        received = login.receive(typed);
    }
    let Received::Judge(response) = received else {
        panic!("not complete: {received:?}")
    };
    let mut after = record.clone();
    let judgement = record.judge(&response, at(seconds));
    let settled = std::pin::pin!(judgement.settle(|record| {
        after = record;
        std::future::ready(Ok::<(), ()>(()))
    }))
    .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    let std::task::Poll::Ready(Ok(verdict)) = settled else {
        unreachable!("saving takes no time")
    };
    (login.conclude(verdict, &after, at(seconds)), after)
}

fn asked(outcome: Outcome) -> Challenge {
    match outcome {
        Outcome::Ask(challenge) => challenge,
        Outcome::Finish(_) | Outcome::End(_) => panic!("nothing is asked: {outcome:?}"),
    }
}

/// How many codes are to be judged.
fn codes(received: Received) -> usize {
    match received {
        Received::Judge(Response::Codes(row)) => row.codes.len(),
        Received::Judge(Response::Recovery(_) | Response::Issued(_))
        | Received::OneOfSeveral
        | Received::Malformed => panic!("no codes: {received:?}"),
    }
}

fn is_recovery(received: Received) -> bool {
    matches!(received, Received::Judge(Response::Recovery(_)))
}

fn rejected(reason: Reason) -> Verdict {
    Verdict::Reject(reason)
}

fn enrolled() -> Record {
    with(Record::new(1000, "alice"), totp(1, 6))
}

fn with(record: Record, totp: Totp) -> Record {
    let (record, id) = record.offer(Factor::totp(totp), "", at(0).now).unwrap();
    record.trust(id).unwrap()
}

fn failed(mut record: Record, times: usize, codes: usize) -> Record {
    let throttle = std::mem::take::<Throttle>(&mut record.throttle);
    record.throttle = (0..times).fold(throttle, |throttle, _| {
        throttle.after_failure(at(0).rule, at(0).origin, at(0).now, codes)
    });
    record
}

fn totp(name: u8, digits: u32) -> Totp {
    let secret = Secret::from_entropy(&[name; 20]);
    let digits = Digits::new(digits).unwrap();
    Totp::new(secret, Algorithm::Sha1, digits, Period::DEFAULT)
}

/// The code of so many steps after the one that all begins in.
fn code(later: u64) -> String {
    let Step(step) = Period::DEFAULT.step_at(at(0).now);
    totp(1, 6).code_at(Step(step + later))
}

/// What has the shape of a recovery code.
const RECOVERY: &str = "3-ABCD-EFGH-JKMN-PQRS";

fn at(seconds: u64) -> Circumstances<'static> {
    Circumstances {
        rule: &Backoff::DEFAULT,
        origin: Origin::Seat,
        now: Timestamp::from_unix(1_750_000_007 + seconds),
        factors: Factors::ALL,
    }
}
