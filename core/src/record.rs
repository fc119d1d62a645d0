//! All that is remembered of one user.

use std::convert::Infallible;

use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::credential::{Credential, Factor};
use crate::factors::{Factors, Kind};
use crate::issued::Issued;
use crate::otp::{Algorithm, Digits};
use crate::pass::Pass;
use crate::recovery::RecoverySet;
use crate::scratch::ScratchSet;
use crate::secret::Secret;
use crate::throttle::Throttle;
use crate::time::{Period, Timestamp};
use crate::totp::Totp;

/// A user's credentials, and what has been used and got wrong.
///
/// The store keeps it, sealed, under the uid. Its encoding grows by new, optional entries; what
/// this version does not know of an entry's kind, it refuses to read.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Record {
    #[n(0)]
    uid: u32,
    #[n(1)]
    name: String,
    #[n(2)]
    standing: Standing,
    #[n(3)]
    pub(crate) credentials: Vec<Credential>,
    #[n(4)]
    pub(crate) recovery: RecoverySet,
    #[n(5)]
    pub(crate) throttle: Throttle,
    /// The id that the next credential gets.
    #[n(6)]
    pub(crate) next_id: u32,
    /// What another verifier had handed out.
    #[n(7)]
    pub(crate) scratch: ScratchSet,
    /// What an admin issued and nobody has used.
    #[n(8)]
    pub(crate) issued: Option<Issued>,
    /// The logins that are remembered, the oldest first.
    #[n(9)]
    #[cbor(default)]
    pub(crate) passes: Vec<Pass>,
}

/// Whether a record is somebody's.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
#[cbor(index_only)]
pub(crate) enum Standing {
    /// It is a user's.
    #[n(1)]
    User,
    /// It stands in for users who are not enrolled: judging it costs what judging a user's does,
    /// and it accepts nothing.
    #[n(2)]
    Decoy,
}

impl Record {
    /// The record of a user of whom nothing is known yet.
    pub fn new(uid: u32, name: &str) -> Self {
        Self {
            uid,
            name: name.to_owned(),
            standing: Standing::User,
            credentials: Vec::new(),
            recovery: RecoverySet::default(),
            throttle: Throttle::default(),
            next_id: 1,
            scratch: ScratchSet::default(),
            issued: None,
            passes: Vec::new(),
        }
    }

    /// A record that stands in for whoever is not enrolled. It behaves like that of a user with
    /// an app that nobody has, and never accepts anything, not even a right code.
    pub fn decoy(entropy: &[u8; 20]) -> Self {
        let totp = Totp::new(
            Secret::from_entropy(entropy),
            Algorithm::default(),
            Digits::DEFAULT,
            Period::DEFAULT,
        );
        let mut record = Self {
            standing: Standing::Decoy,
            ..Self::new(u32::MAX, "")
        };
        record
            .credentials
            .push(record.credential(Factor::totp(totp)));
        for credential in &mut record.credentials {
            credential.confirmed = true;
        }
        record
    }

    /// The account.
    pub const fn uid(&self) -> u32 {
        self.uid
    }

    /// The account's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the record of this account, and not that of an earlier owner of the uid.
    ///
    /// # Errors
    ///
    /// If the uid or the name is another one's.
    pub fn belongs_to(&self, uid: u32, name: &str) -> Result<(), ForeignRecord> {
        if self.uid == uid && self.name == name {
            Ok(())
        } else {
            Err(ForeignRecord {
                uid,
                enrolled: self.name.clone(),
            })
        }
    }

    /// Whether a confirmed credential is there. Recovery codes alone are none.
    pub fn is_enrolled(&self) -> bool {
        self.standing == Standing::User && self.credentials.iter().any(Credential::is_confirmed)
    }

    /// What the user holds.
    pub fn credentials(&self) -> &[Credential] {
        &self.credentials
    }

    /// How many recovery codes are left.
    pub const fn recovery_codes_left(&self) -> usize {
        self.recovery.left()
    }

    /// How many scratch codes of another verifier are left.
    pub fn scratch_codes_left(&self) -> usize {
        self.scratch.left()
    }

    /// The code that an admin issued, if it is good now.
    pub fn issued_code(&self, now: Timestamp) -> Option<&Issued> {
        self.issued.as_ref().filter(|issued| issued.is_live(now))
    }

    /// Whether there is anything that this user could answer a login with now that takes these
    /// kinds: a factor, or a code that an admin issued.
    pub fn is_answerable(&self, factors: Factors, now: Timestamp) -> bool {
        let issued = factors.allow(Kind::Issued) && self.issued_code(now).is_some();
        !self.is_decoy() && (issued || self.answering(factors).next().is_some())
    }

