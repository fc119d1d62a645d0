//! What only root may do: look at everybody, forget somebody.

use countersign_bus::Error;
use countersign_bus::types::Status;
use countersign_core::record::Record;

use super::{Engine, SaveError, busy, unavailable};
use crate::audit::Change;
use crate::authorize::Caller;
use crate::vault::Slot;

impl Engine {
    /// The most users that one call lists.
    const PAGE: usize = 1000;

    /// Up to `limit` users with a uid above `after`, in order; from the first one on if `after` is
    /// 2^32 - 1, which is nobody's uid.
    ///
    /// # Errors
    ///
    /// If the store cannot be read. A record that cannot be is listed with the reason.
    pub async fn list(&self, after: u32, limit: u32) -> Result<Vec<Status>, Error> {
        let after = (after != u32::MAX).then_some(after);
        let limit = Self::PAGE.min(limit as usize);
        let users = self.vault.users(after, limit).await.map_err(unavailable)?;
        Ok(users
            .into_iter()
            .map(|(uid, loaded)| {
                let record = loaded
                    .map_err(|error| error.to_string())
                    .map(|loaded| loaded.bytes.unwrap_or_default())
                    .and_then(|bytes| Record::decode(&bytes).map_err(|error| error.to_string()));
                match record {
                    Ok(record) => self.describe(&record),
                    Err(problem) => Status {
                        uid: Some(uid),
                        problem: Some(problem),
                        ..Status::default()
                    },
                }
            })
            .collect())
    }

    /// Forgets a user altogether.
    ///
    /// # Errors
    ///
    /// [`Error::NotEnrolled`] if nothing is known of that user, or if the store fails.
    pub async fn reset(&self, uid: u32) -> Result<(), Error> {
        let slot = Slot::User(uid);
        // Only to call the user by name: a record that does not open can be forgotten too.
        let record = self.load(&slot).await.ok().and_then(|loaded| loaded.record);
        if !self.vault.remove(&slot).await.map_err(unavailable)? {
            return Err(Error::NotEnrolled("nothing is known of that user".into()));
        }
        let user = record.as_ref().map_or("(unknown)", Record::name);
        self.tell_change(&Caller::Root, (uid, user), Change::Reset, "");
        Ok(())
    }

    /// Forgets a user's wrong answers.
    ///
    /// # Errors
    ///
    /// As [`reset`](Self::reset).
    pub async fn unlock(&self, uid: u32) -> Result<(), Error> {
        let slot = Slot::User(uid);
        for _ in 0..Self::ROUNDS {
            let loaded = self.load(&slot).await?;
            let record = loaded
                .record
                .ok_or_else(|| Error::NotEnrolled("nothing is known of that user".into()))?;
            let name = record.name().to_owned();
            match self.save(&slot, &record.unlock(), loaded.revision).await {
                Ok(()) => {
                    self.tell_change(&Caller::Root, (uid, &name), Change::Unlocked, "");
                    return Ok(());
                }
                Err(SaveError::Conflict) => {}
                Err(SaveError::Failed(error)) => return Err(error),
            }
        }
        Err(busy())
    }
}
