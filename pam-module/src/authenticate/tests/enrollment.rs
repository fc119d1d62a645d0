//! Logins of people who have no factor yet and are walked through enrolment.

use countersign_bus::Error;
use countersign_bus::Profile;
use countersign_bus::types::{Next, Offer};

use crate::daemon::Start;
use crate::language::Language;
use crate::outcome::{Passed, Refusal, result};
use crate::script::*;

const URI: &str = "otpauth://totp/host:ada?secret=JBSWY3DPEHPK3PXP&issuer=host\n";
const PICTURED: &str = "otpauth://totp/host:ada?secret=JBSWY3DPEHPK3PXP&issuer=host\n ▄▄ \n▀██▀\n";
const CODES: &str = "1-ABCD-EFGH-JKMN-PQRS\n2-TVWX-YZ01-2345-6789\n";

const FIRST_CODE: &str = "First code from the app: ";
const KEEP: &str = "Press Enter when you have written them down: ";
const ENROLL: &str = "I You need a second factor here: codes from an authenticator app.";
const ELSEWHERE: &str = "E Set up a second factor elsewhere first.";

/// The key, as it is shown in letters.
fn key() -> [Line; 3] {
    [
        told("I   JBSW Y3DP EHPK 3PXP"),
        told("I Or open this address on the device with the app:"),
        told("I   otpauth://totp/host:ada?secret=JBSWY3DPEHPK3PXP&issuer=host"),
    ]
}

/// A login that has come as far as the first code.
fn shown() -> Vec<Line> {
    let mut lines = vec![
        begin_enrollment(),
        Revealed(Ok(URI)),
        told(ENROLL),
        told("I Add this key to the app (time-based):"),
    ];
    lines.extend(key());
    lines
}

/// The recovery codes, as they are shown.
fn kept(typed: &'static [u8]) -> Vec<Line> {
    vec![
        Revealed(Ok(CODES)),
        told("I Second factor set up. Keep these recovery codes, for when the app is lost:"),
        told("I   1-ABCD-EFGH-JKMN-PQRS"),
        told("I   2-TVWX-YZ01-2345-6789"),
        asked_aloud(KEEP, typed),
    ]
}

fn acknowledge() -> Result<Next, Error> {
    Ok(Next::Acknowledge)
}

fn again_with(tries: u32) -> Result<Next, Error> {
    Ok(Next::Enroll(offer(tries)))
}

#[test]
fn a_first_code_enrolls_and_the_recovery_codes_are_shown() {
    for typed in [
        b"".as_slice(),
        b"yes",
        b"passw0rd",
        b"1-ABCD-EFGH-JKMN-PQRS",
    ] {
        let mut lines = shown();
        lines.push(asked(FIRST_CODE, b"123 456"));
        lines.push(Sent("123456", acknowledge()));
        lines.extend(kept(typed));
        lines.push(Sent("", finished()));
        assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
    }
}

#[test]
fn where_no_recovery_codes_are_made_the_login_is_finished() {
    let mut lines = shown();
    lines.push(asked(FIRST_CODE, b"123456"));
    lines.push(Sent("123456", finished()));
    assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
}

#[test]
fn a_picture_is_drawn_on_a_terminal_right_above_the_prompt() {
    let mut lines = shown();
    lines[1] = Revealed(Ok(PICTURED));
    lines.extend([
        told("I Or scan this with the app:"),
        told("I  ▄▄ "),
        told("I ▀██▀"),
        asked(FIRST_CODE, b"123456"),
        Sent("123456", finished()),
    ]);
    assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
}

#[test]
fn no_picture_is_drawn_where_the_policy_has_none() {
    let offer = Offer {
        qr: false,
        ..offer(3)
    };
    let begin = Begin(Ok(Start::Enroll {
        offer,
        language: Language::En,
    }));
    let mut lines = shown();
    lines[0] = begin;
    lines[1] = Revealed(Ok(PICTURED));
    lines.push(asked(FIRST_CODE, b"123456"));
    lines.push(Sent("123456", finished()));
    assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
}

