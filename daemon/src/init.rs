//! Makes the master key and the database, once, because someone asked for it.
//!
//! The daemon never does: were it to make a database where it finds none, whoever can delete one
//! could do away with everybody's second factor.

use std::fmt;
use std::io;
use std::path::{self, Path, PathBuf};

use thiserror::Error;

use crate::entropy::Kernel;
use crate::keys::{KeyError, MasterKey};
use crate::store::sqlite::FILE_NAME;

mod database;
mod delegate;
mod directory;
mod publish;
#[cfg(test)]
mod tests;

pub use self::delegate::init_database;
use self::directory::Writer;

/// Makes the key in the file `master_key` and the database in the directory `state_directory`,
/// each unless it is there already. The directory is made too, if there is none.
///
/// The database belongs to `user`, or else to whoever runs this. Root makes another user's as that
/// user, since what root writes where another may too, that other could have it write elsewhere.
///
/// # Errors
///
/// If not both are there afterwards, and belong together. What is there is never overwritten.
pub fn init(
    state_directory: &Path,
    master_key: &Path,
    user: Option<&str>,
) -> Result<Outcome, InitError> {
    let (state_directory, master_key) = (&absolute(state_directory)?, &absolute(master_key)?);
    let writer = user.map_or_else(|| Ok(Writer::Myself), Writer::named)?;
    directory::ensure(state_directory, writer)?;

    let database = state_directory.join(FILE_NAME);
    let (master, key_step) = ensure_key(master_key, &database)?;
    let database_step = match writer {
        Writer::Myself => database::ensure(state_directory, &master)?,
        Writer::Other { uid, gid } => delegate::ensure(state_directory, &master, (uid, gid))?,
    };
    Ok(Outcome {
        key: (master_key.to_owned(), key_step),
        database: (database, database_step),
    })
}

/// What is said later must not depend on where it is said.
fn absolute(path: &Path) -> Result<PathBuf, InitError> {
    path::absolute(path).map_err(failed("find", path))
}

fn ensure_key(path: &Path, database: &Path) -> Result<(MasterKey, Step), InitError> {
    match MasterKey::read_file(path) {
        Ok(key) => return Ok((key, Step::Found)),
        Err(KeyError::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    if database.symlink_metadata().is_ok() {
        return Err(InitError::KeyLost {
            key: path.to_owned(),
            database: database.to_owned(),
        });
    }
    let key = MasterKey::generate(&Kernel).map_err(KeyError::from)?;
    publish::bytes(path, key.expose()).map_err(failed("make the master key", path))?;
    Ok((key, Step::Made))
}

/// What came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// The key's file, and what was done about it.
    pub key: (PathBuf, Step),
    /// The database's.
    pub database: (PathBuf, Step),
}

/// What was done about one of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// It was there, and is right.
    Found,
    /// It was made.
    Made,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, database } = self;
        match key.1 {
            Step::Found => writeln!(f, "The master key {} is there already.", key.0.display())?,
            Step::Made => writeln!(
                f,
                "Made the master key {}.\nKeep a copy of it away from this host: without it, \
                 nobody's factor can be read again.",
                key.0.display()
            )?,
        }
        match database.1 {
            Step::Found => write!(f, "The database {} is there already.", database.0.display()),
            Step::Made => write!(f, "Made the database {}.", database.0.display()),
        }
    }
}

/// They could not be made. The text says what to do.
#[derive(Debug, Error)]
pub enum InitError {
    /// There is no such user.
    #[error("there is no user {0}; the package makes it, or systemd-sysusers does")]
    NoSuchUser(String),
    /// Only root can make another user's database.
    #[error("only root can make the database of user {0}; run this as root")]
    NotRoot(String),
    /// The directory cannot be trusted with it.
    #[error("{0}")]
    Directory(String),
    /// The key is not usable, or not the database's.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is a database whose key is not there.
    #[error(
        "{} is there, but its master key {} is not: restore the key from its recovery copy; if it \
         is lost, move the database away and run this again, and everyone must be enrolled anew",
        database.display(), key.display()
    )]
    KeyLost {
        /// Where the key should be.
        key: PathBuf,
        /// What it is for.
        database: PathBuf,
    },
    /// There is a database, and it is not usable, or it cannot be made.
    #[error("{0}")]
    Database(String),
    /// Something could not be done to a file.
    #[error("cannot {what} {}: {error}", path.display())]
    Io {
        /// What could not be done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> InitError {
    let path = path.to_owned();
    move |error| InitError::Io { what, path, error }
}
