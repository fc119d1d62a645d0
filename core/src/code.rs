//! The one-time code, on its way in.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A one-time code as the claimant typed it: six to eight ASCII digits, RFC 4226 section 5.3.
///
/// Holding one means that it is well formed. Whether it is right is for
/// [`Record::judge`](crate::record::Record::judge) to say.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code(String);

impl Code {
    /// Whether this is the code that `expected` spells, compared in constant time.
    pub(crate) fn matches(&self, expected: &str) -> bool {
        constant_time_eq::constant_time_eq(self.0.as_bytes(), expected.as_bytes())
    }

    /// Its digits.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = MalformedCode;

    /// Reads a code. Spaces and hyphens, which apps print between the groups, are ignored.
    fn from_str(typed: &str) -> Result<Self, MalformedCode> {
        let mut digits = String::with_capacity(typed.len());
        digits.extend(typed.chars().filter(|c| !matches!(c, ' ' | '-')));
        // From here on the digits are wiped, also where they turn out not to be a code.
        let code = Self(digits);

        if (6..=8).contains(&code.0.len()) && code.0.bytes().all(|b| b.is_ascii_digit()) {
            Ok(code)
        } else {
            Err(MalformedCode)
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

/// What was typed cannot be a code.
#[derive(Debug, Eq, Error, PartialEq)]
#[error("a code is six to eight digits")]
pub struct MalformedCode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_hyphens_that_apps_print_are_ignored() {
        for typed in ["123456", "123 456", "123-456", " 123456 ", "1234-5678"] {
            assert!(typed.parse::<Code>().is_ok(), "{typed:?}");
        }
    }

    #[test]
    fn anything_but_six_to_eight_ascii_digits_is_malformed() {
        for typed in [
            "",
            "-",
            "12345",
            "123456789",
            "12345a",
            "１２３４５６",
            "+123456",
            "123\u{a0}456",
            "123456\n",
            "123456\0",
        ] {
            assert_eq!(
                typed.parse::<Code>().unwrap_err(),
                MalformedCode,
                "{typed:?}"
            );
        }
    }

    #[test]
    fn debug_output_does_not_show_the_code() {
        let code: Code = "123456".parse().unwrap();
        assert_eq!(format!("{code:?}"), "Code(..)");
    }
}