#[test]
fn through_sshd_no_picture_is_drawn_and_the_first_line_begins_anew() {
    let mut lines = shown();
    lines[1] = Revealed(Ok(PICTURED));
    lines[2] = told("I \nYou need a second factor here: codes from an authenticator app.");
    lines.push(asked(FIRST_CODE, b"123456"));
    lines.push(Sent("123456", acknowledge()));
    lines.extend([
        Revealed(Ok(CODES)),
        told("I \nSecond factor set up. Keep these recovery codes, for when the app is lost:"),
        told("I   1-ABCD-EFGH-JKMN-PQRS"),
        told("I   2-TVWX-YZ01-2345-6789"),
        asked_aloud(KEEP, b""),
        Sent("", finished()),
    ]);
    assert_eq!(play(Profile::Ssh, lines), Ok(Passed::Finished));
}

#[test]
fn three_wrong_first_codes_end_the_login() {
    let mut lines = shown();
    lines.extend([
        asked(FIRST_CODE, b"000000"),
        Sent("000000", again_with(2)),
        told("E Code does not fit. Try again (2 left)."),
        asked(FIRST_CODE, b"111111"),
        Sent("111111", again_with(1)),
        told("E Code does not fit. Try again (1 left)."),
        asked(FIRST_CODE, b"222222"),
        Sent("222222", Err(Error::Rejected(String::new()))),
    ]);
    let outcome = play(Profile::Terminal, lines);
    assert_eq!(result(&outcome) as i32, 7, "{outcome:?}");
}

#[test]
fn a_daemon_that_goes_on_offering_is_left_after_three_answers() {
    let mut lines = shown();
    for (code, told_then) in [
        (
            b"000000".as_slice(),
            Some("E Code does not fit. Try again (2 left)."),
        ),
        (b"000000", Some("E Code does not fit. Try again (1 left).")),
        (b"000000", None),
    ] {
        lines.push(asked(FIRST_CODE, code));
        lines.push(Sent(
            "000000",
            Ok(Next::Enroll(Offer {
                tries: 2,
                ..offer(2)
            })),
        ));
        lines.extend(told_then.map(told));
    }
    lines.push(Cancelled(Ok(())));
    let outcome = play(Profile::Terminal, lines);
    assert_eq!(outcome, Err(Refusal::TooManyAnswers));
}

#[test]
fn what_cannot_be_a_first_code_is_counted_and_does_not_go_to_the_daemon() {
    let mut lines = shown();
    lines.extend([
        asked(FIRST_CODE, PASSWORD),
        told("E Code does not fit. Try again (2 left)."),
        // Nothing else is taken in place of the code.
        asked(FIRST_CODE, RECOVERY_CODE),
        told("E Code does not fit. Try again (1 left)."),
        asked(FIRST_CODE, ISSUED_CODE),
        Cancelled(Ok(())),
    ]);
    let outcome = play(Profile::Terminal, lines);
    assert_eq!(outcome, Err(Refusal::TooManyAnswers));
}

#[test]
fn nothing_typed_does_not_enroll() {
    let mut lines = shown();
    lines.extend((0..4).map(|_| asked(FIRST_CODE, b"")));
    lines.push(Cancelled(Ok(())));
    let outcome = play(Profile::Terminal, lines);
    assert_eq!(outcome, Err(Refusal::NothingTyped));
}

#[test]
fn an_application_that_does_not_show_the_key_is_not_asked_for_a_code() {
    for line in 2..7 {
        let mut lines = shown();
        lines.truncate(line + 1);
        if let Some(line) = lines.last_mut() {
            line.fail();
        }
        lines.push(Cancelled(Ok(())));
        let outcome = play(Profile::Terminal, lines);
        assert_eq!(result(&outcome) as i32, 19, "{outcome:?}");
    }
}

#[test]
fn an_application_that_does_not_show_the_recovery_codes_does_not_log_in() {
    for line in 1..5 {
        let mut lines = shown();
        lines.push(asked(FIRST_CODE, b"123456"));
        lines.push(Sent("123456", acknowledge()));
        let mut rest = kept(b"");
        rest.truncate(line + 1);
        if let Some(line) = rest.last_mut() {
            line.fail();
        }
        lines.extend(rest);
        lines.push(Cancelled(Ok(())));
        let outcome = play(Profile::Terminal, lines);
        assert_eq!(result(&outcome) as i32, 19, "{outcome:?}");
    }
}

#[test]
fn where_there_is_no_room_the_claimant_is_sent_elsewhere_and_nothing_is_revealed() {
    for (profile, silent, line) in [
        (Profile::Dialog, false, Some(ELSEWHERE)),
        (Profile::Silent, false, None),
        (Profile::Terminal, true, Some(ELSEWHERE)),
    ] {
        for typed in [b"".as_slice(), b"123456"] {
            let mut lines = vec![begin_enrollment()];
            lines.extend(line.map(told));
            lines.extend([asked(CODE, typed), Cancelled(Ok(()))]);
            let outcome = play_in(profile, silent, lines);
            assert_eq!(outcome, Err(Refusal::NoRoomToEnroll), "{profile:?}");
            assert_eq!(result(&outcome) as i32, 7);
        }
    }
}

