//! Logins that end because somebody has had enough, or does not work.

use countersign_bus::Error;
use countersign_bus::Profile;
use countersign_bus::types::{Ask, Challenge, News};
use pam_countersign_ffi::NoAnswer;

use crate::language::Language;
use crate::outcome::{Passed, Refusal, result};
use crate::script::*;

#[test]
fn a_daemon_that_never_has_enough_codes_is_out_of_order() {
    let outcome = play(
        Profile::Dialog,
        [
            begin_with(several(Ask::FirstCode, 3, 3), Language::En),
            told("E Too many wrong codes. Type 3 in a row."),
            asked("This code: ", b"111111"),
            Sent("111111", ask(several(Ask::NextCode, 3, 3))),
            asked(NEXT_CODE, b"222222"),
            Sent("222222", ask(several(Ask::NextCode, 3, 3))),
            asked(NEXT_CODE, b"333333"),
            Sent("333333", ask(several(Ask::NextCode, 3, 3))),
            told(AWAY),
        ],
    );
    assert_eq!(result(&outcome) as i32, 9);
}

#[test]
fn three_answers_that_the_daemon_does_not_see_end_the_login() {
    for typed in [
        PASSWORD,
        b"1234567",
        b"ada\xff".as_slice(),
        b"\x08\n\r\x7fINCORRECT",
        &[b'1'; 600],
    ] {
        for cancelled in [Ok(()), Err(Error::Transport(String::new()))] {
            let outcome = play(
                Profile::Terminal,
                [
                    begin(),
                    asked(CODE, typed),
                    told(WRONG_2),
                    asked(CODE, typed),
                    told(WRONG_1),
                    asked(CODE, typed),
                    Cancelled(cancelled),
                ],
            );
            assert_eq!(outcome, Err(Refusal::TooManyAnswers));
        }
    }
}

#[test]
fn answers_of_both_kinds_are_three_together() {
    let outcome = play(
        Profile::Dialog,
        [
            begin(),
            asked(CODE, b"hunter2"),
            told(WRONG_2),
            asked(CODE, b"hunter2"),
            told(WRONG_1),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            Cancelled(Ok(())),
        ],
    );
    assert_eq!(outcome, Err(Refusal::TooManyAnswers));
    assert_eq!(result(&outcome) as i32, 7);
}

#[test]
fn a_daemon_that_takes_fewer_answers_is_heeded() {
    let last = Challenge {
        tries: 1,
        ..challenge()
    };
    let outcome = play(
        Profile::Dialog,
        [
            begin_with(last, Language::En),
            asked(CODE, b"hunter2"),
            Cancelled(Ok(())),
        ],
    );
    assert_eq!(outcome, Err(Refusal::TooManyAnswers));
}

#[test]
fn nothing_typed_again_and_again_ends_the_login() {
    let outcome = play(
        Profile::Terminal,
        [
            begin(),
            asked(CODE, b""),
            asked(CODE, b""),
            asked(CODE, b""),
            asked(CODE, b""),
            Cancelled(Ok(())),
        ],
    );
    assert_eq!(outcome, Err(Refusal::NothingTyped));
    assert_eq!(result(&outcome) as i32, 7);
}

#[test]
fn an_application_that_refuses_all_but_prompts_can_still_ask() {
    let outcome = play(
        Profile::Dialog,
        [
            begin(),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told_in_vain(WRONG_2),
            asked(CODE, b"123456"),
            Sent("123456", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn an_application_that_has_no_place_for_words_is_asked_only() {
    let outcome = play_in(
        Profile::Silent,
        false,
        [
            begin(),
            asked(CODE, PASSWORD),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            asked(CODE, RECOVERY_CODE),
            Sent(RECOVERY_SENT, Err(Error::Unavailable(String::new()))),
        ],
    );
    assert_eq!(result(&outcome) as i32, 9);
}

#[test]
fn an_application_that_wants_silence_is_told_what_went_wrong_and_nothing_else() {
    let row = Challenge {
        news: Some(News::SeveralCodes),
        ..several(Ask::FirstCode, 2, 2)
    };
    let outcome = play_in(
        Profile::Terminal,
        true,
        [
            begin(),
            asked(CODE, b"000000"),
            Sent("000000", ask(row)),
            told("E Too many wrong codes. Type two in a row."),
            asked("This code: ", b"000001"),
            Sent("000001", ask(several(Ask::NextCode, 2, 2))),
            asked(NEXT_CODE, b"000002"),
            Sent("000002", finished()),
        ],
    );
    assert_eq!(result(&outcome) as i32, 0);
}

#[test]
fn an_application_that_does_not_ask_ends_the_login() {
    for number in [0, 19, 25, 30] {
        let outcome = play(
            Profile::Dialog,
            [begin(), asked_in_vain(CODE, number), Cancelled(Ok(()))],
        );
        let no_answer = NoAnswer { result: number };
        assert_eq!(outcome, Err(Refusal::NoAnswer(no_answer)));
        assert_eq!(result(&outcome) as i32, 19);
    }
}

#[test]
fn a_daemon_that_cannot_tell_is_never_a_success_at_any_step() {
    let text = String::new;
    for (error, number, away) in [
        (Error::InvalidArgs(text()), 9, true),
        (Error::Unavailable(text()), 9, true),
        (Error::Busy(text()), 9, true),
        (Error::Transport(text()), 9, true),
        (Error::NotPermitted(text()), 6, false),
        (Error::NotEnrolled(text()), 7, false),
        (Error::Rejected(text()), 7, false),
        (Error::Expired(text()), 7, false),
        (Error::Throttled(text()), 7, false),
    ] {
        let end = || away.then_some(told(AWAY));
        let at_once = [Begin(Err(error.clone()))];
        let outcome = play(Profile::Dialog, at_once.into_iter().chain(end()));
        assert_eq!(result(&outcome) as i32, number, "{error}");

        let later = [
            begin(),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Used)),
            told(USED),
            asked(CODE, b"000001"),
            Sent("000001", Err(error.clone())),
        ];
        let outcome = play(Profile::Dialog, later.into_iter().chain(end()));
        assert_eq!(result(&outcome) as i32, number, "{error}");
    }
}

#[test]
fn a_daemon_that_fails_within_a_login_is_told_of_in_the_language_of_the_login() {
    let away = || Error::Unavailable(String::new());
    let outcome = play(
        Profile::Dialog,
        [
            begin_with(challenge(), Language::Ko),
            asked("일회용 코드: ", b"123456"),
            Sent("123456", Err(away())),
            told("E 코드 확인 불가. 관리자에게 문의하세요."),
        ],
    );
    assert_eq!(result(&outcome) as i32, 9);

    // Before it has said which, it is English.
    let outcome = play(Profile::Dialog, [Begin(Err(away())), told(AWAY)]);
    assert_eq!(result(&outcome) as i32, 9);
}
