//! What our database looks like inside, and how one is made.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::failure::{self, Stage};
use super::inspection::connect;
use crate::store::{Key, StoreError};

/// `CSGN`: what `file` and we tell our databases by.
pub(super) const APPLICATION_ID: i32 = 0x4353_474e;

/// The layout that this version writes.
pub(super) const VERSION: i32 = 1;

/// How many bytes a page has.
pub(super) const PAGE_SIZE: u64 = 4096;

/// What a new row's revision is: random, so that the revision of a row that was deleted does not
/// fit one that was made in its place. 62 bits leave room to count up; 0 is no row's.
const FIRST_REVISION: &str = "(random() & 0x3fffffffffffffff) + 1";

const TABLE: &str = "CREATE TABLE record (
    key BLOB PRIMARY KEY,
    revision INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT, WITHOUT ROWID";

pub(super) const GET: &str = "SELECT revision, data FROM record WHERE key = ?1";
pub(super) const SCAN: &str =
    "SELECT key, revision, data FROM record WHERE key >= ?1 ORDER BY key LIMIT ?2";
pub(super) const CHANGE: &str =
    "UPDATE record SET revision = revision + 1, data = ?3 WHERE key = ?1 AND revision = ?2";
pub(super) const TAKE: &str = "DELETE FROM record WHERE key = ?1 RETURNING data";

/// The statement that makes a row unless there is one.
pub(super) fn create() -> String {
    format!(
        "INSERT INTO record (key, revision, data) VALUES (?1, {FIRST_REVISION}, ?2)
         ON CONFLICT DO NOTHING RETURNING revision"
    )
}

/// Makes a database of `entries` at `path`, where there must be nothing yet.
///
/// It is durable only once the caller has flushed the file and its directory.
///
/// # Errors
///
/// SQLite's; there may then be a useless file at `path`.
pub(crate) fn make(path: &Path, entries: &[(Key, Vec<u8>)]) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "page_size", PAGE_SIZE.cast_signed())?;
    connection.pragma_update(None, "synchronous", "FULL")?;

    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.execute(TABLE, ())?;
    for (key, data) in entries {
        transaction.query_row(&create(), (key.as_bytes(), data), |_| Ok(()))?;
    }
    transaction.commit()?;

    // Last, so that nothing of the above is left in a write-ahead log.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error)
}

/// What is under `key` in the database at `path`, which may be in use.
///
/// # Errors
///
/// If there is no database, or none of ours, or one that is damaged.
pub(crate) fn look_up(path: &Path, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
    let connection = connect(path).map_err(|error| error.reason)?;
    connection
        .query_row(GET, [key.as_bytes()], |row| row.get(1))
        .optional()
        .map_err(|error| failure::meaning(&error, Stage::Reading, path))
}
