//! Records in an SQLite database, on a thread of its own.
//!
//! All writes that are waiting share one transaction, and so one flush. Nothing is answered
//! before it is durable. The database is never created here: that is `init`'s to do, so that a
//! lost one is noticed and not silently begun anew.

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use tracing::error;

use self::job::{Job, Read, Request, Write};
use self::worker::Worker;
use super::{Cas, Key, Revision, StateStore, StoreError, Versioned};

mod database;
mod failure;
mod inspection;
mod job;
pub(crate) mod schema;
#[cfg(test)]
mod tests;
mod worker;

/// The name of the database in the state directory.
pub const FILE_NAME: &str = "store.db";

/// How many requests may wait. More are told to come back, so that a flood costs no memory.
const QUEUE: usize = 1024;

/// An SQLite database.
#[derive(Debug)]
pub struct Sqlite {
    queue: Option<SyncSender<Job>>,
    worker: Option<JoinHandle<()>>,
}

impl Sqlite {
    /// Starts the thread that owns the database in `directory`.
    ///
    /// A database that cannot be opened is no error here, nor is a thread that cannot be started:
    /// every request is refused with the reason. One that is put right is served from then on.
    pub fn open(directory: &Path) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let path = directory.join(FILE_NAME);
        let worker = thread::Builder::new()
            .name("store".into())
            .spawn(move || Worker::new(path).run(&jobs))
            .inspect_err(|error| error!("no thread for the database can be started: {error}"));
        Self {
            queue: Some(queue),
            worker: worker.ok(),
        }
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(Request<T>) -> Job,
        lost: fn(String) -> StoreError,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(job(Request::new(reply)))?;
        answer.await.unwrap_or_else(|oneshot::Canceled| {
            Err(lost(
                "the database's thread ended before it answered; restart countersignd".into(),
            ))
        })
    }

    fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        let sent = match &self.queue {
            Some(queue) => queue.try_send(job),
            None => Err(TrySendError::Disconnected(job)),
        };
        sent.map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Unavailable(format!(
                "the database is busy: {QUEUE} requests are waiting; try again"
            )),
            TrySendError::Disconnected(_) => StoreError::Fatal(
                "there is no thread for the database any more; restart countersignd".into(),
            ),
        })
    }
}

impl Drop for Sqlite {
    /// Finishes what is waiting, and closes the database in an orderly way.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(worker) = self.worker.take() {
            // A thread that panicked has said so itself, and has nothing left to close.
            drop(worker.join());
        }
    }
}

impl StateStore for Sqlite {
    async fn get(&self, key: &Key) -> Result<Versioned, StoreError> {
        let key = key.clone();
        let job = |request| Job::Read(Read::Get { key, request });
        self.ask(job, StoreError::Unavailable).await
    }

    async fn cas(&self, key: &Key, expect: Revision, data: Vec<u8>) -> Result<Cas, StoreError> {
        let key = key.clone();
        let job = |request| {
            Job::Write(Write::Cas {
                key,
                expect,
                data,
                request,
            })
        };
        self.ask(job, StoreError::Ambiguous).await
    }

    async fn take(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.clone();
        let job = |request| Job::Write(Write::Take { key, request });
        self.ask(job, StoreError::Ambiguous).await
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let (prefix, after) = (prefix.to_vec(), after.cloned());
        let job = |request| {
            Job::Read(Read::Scan {
                prefix,
                after,
                limit,
                request,
            })
        };
        self.ask(job, StoreError::Unavailable).await
    }
}
