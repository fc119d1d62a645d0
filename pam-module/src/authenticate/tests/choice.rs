//! Logins at a login screen that can show a list.

use countersign_bus::Profile;
use countersign_bus::types::{Ask, Challenge, News};

use crate::language::Language;
use crate::outcome::Passed;
use crate::script::*;

const LIST: [&str; 3] = ["Log in with", "Code from app", "Recovery code"];
const RECOVERY: &str = "Recovery code: ";

#[test]
fn the_first_question_is_asked_without_a_list() {
    let lines = [begin(), asked(CODE, b"123456"), Sent("123456", finished())];
    assert_eq!(play(Profile::Dialog, lines), Ok(Passed::Finished));
}

#[test]
fn after_a_wrong_code_a_recovery_code_can_be_chosen_once() {
    let outcome = play(
        Profile::Dialog,
        [
            begin(),
            asked(CODE, b"000000"),
            Sent("000000", again(1, News::Wrong)),
            told(WRONG_2),
            Chosen(LIST, Some(1)),
            asked(RECOVERY, b"hunter2"),
            told("E Wrong recovery code. Try again (1 left)."),
            asked(RECOVERY, RECOVERY_CODE),
            Sent(RECOVERY_SENT, finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn what_is_chosen_changes_the_prompt_and_not_what_is_taken() {
    for (place, prompt, typed, sent) in [
        (0, CODE, RECOVERY_CODE, RECOVERY_SENT),
        (1, RECOVERY, b"123456", "123456"),
    ] {
        let lines = [
            begin(),
            asked(CODE, b""),
            Chosen(LIST, Some(place)),
            asked(prompt, typed),
            Sent(sent, finished()),
        ];
        assert_eq!(play(Profile::Dialog, lines), Ok(Passed::Finished));
    }
}

#[test]
fn a_list_that_is_not_shown_or_not_chosen_from_leaves_the_prompt() {
    for place in [None, Some(2), Some(usize::MAX)] {
        let lines = [
            begin(),
            asked(CODE, b""),
            Chosen(LIST, place),
            // And it is not put again.
            asked(CODE, b""),
            asked(CODE, b"123456"),
            Sent("123456", finished()),
        ];
        assert_eq!(play(Profile::Dialog, lines), Ok(Passed::Finished));
    }
}

#[test]
fn a_code_typed_at_the_list_is_one_and_what_is_none_is_counted_as_at_a_prompt() {
    let lines = [
        begin(),
        asked(CODE, b"000000"),
        Sent("000000", again(1, News::Wrong)),
        told(WRONG_2),
        TypedAtList(LIST, b"123 456"),
        Sent("123456", finished()),
    ];
    assert_eq!(play(Profile::Dialog, lines), Ok(Passed::Finished));
    for (typed, told_then) in [(&b"hunter2"[..], Some(WRONG_2)), (b"", None)] {
        let mut lines = vec![begin(), asked(CODE, b""), TypedAtList(LIST, typed)];
        lines.extend(told_then.map(told));
        lines.extend([asked(CODE, b"123456"), Sent("123456", finished())]);
        assert_eq!(play(Profile::Dialog, lines), Ok(Passed::Finished));
    }
}

#[test]
fn of_several_codes_the_second_is_asked_for_as_ever() {
    let lines = [
        begin_with(several(Ask::FirstCode, 2, 3), Language::En),
        told("E Too many wrong codes. Type two in a row."),
        asked("This code: ", b""),
        Chosen(LIST, Some(1)),
        asked(RECOVERY, b"111111"),
        Sent("111111", ask(several(Ask::NextCode, 2, 3))),
        asked(NEXT_CODE, b"222222"),
        Sent("222222", finished()),
    ];
    assert_eq!(play(Profile::Dialog, lines), Ok(Passed::Finished));
}

#[test]
fn no_list_is_offered_where_there_is_no_choice_or_no_login_screen() {
    let codes_only = Challenge {
        recovery: false,
        ..challenge()
    };
    let recovery_only = Challenge {
        ask: Ask::RecoveryCode,
        ..challenge()
    };
    for (profile, challenge, prompt) in [
        (Profile::Dialog, codes_only, CODE),
        (Profile::Dialog, recovery_only, RECOVERY),
        (Profile::Terminal, challenge(), CODE),
        (Profile::Ssh, challenge(), CODE),
        (Profile::Silent, challenge(), CODE),
    ] {
        let lines = [
            begin_with(challenge, Language::En),
            asked(prompt, b""),
            // A list would be put here; the script would say so.
            asked(prompt, b""),
            asked_in_vain(prompt, 19),
            Cancelled(Ok(())),
        ];
        assert!(play(profile, lines).is_err());
    }
}
