//! The database itself, made as its owner.

use std::fs;
use std::path::Path;

use super::{InitError, Step, failed, publish};
use crate::entropy::Kernel;
use crate::keys::{KeyError, Keyring, MasterKey};
use crate::store::sqlite::{FILE_NAME, schema};

/// Makes the database in `directory`, under `master`; or, if there is one, makes sure that it is
/// that key's.
///
/// # Errors
///
/// If there is none afterwards, or one that cannot be used.
pub(super) fn ensure(directory: &Path, master: &MasterKey) -> Result<Step, InitError> {
    let path = directory.join(FILE_NAME);
    if path.symlink_metadata().is_ok() {
        verify(&path, master)?;
        return Ok(Step::Found);
    }
    refuse_a_stray_log(&path)?;
    make(&path, master)?;
    Ok(Step::Made)
}

fn verify(path: &Path, master: &MasterKey) -> Result<(), InitError> {
    let encoded = schema::look_up(path, &Keyring::entry())
        .map_err(|error| InitError::Database(error.to_string()))?;
    Keyring::open(master, &encoded.ok_or(KeyError::NoKeyring)?)?;
    Ok(())
}

/// SQLite would take the log for the new database's, and write what is in it there.
fn refuse_a_stray_log(path: &Path) -> Result<(), InitError> {
    let log = path.with_extension("db-wal");
    match fs::metadata(&log) {
        Ok(found) if found.len() > 0 => Err(InitError::Database(format!(
            "{} is there, but the database that it belongs to is not; restore the database, or \
             move the log away",
            log.display()
        ))),
        Ok(_) => fs::remove_file(&log).map_err(failed("remove", &log)),
        Err(_) => Ok(()),
    }
}

fn make(path: &Path, master: &MasterKey) -> Result<(), InitError> {
    let keyring = Keyring::generate(master, &Kernel)?;
    let draft = publish::draft(path).map_err(failed("make the database", path))?;
    schema::make(&draft, &[(Keyring::entry(), keyring)]).map_err(|error| {
        InitError::Database(format!(
            "the database {} cannot be made: {error}",
            path.display()
        ))
    })?;
    publish::publish(&draft, path).map_err(failed("make the database", path))
}