    /// What the user's wrong responses have led to.
    pub const fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    /// How many digits a code of these kinds of this user may have, each length once; of one who
    /// holds no such factor, those of most.
    pub fn code_lengths(&self, factors: Factors) -> Vec<u32> {
        let mut lengths: Vec<u32> = self
            .answering(factors)
            .map(|held| u32::from(held.factor().otp().digits().count()))
            .collect();
        if self.scratch.left() > 0 && factors.allow(Kind::Recovery) {
            lengths.push(ScratchSet::DIGITS as u32);
        }
        if lengths.is_empty() {
            lengths.push(u32::from(Digits::DEFAULT.count()));
        }
        lengths.sort_unstable();
        lengths.dedup();
        lengths
    }

    /// The record as bytes, which hold secrets.
    ///
    /// # Errors
    ///
    /// If it cannot be encoded, which no record made here brings about.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, Unencodable> {
        // The length is counted first: a vector that grew would leave copies of secrets behind.
        let mut length = Length(0);
        minicbor::encode(self, &mut length).map_err(|_| Unencodable)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
        minicbor::encode(self, &mut *bytes).map_err(|_| Unencodable)?;
        Ok(bytes)
    }

    /// The record that `bytes` hold.
    ///
    /// # Errors
    ///
    /// If they hold none, or one of a kind that only a newer version knows.
    pub fn decode(bytes: &[u8]) -> Result<Self, Undecodable> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let record = decoder.decode().map_err(|_| Undecodable)?;
        match decoder.position() == bytes.len() {
            true => Ok(record),
            false => Err(Undecodable),
        }
    }

    /// The credentials of these kinds that count.
    pub(crate) fn answering(&self, factors: Factors) -> impl Iterator<Item = &Credential> {
        let confirmed = self.credentials.iter().filter(|held| held.is_confirmed());
        confirmed.filter(move |held| held.is_among(factors))
    }

    pub(crate) fn is_decoy(&self) -> bool {
        self.standing == Standing::Decoy
    }
}

/// Counts what is written, and keeps none of it.
struct Length(usize);

impl minicbor::encode::Write for Length {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(())
    }
}

/// The record is an earlier owner's of the uid.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("uid {uid} is enrolled under the name {enrolled:?}; if that account is gone, reset it")]
pub struct ForeignRecord {
    uid: u32,
    enrolled: String,
}

/// A record could not be written as bytes.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the record cannot be encoded")]
pub struct Unencodable;

/// Bytes are not a record.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the record is damaged, or was written by a newer version")]
pub struct Undecodable;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_being_kept() {
        let record = Record::decoy(&[7; 20]);
        let bytes = record.encode().unwrap();
        assert_eq!(
            bytes.len(),
            bytes.capacity(),
            "no copy was left behind by growing"
        );

        let again = Record::decode(&bytes).unwrap();
        assert_eq!(again.encode().unwrap(), bytes);
        assert!(again.is_decoy());
    }

    #[test]
    fn bytes_that_are_no_record_are_refused() {
        for bytes in [&b""[..], b"\x00", b"\x80", b"\xff\xff", &[0x9f; 64]] {
            assert_eq!(Record::decode(bytes).unwrap_err(), Undecodable);
        }
    }

    #[test]
    fn every_truncation_of_a_record_is_refused_and_so_is_more_than_one() {
        let bytes = Record::decoy(&[7; 20]).encode().unwrap();
        assert!(Record::decode(&[&bytes[..], b"\x00"].concat()).is_err());
        for end in 0..bytes.len() {
            assert!(Record::decode(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn an_earlier_owner_of_the_uid_does_not_pass_for_the_present_one() {
        let record = Record::new(1000, "alice");
        assert!(record.belongs_to(1000, "alice").is_ok());
        assert!(record.belongs_to(1000, "Alice").is_err());
        assert!(record.belongs_to(1001, "alice").is_err());
    }

    #[test]
    fn a_decoy_counts_as_nobody() {
        assert!(!Record::decoy(&[7; 20]).is_enrolled());
        assert_eq!(Record::decoy(&[7; 20]).code_lengths(Factors::ALL), [6]);
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let shown = format!("{:?}", Record::decoy(&[0x41; 20]));
        assert!(shown.contains("Secret(..)"));
        assert!(!shown.contains("65, 65"), "{shown}");
    }
}
