//! Fields as people and programs fill them in.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const RECOVERY_CODE: &str = "3-ABCD-EFGH-JKMN-PQRS";

fn challenge(lengths: &[u32], ask: Ask, codes: u32, recovery: bool) -> Challenge {
    Challenge {
        ask,
        codes,
        tries: 1,
        lengths: lengths.to_vec(),
        recovery,
        news: None,
        wait: None,
    }
}

fn one(lengths: &[u32]) -> Challenge {
    challenge(lengths, Ask::Code, 1, true)
}

fn in_a_row(codes: u32) -> Challenge {
    challenge(&[6], Ask::FirstCode, codes, true)
}

/// The password and what is sent, or what else it is.
fn read(typed: &[u8], challenge: &Challenge) -> Result<(Vec<u8>, String), &'static str> {
    match Field::read(typed, challenge) {
        Field::Empty => Err("empty"),
        Field::Unfit => Err("unfit"),
        Field::Both { password, answers } => {
            let sent: Vec<&str> = answers.iter().map(|code| code.as_str()).collect();
            Ok((password.to_vec(), sent.join(" ")))
        }
    }
}

#[track_caller]
fn is(typed: &str, challenge: &Challenge, password: &str, sent: &str) {
    let expected = Ok((password.as_bytes().to_vec(), sent.to_owned()));
    assert_eq!(read(typed.as_bytes(), challenge), expected, "{typed:?}");
}

#[track_caller]
fn unfit(typed: &str, challenge: &Challenge) {
    assert_eq!(read(typed.as_bytes(), challenge), Err("unfit"), "{typed:?}");
}

#[test]
fn nothing_is_taken_for_a_code_that_is_none() {
    for typed in [
        "hunter2",
        "12345",
        "hunter2 12345",
        "hunter2 12345a",
        "hunter2 123456!",
        "hunter2 １２３４５６",
        "123456 hunter2",
        "hunter2 123  456",
        "hunter2 123.456",
        "hunter2 1234 56",
        "hunter2 1 2 3 4 5 6",
        "hunter2 12 34 56",
    ] {
        unfit(typed, &one(&[6]));
    }
    unfit("hunter2 123456", &one(&[8]));
    unfit("hunter2 1234567", &one(&[8]));
}

#[test]
fn nothing_typed_is_empty() {
    for typed in ["", " ", "   ", "\r\n", " \t\n"] {
        assert_eq!(read(typed.as_bytes(), &one(&[6])), Err("empty"));
    }
}

#[test]
fn what_pam_would_cut_short_is_unfit() {
    let longest = format!("{} 123456", "p".repeat(505));
    is(&longest, &one(&[6]), &"p".repeat(505), "123456");
    unfit(&format!("p{longest}"), &one(&[6]));
    unfit(&" ".repeat(513), &one(&[6]));
}

#[test]
fn a_code_stands_at_the_end_with_a_blank_in_front_or_without() {
    for typed in [
        "hunter2 123456",
        "hunter2123456",
        "hunter2 123 456",
        "hunter2 123-456",
        "hunter2123 456",
        "hunter2 123456 ",
        "hunter2 123456\r\n",
    ] {
        is(typed, &one(&[6]), "hunter2", "123456");
    }
    is("hunter2 1234 5678", &one(&[8]), "hunter2", "12345678");
    is("hunter2 123 4567", &one(&[7]), "hunter2", "1234567");
    is("hunter2 1234 567", &one(&[7]), "hunter2", "1234567");
}

#[test]
fn a_password_is_handed_on_as_it_was_typed() {
    for password in [
        "correct horse battery staple",
        " hunter2",
        "hunter2 ",
        "hunter2-",
        "pässwörd 비밀번호",
        "1234 5678",
        "12345678",
        "a 0-ABCD-EFGH",
        RECOVERY_CODE,
        " ",
    ] {
        is(
            &format!("{password} 123456"),
            &one(&[6]),
            password,
            "123456",
        );
    }
    let latin = read(b"p\xe4ss\xff 123456", &one(&[6]));
    assert_eq!(latin, Ok((b"p\xe4ss\xff".to_vec(), "123456".to_owned())));
}

#[test]
fn a_code_alone_has_no_password() {
    for typed in ["123456", " 123456", "123 456"] {
        is(typed, &one(&[6]), "", "123456");
    }
    is(
        " 3-ABCD-EFGH-JKMN-PQRS",
        &one(&[6]),
        "",
        "3ABCDEFGHJKMNPQRS",
    );
}

