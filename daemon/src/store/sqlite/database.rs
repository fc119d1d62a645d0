//! One open database, and what is asked of it.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::{fmt, io};

use nix::fcntl::{FallocateFlags, fallocate};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params};
use tracing::warn;

use super::failure::{self, Stage};
use super::inspection::{FileId, OpenError, beside, connect, look_at};
use super::schema;
use crate::store::{Cas, Key, Revision, StoreError, Versioned};

/// What is set aside for the write-ahead log: the 1,000 pages after which SQLite writes them back
/// and begins anew, and half as many more for when a reader holds that up.
const LOG_SIZE: i64 = 1500 * (schema::PAGE_SIZE as i64 + 24);

/// A database that is ours, intact as far as one can tell, and writable.
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
    opening: u64,
    file: FileId,
    log: FileId,
}

impl Database {
    /// Opens the database at `path`, whose revisions will be those of `opening`.
    ///
    /// # Errors
    ///
    /// If it is missing, empty, not ours, of a newer version, damaged, or cannot be written to.
    pub(super) fn open(path: &Path, opening: u64) -> Result<Self, OpenError> {
        let file = look_at(path)?;
        let connection = connect(path)?;

        let changed = || StoreError::Unavailable("the database was just being replaced".into());
        let log = FileId::of(&beside(path, "-wal")).map_err(|_| changed())?;
        if look_at(path)? != file {
            return Err(changed().into());
        }
        let database = Self {
            connection,
            path: path.to_owned(),
            opening,
            file,
            log,
        };
        database.measure()?;
        Ok(database)
    }

    /// Makes sure that the file ends where a page does. SQLite itself notices whole pages that
    /// are missing, but takes the missing part of a page for zeros, and thus for no entries.
    fn measure(&self) -> Result<(), StoreError> {
        let is_whole =
            || fs::metadata(&self.path).is_ok_and(|found| found.len() % schema::PAGE_SIZE == 0);
        if is_whole() {
            return Ok(());
        }
        // The power may have failed amid a page that the log still has.
        self.write_back()?;
        is_whole().then_some(()).ok_or_else(|| {
            StoreError::Fatal(format!(
                "the database {} is damaged (its end is missing); restore it from a backup",
                self.path.display()
            ))
        })
    }

    /// Sets disk space aside for the write-ahead log, so that a full disk does not stop logins.
    ///
    /// Only space is taken: the file is not made longer, and SQLite does not notice.
    pub(super) fn reserve_log(&self) {
        let path = beside(&self.path, "-wal");
        let reserved = OpenOptions::new().write(true).open(&path).and_then(|log| {
            fallocate(&log, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, LOG_SIZE)
                .map_err(io::Error::from)
        });
        if let Err(error) = reserved {
            warn!(
                "no space could be set aside for {} ({error}): should the disk fill up, logins \
                 may stop; ignoring",
                path.display()
            );
        }
    }

    /// Why this is no longer the database that has its name, if it is not.
    pub(super) fn displaced(&self) -> Option<Displaced> {
        if FileId::of(&self.path).ok() != Some(self.file) {
            return Some(Displaced::File);
        }
        if FileId::of(&beside(&self.path, "-wal")).ok() != Some(self.log) {
            return Some(Displaced::Log);
        }
        None
    }

