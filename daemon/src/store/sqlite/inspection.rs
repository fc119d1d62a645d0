//! What is looked at before a database is trusted.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::failure::{self, Stage};
use super::schema;
use crate::store::StoreError;

/// How long another program's lock is waited for. Logins stand still meanwhile.
const PATIENCE: Duration = Duration::from_millis(500);

/// A connection to the database at `path`, which is ours, of our version, readable and writable.
///
/// # Errors
///
/// If it is anything else. It is never made here.
pub(super) fn connect(path: &Path) -> Result<Connection, OpenError> {
    let refused = |error| OpenError::new(&error, path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(refused)?;

    configure(&connection).map_err(refused)?;
    identify(&connection, path)?;
    prepare(&connection).map_err(refused)?;
    if connection.is_readonly("main").map_err(refused)? {
        return Err(failure::read_only(path).into());
    }
    Ok(connection)
}

/// The database was not opened.
pub(super) struct OpenError {
    /// What to tell those who ask.
    pub(super) reason: StoreError,
    /// Whether a disk without room may be the cause.
    pub(super) may_be_full: bool,
}

impl OpenError {
    fn new(error: &rusqlite::Error, path: &Path) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, SystemIoFailure};
        Self {
            reason: failure::meaning(error, Stage::Opening, path),
            may_be_full: matches!(
                error.sqlite_error_code(),
                Some(CannotOpen | DiskFull | SystemIoFailure)
            ),
        }
    }
}

impl From<StoreError> for OpenError {
    fn from(reason: StoreError) -> Self {
        Self {
            reason,
            may_be_full: false,
        }
    }
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at `path`.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|found| Self::from(&found))
    }
}

impl From<&fs::Metadata> for FileId {
    fn from(found: &fs::Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
        }
    }
}

/// Looks at the file at `path` without opening it. To open and close it would let go of the locks
/// that SQLite holds on it.
pub(super) fn look_at(path: &Path) -> Result<FileId, StoreError> {
    let database = path.display();
    let found = fs::metadata(path).map_err(|error| {
        StoreError::Fatal(if error.kind() == io::ErrorKind::NotFound {
            format!(
                "there is no database at {database}; make one with `countersignctl init`, or, \
                 if this host had one, restore it from a backup"
            )
        } else {
            format!("the database {database} cannot be reached: {error}")
        })
    })?;
    if !found.is_file() {
        return Err(StoreError::Fatal(format!(
            "{database} is not a file; remove it, and restore the database from a backup"
        )));
    }
    if found.len() == 0 {
        return Err(StoreError::Fatal(format!(
            "the database {database} is empty (0 bytes); restore it from a backup, or, if nobody \
             was enrolled yet, remove it and run `countersignctl init`"
        )));
    }
    Ok(FileId::from(&found))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        // A database that is refused is not written to, not even when it is closed.
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        connection.set_db_config(setting, value)?;
    }
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Makes sure that the database is ours, of our version, and keeps a write-ahead log.
fn identify(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let refused = |error| OpenError::new(&error, path);
    let database = path.display();

    if pragma("application_id").map_err(refused)? != schema::APPLICATION_ID {
        return Err(StoreError::Fatal(format!(
            "{database} is a database of another program; move it away, and restore ours from a \
             backup"
        ))
        .into());
    }
    let version = pragma("user_version").map_err(refused)?;
    if version != schema::VERSION {
        return Err(StoreError::Fatal(format!(
            "the database {database} is of version {version}, and this countersignd knows only \
             version {}; install the version that wrote it, or restore an older backup",
            schema::VERSION
        ))
        .into());
    }
    // A database that came from a backup may have lost it.
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))
        .map_err(refused)?;
    if mode != "wal" {
        return Err(failure::read_only(path).into());
    }
    Ok(())
}

/// Reads the schema, and a first page of rows.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    for sql in [schema::CHANGE, schema::TAKE, &schema::create()] {
        connection.prepare_cached(sql)?;
    }
    connection
        .prepare_cached(schema::GET)?
        .query_row([[0u8; 0]], |_| Ok(()))
        .optional()
        .map(|_| ())
}

/// The path of one of the files that SQLite keeps beside the database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
