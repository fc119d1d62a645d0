//! Logins by recovery code.

use countersign_bus::types::{Ask, Challenge, News, Next};

use super::script::*;
use crate::daemon::Start;
use crate::outcome::Passed;
use crate::profile::Profile;

#[test]
fn a_recovery_code_is_taken_in_place_of_a_code() {
    for (left, words) in [
        (4, "I Recovery code used. 4 left."),
        (
            1,
            "I Recovery code used. 1 left. Make new ones: countersignctl recovery-codes",
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

#[test]
fn a_login_by_code_is_not_told_that_a_recovery_code_was_used() {
    let done = |left| {
        Ok(Next::Finished {
            recovery_left: Some(left),
        })
    };
    let lines = [begin(), asked(CODE, b"123456"), Sent("123456", done(3))];
    assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
    let lines = [
        begin(),
        asked(CODE, b"123456"),
        Sent("123456", done(2)),
        told("I Recovery codes: 2 left. Make new ones: countersignctl recovery-codes"),
    ];
    assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
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
            Begin(Ok(Start::Ask(recovery))),
            told("I Type one of the recovery codes you saved."),
            asked("Recovery code: ", b"123456"),
            told("E Wrong recovery code. Try again (2 left)."),
            asked("Recovery code: ", RECOVERY_CODE),
            Sent(RECOVERY_SENT, finished()),
        ],
    );
    assert_eq!(outcome, Ok(Passed::Finished));
}
