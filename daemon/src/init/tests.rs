//! As whoever runs the tests. What needs another user is in `daemon/tests/init.rs`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use futures_lite::future::block_on;
use tempfile::TempDir;

use super::*;
use crate::store::sqlite::Sqlite;
use crate::vault::{Saved, Slot, Vault};

#[test]
fn the_first_run_makes_both_and_the_second_says_so() {
    let host = Host::new();
    let first = host.init().unwrap();
    assert_eq!((first.key.1, first.database.1), (Step::Made, Step::Made));
    let key = fs::read(host.key()).unwrap();

    let second = host.init().unwrap();
    assert_eq!(
        (second.key.1, second.database.1),
        (Step::Found, Step::Found)
    );
    assert!(second.to_string().contains("there already"));
    assert_eq!(fs::read(host.key()).unwrap(), key);
}

#[test]
fn what_was_made_can_be_used() {
    let host = Host::new();
    host.init().unwrap();
    host.use_it();
}

#[test]
fn only_the_owner_may_read_any_of_it() {
    let host = Host::new();
    host.init().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&host.state()), 0o700);
    assert_eq!(mode(&host.database()), 0o600);
    assert_eq!(mode(&host.key()), 0o600);
}

#[test]
fn nothing_else_is_left_behind() {
    let host = Host::new();
    host.init().unwrap();
    let files: Vec<_> = fs::read_dir(host.state())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, [FILE_NAME]);
}

#[test]
fn a_run_that_did_not_come_to_its_end_does_not_hinder_the_next() {
    let host = Host::new();
    fs::create_dir_all(host.state()).unwrap();
    fs::create_dir_all(host.key().parent().unwrap()).unwrap();
    fs::set_permissions(host.state(), Permissions::from_mode(0o700)).unwrap();
    fs::write(host.key().with_extension("key.new"), "half a k").unwrap();
    fs::write(host.state().join("store.db.new"), "half a database").unwrap();
    host.init().unwrap();
    host.use_it();
}

#[test]
fn a_key_that_is_there_is_the_one_used() {
    let host = Host::new();
    host.init().unwrap();
    let key = fs::read(host.key()).unwrap();
    fs::remove_file(host.database()).unwrap();

    let outcome = host.init().unwrap();
    assert_eq!(
        (outcome.key.1, outcome.database.1),
        (Step::Found, Step::Made)
    );
    assert_eq!(fs::read(host.key()).unwrap(), key);
    host.use_it();
}

#[test]
fn no_new_key_is_made_for_a_database_whose_key_is_lost() {
    let host = Host::new();
    host.init().unwrap();
    fs::remove_file(host.key()).unwrap();
    assert!(matches!(host.init(), Err(InitError::KeyLost { .. })));
    assert!(!host.key().exists());
}

#[test]
fn a_key_that_is_not_the_databases_is_noticed() {
    let host = Host::new();
    host.init().unwrap();
    fs::write(host.key(), [9; 32]).unwrap();
    let wrong = host.init();
    assert!(matches!(
        wrong,
        Err(InitError::Key(KeyError::WrongMasterKey))
    ));
}

#[test]
fn a_damaged_key_is_not_overwritten() {
    let host = Host::new();
    fs::create_dir_all(host.key().parent().unwrap()).unwrap();
    fs::write(host.key(), "short").unwrap();
    fs::set_permissions(host.key(), Permissions::from_mode(0o600)).unwrap();
    let malformed = host.init();
    assert!(matches!(
        malformed,
        Err(InitError::Key(KeyError::Malformed(_)))
    ));
    assert_eq!(fs::read(host.key()).unwrap(), b"short");
}

#[test]
fn a_damaged_database_is_not_overwritten() {
    let host = Host::new();
    host.init().unwrap();
    for damage in ["", "damaged"] {
        fs::write(host.database(), damage).unwrap();
        assert!(matches!(host.init(), Err(InitError::Database(_))));
        assert_eq!(fs::read(host.database()).unwrap(), damage.as_bytes());
    }
}

#[test]
fn a_dangling_link_in_the_place_of_the_database_is_not_followed() {
    let host = Host::new();
    host.init().unwrap();
    fs::remove_file(host.database()).unwrap();
    let elsewhere = host.0.path().join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, host.database()).unwrap();
    assert!(host.init().is_err());
    assert!(!elsewhere.exists());
}

#[test]
fn a_log_without_its_database_is_not_given_to_a_new_one() {
    let host = Host::new();
    host.init().unwrap();
    fs::remove_file(host.database()).unwrap();
    let log = host.state().join("store.db-wal");
    fs::write(&log, "").unwrap();
    host.init().unwrap();

    fs::remove_file(host.database()).unwrap();
    fs::write(&log, "frames").unwrap();
    let error = host.init().unwrap_err().to_string();
    assert!(error.contains("store.db-wal"), "{error}");
    assert!(!host.database().exists());
}

#[test]
fn a_directory_where_others_may_write_is_refused() {
    let host = Host::new();
    fs::create_dir_all(host.state()).unwrap();
    fs::set_permissions(host.state(), Permissions::from_mode(0o770)).unwrap();
    let error = host.init().unwrap_err().to_string();
    assert!(error.contains("chmod 0700"), "{error}");
    assert!(!host.key().exists(), "nothing was begun");
}

#[test]
fn a_user_who_does_not_exist_is_an_error() {
    let host = Host::new();
    let outcome = init(&host.state(), &host.key(), Some("no such user"));
    assert!(matches!(outcome, Err(InitError::NoSuchUser(_))));
    assert!(!host.state().exists() && !host.key().exists());
}

#[test]
fn what_is_published_replaces_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    publish::bytes(&path, b"first").unwrap();
    let error = publish::bytes(&path, b"second").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
}

/// A directory that stands for a host's root.
struct Host(TempDir);

impl Host {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn init(&self) -> Result<Outcome, InitError> {
        init(&self.state(), &self.key(), None)
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("var/lib/countersign")
    }

    fn database(&self) -> PathBuf {
        self.state().join(FILE_NAME)
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("etc/countersign/master.key")
    }

    fn use_it(&self) {
        let vault = Vault::new(Sqlite::open(&self.state()), self.key());
        let user = Slot::User(1000);
        let loaded = block_on(vault.load(&user)).unwrap();
        let saved = block_on(vault.save(&user, b"record", loaded.revision));
        assert_eq!(saved, Ok(Saved::Committed));
    }
}
