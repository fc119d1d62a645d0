//! `~/.google_authenticator`, as pam_google_authenticator reads it (its FILEFORMAT, and its code
//! where that says more), with the DIGITS and ALGORITHM of its hardened fork.

use countersign_bus::import::{Hidden, ImportCredential};

use super::base32::{self, Reader};
use super::{Bad, Flaw, Found, Left, algorithm, long_enough, number};

/// The most bytes that the module reads.
pub(crate) const LARGEST: u64 = 65536;

/// The credential of a file, which has one user's only.
pub(crate) fn parse(file: &[u8]) -> Result<Found, Bad> {
    let bad = |line, flaw| Bad {
        line,
        user: None,
        flaw,
    };
    let text = std::str::from_utf8(file)
        .ok()
        .filter(|text| text.is_ascii() && !text.contains('\0'))
        .ok_or(bad(1, Flaw::NoText))?;
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let secret = base32::decode(first, Reader::GoogleAuthenticator)
        .ok_or(Flaw::NotBase32)
        .and_then(|secret| long_enough(&secret))
        .map_err(|flaw| bad(1, flaw))?;

    let (scratch, unread) = scratch_codes(rest);
    let options = Options::of(rest);
    let mut left = options.left(text);
    left.extend(unread.map(Left::Unread));
    let credential = options
        .credential(text, secret)
        .map_err(|(line, flaw)| bad(line, flaw))?;
    Ok(Found {
        line: 1,
        user: None,
        credential,
        scratch,
        left,
    })
}

/// The lines below the first, with their numbers.
fn lines(rest: &str) -> impl Iterator<Item = (usize, &str)> {
    (2..).zip(rest.split('\n'))
}

/// The module looks for the mark anywhere, not only where a line begins.
fn is_time_based(text: &str) -> bool {
    text.contains("\" TOTP_AUTH")
}

/// The lines that hold nothing but a number of eight digits, up to the first that holds anything
/// else; and the number of that one.
fn scratch_codes(rest: &str) -> (Vec<Hidden>, Option<usize>) {
    let mut codes = Vec::new();
    let parts = lines(rest)
        .filter(|(_, line)| !line.starts_with('"'))
        .flat_map(|(number, line)| line.split('\r').map(move |part| (number, part)))
        .filter(|(_, part)| !part.is_empty());
    for (line, part) in parts {
        match number::<u32>(part.trim_start()) {
            Some(code @ 10_000_000..=99_999_999) => {
                codes.push(Hidden::from(code.to_string().as_bytes()));
            }
            Some(_) | None => return (codes, Some(line)),
        }
    }
    (codes, None)
}

/// The lines that begin with a quotation mark.
struct Options<'a>(Vec<Line<'a>>);

struct Line<'a> {
    number: usize,
    key: &'a str,
    value: &'a str,
}

impl<'a> Options<'a> {
    fn of(rest: &'a str) -> Self {
        let lines = lines(rest)
            .flat_map(|(number, line)| line.split('\r').map(move |part| (number, part)))
            .filter(|(_, part)| part.starts_with('"'))
            .map(|(number, part)| {
                let option = part.strip_prefix("\" ").unwrap_or_default();
                let (key, value) = option.split_once([' ', '\t']).unwrap_or((option, ""));
                Line {
                    number,
                    key,
                    value: value.trim_matches([' ', '\t']),
                }
            });
        Self(lines.collect())
    }

    /// The first of several counts.
    fn find(&self, key: &str) -> Option<&Line<'a>> {
        self.0.iter().find(|line| line.key == key)
    }

    /// What the option says, unless it is not there.
    fn value<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, (usize, Flaw)> {
        let Some(line) = self.find(key) else {
            return Ok(None);
        };
        match read(line.value) {
            Some(value) => Ok(Some(value)),
            None => Err((line.number, Flaw::Value(key))),
        }
    }

    fn credential(&self, text: &str, secret: Hidden) -> Result<ImportCredential, (usize, Flaw)> {
        let counter = self.value("HOTP_COUNTER", number::<u64>)?;
        let counter = counter.filter(|counter| *counter > 0);
        if counter.is_none() && !is_time_based(text) {
            return Err((1, Flaw::NoCodes));
        }
        let window = |text: &str| number(text).filter(|window| (1..=100).contains(window));
        let window = self.value("WINDOW_SIZE", window)?.unwrap_or(3);
        let common = ImportCredential {
            label: Some("google-authenticator".to_owned()),
            secret: Some(secret),
            algorithm: self.value("ALGORITHM", algorithm)?,
            digits: self.value("DIGITS", digits)?,
            ..ImportCredential::default()
        };
        if counter.is_some() {
            return Ok(ImportCredential {
                counter,
                look_ahead: Some(window - 1),
                ..common
            });
        }
        Ok(ImportCredential {
            period: self.value("STEP_SIZE", step_size)?,
            // Of an even number, the module looks at one more ahead than behind.
            skew: Some(window / 2),
            drift: self.value("TIME_SKEW", signed)?,
            spent: self.value("DISALLOW_REUSE", used_steps)?.flatten(),
            ..common
        })
    }

    fn left(&self, text: &str) -> Vec<Left> {
        let mut left = Vec::new();
        for line in &self.0 {
            left.extend(match line.key {
                "TOTP_AUTH" | "HOTP_COUNTER" | "STEP_SIZE" | "WINDOW_SIZE" | "DISALLOW_REUSE"
                | "TIME_SKEW" | "DIGITS" | "ALGORITHM" => None,
                "RATE_LIMIT" => Some(Left::RateLimit),
                "RESETTING_TIME_SKEW" => Some(Left::Resetting),
                "LAST0" | "LAST1" | "LAST2" | "LAST3" | "LAST4" | "LAST5" | "LAST6" | "LAST7"
                | "LAST8" | "LAST9" => Some(Left::Grace),
                _ => Some(Left::Unknown(line.number)),
            });
        }
        let hotp = self
            .find("HOTP_COUNTER")
            .and_then(|line| number::<u64>(line.value))
            .is_some_and(|counter| counter > 0);
        if hotp && is_time_based(text) {
            left.push(Left::Totp);
        }
        if !hotp && self.find("DISALLOW_REUSE").is_none() {
            left.push(Left::Reuse);
        }
        left.dedup();
        left
    }
}

fn digits(text: &str) -> Option<u32> {
    number(text).filter(|digits| (6..=8).contains(digits))
}

fn step_size(text: &str) -> Option<u32> {
    number(text).filter(|seconds| (1..=60).contains(seconds))
}

fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) => number::<i64>(digits).map(|number| -number),
        None => number(text),
    }
}

/// The highest of the steps that were used, if any was.
fn used_steps(text: &str) -> Option<Option<u64>> {
    text.split([' ', '\t'])
        .filter(|step| !step.is_empty())
        .map(number::<u64>)
        .try_fold(None, |highest, step| Some(highest.max(Some(step?))))
}

#[cfg(test)]
#[path = "google_authenticator_tests.rs"]
mod tests;
