//! What another verifier knew of a user is taken over, with what was used of it.

use thiserror::Error;

use crate::code::Code;
use crate::credential::{Credential, Factor};
use crate::record::Record;
use crate::time::Timestamp;

/// A credential as another verifier knew it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its parameters, and what was used of it.
    pub factor: Factor,
    /// What the user calls it.
    pub label: String,
}

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Import {
    /// How many credentials are new.
    pub new: usize,
    /// How many were held already. Of these, what is used up only ever grows.
    pub known: usize,
    /// How many scratch codes are new.
    pub scratch: usize,
}

impl Record {
    /// The record with credentials that another verifier knew, which count at once, and with its
    /// scratch codes, hashed with `salt`.
    ///
    /// Done again, it changes nothing: no used code becomes good again, and no credential that was
    /// renamed or followed is set back.
    ///
    /// # Errors
    ///
    /// If not all of it can be taken over; nothing is, then.
    pub fn import(
        mut self,
        credentials: &[Imported],
        scratch: &[Code],
        salt: [u8; 16],
        now: Timestamp,
    ) -> Result<(Self, Import), NotImported> {
        let mut done = Import::default();
        // What was offered before took no proof of what comes now.
        self.credentials.retain(Credential::is_confirmed);
        for imported in credentials {
            let same = |held: &Credential| held.factor().is_about(&imported.factor);
            if let Some(held) = self.credentials.iter_mut().find(|held| same(held)) {
                held.factor = held.factor.clone().used_up_by(&imported.factor);
                done.known += 1;
                continue;
            }
            let credential = Credential {
                label: imported.label.clone(),
                created: now,
                confirmed: true,
                ..self.credential(imported.factor.clone())
            };
            self.credentials.push(credential);
            self.next_id = self.next_id.saturating_add(1);
            done.new += 1;
        }
        if self.credentials.len() > Self::MOST_CREDENTIALS {
            return Err(NotImported::TooManyCredentials);
        }
        if !scratch.is_empty() {
            let with = self.scratch.with(scratch, salt);
            let (set, new) = with.ok_or(NotImported::ScratchCodes)?;
            self.scratch = set;
            done.scratch = new;
        }
        if done.new > 0 || done.scratch > 0 {
            self = self.forget();
        }
        Ok((self, done))
    }
}

impl Factor {
    /// The factor with all used up that is used up of `other`, another state of the same one.
    pub(crate) fn used_up_by(self, other: &Self) -> Self {
        match (self, other) {
            (
                Self::Totp { totp, spent, drift },
                Self::Totp {
                    spent: used_there, ..
                },
            ) => Self::Totp {
                totp,
                spent: spent.max(*used_there),
                drift,
            },
            (
                Self::Hotp {
                    hotp,
                    next,
                    uncertain,
                },
                Self::Hotp {
                    next: next_there,
                    uncertain: uncertain_there,
                    ..
                },
            ) => Self::Hotp {
                hotp,
                next: next.max(*next_there),
                uncertain: uncertain || *uncertain_there,
            },
            (held @ Self::Totp { .. }, Self::Hotp { .. })
            | (held @ Self::Hotp { .. }, Self::Totp { .. }) => held,
        }
    }
}