#[test]
fn a_password_that_ends_in_digits_is_told_from_the_code_by_its_length_or_a_blank() {
    for (typed, lengths, password, sent) in [
        // One length: no blank is needed.
        ("hunter12123456", &[6][..], "hunter12", "123456"),
        ("hunter1234561123456", &[6], "hunter1234561", "123456"),
        ("1234567812345678", &[8], "12345678", "12345678"),
        ("hunter712345678", &[8], "hunter7", "12345678"),
        ("hunter71234567", &[7], "hunter7", "1234567"),
        // Two: a blank tells, and without one the longer is meant.
        ("hunter12 123456", &[6, 8], "hunter12", "123456"),
        ("hunter12 12345678", &[6, 8], "hunter12", "12345678"),
        ("hunter12123456", &[6, 8], "hunter", "12123456"),
        ("hunter12123456", &[8, 6], "hunter", "12123456"),
        ("hunter 123456789", &[6, 8], "hunter 1", "23456789"),
        // Seven digits, of which no code has as many.
        ("hunter2123456", &[6, 8], "hunter2", "123456"),
        // The daemon does not say.
        ("hunter2 123456", &[], "hunter2", "123456"),
        ("hunter2 1234567", &[], "hunter2", "1234567"),
        ("hunter2 12345678", &[], "hunter2", "12345678"),
        ("hunter 123456", &[], "hunter", "123456"),
        ("hunter-123456", &[], "hunter-", "123456"),
    ] {
        is(typed, &one(lengths), password, sent);
    }
}

#[test]
fn recovery_codes_and_issued_codes_are_the_last_word_as_they_are_shown() {
    let sent = "3ABCDEFGHJKMNPQRS";
    for challenge in [
        one(&[6]),
        in_a_row(2),
        challenge(&[], Ask::RecoveryCode, 1, true),
    ] {
        is(
            &format!("hunter2 {RECOVERY_CODE}"),
            &challenge,
            "hunter2",
            sent,
        );
        is(
            "pw 10-oilo-0110-0110-0110\n",
            &challenge,
            "pw",
            "10oilo011001100110",
        );
        is("pw 0-ABCD-EFGH", &challenge, "pw", "0ABCDEFGH");
        is("pw 0-1234-5678", &challenge, "pw", "012345678");
    }
    // A tail that could be a code is none.
    let eight = one(&[6, 7, 8]);
    is(
        "pw 3-ABCD-EFGH-1234-5678",
        &eight,
        "pw",
        "3ABCDEFGH12345678",
    );
}

#[test]
fn what_only_resembles_a_recovery_code_is_not_sent() {
    for typed in [
        // Not behind a blank: a password can look like this.
        RECOVERY_CODE,
        "hunter23-ABCD-EFGH-JKMN-PQRS",
        "0password",
        "pw 0password",
        "pw 3ABCDEFGHJKMNPQRS",
        "pw 3 ABCD EFGH JKMN PQRS",
        "pw 3-ABCD-EFGH-JKMN-PQRU",
        "pw 3-ABCD-EFGH-JKMN",
        "pw 123-ABCD-EFGH-JKMN-PQRS",
        "pw 1-ABCD-EFGH",
    ] {
        unfit(typed, &one(&[6]));
    }
}

#[test]
fn where_no_recovery_code_is_taken_none_is_sent_not_even_its_tail() {
    let no_recovery = challenge(&[6, 7, 8], Ask::Code, 1, false);
    for typed in [
        "pw 3-ABCD-EFGH-JKMN-PQRS",
        "pw 3-ABCD-EFGH-1234-5678",
        "pw 0-1234-5678",
    ] {
        unfit(typed, &no_recovery);
    }
}

#[test]
fn where_only_a_recovery_code_is_taken_a_code_is_none() {
    unfit(
        "hunter2 123456",
        &challenge(&[6], Ask::RecoveryCode, 1, true),
    );
}

