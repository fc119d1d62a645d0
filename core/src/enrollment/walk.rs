//! Enrolment in the course of a login, of a user who holds no factor yet.
//!
//! What is offered is on no record: it is this login's alone, and gone with it. A first code makes
//! it part of the very record that the login began with, which must not have changed since. So
//! whoever has the password and began earlier adds nothing behind the back of whoever enrolled in
//! between.

use std::time::Duration;

use crate::code::Code;
use crate::credential::{CredentialId, Factor};
use crate::judgement::Verified;
use crate::record::Record;
use crate::recovery::{RecoveryCode, RecoverySet};
use crate::time::Timestamp;

/// A credential that a login offers, and the record that it may become part of.
#[must_use]
pub struct Walk {
    record: Record,
    offer: Factor,
    tries: u32,
}

impl Walk {
    /// How many first codes a login takes. They bound no guessing, since whoever is asked was
    /// shown the secret: they bound the login.
    pub const TRIES: u32 = 3;
    /// How long a login waits for the first code, and for the recovery codes to be kept. It takes
    /// longer to install an app than to read a code.
    pub const PATIENCE: Duration = Duration::from_secs(600);

    /// Offers `factor`, whose secret nobody has seen, to the user of a record. `None` if it is
    /// nobody's, or that of somebody who holds a factor: they prove it, and get no other this way.
    pub fn begin(record: Record, factor: Factor) -> Option<Self> {
        (!record.is_decoy() && !record.is_enrolled()).then_some(Self {
            record,
            offer: factor,
            tries: Self::TRIES,
        })
    }

    /// What is offered.
    pub const fn offer(&self) -> &Factor {
        &self.offer
    }

    /// How many answers are still taken.
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    /// Takes what was typed as the first code. `entropy` is for recovery codes.
    pub fn receive(
        self,
        typed: &str,
        entropy: &[u8; RecoverySet::ENTROPY],
        now: Timestamp,
    ) -> Received {
        let confirmed = typed
            .parse()
            .ok()
            .and_then(|code| self.confirmed(&code, now));
        let Some((record, credential)) = confirmed else {
            let tries = self.tries.saturating_sub(1);
            return match tries {
                0 => Received::LastWrong,
                _ => Received::Wrong(Self { tries, ..self }),
            };
        };
        let (record, codes) = record.renew_recovery_codes(entropy);
        Received::Right(Confirmation {
            enrolled: Enrolled {
                verified: Verified::enrolled(credential, &record),
                credential,
                codes,
            },
            record,
        })
    }

    fn confirmed(&self, code: &Code, now: Timestamp) -> Option<(Record, CredentialId)> {
        let record = self.record.clone();
        let (record, id) = record.offer(self.offer.clone(), "", now).ok()?;
        Some((record.confirm(id, code, now).ok()?, id))
    }
}

/// What came of a first code.
#[must_use]
pub enum Received {
    /// It fits what was offered. Nothing counts before it is on record.
    Right(Confirmation),
    /// It does not; another is taken.
    Wrong(Walk),
    /// It does not, and no other is taken.
    LastWrong,
}

/// An enrolment that nothing would remember yet.
#[must_use]
pub struct Confirmation {
    record: Record,
    enrolled: Enrolled,
}

impl Confirmation {
    /// The enrolment, once `save` has made the record durable, in place of the one that the login
    /// began with and of no other. There is no other way to it.
    ///
    /// # Errors
    ///
    /// Whatever `save` fails with; nothing of this counts then.
    pub async fn settle<E, F>(self, save: impl FnOnce(Record) -> F) -> Result<Enrolled, E>
    where
        F: Future<Output = Result<(), E>>,
    {
        save(self.record).await?;
        Ok(self.enrolled)
    }
}

/// A user who has just been enrolled.
#[must_use]
pub struct Enrolled {
    credential: CredentialId,
    codes: Vec<RecoveryCode>,
    verified: Verified,
}

impl Enrolled {
    /// What counts from now on.
    pub const fn credential(&self) -> CredentialId {
        self.credential
    }

    /// Recovery codes, which nothing else keeps.
    pub fn recovery_codes(&self) -> &[RecoveryCode] {
        &self.codes
    }

    /// The proof that the login was waiting for, and no recovery codes any more.
    pub fn acknowledged(self) -> Verified {
        self.verified
    }
}

#[cfg(test)]
mod tests;
