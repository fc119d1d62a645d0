//! pam_oath's `users.oath`, as liboath's usersfile.c reads it.

use countersign_bus::import::{Hidden, ImportCredential};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use super::{Bad, Flaw, Found, Left, long_enough, number};

/// The longest secret, in bytes, that pam_oath takes.
const LONGEST: usize = 32;

/// What the file does not say.
pub(crate) struct Setting {
    /// Where its times are local.
    pub(crate) zone: TimeZone,
    /// The `window=` in the PAM configuration.
    pub(crate) window: u32,
}

/// What the lines of a file say, in their order; comments and empty lines say nothing.
pub(crate) fn parse(file: &[u8], setting: &Setting) -> Vec<Result<Found, Bad>> {
    (1..)
        .zip(file.split(|byte| *byte == b'\n'))
        .filter_map(|(number, line)| parse_line(number, line, setting))
        .collect()
}

fn parse_line(number: usize, line: &[u8], setting: &Setting) -> Option<Result<Found, Bad>> {
    let bad = |user, flaw| Bad {
        line: number,
        user,
        flaw,
    };
    let mut words = line
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
        .filter(|word| !word.is_empty());
    let first = words.next()?;
    if first.starts_with(b"#") {
        return None;
    }
    let Some(kind) = Kind::of(first) else {
        return Some(Err(bad(None, Flaw::NoType)));
    };
    let Some(user) = words.next() else {
        return Some(Err(bad(None, Flaw::Missing("user"))));
    };
    let Some(user) = std::str::from_utf8(user)
        .ok()
        .filter(|_| !line.contains(&0))
        .map(str::to_owned)
    else {
        return Some(Err(bad(None, Flaw::NoText)));
    };
    let found = Fields::of(words).and_then(|fields| fields.credential(kind, setting));
    Some(match found {
        Ok((credential, left)) => Ok(Found {
            line: number,
            user: Some(user),
            credential,
            left,
            scratch: Vec::new(),
        }),
        Err(flaw) => Err(bad(Some(user), flaw)),
    })
}

/// A line's TYPE.
#[derive(Clone, Copy)]
struct Kind {
    /// Of a time-based one, in seconds.
    period: Option<u32>,
    digits: u32,
}

impl Kind {
    fn of(word: &[u8]) -> Option<Self> {
        let (period, digits) = match word {
            b"HOTP" | b"HOTP/E" | b"HOTP/E/6" => (None, 6),
            b"HOTP/E/7" => (None, 7),
            b"HOTP/E/8" => (None, 8),
            b"HOTP/T30" | b"HOTP/T30/6" => (Some(30), 6),
            b"HOTP/T30/7" => (Some(30), 7),
            b"HOTP/T30/8" => (Some(30), 8),
            b"HOTP/T60" | b"HOTP/T60/6" => (Some(60), 6),
            b"HOTP/T60/7" => (Some(60), 7),
            b"HOTP/T60/8" => (Some(60), 8),
            _ => return None,
        };
        Some(Self { period, digits })
    }
}

/// What follows TYPE and USER.
struct Fields<'a> {
    password: &'a str,
    secret: Hidden,
    moving_factor: u64,
    last_code: Option<&'a str>,
    last_time: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(mut words: impl Iterator<Item = &'a [u8]>) -> Result<Self, Flaw> {
        let mut word = || {
            let word = words.next().map(std::str::from_utf8).transpose();
            word.map_err(|_| Flaw::NoText)
        };
        let password = word()?.ok_or(Flaw::Missing("password"))?;
        let secret = hex(word()?.ok_or(Flaw::Missing("secret"))?)?;
        let moving_factor = match word()? {
            Some(text) => number(text).ok_or(Flaw::Value("the moving factor"))?,
            None => 0,
        };
        let last_code = word()?;
        if last_code.is_some_and(|code| !is_code(code)) {
            return Err(Flaw::Value("the last code"));
        }
        Ok(Self {
            password,
            secret: long_enough(&secret)?,
            moving_factor,
            last_code,
            last_time: word()?,
        })
    }

    fn credential(
        self,
        kind: Kind,
        setting: &Setting,
    ) -> Result<(ImportCredential, Vec<Left>), Flaw> {
        let mut left = Vec::new();
        if !matches!(self.password, "-" | "+") {
            left.push(Left::Password);
        }
        // The type's digits are never held to: a code's length is whatever is typed.
        let last_length = self.last_code.map(|code| code.len() as u32);
        if last_length.is_some_and(|length| length != kind.digits) {
            left.push(Left::Digits);
        }
        let last_time = self
            .last_time
            .map(|text| unix(text, &setting.zone))
            .transpose()?;
        let common = ImportCredential {
            label: Some("pam_oath".to_owned()),
            secret: Some(self.secret),
            digits: Some(last_length.unwrap_or(kind.digits)),
            ..ImportCredential::default()
        };
        let credential = match kind.period {
            Some(period) => ImportCredential {
                period: Some(period),
                skew: Some(setting.window),
                last_code: self.last_code.map(|code| Hidden::from(code.as_bytes())),
                last_time,
                ..common
            },
            None => ImportCredential {
                // After a success the file has the counter that was used.
                counter: Some(
                    self.moving_factor
                        .checked_add(u64::from(self.last_code.is_some()))
                        .ok_or(Flaw::Value("the moving factor"))?,
                ),
                look_ahead: Some(setting.window),
                ..common
            },
        };
        Ok((credential, left))
    }
}

fn is_code(text: &str) -> bool {
    (6..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn hex(text: &str) -> Result<Zeroizing<Vec<u8>>, Flaw> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Flaw::NotHex);
    }
    if pairs.len() > LONGEST {
        return Err(Flaw::LongSecret);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    for [high, low] in pairs {
        let (high, low) = digit(high).zip(digit(low)).ok_or(Flaw::NotHex)?;
        bytes.push((high << 4 | low) as u8);
    }
    Ok(bytes)
}

/// A time such as `2009-12-07T17:25:42L`, in seconds since the epoch. Of two that a clock set back
/// makes of it, it is the later: what was used by then stays used.
fn unix(text: &str, zone: &TimeZone) -> Result<u64, Flaw> {
    let flaw = || Flaw::Value("the time of the last code");
    let local = DateTime::strptime("%Y-%m-%dT%H:%M:%SL", text).map_err(|_| flaw())?;
    let time = zone.to_ambiguous_timestamp(local).later();
    let time = time.map_err(|_| flaw())?.as_second();
    u64::try_from(time).map_err(|_| flaw())
}

#[cfg(test)]
#[path = "oath_tests.rs"]
mod tests;
