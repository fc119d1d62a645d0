//! Users, out of a sealed file. Nothing that was used up becomes good again by it.

use std::fs::File;
use std::io::Seek;
use std::sync::Arc;

use countersign_bus::Error;
use countersign_bus::types::{RestoreOptions, RestoreReport};
use countersign_core::credential::Factor;
use countersign_core::record::Record;
use countersign_core::restore::Unaccounted;
use countersign_core::time::Timestamp;
use futures_lite::future::block_on;
use zbus::OwnedFd;

use self::tally::{Fate, Tally, summary};
use super::errand::{given_up, regular, together};
use super::{Engine, Loaded, SaveError, busy, file, unavailable};
use crate::audit;
use crate::backup::{BackupError, Item, Opener, Reader};
use crate::keys::MasterKey;
use crate::vault::{Slot, VaultError};

mod tally;
#[cfg(test)]
mod tests;

/// How many users are restored at once, and share the disk's flushes.
const BATCH: usize = 64;

/// How users are restored.
#[derive(Clone, Copy, Debug)]
struct Rules {
    overwrite: bool,
    dry_run: bool,
    unaccounted: Unaccounted,
}

impl Engine {
    /// Restores users from `file`, which is read from its beginning, once to see that it is whole
    /// and authentic, and then again.
    ///
    /// Whoever is there already is kept, unless the options say otherwise. If it ends halfway,
    /// each user is restored or is not, and doing it again completes it.
    ///
    /// # Errors
    ///
    /// If the file is not a whole backup, or nothing given opens it: then nothing was restored.
    /// If the store fails: then some were.
    pub async fn restore(
        self: Arc<Self>,
        file: OwnedFd,
        options: RestoreOptions,
    ) -> Result<RestoreReport, Error> {
        let file = regular(file)?;
        let opener = self.opener(&options).await?;
        let rules = Rules {
            overwrite: options.overwrite.unwrap_or(false),
            dry_run: options.dry_run.unwrap_or(false),
            unaccounted: if options.keep_recovery_codes.unwrap_or(false) {
                Unaccounted::Trusted
            } else {
                Unaccounted::Void
            },
        };
        let list = options.list.map(regular).transpose()?;
        let work = move |engine: &Self, wanted: &dyn Fn() -> bool| {
            let outcome = verify(&file, &opener, wanted)
                .and_then(|()| engine.restore_all((&file, &opener), rules, list, wanted));
            if !rules.dry_run {
                engine.tell(audit::copied(
                    "restore",
                    &summary(&outcome),
                    engine.clock.now(),
                ));
            }
            outcome
        };
        self.errand("restore", work).await
    }

