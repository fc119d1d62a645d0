//! What an error of SQLite's means for whoever asked.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::StoreError;

/// What was being done when SQLite failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// Opening the database.
    Opening,
    /// Reading, outside a transaction that writes.
    Reading,
    /// Changing entries, before the COMMIT.
    Writing,
    /// The COMMIT.
    Committing,
}

/// What the error of `stage` means, in words for the journal.
pub(super) fn meaning(error: &Error, stage: Stage, path: &Path) -> StoreError {
    let database = path.display();
    if is_full(error) {
        return StoreError::Unavailable(format!(
            "there is no room left for the database {database} ({error}); free some space"
        ));
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Unavailable(format!(
                "another program holds a lock on the database {database} ({error}); \
                 end it (`fuser {database}` names it)"
            ))
        }
        Some(ErrorCode::NotADatabase) => StoreError::Fatal(format!(
            "{database} is not a database, or its beginning is damaged ({error}); \
             restore it from a backup"
        )),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Fatal(format!(
            "the database {database} is damaged ({error}); restore it from a backup"
        )),
        Some(ErrorCode::ReadOnly) => read_only(path),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StoreError::Fatal(format!(
            "the database {database} cannot be opened ({error}); both it and its directory must \
             be readable and writable by the user that countersignd runs as"
        )),
        Some(_) | None if stage == Stage::Committing => StoreError::Ambiguous(format!(
            "writing to the database {database} failed ({error}), and it is not known whether \
             the change was kept; look for disk errors in the kernel's log"
        )),
        Some(_) | None => StoreError::Unavailable(format!(
            "the database {database} does not work ({error}); look for disk errors in the \
             kernel's log"
        )),
    }
}

/// The error of a database that cannot be written to.
pub(super) fn read_only(path: &Path) -> StoreError {
    StoreError::Fatal(format!(
        "the database {} can only be read; both it and its directory must be writable by the \
         user that countersignd runs as, on a file system that is not mounted read-only",
        path.display()
    ))
}

/// Whether there is no room left on the disk: for pages, or for the index of the log.
pub(super) fn is_full(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}

/// Whether the connection may go on after `error`. If not, it must be closed: what it remembers
/// may no longer be what the disk has.
pub(super) fn is_passing(error: &Error) -> bool {
    is_full(error)
        || matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_or_output_error_is_ambiguous_on_commit_and_only_there() {
        let error = failure(ffi::SQLITE_IOERR_FSYNC);
        for stage in [Stage::Opening, Stage::Reading, Stage::Writing] {
            assert!(matches!(of(&error, stage), StoreError::Unavailable(_)));
        }
        assert!(matches!(
            of(&error, Stage::Committing),
            StoreError::Ambiguous(_)
        ));
        assert!(!is_passing(&error));
    }

    #[test]
    fn a_full_disk_writes_nothing_even_on_commit() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            let error = failure(code);
            assert!(is_full(&error) && is_passing(&error));
            assert!(matches!(
                of(&error, Stage::Committing),
                StoreError::Unavailable(_)
            ));
        }
    }

    #[test]
    fn damage_is_fatal_and_ends_the_connection() {
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB] {
            let error = failure(code);
            assert!(matches!(of(&error, Stage::Reading), StoreError::Fatal(_)));
            assert!(!is_passing(&error));
        }
    }

    #[test]
    fn another_programs_lock_passes() {
        let error = failure(ffi::SQLITE_BUSY);
        assert!(is_passing(&error));
        assert!(matches!(
            of(&error, Stage::Writing),
            StoreError::Unavailable(_)
        ));
    }

    fn of(error: &Error, stage: Stage) -> StoreError {
        meaning(error, stage, Path::new("/var/lib/countersign/store.db"))
    }

    fn failure(code: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(code), None)
    }
}
