//! What the claimant typed, told apart by its shape.

use countersign_bus::types::{Ask, Challenge};
use zeroize::Zeroizing;

/// An answer to a challenge.
///
/// Only what has the shape of something asked for goes to the daemon. Anything else may be a
/// password, typed out of habit or by an application that gives every prompt the same answer.
pub(crate) enum Answer {
    /// Nothing was typed.
    Empty,
    /// What was typed cannot be meant.
    Unfit,
    /// What the daemon is to judge, without what people put between the digits and letters.
    Fit(Kind, Zeroizing<String>),
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A one-time code.
    Code,
    /// A recovery code.
    RecoveryCode,
    /// A code that the admin has issued, which is taken where recovery codes are.
    Issued,
}

impl Answer {
    /// The longest that is looked at, in bytes: PAM's own limit for an answer.
    pub(crate) const LONGEST: usize = 512;

    /// Reads what was `typed` in answer to `challenge`, by somebody whose password, if an earlier
    /// module asked for it, is `password`.
    pub(crate) fn read(typed: &[u8], challenge: &Challenge, password: Option<&[u8]>) -> Self {
        if typed.trim_ascii().is_empty() {
            return Self::Empty;
        }
        if typed.len() > Self::LONGEST || password == Some(typed) {
            return Self::Unfit;
        }
        let Ok(text) = std::str::from_utf8(typed.trim_ascii()) else {
            return Self::Unfit;
        };
        // As long as it can become, since growing would leave a copy behind.
        let mut symbols = Zeroizing::new(String::with_capacity(text.len()));
        symbols.extend(text.chars().filter(|c| !matches!(c, ' ' | '-')));

        let (code, recovery) = match challenge.ask {
            Ask::Code | Ask::FirstCode | Ask::NextCode => (true, challenge.recovery),
            Ask::RecoveryCode => (false, true),
        };
        if code && is_code(&symbols, lengths(challenge)) {
            Self::Fit(Kind::Code, symbols)
        } else if recovery && is_recovery_code(&symbols) {
            Self::Fit(Kind::RecoveryCode, symbols)
        } else if recovery && is_issued_code(&symbols) {
            Self::Fit(Kind::Issued, symbols)
        } else {
            Self::Unfit
        }
    }
}

/// How many digits a code has in answer to `challenge`.
pub(crate) fn lengths(challenge: &Challenge) -> &[u32] {
    match challenge.lengths.as_slice() {
        // The daemon does not say: any code of RFC 4226's that authenticators show.
        [] => &[6, 7, 8],
        lengths => lengths,
    }
}

fn is_code(symbols: &str, lengths: &[u32]) -> bool {
    let fits = |fitting: &u32| *fitting as usize == symbols.len();
    lengths.iter().any(fits) && symbols.bytes().all(|b| b.is_ascii_digit())
}

