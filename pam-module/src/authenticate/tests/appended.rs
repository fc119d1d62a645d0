//! Logins in programs with one field.

use countersign_bus::types::{Ask, Challenge, News, Next};
use countersign_bus::{Error, Profile};
use pam_countersign_ffi::{NoAnswer, NotKept};

use crate::outcome::{Passed, Refusal, result};
use crate::script::*;

const BOTH: &str = "Password and code: ";
const TWO: &str = "Password and 2 codes: ";

/// As the daemon asks there: once.
fn once() -> Challenge {
    Challenge {
        tries: 1,
        ..challenge()
    }
}

fn rejected() -> Result<Next, Error> {
    Err(Error::Rejected("wrong".to_owned()))
}

#[test]
fn a_code_that_is_not_accepted_hands_no_password_on() {
    for reply in [
        rejected(),
        Err(Error::Throttled(String::new())),
        Err(Error::Expired(String::new())),
        Err(Error::NotEnrolled(String::new())),
        Err(Error::NotPermitted(String::new())),
        Err(Error::Busy(String::new())),
        Err(Error::Transport(String::new())),
    ] {
        let lines = [
            begin_appended(once()),
            asked(BOTH, b"hunter2 000000"),
            Sent("000000", reply),
        ];
        let outcome = play_first(Profile::Silent, lines);
        assert!(matches!(outcome, Err(Refusal::Daemon(_))), "{outcome:?}");
    }
}

#[test]
fn what_does_not_end_in_a_code_is_refused_and_never_sent() {
    for typed in [
        b"hunter2".as_slice(),
        b"hunter2 12345",
        b"hunter2 12345a",
        b"p\xffss",
        b"hunter2 3ABCDEFGHJKMNPQRS",
        &[b'1'; 600],
    ] {
        for cancelled in [Ok(()), Err(Error::Transport(String::new()))] {
            let lines = [
                begin_appended(once()),
                asked(BOTH, typed),
                Cancelled(cancelled),
            ];
            let outcome = play_first(Profile::Silent, lines);
            assert_eq!(outcome, Err(Refusal::NoCodeAtTheEnd));
            assert_eq!(result(&outcome) as i32, 7);
        }
    }
}

#[test]
fn nothing_typed_is_refused_and_not_asked_again() {
    for typed in [b"".as_slice(), b"  ", b"\r\n"] {
        let lines = [
            begin_appended(once()),
            asked(BOTH, typed),
            Cancelled(Ok(())),
        ];
        let outcome = play_first(Profile::Silent, lines);
        assert_eq!(outcome, Err(Refusal::NothingTyped));
        assert_eq!(result(&outcome) as i32, 7);
    }
}

#[test]
fn a_program_that_cannot_ask_is_not_let_in() {
    let lines = [
        begin_appended(once()),
        asked_in_vain(BOTH, 19),
        Cancelled(Ok(())),
    ];
    let outcome = play_first(Profile::Silent, lines);
    assert_eq!(outcome, Err(Refusal::NoAnswer(NoAnswer { result: 19 })));
}

#[test]
fn a_password_that_libpam_does_not_take_refuses_the_login() {
    let why = NotKept { result: 5 };
    let lines = [
        begin_appended(once()),
        asked(BOTH, b"hunter2 123456"),
        Sent("123456", finished()),
        HandedOn(b"hunter2", Err(why)),
    ];
    let outcome = play_first(Profile::Silent, lines);
    assert_eq!(outcome, Err(Refusal::NotHandedOn(why)));
    assert_eq!(result(&outcome) as i32, 9);
}

#[test]
fn a_daemon_that_asks_for_more_than_was_typed_lets_nobody_in() {
    let offered = || Ok(Next::Enroll(offer(1)));
    for (challenge, prompt, typed, replies) in [
        (once(), BOTH, &b"pw 111111"[..], vec![again(1, News::Wrong)]),
        (once(), BOTH, b"pw 111111", vec![ask(once())]),
        (
            once(),
            BOTH,
            b"pw 111111",
            vec![ask(several(Ask::NextCode, 2, 1))],
        ),
        (
            once(),
            BOTH,
            b"pw 111111",
            vec![ask(several(Ask::FirstCode, 2, 1))],
        ),
        (once(), BOTH, b"pw 111111", vec![offered()]),
        (once(), BOTH, b"pw 111111", vec![Ok(Next::Acknowledge)]),
    ] {
        let lines = [
            vec![begin_appended(challenge), asked(prompt, typed)],
            replies
                .into_iter()
                .map(|reply| Sent("111111", reply))
                .collect(),
            vec![Cancelled(Ok(()))],
        ];
        let outcome = play_first(Profile::Silent, lines.into_iter().flatten());
        assert_eq!(result(&outcome) as i32, 9, "{outcome:?}");
    }
    let next = || ask(several(Ask::NextCode, 2, 1));
    let lines = [
        begin_appended(several(Ask::FirstCode, 2, 1)),
        asked(TWO, b"pw 111111 222222"),
        Sent("111111", next()),
        Sent("222222", next()),
        Cancelled(Ok(())),
    ];
    let outcome = play_first(Profile::Silent, lines);
    assert_eq!(result(&outcome) as i32, 9, "{outcome:?}");
}

