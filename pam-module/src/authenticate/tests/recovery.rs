//! Logins by recovery code.

use countersign_bus::Profile;
use countersign_bus::types::{Ask, Challenge, News, Next};

use crate::language::Language;
use crate::outcome::Passed;
use crate::script::*;

#[test]
fn a_recovery_code_is_taken_in_place_of_a_code() {
    for (left, words) in [
        (4, "I Recovery code used. 4 left."),
        (
            3,
            "I Recovery code used. 3 left. Make new ones: countersignctl recovery-codes",
        ),
    ] {
        let done = Next::Finished {
            recovery_left: Some(left),
        };
        for profile in [Profile::Ssh, Profile::Terminal] {
            let outcome = play(
                profile,
                [
                    begin(),
                    asked(CODE, RECOVERY_CODE),
                    Sent(RECOVERY_SENT, Ok(done.clone())),
                    told(words),
                ],
            );
            assert_eq!(outcome, Ok(Passed::Finished));
        }
        let outcome = play(
            Profile::Dialog,
            [
                begin(),
                asked(CODE, RECOVERY_CODE),
                Sent(RECOVERY_SENT, Ok(done)),
            ],
        );
        assert_eq!(outcome, Ok(Passed::Finished));
    }
}

/// A login that one answer finishes, after which the daemon says that so many codes are `left`.
fn at_once(typed: &'static [u8], sent: &'static str, left: u32) -> Vec<Line> {
    let done = Next::Finished {
        recovery_left: Some(left),
    };
    vec![begin(), asked(CODE, typed), Sent(sent, Ok(done))]
}

#[test]
fn three_recovery_codes_are_few_to_whoever_used_none() {
    for (typed, sent) in [(b"123456".as_slice(), "123456"), (ISSUED_CODE, ISSUED_SENT)] {
        let lines = at_once(typed, sent, 4);
        assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));

        let mut lines = at_once(typed, sent, 3);
        lines.push(told(
            "I Recovery codes: 3 left. Make new ones: countersignctl recovery-codes",
        ));
        assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
    }
}

#[test]
fn an_issued_code_is_asked_for_and_refused_as_a_recovery_code() {
    let outcome = play(
        Profile::Terminal,
        [
            begin(),
            asked(CODE, ISSUED_CODE),
            Sent(ISSUED_SENT, again(1, News::WrongRecovery)),
            told("E Wrong recovery code. Try again (2 left)."),
            asked(CODE, b"0 abcd efgh"),
            Sent("0abcdefgh", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn news_of_recovery_codes_is_told() {
    let waits = Challenge {
        wait: Some(3540),
        tries: 1,
        news: Some(News::RecoveryWait),
        ..challenge()
    };
    let outcome = play(
        Profile::Dialog,
        [
            begin(),
            asked(CODE, RECOVERY_CODE),
            Sent(RECOVERY_SENT, again(1, News::WrongRecovery)),
            told("E Wrong recovery code. Try again (2 left)."),
            asked(CODE, RECOVERY_CODE),
            Sent(RECOVERY_SENT, ask(waits)),
            told("E Too many wrong codes. Wait 59 min."),
            asked(CODE, b"123456"),
            Sent("123456", finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}

#[test]
fn where_only_a_recovery_code_is_asked_for_a_code_does_not_fit() {
    let recovery = Challenge {
        ask: Ask::RecoveryCode,
        ..challenge()
    };
    let outcome = play(
        Profile::Terminal,
        [
            begin_with(recovery, Language::En),
            told("I Type one of the recovery codes you saved."),
            asked("Recovery code: ", b"123456"),
            told("E Wrong recovery code. Try again (2 left)."),
            asked("Recovery code: ", RECOVERY_CODE),
            Sent(RECOVERY_SENT, finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}