    /// Restores what was seen to be whole.
    fn restore_all(
        &self,
        (file, opener): (&File, &Opener),
        rules: Rules,
        list: Option<File>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<RestoreReport, Error> {
        let mut reader = reopen(file, opener)?;
        let mut tally = Tally::new(list);
        let mut more = true;
        while more {
            if !wanted() {
                return Err(given_up());
            }
            more = self
                .restore_batch(&mut reader, rules, &mut tally)
                .map_err(|error| tally.interrupted(&error))?;
        }
        tally.report(reader.header().created)
    }

    /// Restores the next users, at the same time. Whether there were any.
    fn restore_batch(
        &self,
        reader: &mut Reader<&File>,
        rules: Rules,
        tally: &mut Tally,
    ) -> Result<bool, Error> {
        let batch = next_batch(reader)?;
        let fates = together(batch.iter().map(|item| self.restore_item(item, rules)));
        for (item, fate) in batch.iter().zip(block_on(fates)) {
            tally.add(item, fate?)?;
        }
        Ok(!batch.is_empty())
    }

    async fn opener(&self, options: &RestoreOptions) -> Result<Opener, Error> {
        match (&options.passphrase, &options.master_key) {
            (Some(_), Some(_)) => Err(Error::InvalidArgs(
                "a passphrase or a master key opens a backup, not both".into(),
            )),
            (Some(fd), None) => Ok(Opener::Passphrase(file::read(fd)?)),
            (None, Some(fd)) => Ok(Opener::MasterKey(another_master_key(fd)?)),
            (None, None) => {
                let key = self.vault.master_key().await.map_err(unavailable)?;
                Ok(Opener::MasterKey(key))
            }
        }
    }

    async fn restore_item(&self, item: &Item, rules: Rules) -> Result<Fate, Error> {
        let (uid, encoded) = match item {
            Item::Missing { .. } => return Ok(Fate::Skipped),
            Item::User { uid, record } => (*uid, record),
        };
        let slot = Slot::User(uid);
        for _ in 0..Self::ROUNDS {
            let record = Record::decode(encoded.expose()).map_err(|_| BackupError::Newer)?;
            let (present, revision) = match self.occupant(&slot).await? {
                Ok(Loaded { record, revision }) => (record, revision),
                Err(problem) if !rules.overwrite => {
                    return Ok(Fate::Refused(problem));
                }
                Err(_) if rules.dry_run => {
                    return Ok(decide(record, None, rules, self.clock.now()).0);
                }
                Err(_) => {
                    // What cannot be read cannot be swapped for something else.
                    self.vault.remove(&slot).await.map_err(unavailable)?;
                    continue;
                }
            };
            let (fate, restored) = decide(record, present.as_ref(), rules, self.clock.now());
            let Some(restored) = restored.filter(|_| !rules.dry_run) else {
                return Ok(fate);
            };
            match self.save(&slot, &restored, revision).await {
                Ok(()) => return Ok(fate),
                Err(SaveError::Conflict) => {}
                Err(SaveError::Failed(error)) => return Err(error),
            }
        }
        Err(busy())
    }

    /// What is in the store where a user would be restored to, or why it cannot be read.
    async fn occupant(&self, slot: &Slot) -> Result<Result<Loaded, String>, Error> {
        let loaded = match self.vault.load(slot).await {
            Ok(loaded) => loaded,
            Err(error @ VaultError::Unsealable(_)) => return Ok(Err(error.to_string())),
            Err(
                error @ (VaultError::Store(_)
                | VaultError::Key(_)
                | VaultError::Entropy(_)
                | VaultError::Replaced),
            ) => return Err(unavailable(error)),
        };
        let record = loaded.bytes.map(|bytes| Record::decode(&bytes)).transpose();
        Ok(record
            .map(|record| Loaded {
                record,
                revision: loaded.revision,
            })
            .map_err(|undecodable| undecodable.to_string()))
    }
}

/// What is to come of a user, and the record to keep, if that is to change.
fn decide(
    backup: Record,
    present: Option<&Record>,
    rules: Rules,
    now: Timestamp,
) -> (Fate, Option<Record>) {
    match present {
        Some(_) if !rules.overwrite => (Fate::Kept, None),
        Some(present) if present.name() != backup.name() => {
            let problem = format!(
                "the uid is another user's here, {:?}; if that account is gone, reset it",
                present.name()
            );
            (Fate::Refused(problem), None)
        }
        Some(present) => {
            let merged = backup.restore(Some(present), now, rules.unaccounted);
            let fate = Fate::Merged {
                unsynchronized: is_unsynchronized(&merged),
            };
            (fate, Some(merged))
        }
        None => {
            let left = |of: &Record| of.recovery_codes_left() + of.scratch_codes_left();
            let had_codes = left(&backup) > 0;
            let restored = backup.restore(None, now, rules.unaccounted);
            let fate = Fate::Restored {
                without_recovery_codes: had_codes && left(&restored) == 0,
                unsynchronized: is_unsynchronized(&restored),
            };
            (fate, Some(restored))
        }
    }
}

fn is_unsynchronized(record: &Record) -> bool {
    let mut held = record.credentials().iter();
    held.any(|credential| match credential.factor() {
        Factor::Totp { .. } => false,
        Factor::Hotp { uncertain, .. } => *uncertain,
    })
}

/// Reads all of a backup, so that none of it is used that does not go on to its end.
fn verify(file: &File, opener: &Opener, wanted: &dyn Fn() -> bool) -> Result<(), Error> {
    let mut reader = reopen(file, opener)?;
    let mut last = None;
    while let Some(item) = reader.next_item()? {
        let uid = item.uid();
        if last.is_some_and(|last| last >= uid) {
            return Err(BackupError::Damaged.into());
        }
        last = Some(uid);
        if let Item::User { record, .. } = &item {
            let record = Record::decode(record.expose()).map_err(|_| BackupError::Newer)?;
            if record.uid() != uid {
                return Err(BackupError::Damaged.into());
            }
        }
        if !wanted() {
            return Err(given_up());
        }
    }
    Ok(())
}

fn reopen<'a>(mut file: &'a File, opener: &Opener) -> Result<Reader<&'a File>, BackupError> {
    file.rewind()?;
    Reader::open(file, opener)
}

fn next_batch(reader: &mut Reader<&File>) -> Result<Vec<Item>, BackupError> {
    let mut batch = Vec::with_capacity(BATCH);
    while batch.len() < BATCH
        && let Some(item) = reader.next_item()?
    {
        batch.push(item);
    }
    Ok(batch)
}

fn another_master_key(fd: &OwnedFd) -> Result<MasterKey, Error> {
    let bytes = file::read_bytes(fd, file::LONGEST)?;
    MasterKey::read(&bytes[..])
        .ok()
        .flatten()
        .ok_or_else(|| Error::InvalidArgs("master-key: it is not a key of 32 bytes".into()))
}