#[test]
fn a_daemon_that_begins_with_what_nobody_types_asks_nothing() {
    for challenge in [several(Ask::NextCode, 2, 1), several(Ask::FirstCode, 4, 1)] {
        let outcome = play_first(Profile::Silent, [begin_appended(challenge)]);
        assert_eq!(result(&outcome) as i32, 9, "{outcome:?}");
    }
}

#[test]
fn an_accepted_code_hands_the_password_on_byte_for_byte() {
    for (typed, password) in [
        (&b"hunter2 123456"[..], &b"hunter2"[..]),
        (b"hunter2123456", b"hunter2"),
        (b"hunter2  123 456\r\n", b"hunter2 "),
        (b"p\xe4ss w\xf6rd\xff 123456", b"p\xe4ss w\xf6rd\xff"),
        (b"12345678 123456", b"12345678"),
        (b"123456", b""),
    ] {
        let lines = [
            begin_appended(once()),
            asked(BOTH, typed),
            Sent("123456", finished()),
            HandedOn(password, Ok(())),
        ];
        assert_eq!(play_first(Profile::Silent, lines), Ok(Passed::Finished));
    }
}

#[test]
fn a_recovery_code_is_taken_in_place_of_a_code() {
    for (typed, sent) in [
        (&b"hunter2 3-ABCD-EFGH-JKMN-PQRS"[..], RECOVERY_SENT),
        (b"hunter2 0-ABCD-EFGH", ISSUED_SENT),
    ] {
        for (challenge, prompt) in [(once(), BOTH), (several(Ask::FirstCode, 2, 1), TWO)] {
            let lines = [
                begin_appended(challenge),
                asked(prompt, typed),
                Sent(sent, finished()),
                HandedOn(b"hunter2", Ok(())),
            ];
            assert_eq!(play_first(Profile::Silent, lines), Ok(Passed::Finished));
        }
    }
}

#[test]
fn where_only_a_recovery_code_is_taken_the_prompt_says_so() {
    let challenge = Challenge {
        ask: Ask::RecoveryCode,
        ..once()
    };
    let lines = [
        begin_appended(challenge),
        asked("Password, recovery code: ", b"pw 3-ABCD-EFGH-JKMN-PQRS"),
        Sent(RECOVERY_SENT, finished()),
        HandedOn(b"pw", Ok(())),
    ];
    assert_eq!(play_first(Profile::Silent, lines), Ok(Passed::Finished));
}

#[test]
fn several_codes_are_typed_in_one_field_and_sent_one_by_one() {
    let lines = [
        begin_appended(several(Ask::FirstCode, 2, 1)),
        asked(TWO, b"hunter2 111111 222222"),
        Sent("111111", ask(several(Ask::NextCode, 2, 1))),
        Sent("222222", finished()),
        HandedOn(b"hunter2", Ok(())),
    ];
    assert_eq!(play_first(Profile::Silent, lines), Ok(Passed::Finished));
    let next = || ask(several(Ask::NextCode, 3, 1));
    let lines = [
        begin_appended(several(Ask::FirstCode, 3, 1)),
        asked("Password and 3 codes: ", b"hunter2111111222222333333"),
        Sent("111111", next()),
        Sent("222222", next()),
        Sent("333333", rejected()),
    ];
    let outcome = play_first(Profile::Silent, lines);
    assert_eq!(result(&outcome) as i32, 7, "{outcome:?}");
}

#[test]
fn what_to_type_is_told_where_it_can_be_shown_and_nothing_else() {
    let few = || {
        Ok(Next::Finished {
            recovery_left: Some(2),
        })
    };
    let lines = [
        begin_appended(several(Ask::FirstCode, 2, 1)),
        told("E \nToo many wrong codes. Type two in a row."),
        asked(TWO, b"hunter2 111111 222222"),
        Sent("111111", ask(several(Ask::NextCode, 2, 1))),
        Sent("222222", few()),
        // Nor how many recovery codes are left: the password was not looked at yet.
        HandedOn(b"hunter2", Ok(())),
    ];
    assert_eq!(play_first(Profile::Ssh, lines), Ok(Passed::Finished));
    // And nowhere else is it told: some programs hang at it.
    let lines = [
        begin_appended(several(Ask::FirstCode, 2, 1)),
        asked(TWO, b"hunter2 111111 222222"),
        Sent("111111", ask(several(Ask::NextCode, 2, 1))),
        Sent("222222", few()),
        HandedOn(b"hunter2", Ok(())),
    ];
    assert_eq!(play_first(Profile::Silent, lines), Ok(Passed::Finished));
}

#[test]
fn where_another_module_has_asked_for_the_password_the_code_is_asked_for_alone() {
    let lines = [
        begin_appended(once()),
        asked(CODE, b"123456"),
        Sent("123456", finished()),
    ];
    assert_eq!(play(Profile::Silent, lines), Ok(Passed::Finished));
    // What gives every prompt the same answer gets no further, and nothing is sent.
    let lines = [
        begin_appended(once()),
        asked(CODE, PASSWORD),
        Cancelled(Ok(())),
    ];
    let outcome = play(Profile::Silent, lines);
    assert_eq!(outcome, Err(Refusal::StandsTooLow));
    assert_eq!(result(&outcome) as i32, 7);
}