#[test]
fn what_is_no_key_and_what_are_no_codes_are_not_shown() {
    for revealed in [
        "",
        "JBSWY3DPEHPK3PXP\n",
        CODES,
        "otpauth://totp/a?secret=\u{1b}\n",
    ] {
        let lines = [begin_enrollment(), Revealed(Ok(revealed)), told(AWAY)];
        let outcome = play(Profile::Terminal, lines);
        assert_eq!(result(&outcome) as i32, 9, "{revealed:?}");
    }
    for revealed in ["", "\n", "1-ABCD\n\u{1b}[2J\n"] {
        let mut lines = shown();
        lines.extend([
            asked(FIRST_CODE, b"123456"),
            Sent("123456", acknowledge()),
            Revealed(Ok(revealed)),
            told(AWAY),
        ]);
        let outcome = play(Profile::Terminal, lines);
        assert_eq!(result(&outcome) as i32, 9, "{revealed:?}");
    }
}

#[test]
fn what_makes_no_sense_within_an_enrolment_is_not_taken_for_success() {
    let challenge = || Ok(Next::Ask(challenge()));
    let mut lines = shown();
    lines.extend([
        asked(FIRST_CODE, b"123456"),
        Sent("123456", challenge()),
        told(AWAY),
    ]);
    assert_eq!(result(&play(Profile::Terminal, lines)) as i32, 9);

    for odd in [acknowledge(), again_with(3), challenge()] {
        let mut lines = shown();
        lines.push(asked(FIRST_CODE, b"123456"));
        lines.push(Sent("123456", acknowledge()));
        lines.extend(kept(b""));
        lines.extend([Sent("", odd), told(AWAY)]);
        assert_eq!(result(&play(Profile::Terminal, lines)) as i32, 9);
    }
    for odd in [acknowledge(), again_with(3)] {
        let lines = [
            begin(),
            asked(CODE, b"123456"),
            Sent("123456", odd),
            told(AWAY),
        ];
        assert_eq!(result(&play(Profile::Terminal, lines)) as i32, 9);
    }
}

#[test]
fn an_error_at_any_step_of_an_enrolment_is_never_a_success() {
    for error in [
        Error::Unavailable(String::new()),
        Error::Expired(String::new()),
        Error::Transport(String::new()),
        Error::GroupsNeeded(String::new()),
    ] {
        let fails = || Err(error.clone());
        let away = || {
            let told_so = !matches!(error, Error::Expired(_));
            told_so.then(|| told(AWAY))
        };
        let begun = vec![begin_enrollment(), Revealed(Err(error.clone()))];
        let mut typed = shown();
        typed.extend([asked(FIRST_CODE, b"123456"), Sent("123456", fails())]);
        let mut done = shown();
        done.extend([asked(FIRST_CODE, b"123456"), Sent("123456", acknowledge())]);
        let mut acknowledged = shown();
        acknowledged.extend([asked(FIRST_CODE, b"123456"), Sent("123456", acknowledge())]);
        done.push(Revealed(Err(error.clone())));
        acknowledged.extend(kept(b""));
        acknowledged.push(Sent("", fails()));
        for mut lines in [begun, typed, done, acknowledged] {
            lines.extend(away());
            let number = result(&play(Profile::Terminal, lines)) as i32;
            assert!([7, 9].contains(&number), "{error}: {number}");
        }
    }
}

#[test]
fn an_enrolment_is_in_the_language_of_the_login() {
    let begin = Begin(Ok(Start::Enroll {
        offer: offer(3),
        language: Language::Ko,
    }));
    let mut lines = shown();
    lines[0] = begin;
    lines[2] = told("I 여기에는 2차 인증이 필요합니다: 인증 앱의 일회용 코드.");
    lines[3] = told("I 앱에 이 키를 추가하세요. (시간 기반)");
    lines[5] = told("I 또는 앱이 있는 기기에서 이 주소를 여세요.");
    lines.push(asked("앱의 첫 번째 코드: ", b"123456"));
    lines.push(Sent("123456", finished()));
    assert_eq!(play(Profile::Terminal, lines), Ok(Passed::Finished));
}
