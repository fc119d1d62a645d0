//! A code that an admin issues to somebody who cannot give another: good once, for a while.

use std::fmt;
use std::str::FromStr;

use constant_time_eq::constant_time_eq;
use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crockford;
use crate::hash::{Hash, hash};
use crate::time::Timestamp;

/// An issued code: 40 random bits in Crockford's base 32 behind a zero, such as `0-ABCD-EFGH`. Short
/// enough for the telephone; the recovery codes' numbers begin at one.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct IssuedCode(String);

impl IssuedCode {
    const LETTERS: usize = 8;
    /// How many random bytes one takes: a salt, and 40 bits.
    pub const ENTROPY: usize = 16 + 5;

    /// What is read to the user.
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(16));
        text.push('0');
        crockford::group(&self.0, &mut text);
        text
    }
}

impl FromStr for IssuedCode {
    type Err = MalformedIssuedCode;

    /// Reads a code as people type it: in either case, with or without hyphens and spaces, with the
    /// letter O for 0 and I or L for 1.
    fn from_str(typed: &str) -> Result<Self, MalformedIssuedCode> {
        let symbols = crockford::normalize(typed);
        symbols
            .strip_prefix('0')
            .filter(|letters| letters.len() == Self::LETTERS && crockford::is_spelled(letters))
            .map(|letters| Self(letters.to_owned()))
            .ok_or(MalformedIssuedCode)
    }
}

impl fmt::Debug for IssuedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedCode(..)")
    }
}

/// What was typed cannot be an issued code.
#[derive(Debug, Eq, Error, PartialEq)]
#[error("an issued code is a zero and eight letters or digits")]
pub struct MalformedIssuedCode;

/// What is kept of an issued code.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Issued {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    hash: Hash,
    #[n(2)]
    from: Timestamp,
    #[n(3)]
    expires: Timestamp,
}

impl Issued {
    /// A new code out of random bytes, which nothing keeps, good from one point in time until just
    /// before another; `None` if it cannot be hashed.
    pub(crate) fn from_entropy(
        entropy: &[u8; IssuedCode::ENTROPY],
        from: Timestamp,
        expires: Timestamp,
    ) -> Option<(Self, IssuedCode)> {
        let (salt, rest) = entropy.split_first_chunk::<16>()?;
        let bits = rest
            .iter()
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let code = IssuedCode(crockford::spell(bits, IssuedCode::LETTERS));
        let issued = Self {
            salt: *salt,
            hash: hash(&code.expose(), salt)?,
            from,
            expires,
        };
        Some((issued, code))
    }

    /// When it is no longer good.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether it is good now. Not before it was issued either: a clock set back makes no code last
    /// longer.
    pub fn is_live(&self, now: Timestamp) -> bool {
        (self.from..self.expires).contains(&now)
    }

    /// Whether `code` is the one that was issued and is good now.
    ///
    /// One hash is computed, whether or not there is a code at all, or a live one.
    pub(crate) fn is_right(issued: Option<&Self>, code: &IssuedCode, now: Timestamp) -> bool {
        let salt = issued.map_or([0; 16], |issued| issued.salt);
        let hash = hash(&code.expose(), &salt);
        let matches = |issued: &Self| {
            hash.is_some_and(|hash| constant_time_eq(&hash, &issued.hash)) && issued.is_live(now)
        };
        issued.is_some_and(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_printed_as_documented_and_read_as_people_type_it() {
        let (_, code) = issue();
        let text = code.expose();
        assert_eq!(text.len(), "0-ABCD-EFGH".len());
        for typed in [
            text.to_string(),
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('0', "o"),
        ] {
            assert_eq!(typed.parse::<IssuedCode>().unwrap(), code, "{typed}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for typed in [
            "",
            "0",
            "12345678",
            "ABCD-EFGH",
            "1-ABCD-EFGH",
            "0-ABCD-EFG",
            "0-ABCD-EFGU",
            "0-ABCD-EFGHJ",
            "0-ABCD-EFGé",
            "3-ABCD-EFGH-JKMN-PQRS",
        ] {
            assert!(typed.parse::<IssuedCode>().is_err(), "{typed:?}");
        }
    }

    #[test]
    fn it_is_right_from_when_it_was_issued_until_it_expires() {
        let (issued, code) = issue();
        for (seconds, right) in [(999, false), (1000, true), (1599, true), (1600, false)] {
            let now = Timestamp::from_unix(seconds);
            assert_eq!(
                Issued::is_right(Some(&issued), &code, now),
                right,
                "{seconds}"
            );
        }
    }

    #[test]
    fn another_code_or_none_issued_is_wrong() {
        let (issued, code) = issue();
        let now = Timestamp::from_unix(1000);
        let other: IssuedCode = "0-ABCD-EFGH".parse().unwrap();
        assert!(!Issued::is_right(Some(&issued), &other, now));
        assert!(!Issued::is_right(None, &code, now));
    }

    #[test]
    fn debug_output_does_not_show_the_code() {
        assert_eq!(format!("{:?}", issue().1), "IssuedCode(..)");
    }

    fn issue() -> (Issued, IssuedCode) {
        let [from, expires] = [1000, 1600].map(Timestamp::from_unix);
        Issued::from_entropy(&[0x5a; IssuedCode::ENTROPY], from, expires).unwrap()
    }
}
