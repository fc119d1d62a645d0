//! A record that comes out of a backup: older than what has happened since.
//!
//! Nothing that was used up becomes good again. What is known to have been used stays so; what
//! nobody can know counts as used, as far as it can.

use crate::credential::{Credential, Factor};
use crate::record::Record;
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// What to make of recovery and scratch codes that may have been used since the backup.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unaccounted {
    /// They are void.
    Void,
    /// They are as good as they were: somebody knows that none was used.
    Trusted,
}

impl Record {
    /// What to keep instead of `present`, or where there is nothing, to have this record back at
    /// `now`.
    ///
    /// Offers that were never confirmed and issued codes do not come back. Of time-based
    /// credentials, all codes that would be accepted up to `now` count as used; of counter-based
    /// ones, a single code proves nothing until two in a row did, unless the `present` record knows
    /// them. Where there is one, its throttle stays, no credential's use goes back behind it, and
    /// neither does what is left of the recovery codes.
    #[must_use]
    pub fn restore(
        mut self,
        present: Option<&Self>,
        now: Timestamp,
        unaccounted: Unaccounted,
    ) -> Self {
        self.credentials.retain(Credential::is_confirmed);
        for credential in &mut self.credentials {
            let twin = present.and_then(|present| present.twin_of(credential));
            credential.catch_up(twin, now);
        }
        (self.recovery, self.scratch) = match (present, unaccounted) {
            (Some(present), _) => (
                self.recovery.left_of_both(&present.recovery),
                present.scratch.clone().left_of_both(&self.scratch),
            ),
            (None, Unaccounted::Void) => (self.recovery.void(), self.scratch.void()),
            (None, Unaccounted::Trusted) => (self.recovery, self.scratch),
        };
        if !self.is_enrolled() {
            self.recovery = self.recovery.void();
            self.scratch = self.scratch.void();
        }
        // Nobody issued it now.
        self.issued = None;
        if let Some(present) = present {
            self.throttle = present.throttle.clone();
            // An id that was given once must not come to mean another credential.
            self.next_id = self.next_id.max(present.next_id);
        }
        self.forget()
    }

    /// The credential with the same secret, if it counts. Its id may be another one here.
    fn twin_of(&self, credential: &Credential) -> Option<&Credential> {
        let twin = |held: &&Credential| held.confirmed && held.factor.is_about(&credential.factor);
        self.credentials.iter().find(twin)
    }
}

impl Credential {
    /// Uses up all that may have been used by `now`, and all that `twin`, which has the same
    /// secret, has used.
    fn catch_up(&mut self, twin: Option<&Self>, now: Timestamp) {
        self.last_used = self.last_used.max(twin.and_then(|twin| twin.last_used));
        self.factor = match (&self.factor, twin.map(|twin| &twin.factor)) {
            (
                Factor::Totp { totp, spent, .. },
                Some(Factor::Totp {
                    totp: there,
                    spent: known,
                    drift,
                }),
            ) if totp.period() == there.period() => Factor::Totp {
                totp: totp.clone(),
                spent: (*spent).max(*known).max(Some(totp.latest(now, *drift))),
                // The device was seen there last.
                drift: *drift,
            },
            (
                Factor::Totp { totp, spent, drift },
                None | Some(Factor::Totp { .. } | Factor::Hotp { .. }),
            ) => Factor::Totp {
                totp: totp.clone(),
                spent: (*spent).max(Some(totp.latest(now, *drift))),
                drift: *drift,
            },
            (
                Factor::Hotp { hotp, next, .. },
                Some(Factor::Hotp {
                    next: known,
                    uncertain,
                    ..
                }),
            ) => Factor::Hotp {
                hotp: hotp.clone(),
                next: (*next).max(*known),
                uncertain: *uncertain,
            },
            (Factor::Hotp { hotp, next, .. }, None | Some(Factor::Totp { .. })) => Factor::Hotp {
                hotp: hotp.clone(),
                next: *next,
                // No clock tells how far it got.
                uncertain: true,
            },
        };
    }
}
