//! Real files, and what can happen to them.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use futures_lite::future::{block_on, poll_once};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::store::conformance::{self, create, get};

mod contention;
mod disk;
mod displaced;
mod open;

/// A directory with the state of one daemon in it.
struct Place {
    directory: TempDir,
}

impl Place {
    /// With a fresh database.
    fn new() -> Self {
        let place = Self::empty();
        place.make();
        place
    }

    /// With nothing.
    fn empty() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// With a database of the entries `u000`, `u001` and so on.
    fn with_entries(count: usize) -> Self {
        let place = Self::empty();
        let entries: Vec<_> = (0..count)
            .map(|entry| (Key::new(format!("u{entry:03}")), b"entry".to_vec()))
            .collect();
        schema::make(&place.database(), &entries).unwrap();
        place
    }

    fn make(&self) {
        schema::make(&self.database(), &[]).unwrap();
    }

    fn start(&self) -> Sqlite {
        Sqlite::open(self.directory.path())
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join(FILE_NAME)
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("store.db-wal")
    }

    fn ballast(&self) -> PathBuf {
        self.directory.path().join("ballast")
    }

    fn sql(&self, sql: &str) {
        let connection = Connection::open(self.database()).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// Writes what is in `source` over the database, from the page `page` on to its end.
    ///
    /// Through another process, as below.
    fn overwrite(&self, source: &Path, page: u64) {
        let pages = fs::metadata(self.database()).unwrap().len() / schema::PAGE_SIZE - page;
        let written = Command::new("/bin/dd")
            .arg(format!("if={}", source.display()))
            .arg(format!("of={}", self.database().display()))
            .args(["bs=4096", "conv=notrunc", "status=none"])
            .args([format!("seek={page}"), format!("count={pages}")])
            .status()
            .unwrap();
        assert!(written.success());
    }

    /// The files as they are, while the store is open.
    ///
    /// Through another process: were this one to close the database, SQLite's locks would go.
    fn copy_as_after_a_crash(&self) -> Self {
        let copy = Self::empty();
        for file in [self.database(), self.log()] {
            let copied = Command::new("/bin/cp")
                .args([file.as_path(), copy.directory.path()])
                .status()
                .unwrap();
            assert!(copied.success());
        }
        copy
    }
}

fn fatal(store: &Sqlite) -> String {
    match block_on(store.get(&Key::new("u1"))) {
        Err(StoreError::Fatal(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// How many commits, and so how many flushes, the write-ahead log has on record: the frames that
/// say how large the database is afterwards (<https://sqlite.org/fileformat.html#walformat>).
fn commits(log: &Path) -> usize {
    const HEADER: u64 = 32;
    const FRAME: u64 = 24 + 4096;
    let log = File::open(log).unwrap();
    let salts = |at| {
        let mut salts = [0; 8];
        log.read_exact_at(&mut salts, at).map(|()| salts)
    };
    let Ok(current) = salts(16) else {
        return 0;
    };
    (0..)
        .map(|frame| HEADER + frame * FRAME)
        .take_while(|at| salts(at + 8).is_ok_and(|salts| salts == current))
        .filter(|at| {
            let mut size = [0; 4];
            log.read_exact_at(&mut size, at + 4).unwrap();
            size != [0; 4]
        })
        .count()
}

/// Runs `test` on a thread that can give up root's rights over files, if it has them.
fn as_nobody(test: impl FnOnce(&Nobody) + Send + 'static) {
    thread::spawn(|| test(&Nobody)).join().unwrap();
}

struct Nobody;

impl Nobody {
    /// From here on this thread and those it starts have only the file rights of nobody.
    fn become_them(&self) {
        nix::unistd::setfsuid(65_534.into());
    }

    fn be_oneself_again(&self) {
        nix::unistd::setfsuid(nix::unistd::geteuid());
    }
}