/// Whether this is a number of one or two digits and sixteen letters.
fn is_recovery_code(symbols: &str) -> bool {
    let Some((number, letters)) = symbols
        .len()
        .checked_sub(16)
        .and_then(|length| symbols.split_at_checked(length))
    else {
        return false;
    };
    (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && are_letters(letters)
}

/// Whether this is a 0, which is no recovery code's number, and eight letters.
fn is_issued_code(symbols: &str) -> bool {
    symbols
        .strip_prefix('0')
        .is_some_and(|letters| letters.len() == 8 && are_letters(letters))
}

/// Whether these are letters of Crockford's base 32, where I and L stand for 1 and O for 0.
fn are_letters(symbols: &str) -> bool {
    symbols
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() && !b.eq_ignore_ascii_case(&b'u'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECOVERY_CODE: &str = "3-ABCD-EFGH-JKMN-PQRS";

    fn challenge(ask: Ask, recovery: bool) -> Challenge {
        Challenge {
            ask,
            codes: 1,
            tries: 3,
            lengths: vec![6, 8],
            recovery,
            news: None,
            wait: None,
        }
    }

    fn read(typed: &str, challenge: &Challenge) -> String {
        shown(&Answer::read(
            typed.as_bytes(),
            challenge,
            Some(b"passw0rd"),
        ))
    }

    fn shown(answer: &Answer) -> String {
        match answer {
            Answer::Empty => "empty".to_owned(),
            Answer::Unfit => "unfit".to_owned(),
            Answer::Fit(Kind::Code, code) => format!("code {}", **code),
            Answer::Fit(Kind::RecoveryCode, code) => format!("recovery {}", **code),
            Answer::Fit(Kind::Issued, code) => format!("issued {}", **code),
        }
    }

    #[test]
    fn a_code_is_its_digits() {
        for typed in [
            "123456",
            "123 456",
            "123-456",
            " 123456 ",
            "1 2 3 4 5 6",
            "123456\r\n",
        ] {
            for ask in [Ask::Code, Ask::FirstCode, Ask::NextCode] {
                assert_eq!(read(typed, &challenge(ask, false)), "code 123456");
            }
        }
        assert_eq!(
            read("1234 5678", &challenge(Ask::Code, false)),
            "code 12345678"
        );
    }

    #[test]
    fn what_is_no_code_of_a_length_asked_for_is_unfit() {
        for typed in [
            "12345",
            "1234567",
            "123456789",
            "12345a",
            "１２３４５６",
            "+12345",
            "123456\0",
            "12.3456",
            "passw0rd",
            RECOVERY_CODE,
            "--",
            "\u{8}\n\r\u{7f}INCORRECT",
        ] {
            let answer = read(typed, &challenge(Ask::Code, false));
            assert_eq!(answer, "unfit", "{typed:?}");
        }
    }

    #[test]
    fn without_lengths_a_code_has_six_to_eight_digits() {
        let any = Challenge {
            lengths: Vec::new(),
            ..challenge(Ask::Code, false)
        };
        for (typed, answer) in [
            ("12345", "unfit"),
            ("123456", "code 123456"),
            ("1234567", "code 1234567"),
            ("12345678", "code 12345678"),
            ("123456789", "unfit"),
        ] {
            assert_eq!(read(typed, &any), answer);
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_people_copy_it() {
        for (typed, symbols) in [
            (RECOVERY_CODE, "3ABCDEFGHJKMNPQRS"),
            ("3 abcd efgh jkmn pqrs", "3abcdefghjkmnpqrs"),
            ("3abcdefghjkmnpqrs", "3abcdefghjkmnpqrs"),
            ("10-OILO-0110-0110-0110", "10OILO011001100110"),
        ] {
            for challenge in [
                challenge(Ask::Code, true),
                challenge(Ask::RecoveryCode, false),
            ] {
                assert_eq!(read(typed, &challenge), format!("recovery {symbols}"));
            }
        }
    }

    #[test]
    fn what_is_no_recovery_code_is_unfit_where_one_is_asked_for() {
        for typed in [
            "123456",
            "ABCD-EFGH-JKMN-PQRS",
            "A-ABCD-EFGH-JKMN-PQRS",
            "123-ABCD-EFGH-JKMN-PQRS",
            "3-ABCD-EFGH-JKMN-PQR",
            "3-ABCD-EFGH-JKMN-PQRU",
            "3-ABCD-EFGH-JKMN-PQRé",
            "3-ABCD-EFGH-JKMN-PQ.S",
        ] {
            let answer = read(typed, &challenge(Ask::RecoveryCode, true));
            assert_eq!(answer, "unfit", "{typed:?}");
        }
    }

    #[test]
    fn an_issued_code_is_taken_where_a_recovery_code_is() {
        for (typed, symbols) in [
            ("0-ABCD-EFGH", "0ABCDEFGH"),
            ("0 abcd efgh", "0abcdefgh"),
            ("0abcdefgh", "0abcdefgh"),
            ("0-OILO-0110", "0OILO0110"),
            ("0-1234-5678", "012345678"),
        ] {
            for (ask, recovery) in [
                (Ask::Code, true),
                (Ask::FirstCode, true),
                (Ask::RecoveryCode, false),
            ] {
                let answer = read(typed, &challenge(ask, recovery));
                assert_eq!(answer, format!("issued {symbols}"));
            }
            assert_eq!(read(typed, &challenge(Ask::Code, false)), "unfit");
        }
    }

    #[test]
    fn what_is_no_issued_code_is_unfit() {
        for typed in [
            "ABCD-EFGH",
            "1-ABCD-EFGH",
            "O-ABCD-EFGH",
            "00-ABCD-EFGH",
            "0-ABCD-EFG",
            "0-ABCD-EFGHJ",
            "0-ABCD-EFGU",
            "0-ABCD-EFG.",
            "0-ABCD-EFé",
        ] {
            let answer = read(typed, &challenge(Ask::RecoveryCode, true));
            assert_eq!(answer, "unfit", "{typed:?}");
        }
    }

    #[test]
    fn nothing_but_blanks_is_empty() {
        for typed in ["", " ", "\t \r\n"] {
            assert_eq!(read(typed, &challenge(Ask::Code, true)), "empty");
        }
    }

    #[test]
    fn the_password_is_unfit_even_if_it_looks_like_a_code() {
        let challenge = challenge(Ask::Code, true);
        for password in ["123456", RECOVERY_CODE] {
            let bytes = password.as_bytes();
            assert_eq!(
                shown(&Answer::read(bytes, &challenge, Some(bytes))),
                "unfit"
            );
        }
        let other = Answer::read(b"123456", &challenge, Some(b"654321"));
        assert_eq!(shown(&other), "code 123456");
        let none = Answer::read(b"123456", &challenge, None);
        assert_eq!(shown(&none), "code 123456");
    }

    #[test]
    fn what_is_no_text_or_too_long_is_unfit() {
        let challenge = challenge(Ask::Code, true);
        let long = format!("123456{}", " ".repeat(507));
        for typed in [b"123456\xff".as_slice(), long.as_bytes()] {
            assert_eq!(shown(&Answer::read(typed, &challenge, None)), "unfit");
        }
    }
}
