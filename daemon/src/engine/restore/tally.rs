//! What came of each user, and of all.

use std::fs::File;
use std::io::{BufWriter, Write};

use countersign_bus::Error;
use countersign_bus::types::RestoreReport;
use countersign_core::record::Record;

use crate::backup::{BackupError, Item};
use crate::engine::errand::Problems;

/// What came of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// Was not there, and is now.
    Restored {
        /// They were left in the backup, and are void now.
        without_recovery_codes: bool,
        /// A counter-based credential takes two codes in a row first.
        unsynchronized: bool,
    },
    /// Was there, and is as before.
    Kept,
    /// Was there, and is as in the backup but for what was used since.
    Merged {
        /// As above.
        unsynchronized: bool,
    },
    /// Was not restored.
    Refused(String),
    /// Is not in the backup.
    Skipped,
}

/// How many users came to what.
pub(super) struct Tally {
    report: RestoreReport,
    problems: Problems,
    list: Option<BufWriter<File>>,
}

impl Tally {
    pub(super) fn new(list: Option<File>) -> Self {
        Self {
            report: RestoreReport::default(),
            problems: Problems::default(),
            list: list.map(BufWriter::new),
        }
    }

    pub(super) fn add(&mut self, item: &Item, fate: Fate) -> Result<(), Error> {
        let name = match item {
            Item::User { record, .. } => Record::decode(record.expose())
                .map(|record| record.name().to_owned())
                .ok(),
            Item::Missing { .. } => None,
        };
        let uid = item.uid();
        let report = &mut self.report;
        let (word, counter) = match &fate {
            Fate::Restored {
                without_recovery_codes,
                unsynchronized,
            } => {
                count_if(*without_recovery_codes, &mut report.without_recovery_codes);
                count_if(*unsynchronized, &mut report.unsynchronized);
                ("restored", &mut report.restored)
            }
            Fate::Kept => ("kept", &mut report.kept),
            Fate::Merged { unsynchronized } => {
                count_if(*unsynchronized, &mut report.unsynchronized);
                ("merged", &mut report.merged)
            }
            Fate::Refused(_) => ("refused", &mut report.refused),
            Fate::Skipped => ("skipped", &mut report.skipped),
        };
        count_if(true, counter);
        match &fate {
            Fate::Refused(problem) => self.problems.add(uid, name.as_deref(), problem),
            Fate::Skipped => {
                let problem =
                    "it could not be read when the backup was made; enroll the user again";
                self.problems.add(uid, None, &problem);
            }
            Fate::Restored { .. } | Fate::Kept | Fate::Merged { .. } => {}
        }
        match &mut self.list {
            Some(list) => {
                // A line is a user, whatever the name.
                let name = name.unwrap_or_default().replace(char::is_control, "?");
                writeln!(list, "{word} {uid} {name}")
                    .map_err(|error| BackupError::File(error).into())
            }
            None => Ok(()),
        }
    }

    /// What to tell when it fails halfway.
    pub(super) fn interrupted(&self, error: &Error) -> Error {
        let restored = self.report.restored.unwrap_or_default();
        let merged = self.report.merged.unwrap_or_default();
        Error::Unavailable(format!(
            "{error} ({} users were restored before that; doing it again completes it)",
            restored.saturating_add(merged)
        ))
    }

    pub(super) fn report(mut self, created: u64) -> Result<RestoreReport, Error> {
        if let Some(list) = &mut self.list {
            list.flush().map_err(BackupError::File)?;
        }
        let counted = |counter: Option<u32>| Some(counter.unwrap_or_default());
        Ok(RestoreReport {
            created: Some(created),
            restored: counted(self.report.restored),
            kept: counted(self.report.kept),
            merged: counted(self.report.merged),
            refused: counted(self.report.refused),
            skipped: counted(self.report.skipped),
            without_recovery_codes: counted(self.report.without_recovery_codes),
            unsynchronized: counted(self.report.unsynchronized),
            problems: Some(self.problems.into_wire()),
        })
    }
}

fn count_if(it_is: bool, counter: &mut Option<u32>) {
    *counter = Some(counter.unwrap_or_default().saturating_add(it_is.into()));
}

/// A report in words, for the log.
pub(super) fn summary(outcome: &Result<RestoreReport, Error>) -> String {
    match outcome {
        Ok(report) => format!(
            "{} users were restored, {} merged, {} kept as they were, {} refused (backup of {})",
            report.restored.unwrap_or_default(),
            report.merged.unwrap_or_default(),
            report.kept.unwrap_or_default(),
            report.refused.unwrap_or_default(),
            report.created.unwrap_or_default(),
        ),
        Err(error) => format!("failed: {error}"),
    }
}
