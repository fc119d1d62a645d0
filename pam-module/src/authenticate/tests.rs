//! Logins that go well, or badly only by what is typed.

mod appended;
mod choice;
mod enrollment;
mod failures;
mod recovery;

use countersign_bus::Error;
use countersign_bus::Profile;
use countersign_bus::types::{Ask, News};

use crate::daemon::Start;
use crate::language::Language;
use crate::outcome::{Passed, result};
use crate::script::*;

#[test]
fn a_right_code_finishes_the_login() {
    let outcome = play(
        Profile::Dialog,
        [begin(), asked(CODE, b"123 456"), Sent("123456", finished())],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn where_no_factor_is_demanded_nothing_is_asked() {
    let rule = "office network".to_owned();
    let start = Start::NotDemanded { rule: rule.clone() };
    let outcome = play(Profile::Ssh, [Begin(Ok(start))]);
    assert_eq!(outcome, Ok(Passed::NotDemanded { rule }));
}

#[test]
fn where_an_earlier_login_counts_nothing_is_asked() {
    let rule = "office network".to_owned();
    let seconds = 3600;
    let start = Start::Remembered {
        rule: rule.clone(),
        seconds,
    };
    let outcome = play(Profile::Ssh, [Begin(Ok(start))]);
    assert_eq!(result(&outcome) as i32, 0);
    assert_eq!(outcome, Ok(Passed::Remembered { rule, seconds }));
}

#[test]
fn groups_are_looked_up_when_the_daemon_needs_them_and_once() {
    let needed = || Begin(Err(Error::GroupsNeeded(String::new())));
    let outcome = play(
        Profile::Dialog,
        [
            needed(),
            Groups(Ok("staff")),
            begin(),
            asked(CODE, b"123456"),
            Sent("123456", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));

    let again = [needed(), Groups(Ok("staff")), needed(), told(AWAY)];
    let outcome = play(Profile::Dialog, again);
    assert_eq!(result(&outcome) as i32, 9, "{outcome:?}");
}

#[test]
fn groups_that_cannot_be_looked_up_are_not_taken_for_none() {
    let unresolved = unresolved();
    let needed = Begin(Err(Error::GroupsNeeded(String::new())));
    let outcome = play(
        Profile::Dialog,
        [needed, Groups(Err(unresolved)), told(AWAY)],
    );
    assert_eq!(result(&outcome) as i32, 9, "{outcome:?}");
}

#[test]
fn news_is_told_in_front_of_the_next_prompt() {
    let outcome = play(
        Profile::Dialog,
        [
            begin(),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told(WRONG_2),
            asked(CODE, b"111111"),
            Sent("111111", again(2, News::Used)),
            told(USED),
            asked(CODE, b"222222"),
            Sent("222222", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn the_third_wrong_code_ends_the_login_without_a_word() {
    let outcome = play(
        Profile::Terminal,
        [
            begin(),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told(WRONG_2),
            asked(CODE, b"000001"),
            Sent("000001", again(2, News::Wrong)),
            told(WRONG_1),
            asked(CODE, b"000002"),
            Sent("000002", Err(Error::Rejected("wrong".to_owned()))),
        ],
    );
    assert_eq!(result(&outcome) as i32, 7);
}

#[test]
fn for_sshd_what_is_told_first_before_a_prompt_begins_a_new_line() {
    let next_code = several(Ask::NextCode, 2, 1);
    let outcome = play(
        Profile::Ssh,
        [
            begin(),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told("E \nWrong one-time code. Try again (2 left)."),
            asked(CODE, b"000001"),
            Sent("000001", ask(several(Ask::FirstCode, 2, 1))),
            told("E \nToo many wrong codes. Type two in a row."),
            asked("This code: ", b"123456"),
            Sent("123456", ask(next_code)),
            told("I \nWait until the app shows the next code (up to 30 s)."),
            asked(NEXT_CODE, b"654321"),
            Sent("654321", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn several_codes_in_a_row_are_one_answer() {
    let outcome = play(
        Profile::Terminal,
        [
            begin_with(several(Ask::FirstCode, 3, 3), Language::En),
            told("E Too many wrong codes. Type 3 in a row."),
            asked("This code: ", b"111111"),
            Sent("111111", ask(several(Ask::NextCode, 3, 3))),
            told("I Wait until the app shows the next code (up to 30 s)."),
            asked(NEXT_CODE, b"222222"),
            Sent("222222", ask(several(Ask::NextCode, 3, 3))),
            told("I Wait until the app shows the next code (up to 30 s)."),
            asked(NEXT_CODE, b"333333"),
            Sent("333333", ask(several(Ask::FirstCode, 2, 2))),
            told("E Too many wrong codes. Type two in a row."),
            asked("This code: ", b"password"),
            told(WRONG_1),
            asked("This code: ", b"444444"),
            Sent("444444", ask(several(Ask::NextCode, 2, 2))),
            told("I Wait until the app shows the next code (up to 30 s)."),
            asked(NEXT_CODE, b"555555"),
            Sent("555555", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn an_answer_that_cannot_be_a_code_is_counted_but_not_sent() {
    let outcome = play(
        Profile::Terminal,
        [
            begin(),
            asked(CODE, b"hunter2"),
            told(WRONG_2),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told(WRONG_1),
            asked(CODE, b"123456"),
            Sent("123456", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn nothing_typed_repeats_the_question_and_counts_for_nothing() {
    let outcome = play(
        Profile::Terminal,
        [
            begin(),
            asked(CODE, b""),
            asked(CODE, b"  "),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told(WRONG_2),
            asked(CODE, b""),
            asked(CODE, b"123456"),
            Sent("123456", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn a_login_is_in_the_language_that_the_daemon_says() {
    let outcome = play(
        Profile::Ssh,
        [
            begin_with(challenge(), Language::Ko),
            asked("일회용 코드: ", b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told("E \n일회용 코드가 틀렸습니다. (2회 남음)"),
            asked("일회용 코드: ", b"000001"),
            Sent("000001", ask(several(Ask::FirstCode, 2, 1))),
            told("E \n오류가 많아 연속 코드 2개가 필요합니다."),
            asked("현재 코드: ", b"123456"),
            Sent("123456", ask(several(Ask::NextCode, 2, 1))),
            told("I \n앱에 다음 코드가 나올 때까지 기다리세요. (최대 30초)"),
            asked("다음 코드: ", b"654321"),
            Sent("654321", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}