    /// Brings all that is committed into the database file itself, and makes it durable there.
    ///
    /// # Errors
    ///
    /// If not all of it could be brought there.
    pub(super) fn write_back(&self) -> Result<(), StoreError> {
        let complete = self
            .connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| {
                Ok(row.get::<_, i64>(1)? == row.get::<_, i64>(2)?)
            })
            .map_err(|error| failure::meaning(&error, Stage::Opening, &self.path))?;
        complete.then_some(()).ok_or_else(|| {
            StoreError::Unavailable(format!(
                "another program reads the database {} and keeps it from being brought in order; \
                 end it",
                self.path.display()
            ))
        })
    }

    /// Lets go of files that are no longer the ones with these names, or that failed.
    ///
    /// What is in the log goes into the database that it belongs to, and the log is emptied:
    /// should a new database have been put next to it, it must not take the log for its own.
    pub(super) fn retire(self) {
        let emptied = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| {
                row.get::<_, bool>(0)
            });
        if !matches!(emptied, Ok(false)) {
            warn!(
                "the write-ahead log of the old {} could not be emptied; ignoring",
                self.path.display()
            );
        }
        // SQLite must not remove the log when it closes: by now its name may be another's.
        self.close();
    }

    /// Closes the database at an orderly end, leaving one complete file.
    pub(super) fn finish(self) {
        if self.displaced().is_some() {
            return self.retire();
        }
        let allowed = self
            .connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        if let Err(error) = allowed {
            warn!("the database is closed without having been brought in order: {error}; ignoring");
        }
        self.close();
    }

    fn close(self) {
        if let Err((_, error)) = self.connection.close() {
            warn!("closing {}: {error}; ignoring", self.path.display());
        }
    }

    /// The entry of `key`.
    pub(super) fn get(&self, key: &Key) -> rusqlite::Result<Versioned> {
        let row = self
            .connection
            .prepare_cached(schema::GET)?
            .query_row([key.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(match row {
            Some((number, data)) => self.versioned(number, Some(data)),
            None => self.versioned(0, None),
        })
    }

    /// A page of entries, in the order of their keys.
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        limit: usize,
    ) -> rusqlite::Result<Vec<(Key, Versioned)>> {
        // The key that comes right after another is that one and a zero byte.
        let after = after.map(|key| [key.as_bytes(), &[0]].concat());
        let first = after.as_deref().unwrap_or_default().max(prefix);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);

        let mut statement = self.connection.prepare_cached(schema::SCAN)?;
        let rows = statement.query_map(params![first, limit], |row| {
            let entry = self.versioned(row.get(1)?, Some(row.get(2)?));
            Ok((Key::new(row.get::<_, Vec<u8>>(0)?), entry))
        })?;
        rows.take_while(|row| {
            row.as_ref()
                .map_or(true, |(key, _)| key.as_bytes().starts_with(prefix))
        })
        .collect()
    }

    /// Compare and swap, within the transaction of the caller.
    pub(super) fn cas(&self, key: &Key, expect: Revision, data: &[u8]) -> rusqlite::Result<Cas> {
        let number = if expect.opening != self.opening {
            None
        } else if expect.number == Revision::ABSENT {
            self.connection
                .prepare_cached(&schema::create())?
                .query_row(params![key.as_bytes(), data], |row| row.get(0))
                .optional()?
        } else {
            let expected = expect.number.cast_signed();
            self.connection
                .prepare_cached(schema::CHANGE)?
                .execute(params![key.as_bytes(), expected, data])
                .map(|changed| (changed == 1).then_some(expected.wrapping_add(1)))?
        };
        Ok(match number {
            Some(number) => Cas::Committed(self.versioned(number, None).revision),
            None => Cas::Conflict(self.get(key)?),
        })
    }

    /// Read and delete, within the transaction of the caller.
    pub(super) fn take(&self, key: &Key) -> rusqlite::Result<Option<Vec<u8>>> {
        self.connection
            .prepare_cached(schema::TAKE)?
            .query_row([key.as_bytes()], |row| row.get(0))
            .optional()
    }

    /// Runs `work` in one transaction, and returns once what it did is durable.
    ///
    /// # Errors
    ///
    /// At which stage it failed, and why. Before the commit, nothing was written.
    pub(super) fn transact(
        &self,
        work: impl FnOnce(&Self) -> rusqlite::Result<()>,
    ) -> Result<(), (Stage, rusqlite::Error)> {
        let execute = |sql| self.connection.prepare_cached(sql)?.execute(());

        let result = execute("BEGIN IMMEDIATE")
            .and_then(|_| work(self))
            .map_err(|error| (Stage::Writing, error))
            .and_then(|()| match execute("COMMIT") {
                Ok(_) => Ok(()),
                Err(error) => Err((Stage::Committing, error)),
            });
        // SQLite has itself rolled back after some failures, not after others.
        if result.is_err() && !self.connection.is_autocommit() {
            execute("ROLLBACK").map_err(|error| (Stage::Committing, error))?;
        }
        result
    }

    /// What an error while reading means.
    pub(super) fn reading_failed(&self, error: &rusqlite::Error) -> StoreError {
        failure::meaning(error, Stage::Reading, &self.path)
    }

    fn versioned(&self, number: i64, data: Option<Vec<u8>>) -> Versioned {
        Versioned {
            revision: Revision {
                opening: self.opening,
                number: number.cast_unsigned(),
            },
            data,
        }
    }

    /// Keeps the database from growing by a single page, as a full disk would.
    #[cfg(test)]
    pub(super) fn forbid_growth(&self, forbid: bool) {
        let pages: i64 = if forbid { 1 } else { i64::from(u32::MAX - 1) };
        // SQLite raises 1 to the pages that there are.
        self.connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    }
}

/// How a database was displaced while it was open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Displaced {
    /// The database's file was deleted or replaced.
    File,
    /// The write-ahead log next to it was.
    Log,
}

impl fmt::Display for Displaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "the database was deleted or replaced while it was open",
            Self::Log => "the database's write-ahead log was deleted or replaced while it was open",
        })
    }
}
