//! What only root may do: look at everybody, let somebody in once, forget somebody.

use std::time::Duration;

use countersign_bus::Error;
use countersign_bus::types::{IssueOptions, Status};
use countersign_core::record::Record;
use zbus::OwnedFd;

use super::change::{Account, Demanded};
use super::{Engine, SaveError, busy, file, unavailable};
use crate::audit::Change;
use crate::authorize::Caller;
use crate::vault::Slot;

impl Engine {
    /// How long an issued code is good for, unless its issuer says otherwise.
    const USUAL_LIFE: Duration = Duration::from_secs(600);
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
        self.end_walks();
        if !self.vault.remove(&slot).await.map_err(unavailable)? {
            return Err(Error::NotEnrolled("nothing is known of that user".into()));
        }
        let user = record.as_ref().map_or("(unknown)", Record::name);
        self.tell_change(&Caller::Root, (uid, user), Change::Reset, "");
        Ok(())
    }

    /// Issues a user a code that is good for one login: a file with it, and until when it is good,
    /// in seconds since the epoch. An earlier one is void. Users who hold no factor can be issued
    /// one too, perhaps to enroll with.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if the configuration forbids it, [`Error::InvalidArgs`] if it would
    /// be good for longer than may be, or if the store fails.
    pub async fn issue_code(
        &self,
        account: Account<'_>,
        options: &IssueOptions,
    ) -> Result<(OwnedFd, u64), Error> {
        let longest = self.config().issued_codes.ok_or_else(|| {
            Error::NotPermitted("no codes are issued here: [helpdesk] issue-codes is off".into())
        })?;
        let life = match options.seconds {
            Some(seconds) => Duration::from_secs(seconds),
            None => Self::USUAL_LIFE.min(longest),
        };
        if life.is_zero() || life > longest {
            return Err(Error::InvalidArgs(format!(
                "a code may be good for 1 s to {} min here: [helpdesk] longest-minutes",
                longest.as_secs() / 60
            )));
        }
        let mut made = None;
        let issue = |engine: &Self, record: Record| {
            let now = engine.clock.now();
            let expires = now.after(life);
            let (record, code) = record
                .issue(&*engine.random()?, now, expires)
                .ok_or_else(|| Error::Unavailable("the code cannot be hashed".into()))?;
            made = Some((code, expires));
            Ok(record)
        };
        let change = self.change(&Caller::Root, account, Demanded::Nothing, issue);
        let name = change.await?;
        let (code, expires) = made.ok_or_else(busy)?;
        let by = options.by.map(|by| format!(", by uid {by}"));
        let note = format!("good for {} s{}", life.as_secs(), by.unwrap_or_default());
        self.tell_change(&Caller::Root, (account.0, &name), Change::Issued, &note);
        Ok((file::seal([code.expose().as_str()])?, expires.unix()))
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
