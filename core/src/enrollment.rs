//! How a credential comes to be: offered, then confirmed by a first code.

use thiserror::Error;

use crate::code::Code;
use crate::credential::{Credential, CredentialId, Factor, UnknownCredential};
use crate::issued::{Issued, IssuedCode};
use crate::otp::Reach;
use crate::record::Record;
use crate::recovery::{RecoveryCode, RecoverySet};
use crate::throttle::Throttle;
use crate::time::Timestamp;

mod walk;

pub use self::walk::{Confirmation, Enrolled, Received, Walk};

impl Record {
    /// The most credentials that a user may hold.
    pub const MOST_CREDENTIALS: usize = 16;

    /// The record with a new credential, which proves nothing until it is confirmed.
    ///
    /// An earlier offer that was never confirmed makes room for it.
    ///
    /// # Errors
    ///
    /// If the user holds the most there may be, or that secret already: held twice, each of its
    /// codes would be good twice.
    pub fn offer(
        mut self,
        factor: Factor,
        label: &str,
        now: Timestamp,
    ) -> Result<(Self, CredentialId), NotOffered> {
        self.credentials.retain(Credential::is_confirmed);
        if self.credentials.len() >= Self::MOST_CREDENTIALS {
            return Err(NotOffered::TooMany);
        }
        if self
            .credentials
            .iter()
            .any(|held| held.factor().is_about(&factor))
        {
            return Err(NotOffered::KnownSecret);
        }
        let credential = Credential {
            label: label.to_owned(),
            created: now,
            ..self.credential(factor)
        };
        let id = credential.id;
        self.credentials.push(credential);
        self.next_id = self.next_id.saturating_add(1);
        Ok((self, id))
    }

    /// The record with the offered credential confirmed by its first code, which is used up.
    ///
    /// # Errors
    ///
    /// If there is no such offer, or the code does not fit it. Nothing counts against the
    /// throttle: whoever has the offer has the secret.
    pub fn confirm(
        mut self,
        id: CredentialId,
        code: &Code,
        now: Timestamp,
    ) -> Result<Self, NotConfirmed> {
        let offer = self
            .credentials
            .iter_mut()
            .find(|credential| credential.id == id && !credential.confirmed)
            .ok_or(NotConfirmed::NoOffer)?;

        let (_, after) = offer
            .factor
            .check(std::slice::from_ref(code), now, Reach::Near);
        offer.factor = after.ok_or(NotConfirmed::WrongCode)?;
        offer.confirmed = true;
        offer.last_used = Some(now);
        Ok(self.forget())
    }

    /// The record with the offered credential taken on trust, as provisioning does.
    ///
    /// # Errors
    ///
    /// If there is no such credential.
    pub fn trust(mut self, id: CredentialId) -> Result<Self, UnknownCredential> {
        let offer = self
            .credentials
            .iter_mut()
            .find(|credential| credential.id == id)
            .ok_or(UnknownCredential)?;
        offer.confirmed = true;
        Ok(self.forget())
    }

    /// The record without a credential. Without the last one the recovery codes go too: they
    /// stand in for a factor, and are none.
    ///
    /// # Errors
    ///
    /// If there is no such credential.
    pub fn remove(mut self, id: CredentialId) -> Result<Self, UnknownCredential> {
        let before = self.credentials.len();
        self.credentials.retain(|credential| credential.id != id);
        if self.credentials.len() == before {
            return Err(UnknownCredential);
        }
        if !self.is_enrolled() {
            self.recovery = RecoverySet::default();
            self.scratch = self.scratch.void();
        }
        Ok(self.forget())
    }

    /// The record with a credential called otherwise.
    ///
    /// # Errors
    ///
    /// If there is no such credential.
    pub fn rename(mut self, id: CredentialId, label: &str) -> Result<Self, UnknownCredential> {
        let mut held = self.credentials.iter_mut();
        let named = held.find(|credential| credential.id == id);
        label.clone_into(&mut named.ok_or(UnknownCredential)?.label);
        Ok(self)
    }

    /// The record with new recovery codes, and those; the old ones are void, and so are scratch
    /// codes that came from elsewhere.
    #[must_use]
    pub fn renew_recovery_codes(
        mut self,
        entropy: &[u8; RecoverySet::ENTROPY],
    ) -> (Self, Vec<RecoveryCode>) {
        let (set, codes) = RecoverySet::from_entropy(entropy);
        self.recovery = set;
        self.scratch = self.scratch.void();
        (self.forget(), codes)
    }

    /// The record with a code that is good once, from now until just before `expires`, and that
    /// code; an earlier one is void. `None` if it cannot be hashed.
    #[must_use]
    pub fn issue(
        mut self,
        entropy: &[u8; IssuedCode::ENTROPY],
        now: Timestamp,
        expires: Timestamp,
    ) -> Option<(Self, IssuedCode)> {
        let (issued, code) = Issued::from_entropy(entropy, now, expires)?;
        self.issued = Some(issued);
        Some((self, code))
    }

    /// The record with all wrong responses forgotten, and the origins that were known.
    #[must_use]
    pub fn unlock(mut self) -> Self {
        self.throttle = Throttle::default();
        self
    }

    pub(crate) fn credential(&self, factor: Factor) -> Credential {
        Credential {
            id: CredentialId(self.next_id),
            label: String::new(),
            factor,
            confirmed: false,
            created: Timestamp::default(),
            last_used: None,
        }
    }
}

/// No credential was offered.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotOffered {
    /// The user holds as many credentials as there may be.
    #[error("the user holds 16 credentials already: remove one first")]
    TooMany,
    /// The user holds that secret.
    #[error("the user holds that secret already: remove that credential first")]
    KnownSecret,
}

/// An offer was not confirmed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotConfirmed {
    /// There is nothing of that id to confirm.
    #[error("there is no such credential waiting for its first code")]
    NoOffer,
    /// The code is not one of the offered secret's.
    #[error("the code does not fit the secret")]
    WrongCode,
}

#[cfg(test)]
mod tests;
