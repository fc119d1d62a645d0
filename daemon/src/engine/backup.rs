//! All users, into one sealed file.

use std::fs::File;
use std::sync::Arc;

use countersign_bus::Error;
use countersign_bus::types::{BackupOptions, BackupReport, SHORTEST_PASSPHRASE};
use countersign_core::record::Record;
use futures_lite::future::block_on;
use zbus::OwnedFd;

use super::errand::{Problems, given_up, regular};
use super::{Engine, file, unavailable};
use crate::audit;
use crate::backup::{Encoded, Item, Opener, Writer};
use crate::vault::{Loaded, VaultError};

/// How many users are read at once: few enough that a login hardly waits behind them.
const PAGE: usize = 64;

impl Engine {
    /// Writes all that is kept of all users to `file`: a regular one, with nothing in it.
    ///
    /// Each user's record is as it was at one moment between the beginning and the end. No record
    /// depends on another, so nothing more is needed for the whole to be one that could have been.
    ///
    /// # Errors
    ///
    /// If the options make no sense, the file cannot be written, or the store cannot be read. A
    /// user whose record cannot be is named in the report, and left out.
    pub async fn backup(
        self: Arc<Self>,
        file: OwnedFd,
        options: BackupOptions,
    ) -> Result<BackupReport, Error> {
        let file = regular(file)?;
        if file.metadata().is_ok_and(|found| found.len() > 0) {
            return Err(Error::InvalidArgs("file: there is something in it".into()));
        }
        let opener = match &options.passphrase {
            Some(fd) => Opener::Passphrase(file::read(fd)?),
            None => Opener::MasterKey(self.vault.master_key().await.map_err(unavailable)?),
        };
        if let Opener::Passphrase(passphrase) = &opener
            && passphrase.chars().count() < SHORTEST_PASSPHRASE
        {
            return Err(Error::InvalidArgs(format!(
                "passphrase: at least {SHORTEST_PASSPHRASE} characters"
            )));
        }
        let work = move |engine: &Self, wanted: &dyn Fn() -> bool| {
            let outcome = engine.write_backup(&file, &opener, wanted);
            engine.tell(audit::copied(
                "backup",
                &summary(&outcome),
                engine.clock.now(),
            ));
            outcome
        };
        self.errand("backup", work).await
    }

    pub(super) fn write_backup(
        &self,
        file: &File,
        opener: &Opener,
        wanted: &dyn Fn() -> bool,
    ) -> Result<BackupReport, Error> {
        let created = self.clock.now().unix();
        let mut writer = Writer::begin(file, opener, created, &*self.entropy)?;
        let (mut users, mut skipped, mut problems) = (0, 0, Problems::default());
        let (mut after, mut store) = (None, None);
        loop {
            if !wanted() {
                return Err(given_up());
            }
            let page = block_on(self.vault.users(after, PAGE)).map_err(unavailable)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (uid, loaded) in page {
                if let Ok(loaded) = &loaded
                    && !store
                        .get_or_insert(loaded.revision)
                        .same_store(loaded.revision)
                {
                    return Err(unavailable(VaultError::Replaced));
                }
                match item(uid, loaded) {
                    Ok(item) => {
                        users += 1;
                        writer.write(&item)?;
                    }
                    Err(problem) => {
                        tracing::warn!(uid, "not in the backup: {problem}");
                        skipped += 1;
                        problems.add(uid, None, &problem);
                        writer.write(&Item::Missing { uid })?;
                    }
                }
            }
        }
        Ok(BackupReport {
            users: Some(users),
            skipped: Some(skipped),
            bytes: Some(writer.finish()?),
            problems: Some(problems.into_wire()),
        })
    }
}

/// A user's record, provided that it could be restored.
fn item(uid: u32, loaded: Result<Loaded, VaultError>) -> Result<Item, String> {
    let bytes = loaded
        .map_err(|error| error.to_string())?
        .bytes
        .unwrap_or_default();
    Record::decode(&bytes).map_err(|error| error.to_string())?;
    Ok(Item::User {
        uid,
        record: Encoded::new(&bytes),
    })
}

fn summary(outcome: &Result<BackupReport, Error>) -> String {
    match outcome {
        Ok(report) => format!(
            "{} users are in it, and {} that cannot be read are not",
            report.users.unwrap_or_default(),
            report.skipped.unwrap_or_default(),
        ),
        Err(error) => format!("failed: {error}"),
    }
}
