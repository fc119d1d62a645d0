//! What other modules kept of users is taken over.

use std::future::Future;
use std::task::Poll;

use countersign_bus::Error;
use countersign_bus::import::{
    ImportOptions, ImportOutcome, ImportResult, ImportUser, LARGEST, decode,
};
use countersign_core::record::Record;
use futures_lite::future::{poll_fn, yield_now};
use zbus::OwnedFd;
use zruntime::lock::Mutex;

use self::takeover::Takeover;
use super::change::invalid;
use super::{Engine, SaveError, busy, file};
use crate::audit::Change;
use crate::authorize::Caller;
use crate::vault::Slot;

mod takeover;

impl Engine {
    /// How many users are taken over at once. Their records share a flush; a login that comes
    /// meanwhile waits for as many at most.
    const TOGETHER: usize = 128;
    /// How many users one call may bring that each get an event of their own. More would push out
    /// of the record what happened before, and have the journal suppress what comes next.
    const FEW: usize = 50;

    /// Takes over users, or says what would come of it. Answers for each, in their order.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgs`] if the file does not hold users. A user that cannot be taken over is
    /// answered with the reason, and others go on.
    pub async fn import(
        &self,
        users: &OwnedFd,
        options: &ImportOptions,
    ) -> Result<Vec<ImportOutcome>, Error> {
        let users = decode(&file::read_bytes(users, LARGEST)?)?;
        let dry_run = options.dry_run.unwrap_or(false);
        let turn = Mutex::new(());
        let mut outcomes = Vec::with_capacity(users.len());
        for crowd in users.chunks(Self::TOGETHER) {
            let crowd = crowd
                .iter()
                .map(|user| self.take_over(user, dry_run, &turn));
            outcomes.extend(all(crowd).await);
        }
        if !dry_run {
            self.tell_imported(&users, &outcomes);
        }
        Ok(outcomes)
    }

    async fn take_over(&self, user: &ImportUser, dry_run: bool, turn: &Mutex<()>) -> ImportOutcome {
        let outcome = ImportOutcome {
            uid: user.uid,
            ..ImportOutcome::default()
        };
        match self.try_take_over(user, dry_run, turn).await {
            Ok((result, notes)) => ImportOutcome {
                result: Some(result as u32),
                notes: Some(notes),
                ..outcome
            },
            Err(refused) => ImportOutcome {
                result: Some(ImportResult::Refused as u32),
                problem: Some(refused.text().to_owned()),
                ..outcome
            },
        }
    }

    async fn try_take_over(
        &self,
        user: &ImportUser,
        dry_run: bool,
        turn: &Mutex<()>,
    ) -> Result<(ImportResult, Vec<(u32, u32)>), Error> {
        let (Some(uid), Some(name)) = (user.uid.filter(|uid| *uid != u32::MAX), &user.name) else {
            return Err(Error::InvalidArgs("a user without a uid or a name".into()));
        };
        let takeover = Takeover::of(user, self.clock.now())?;
        for _ in 0..Self::ROUNDS {
            let (before, revision) = self.account(&Caller::Root, (uid, name)).await?;
            let after = self.with(&before, &takeover, turn).await?;
            if is_same(&before, &after)? {
                return Ok((ImportResult::Already, takeover.notes));
            }
            if dry_run {
                return Ok((ImportResult::Imported, takeover.notes));
            }
            match self.save(&Slot::User(uid), &after, revision).await {
                Ok(()) => return Ok((ImportResult::Imported, takeover.notes)),
                Err(SaveError::Conflict) => {}
                Err(SaveError::Failed(error)) => return Err(error),
            }
        }
        Err(busy())
    }

    /// The record with what is taken over. Scratch codes are hashed, which takes a while: by one
    /// user at a time, and whoever logs in comes in between.
    async fn with(
        &self,
        before: &Record,
        takeover: &Takeover,
        turn: &Mutex<()>,
    ) -> Result<Record, Error> {
        let salt = *self.random()?;
        let turn = match takeover.scratch.is_empty() {
            true => None,
            false => {
                yield_now().await;
                Some(turn.lock().await)
            }
        };
        let (credentials, scratch) = (&takeover.credentials, &takeover.scratch);
        let imported = before
            .clone()
            .import(credentials, scratch, salt, self.clock.now());
        drop(turn);
        Ok(imported.map_err(invalid)?.0)
    }

    fn tell_imported(&self, users: &[ImportUser], outcomes: &[ImportOutcome]) {
        let imported: Vec<_> = users
            .iter()
            .zip(outcomes)
            .filter(|(_, outcome)| outcome.result == Some(ImportResult::Imported as u32))
            .filter_map(|(user, _)| Some((user.uid?, user.name.as_deref()?)))
            .collect();
        let now = self.clock.now();
        if imported.len() <= Self::FEW {
            for account in imported {
                self.tell_change(&Caller::Root, account, Change::Imported, "");
            }
            return;
        }
        let note = format!("{} users; the journal has their uids", imported.len());
        let mut told = Change::Imported.made(&Caller::Root, (0, ""), &note, now);
        told.event.uid = None;
        let mut in_full = told.clone();
        let uids: Vec<String> = imported.iter().map(|(uid, _)| uid.to_string()).collect();
        in_full.event.note = format!("uids {}", uids.join(" "));
        in_full.log();
        if let Some(ring) = told.ring {
            self.events.record(ring, told.event);
        }
    }
}

/// Whether nothing is new in a record.
fn is_same(before: &Record, after: &Record) -> Result<bool, Error> {
    let encoded = |record: &Record| {
        record
            .encode()
            .map_err(|error| Error::Unavailable(error.to_string()))
    };
    Ok(encoded(before)? == encoded(after)?)
}

/// What comes of all of `futures`, in their order; all of them go on at once.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if let Some(going_on) = future {
                match going_on.as_mut().poll(context) {
                    Poll::Ready(ready) => {
                        *output = Some(ready);
                        *future = None;
                    }
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_go_on_at_once_and_come_back_in_their_order() {
        let turn = Mutex::new(Vec::new());
        let wait = |number: usize| {
            let turn = &turn;
            async move {
                for _ in 0..3 - number {
                    yield_now().await;
                }
                turn.lock().await.push(number);
                number
            }
        };
        let came = futures_lite::future::block_on(all((0..3).map(wait)));
        assert_eq!(came, [0, 1, 2]);
        assert_eq!(*futures_lite::future::block_on(turn.lock()), [2, 1, 0]);
    }
}
