//! otpauth URIs, the "Key Uri Format" that authenticator apps read: one, or a list with one a line.

use countersign_bus::import::ImportCredential;
use zeroize::Zeroizing;

use super::base32::{self, Reader};
use super::{Bad, Flaw, Found, algorithm, long_enough, number};
use crate::words::printable;

/// The longest label that a credential may have, in characters.
const LONGEST_LABEL: usize = 64;

/// What the lines of a list say, in their order; comments and empty lines say nothing.
pub(crate) fn parse(file: &[u8]) -> Vec<Result<Found, Bad>> {
    (1..)
        .zip(file.split(|byte| *byte == b'\n'))
        .filter_map(|(number, line)| parse_line(number, line))
        .collect()
}

fn parse_line(number: usize, line: &[u8]) -> Option<Result<Found, Bad>> {
    let line = line.trim_ascii();
    if line.is_empty() || line.starts_with(b"#") {
        return None;
    }
    let parts = std::str::from_utf8(line)
        .map_err(|_| Flaw::NoText)
        .and_then(Parts::of);
    let parts = match parts {
        Ok(parts) => parts,
        Err(flaw) => {
            return Some(Err(Bad {
                line: number,
                user: None,
                flaw,
            }));
        }
    };
    let user = Some(parts.account.clone());
    Some(match parts.credential() {
        Ok(credential) => Ok(Found {
            line: number,
            user,
            credential,
            ..Found::default()
        }),
        Err(flaw) => Err(Bad {
            line: number,
            user,
            flaw,
        }),
    })
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Totp,
    Hotp,
}

/// A URI taken apart.
struct Parts<'a> {
    kind: Kind,
    /// In front of the account's name, for apps to show.
    issuer: String,
    account: String,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(uri: &'a str) -> Result<Self, Flaw> {
        let (scheme, rest) = uri.split_once("://").ok_or(Flaw::NoUri)?;
        if scheme.eq_ignore_ascii_case("otpauth-migration") {
            return Err(Flaw::Migration);
        }
        if !scheme.eq_ignore_ascii_case("otpauth") {
            return Err(Flaw::NoUri);
        }
        let (kind, rest) = rest.split_once('/').ok_or(Flaw::NoUri)?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "totp" => Kind::Totp,
            "hotp" => Kind::Hotp,
            _ => return Err(Flaw::NoUri),
        };
        let (label, query) = rest.split_once('?').ok_or(Flaw::Missing("secret"))?;
        let label = decoded(label).ok_or(Flaw::NoUri)?;
        let (issuer, account) = label.split_once(':').unwrap_or(("", &label));
        let account = account.trim();
        if account.is_empty() {
            return Err(Flaw::Missing("account in the label"));
        }
        Ok(Self {
            kind,
            issuer: issuer.to_owned(),
            account: account.to_owned(),
            query: query.split('#').next().unwrap_or_default(),
        })
    }

    fn credential(&self) -> Result<ImportCredential, Flaw> {
        let secret = self
            .value("secret", |text| Some(base32::decode(text, Reader::Uri)))?
            .ok_or(Flaw::Missing("secret"))?
            .ok_or(Flaw::NotBase32)?;
        let issuer = self.value("issuer", |text| Some(text.to_owned()))?;
        let common = ImportCredential {
            label: Some(label(issuer.as_deref().unwrap_or(&self.issuer))),
            secret: Some(long_enough(&secret)?),
            algorithm: self.value("algorithm", algorithm)?,
            digits: self.value("digits", |text| {
                number(text).filter(|digits| (6..=8).contains(digits))
            })?,
            ..ImportCredential::default()
        };
        Ok(match self.kind {
            Kind::Totp => ImportCredential {
                period: self.value("period", number)?,
                ..common
            },
            Kind::Hotp => ImportCredential {
                counter: Some(
                    self.value("counter", number)?
                        .ok_or(Flaw::Missing("counter"))?,
                ),
                ..common
            },
        })
    }

    /// What a parameter says, unless it is not there.
    fn value<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Flaw> {
        let mut values = self
            .query
            .split('&')
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Flaw::Twice(name));
        }
        let value = decoded(value).ok_or(Flaw::Value(name))?;
        read(&value).map(Some).ok_or(Flaw::Value(name))
    }
}

/// What the user will find the credential called.
fn label(issuer: &str) -> String {
    let label: String = printable(issuer).chars().take(LONGEST_LABEL).collect();
    if label.is_empty() {
        "otpauth".to_owned()
    } else {
        label
    }
}

/// Percent-encoding (RFC 3986, section 2.1) undone.
fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let [high, low] = after.first_chunk()?;
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            bytes.push((digit(high)? << 4 | digit(low)?) as u8);
            rest = after.get(2..)?;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
#[path = "otpauth_tests.rs"]
mod tests;
