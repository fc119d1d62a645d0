//! What the database's thread is asked.

use futures_channel::oneshot;

use super::database::Database;
use crate::store::{Cas, Key, Revision, StoreError, Versioned};

/// One request, with the way back to who asked.
pub(super) enum Job {
    /// Answered from what is committed.
    Read(Read),
    /// Answered once it is committed.
    Write(Write),
}

/// A request that changes nothing.
pub(super) enum Read {
    /// One entry.
    Get {
        /// Whose.
        key: Key,
        /// The way back.
        request: Request<Versioned>,
    },
    /// A page of entries.
    Scan {
        /// What their keys begin with.
        prefix: Vec<u8>,
        /// What their keys come after.
        after: Option<Key>,
        /// How many.
        limit: usize,
        /// The way back.
        request: Request<Vec<(Key, Versioned)>>,
    },
}

impl Read {
    /// Answers from `database`.
    ///
    /// # Errors
    ///
    /// The database's, of which the answer says what it means.
    pub(super) fn answer(self, database: &Database) -> rusqlite::Result<()> {
        match self {
            Self::Get { key, request } => request.pass_on(database.get(&key), database),
            Self::Scan {
                prefix,
                after,
                limit,
                request,
            } => request.pass_on(database.scan(&prefix, after.as_ref(), limit), database),
        }
    }

    /// Answers that it cannot be done.
    pub(super) fn refuse(self, error: StoreError) {
        match self {
            Self::Get { request, .. } => request.answer(Err(error)),
            Self::Scan { request, .. } => request.answer(Err(error)),
        }
    }
}

/// A request that may change an entry.
pub(super) enum Write {
    /// Compare and swap.
    Cas {
        /// Of which entry.
        key: Key,
        /// The state that it must be in.
        expect: Revision,
        /// What to put there.
        data: Vec<u8>,
        /// The way back.
        request: Request<Cas>,
    },
    /// Read and delete.
    Take {
        /// Which entry.
        key: Key,
        /// The way back.
        request: Request<Option<Vec<u8>>>,
    },
}

impl Write {
    /// Does it, within the transaction that `database` is in, and remembers what to answer.
    ///
    /// # Errors
    ///
    /// The database's. The transaction must then be rolled back.
    pub(super) fn perform(&mut self, database: &Database) -> rusqlite::Result<()> {
        match self {
            Self::Cas {
                key,
                expect,
                data,
                request,
            } => request.outcome = Some(database.cas(key, *expect, data)?),
            Self::Take { key, request } => request.outcome = Some(database.take(key)?),
        }
        Ok(())
    }

    /// Answers, now that the transaction is `committed` or has failed.
    pub(super) fn settle(self, committed: Result<(), StoreError>) {
        match self {
            Self::Cas { request, .. } => request.settle(committed),
            Self::Take { request, .. } => request.settle(committed),
        }
    }
}

/// The way back to who asked, and the answer while it may not be given yet.
pub(super) struct Request<T> {
    reply: oneshot::Sender<Result<T, StoreError>>,
    outcome: Option<T>,
}

impl<T> Request<T> {
    pub(super) fn new(reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self {
            reply,
            outcome: None,
        }
    }

    fn pass_on(self, read: rusqlite::Result<T>, database: &Database) -> rusqlite::Result<()> {
        match read {
            Ok(value) => {
                self.answer(Ok(value));
                Ok(())
            }
            Err(error) => {
                self.answer(Err(database.reading_failed(&error)));
                Err(error)
            }
        }
    }

    fn settle(mut self, committed: Result<(), StoreError>) {
        let outcome = self.outcome.take();
        self.answer(committed.and_then(|()| {
            outcome.ok_or_else(|| {
                StoreError::Unavailable("the change was not attempted; try again".into())
            })
        }));
    }

    fn answer(self, answer: Result<T, StoreError>) {
        // Whoever asked may be gone: a login that was given up. The change stands.
        drop(self.reply.send(answer));
    }
}
