//! What was changed, how it was before, and what is not confirmed yet. One file, replaced as a
//! whole, so that it is true at any moment.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file::{Snapshot, take_away};
use crate::error::Error;

/// Root's alone: it says what to put into `/etc/pam.d`.
const DIRECTORY: &str = "/var/lib/countersign-protect";
/// The file, which systemd looks for too: `countersign-revert.service`.
const LEDGER: &str = "ledger.json";

/// A file that was changed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Change {
    /// For which service, as it was named.
    pub(crate) service: String,
    /// The file; the system's, without the root that it is beneath.
    pub(crate) path: PathBuf,
    /// How it was; `None` if it was not there.
    pub(crate) before: Option<Snapshot>,
    /// How it was made.
    pub(crate) after: Snapshot,
}

/// A change that undoes itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Pending {
    /// When it is undone, in seconds since the epoch. It is systemd that keeps the time: this is
    /// to be shown.
    pub(crate) until: u64,
    /// When all of it counted, in clock ticks since the machine started; `None` until then.
    pub(crate) since: Option<u64>,
    pub(crate) changes: Vec<Change>,
}

/// All that is known of changes.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Ledger {
    pub(crate) pending: Option<Pending>,
    /// Confirmed ones.
    pub(crate) kept: Vec<Change>,
}

/// The ledger's place, for as long as nobody else may touch it.
#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    _lock: File,
}

/// What to do where somebody else is at it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Busy {
    Refuse,
    Wait,
}

impl Store {
    /// The one beneath `root`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if somebody else is at it and is not to be waited for, or if it cannot be
    /// made.
    pub(crate) fn open(root: &Path, busy: Busy) -> Result<Self, Error> {
        let directory = root.join(DIRECTORY.trim_start_matches('/'));
        let lock = lock(&directory, busy).map_err(|error| unusable(&directory, &error))?;
        let lock = lock.ok_or_else(|| {
            Error::Refused(
                "Another countersignctl is changing logins at this moment. Wait until it is \
                 done, and try again."
                    .to_owned(),
            )
        })?;
        Ok(Self {
            directory,
            _lock: lock,
        })
    }

    /// Where to keep a file that is in the way.
    pub(crate) fn beside(&self, path: &Path) -> PathBuf {
        let name = path
            .to_string_lossy()
            .trim_start_matches('/')
            .replace('/', "-");
        self.directory.join(format!("{name}.edited"))
    }

    /// The ledger; an empty one, where nothing was ever changed.
    pub(crate) fn read(&self) -> Result<Ledger, Error> {
        let path = self.directory.join(LEDGER);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| damaged(&path, &error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Ledger::default()),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Writes it down, durably. One that is empty is taken away.
    pub(crate) fn write(&self, ledger: &Ledger) -> Result<(), Error> {
        let path = self.directory.join(LEDGER);
        let written = match ledger == &Ledger::default() {
            true => take_away(&path),
            false => serde_json::to_vec_pretty(ledger)
                .map_err(io::Error::from)
                .and_then(|text| Snapshot::new(text).put(&path)),
        };
        written.map_err(|error| unusable(&path, &error))
    }
}

fn lock(directory: &Path, busy: Busy) -> io::Result<Option<File>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(directory.join("lock"))?;
    match busy {
        Busy::Wait => file.lock()?,
        Busy::Refuse => match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        },
    }
    Ok(Some(file))
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::Refused(format!(
        "{} cannot be used: {error}. It keeps what logins were like before a change, and without \
         it none is made.",
        path.display()
    ))
}

fn damaged(path: &Path, error: &serde_json::Error) -> Error {
    Error::Refused(format!(
        "{} is damaged: {error}. It says how the files of /etc/pam.d were before they were \
         changed. Our lines in them stand between two marks: take them out by hand, then delete \
         that file.",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn change() -> Change {
        Change {
            service: "sshd".to_owned(),
            path: "/etc/pam.d/sshd".into(),
            before: Some(Snapshot::new(b"a\xff\n".to_vec())),
            after: Snapshot::new(b"b\n".to_vec()),
        }
    }

    #[test]
    fn what_is_written_is_read_again_to_the_byte_and_is_roots_alone() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), Busy::Refuse).unwrap();
        assert_eq!(store.read().unwrap(), Ledger::default());
        let ledger = Ledger {
            pending: Some(Pending {
                until: 7,
                since: None,
                changes: vec![change()],
            }),
            kept: vec![change()],
        };
        store.write(&ledger).unwrap();
        assert_eq!(store.read().unwrap(), ledger);
        let directory = root.path().join("var/lib/countersign-protect");
        assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
        store.write(&Ledger::default()).unwrap();
        assert!(!directory.join(LEDGER).exists());
    }

    #[test]
    fn two_do_not_change_logins_at_once() {
        let root = tempfile::tempdir().unwrap();
        let first = Store::open(root.path(), Busy::Refuse).unwrap();
        let refusal = Store::open(root.path(), Busy::Refuse).unwrap_err();
        assert!(refusal.to_string().contains("Another countersignctl"));
        drop(first);
        Store::open(root.path(), Busy::Refuse).unwrap();
    }

    #[test]
    fn a_damaged_ledger_is_not_taken_for_an_empty_one() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), Busy::Wait).unwrap();
        fs::write(
            root.path().join("var/lib/countersign-protect/ledger.json"),
            "{",
        )
        .unwrap();
        assert!(store.read().unwrap_err().to_string().contains("damaged"));
    }
}
