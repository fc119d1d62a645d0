//! What other modules keep of their users, read from their files.
//!
//! A parser takes bytes and gives what is in them. It opens nothing, asks nobody, and no text of
//! its own quotes what it read: a line may hold a secret in the wrong place.

mod base32;
pub(crate) mod google_authenticator;
pub(crate) mod home;
pub(crate) mod oath;
pub(crate) mod otpauth;
pub(crate) mod passwd;
pub(crate) mod plan;

use std::str::FromStr;

use countersign_bus::import::{Hidden, ImportCredential};
use thiserror::Error;

/// One credential of a file, and what else is with it.
#[derive(Default)]
pub(crate) struct Found {
    /// The line it begins on, from 1.
    pub(crate) line: usize,
    /// Whose it is, if the file says so.
    pub(crate) user: Option<String>,
    pub(crate) credential: ImportCredential,
    pub(crate) scratch: Vec<Hidden>,
    /// What of it does not come over.
    pub(crate) left: Vec<Left>,
}

/// A line that says nothing that could be carried over.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Bad {
    pub(crate) line: usize,
    /// Whose it is, if that could be read.
    pub(crate) user: Option<String>,
    pub(crate) flaw: Flaw,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(crate) enum Flaw {
    #[error("it is no text")]
    NoText,
    #[error("the secret is not base 32 (letters A to Z and digits 2 to 7)")]
    NotBase32,
    #[error("the secret is not written as pairs of hexadecimal digits")]
    NotHex,
    #[error("the secret is shorter than 80 bits, which can be guessed: enrol this user anew")]
    ShortSecret,
    #[error("the secret is longer than the 32 bytes that pam_oath takes")]
    LongSecret,
    #[error("there is neither TOTP_AUTH nor a HOTP_COUNTER above 0, so it gives no codes")]
    NoCodes,
    #[error("the value of {0} makes no sense")]
    Value(&'static str),
    #[error("its first word is no type that pam_oath knows; it skips the line too")]
    NoType,
    #[error("the {0} is missing")]
    Missing(&'static str),
    #[error("it is no otpauth URI")]
    NoUri,
    #[error("{0} is given twice")]
    Twice(&'static str),
    #[error(
        "it is an export of several keys at once, which only Google Authenticator reads: export \
         the keys as otpauth:// URIs, or enrol these users anew"
    )]
    Migration,
}

/// What does not come over, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Left {
    /// pam_oath: a PASSWORD.
    Password,
    /// google-authenticator: RATE_LIMIT.
    RateLimit,
    /// google-authenticator: LAST0 to LAST9.
    Grace,
    /// google-authenticator: RESETTING_TIME_SKEW.
    Resetting,
    /// google-authenticator: no DISALLOW_REUSE.
    Reuse,
    /// google-authenticator: TOTP_AUTH beside a HOTP_COUNTER.
    Totp,
    /// google-authenticator: an option nobody knows, on that line.
    Unknown(usize),
    /// google-authenticator: what is from that line on is read by nobody.
    Unread(usize),
    /// pam_oath: the digits that the type has, where the last code had others.
    Digits,
}

impl Left {
    /// What, and why, as a table has it.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Password => "PASSWORD: is no second factor".to_owned(),
            Self::RateLimit => "RATE_LIMIT: guesses are always limited".to_owned(),
            Self::Grace => "LAST0 to LAST9: no host is exempt".to_owned(),
            Self::Resetting => "RESETTING_TIME_SKEW: it was not finished".to_owned(),
            Self::Reuse => "leave to use a code twice".to_owned(),
            Self::Totp => "TOTP_AUTH: HOTP_COUNTER wins".to_owned(),
            Self::Unknown(line) => format!("line {line}: an unknown option"),
            Self::Unread(line) => format!("from line {line} on: the old module does not read it"),
            Self::Digits => "the type's digits: the last code had others".to_owned(),
        }
    }
}

/// The shortest secret that may be carried over: the 80 bits that older apps handed out.
const SHORTEST: usize = 10;

/// A number in decimal digits and nothing else.
fn number<T: FromStr>(text: &str) -> Option<T> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A secret that is long enough.
fn long_enough(secret: &[u8]) -> Result<Hidden, Flaw> {
    if secret.len() < SHORTEST {
        return Err(Flaw::ShortSecret);
    }
    Ok(Hidden::from(secret))
}

/// An algorithm's name, as the daemon has it.
fn algorithm(name: &str) -> Option<String> {
    let name = name.to_ascii_uppercase();
    matches!(name.as_str(), "SHA1" | "SHA256" | "SHA512").then_some(name)
}
