//! The thread that owns the database.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use tracing::{error, info, warn};

use super::database::Database;
use super::failure::{self, Stage};
use super::inspection::OpenError;
use super::job::{Job, Read, Write};
use crate::store::StoreError;
use crate::store::ballast::Ballast;

/// How many requests share one transaction at most.
const BATCH: usize = 256;

/// The database, while it can be opened, and what is needed to open it again.
pub(super) struct Worker {
    path: PathBuf,
    database: Option<Database>,
    openings: u64,
    /// Whether a commit failed in such a way that the log may hold what is not durable.
    doubtful: bool,
    ballast: Ballast,
    /// What was last complained of, so that it is said once and not at every login.
    complaint: Option<StoreError>,
}

impl Worker {
    /// What the thread of the database at `path` begins with.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            ballast: Ballast::in_directory(path.parent().unwrap_or(Path::new("/"))),
            path,
            database: None,
            openings: 0,
            doubtful: false,
            complaint: None,
        }
    }

    /// Serves `jobs` until nobody can send any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        // Whatever is wrong with the database had better be logged now, not at the first login.
        // Each request tries again, and is refused with the reason.
        drop(self.ensure_open().map(|_| ()));

        while let Ok(first) = jobs.recv() {
            let (mut reads, mut writes) = (Vec::new(), Vec::new());
            for job in std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1)) {
                match job {
                    Job::Read(read) => reads.push(read),
                    Job::Write(write) => writes.push(write),
                }
            }
            self.read(reads);
            self.write(writes);
        }
        if let Some(database) = self.database.take() {
            database.finish();
        }
    }

    fn read(&mut self, reads: Vec<Read>) {
        for read in reads {
            match self.ensure_open() {
                Err(reason) => read.refuse(reason),
                Ok(database) => {
                    if let Err(error) = read.answer(database) {
                        let reason = database.reading_failed(&error);
                        self.failed(&error, reason);
                    }
                }
            }
        }
    }

    /// Does all of `writes` in one transaction, and answers only then.
    pub(super) fn write(&mut self, mut writes: Vec<Write>) {
        if writes.is_empty() {
            return;
        }
        let committed = self.commit(&mut writes);
        for write in writes {
            write.settle(committed.clone());
        }
        self.ballast.take_up();
    }

    fn commit(&mut self, writes: &mut [Write]) -> Result<(), StoreError> {
        let mut attempt = attempt(self.ensure_open()?, writes);
        if let Err((_, error)) = &attempt
            && failure::is_full(error)
            && self.ballast.release()
        {
            error!(
                "there is no room left for the database {}: the ballast beside it was deleted, \
                 and logins go on for now; free some space, or they will stop",
                self.path.display()
            );
            attempt = self::attempt(self.ensure_open()?, writes);
        }

        let Err((stage, error)) = attempt else {
            return self.committed();
        };
        let reason = failure::meaning(&error, stage, &self.path);
        self.doubtful |= matches!(reason, StoreError::Ambiguous(_));
        self.failed(&error, reason.clone());
        Err(reason)
    }

    /// Whether what was just committed is in the file that has the database's name.
    fn committed(&mut self) -> Result<(), StoreError> {
        if let Some(displaced) = self.database.as_ref().and_then(Database::displaced) {
            return Err(StoreError::Ambiguous(format!("{displaced}; try again")));
        }
        self.works();
        Ok(())
    }

    /// The database, which is open and still the one that has its name.
    pub(super) fn ensure_open(&mut self) -> Result<&Database, StoreError> {
        if let Some(displaced) = self.database.as_ref().and_then(Database::displaced) {
            warn!("{displaced}; opening {} again", self.path.display());
            self.retire();
        }
        let database = match self.database.take() {
            Some(open) => open,
            None => self.open().inspect_err(|reason| self.complain(reason))?,
        };
        Ok(self.database.insert(database))
    }

    fn open(&mut self) -> Result<Database, StoreError> {
        self.openings += 1;
        let opened = Database::open(&self.path, self.openings).or_else(|error| {
            let full = error.may_be_full && !self.ballast.has_room();
            if full && self.ballast.release() {
                error!(
                    "there may be no room left to open the database {} with: the ballast beside \
                     it was deleted; free some space",
                    self.path.display()
                );
                return Database::open(&self.path, self.openings);
            }
            Err(error)
        });
        let database = opened.map_err(|OpenError { reason, .. }| reason)?;
        if self.doubtful {
            database.write_back()?;
            self.doubtful = false;
        }
        database.reserve_log();
        self.ballast.take_up();
        info!("the database {} is open", self.path.display());
        self.works();
        Ok(database)
    }

    fn failed(&mut self, error: &rusqlite::Error, reason: StoreError) {
        self.complain(&reason);
        if !failure::is_passing(error) {
            self.retire();
        }
    }

    fn retire(&mut self) {
        if let Some(database) = self.database.take() {
            database.retire();
        }
    }

    fn complain(&mut self, reason: &StoreError) {
        if self.complaint.as_ref() != Some(reason) {
            error!("{reason}");
            self.complaint = Some(reason.clone());
        }
    }

    fn works(&mut self) {
        if self.complaint.take().is_some() {
            info!("the database {} works again", self.path.display());
        }
    }
}

fn attempt(database: &Database, writes: &mut [Write]) -> Result<(), (Stage, rusqlite::Error)> {
    database.transact(|database| {
        writes
            .iter_mut()
            .try_for_each(|write| write.perform(database))
    })
}
