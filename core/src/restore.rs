//! A record that comes out of a backup: older than what has happened since.
//!
//! Nothing that was used up becomes good again. What is known to have been used stays so; what
//! nobody can know counts as used, as far as it can.

use crate::credential::{Credential, Factor};
use crate::record::Record;
use crate::recovery::RecoverySet;
use crate::time::{Skew, Timestamp};

/// What to make of recovery codes that may have been used since the backup.
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
    /// Offers that were never confirmed do not come back. Of time-based credentials, all codes
    /// that would be accepted up to `now` count as used. Where there is a `present` record, its
    /// throttle stays, no credential's use goes back behind it, and neither does what is left of
    /// the recovery codes.
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
        self.recovery = match (present, unaccounted) {
            (Some(present), _) => self.recovery.left_of_both(&present.recovery),
            (None, Unaccounted::Void) => RecoverySet::default(),
            (None, Unaccounted::Trusted) => self.recovery,
        };
        if !self.is_enrolled() {
            self.recovery = RecoverySet::default();
        }
        if let Some(present) = present {
            self.throttle = present.throttle.clone();
            // An id that was given once must not come to mean another credential.
            self.next_id = self.next_id.max(present.next_id);
        }
        self
    }

    /// The credential with the same secret. Its id may be another one here.
    fn twin_of(&self, credential: &Credential) -> Option<&Credential> {
        let Factor::Totp { totp, .. } = &credential.factor;
        self.credentials
            .iter()
            .find(|held| held.factor.is_about(totp))
    }
}

impl Credential {
    /// Uses up all that may have been used by `now`, and all that `twin`, which has the same
    /// secret, has used.
    fn catch_up(&mut self, twin: Option<&Self>, now: Timestamp) {
        self.last_used = self.last_used.max(twin.and_then(|twin| twin.last_used));
        let Factor::Totp { totp, spent } = &mut self.factor;
        let latest = Skew::DEFAULT.around(totp.period().step_at(now)).last();
        let known = twin.and_then(|twin| {
            let Factor::Totp { spent, .. } = &twin.factor;
            *spent
        });
        *spent = (*spent).max(known).max(latest);
    }
}