#[test]
fn several_codes_stand_in_a_row_with_blanks_or_without() {
    for typed in [
        "hunter2 111111 222222",
        "hunter2 111111222222",
        "hunter2111111222222",
        "hunter2111111 222222",
        "hunter2 111 111 222 222",
        "hunter2 111-111 222-222",
        "hunter2 111 111222222",
        "hunter2 111111  222222",
    ] {
        is(typed, &in_a_row(2), "hunter2", "111111 222222");
    }
    for typed in [
        "hunter2 111111 222222 333333",
        "hunter2111111222222333333",
        // Eighteen digits, as a recovery code of digits alone would have.
        "hunter2 111111222222333333",
    ] {
        is(typed, &in_a_row(3), "hunter2", "111111 222222 333333");
    }
    // A password of digits is told from the codes.
    is(
        "123456 111111 222222",
        &in_a_row(2),
        "123456",
        "111111 222222",
    );
    let two_lengths = challenge(&[6, 8], Ask::FirstCode, 2, true);
    is(
        "hunter2 111111222222",
        &two_lengths,
        "hunter2",
        "111111 222222",
    );
    is(
        "pw7 1111111122222222",
        &two_lengths,
        "pw7",
        "11111111 22222222",
    );
}

#[test]
fn fewer_codes_than_are_asked_for_are_none() {
    for typed in ["hunter2 123456", "hunter2 123456 12345", "123456"] {
        unfit(typed, &in_a_row(2));
    }
    unfit("hunter2 111111 222222", &in_a_row(3));
    // In a row they are one authenticator's.
    let two_lengths = challenge(&[6, 8], Ask::FirstCode, 2, true);
    unfit("hunter 111111 22222222", &two_lengths);
}

#[test]
fn what_no_daemon_asks_for_is_not_answered() {
    for challenge in [in_a_row(0), in_a_row(4), in_a_row(u32::MAX)] {
        unfit(&format!("pw {}", "1".repeat(60)), &challenge);
    }
    for lengths in [&[0][..], &[u32::MAX], &[0, u32::MAX]] {
        unfit("hunter2 123456", &one(lengths));
    }
    unfit("hunter2 123456", &challenge(&[6], Ask::NextCode, 2, true));
}

/// A password as `pam_unix` would take it: any bytes but NUL.
fn password() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(1..=255_u8, 0..60),
        // What could be taken for a code, or hide where it begins.
        "[ 0-9A-Ha-h-]{0,40}".prop_map(String::into_bytes),
    ]
}

fn code() -> impl Strategy<Value = String> {
    "[0-9]{6,8}"
}

proptest! {
    #[test]
    fn one_blank_tells_any_password_from_any_code(
        password in password(),
        code in code(),
        end in "[ \r\n]{0,2}",
        any_length in any::<bool>(),
    ) {
        let own = [u32::try_from(code.len()).unwrap()];
        let lengths: &[u32] = if any_length { &[6, 7, 8] } else { &own };
        let (front, back) = code.split_at(code.len() / 2);
        for written in [code.clone(), format!("{front} {back}"), format!("{front}-{back}")] {
            let mut typed = password.clone();
            typed.extend(format!(" {written}{end}").bytes());
            prop_assert_eq!(read(&typed, &one(lengths)), Ok((password.clone(), code.clone())));
        }
    }

    #[test]
    fn codes_of_one_length_need_no_blank(password in password(), code in "[0-9]{6}") {
        let mut typed = password.clone();
        typed.extend(code.bytes());
        let stripped = password.strip_suffix(b" ").unwrap_or(&password).to_vec();
        let expected = Ok((stripped, code));
        // Behind "…-1234-" and the like the code could be the end of a recovery code.
        prop_assume!(!password.contains(&b'-'));
        prop_assert_eq!(read(&typed, &one(&[6])), expected);
    }

    #[test]
    fn whatever_is_typed_what_is_sent_is_its_end_and_the_rest_is_the_password(
        typed in prop_oneof![vec(any::<u8>(), 0..600), "[ 0-9A-H-]{0,80}".prop_map(String::into_bytes)],
        lengths in prop_oneof![vec(6..=8_u32, 0..3), vec(any::<u32>(), 0..3)],
        first in any::<bool>(),
        codes in 0..5_u32,
        recovery in any::<bool>(),
    ) {
        let ask = if first { Ask::FirstCode } else { Ask::Code };
        if let Ok((password, sent)) = read(&typed, &challenge(&lengths, ask, codes, recovery)) {
            let rest = typed.strip_prefix(password.as_slice()).expect("its beginning");
            let symbols = |text: &[u8]| -> Vec<u8> {
                let meant = |b: &u8| !b" -\t\r\n\x0c".contains(b);
                text.iter().copied().filter(meant).collect()
            };
            prop_assert_eq!(symbols(rest), symbols(sent.as_bytes()));
            prop_assert!(sent.len() <= 3 * 9 || recovery && sent.len() <= 18);
        }
    }
}