/// Nothing was taken over.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotImported {
    /// The user would hold more credentials than there may be.
    #[error("the user would hold more than 16 credentials: remove some first")]
    TooManyCredentials,
    /// The scratch codes are too many, or not of eight digits.
    #[error("the scratch codes are more than 32, or not of eight digits")]
    ScratchCodes,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Factors;
    use crate::hotp::{Counter, Hotp};
    use crate::otp::{Algorithm, Digits};
    use crate::secret::Secret;
    use crate::time::{Period, Step};
    use crate::totp::{Drift, Totp};

    #[test]
    fn what_is_imported_counts_at_once_with_what_was_used_of_it() {
        let (alice, done) = import(&nobody(), &[totp(1, Some(7)), hotp(2, 9)]).unwrap();
        assert_eq!((done.new, done.known, done.scratch), (2, 0, 2));
        assert!(alice.is_enrolled());
        assert_eq!(used(&alice), [Some(7), Some(9)]);
        assert_eq!(alice.scratch_codes_left(), 2);
        assert_eq!(alice.code_lengths(Factors::ALL), [6, 8]);
        assert_ne!(alice.credentials()[0].id(), alice.credentials()[1].id());
    }

    #[test]
    fn a_second_import_changes_nothing() {
        let (alice, _) = import(&nobody(), &[totp(1, Some(7)), hotp(2, 9)]).unwrap();
        let (again, done) = import(&alice, &[totp(1, Some(7)), hotp(2, 9)]).unwrap();
        assert_eq!((done.new, done.known, done.scratch), (0, 2, 0));
        assert_eq!(again.encode().unwrap(), alice.encode().unwrap());
    }

    #[test]
    fn what_is_used_up_is_never_set_back_and_is_moved_on() {
        let (alice, _) = import(&nobody(), &[totp(1, Some(7)), hotp(2, 9)]).unwrap();
        let (older, _) = import(&alice, &[totp(1, Some(6)), hotp(2, 8)]).unwrap();
        assert_eq!(used(&older), [Some(7), Some(9)]);
        let (unused, _) = import(&alice, &[totp(1, None), hotp(2, 0)]).unwrap();
        assert_eq!(used(&unused), [Some(7), Some(9)]);
        let (newer, _) = import(&alice, &[totp(1, Some(8)), hotp(2, 10)]).unwrap();
        assert_eq!(used(&newer), [Some(8), Some(10)]);
    }

    #[test]
    fn a_secret_is_never_held_twice_nor_as_another_kind() {
        let (alice, done) = import(&nobody(), &[totp(1, None), totp(1, Some(5))]).unwrap();
        assert_eq!((done.new, done.known), (1, 1));
        assert_eq!(used(&alice), [Some(5)]);
        let (alice, done) = import(&alice, &[hotp(1, 3)]).unwrap();
        assert_eq!((done.new, done.known), (0, 1));
        assert_eq!(used(&alice), [Some(5)]);
    }

    #[test]
    fn what_was_offered_before_is_void_whatever_its_secret() {
        for offered in [1, 3] {
            let offered = totp(offered, None).factor;
            let (offered, _) = nobody().offer(offered, "", NOW).unwrap();
            let (alice, done) = import(&offered, &[totp(1, Some(7))]).unwrap();
            assert_eq!((alice.credentials().len(), done.new), (1, 1));
            assert!(alice.credentials()[0].is_confirmed());
        }
    }

    #[test]
    fn too_much_is_not_taken_over_by_halves() {
        let many: Vec<Imported> = (0..17).map(|name| totp(name, None)).collect();
        let refused = import(&nobody(), &many).unwrap_err();
        assert_eq!(refused, NotImported::TooManyCredentials);
        let six: Code = "123456".parse().unwrap();
        let refused = nobody().import(&[totp(1, None)], &[six], [1; 16], NOW);
        assert_eq!(refused.unwrap_err(), NotImported::ScratchCodes);
    }

    const NOW: Timestamp = Timestamp::from_unix(1_750_000_007);

    fn nobody() -> Record {
        Record::new(1000, "alice")
    }

    fn import(record: &Record, credentials: &[Imported]) -> Result<(Record, Import), NotImported> {
        let scratch = ["12345678", "23456789"].map(|digits| digits.parse().unwrap());
        record.clone().import(credentials, &scratch, [1; 16], NOW)
    }

    fn totp(name: u8, spent: Option<u64>) -> Imported {
        let secret = Secret::from_entropy(&[name; 20]);
        imported(Factor::Totp {
            totp: Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT),
            spent: spent.map(Step),
            drift: Drift::NONE,
        })
    }

    fn hotp(name: u8, next: u64) -> Imported {
        let secret = Secret::from_entropy(&[name; 20]);
        let hotp = Hotp::new(secret, Algorithm::Sha1, Digits::DEFAULT);
        imported(Factor::hotp(hotp, Counter::new(next).unwrap()))
    }

    fn imported(factor: Factor) -> Imported {
        Imported {
            factor,
            label: "imported".to_owned(),
        }
    }

    fn used(record: &Record) -> Vec<Option<u64>> {
        let held = record.credentials().iter();
        held.map(|credential| match credential.factor() {
            Factor::Totp { spent, .. } => spent.map(Step::number),
            Factor::Hotp { next, .. } => Some(next.value()),
        })
        .collect()
    }
}
