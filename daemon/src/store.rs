//! Where sealed records are kept: opaque bytes under opaque keys.

use std::fmt;
use std::future::Future;

use thiserror::Error;

mod ballast;
#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
pub(crate) mod memory;
pub mod sqlite;

/// A place to keep records, changed by compare-and-swap only.
///
/// An implementation must pass every test of `conformance`.
pub trait StateStore: Send + Sync {
    /// What is kept under `key` at present: not older than any change that was acknowledged
    /// before the call.
    ///
    /// # Errors
    ///
    /// If it cannot be told. That is never the same as there being nothing.
    fn get(&self, key: &Key) -> impl Future<Output = Result<Versioned, StoreError>> + Send;

    /// Puts `data` under `key`, provided that the key is still at `expect`.
    ///
    /// An answer of [`Cas::Committed`] means that the change would survive a power cut. If the
    /// future is dropped, the change may or may not be made.
    ///
    /// # Errors
    ///
    /// If it was not done, or if nobody knows whether it was: see [`StoreError`].
    fn cas(
        &self,
        key: &Key,
        expect: Revision,
        data: Vec<u8>,
    ) -> impl Future<Output = Result<Cas, StoreError>> + Send;

    /// Deletes what is kept under `key` and hands it over. Of all callers, at most one gets it.
    ///
    /// # Errors
    ///
    /// As [`cas`](Self::cas).
    fn take(&self, key: &Key) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// One page of at most `limit` entries whose keys begin with `prefix` and come after `after`,
    /// in the order of the keys' bytes.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Key, Versioned)>, StoreError>> + Send;
}

/// The name of an entry.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.0.escape_ascii())
    }
}

/// Which state of an entry, its absence included, one is.
///
/// It is good only for as long as the store stays the same one: a database that was closed and
/// opened again, perhaps as another file, no longer knows the revisions given out before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Revision {
    opening: u64,
    number: u64,
}

impl Revision {
    const ABSENT: u64 = 0;

    /// The state of an entry that does not exist, in the same store that `self` was read from.
    #[cfg(test)]
    pub(crate) const fn absent(self) -> Self {
        Self {
            number: Self::ABSENT,
            ..self
        }
    }

    /// Whether both were read from the same store, unreplaced in between.
    pub(crate) const fn same_store(self, other: Self) -> bool {
        self.opening == other.opening
    }
}

/// What was under a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Versioned {
    /// The state it was in. An entry that does not exist has one too.
    pub revision: Revision,
    /// The bytes, unless the entry does not exist.
    pub data: Option<Vec<u8>>,
}

/// What came of a compare-and-swap.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Cas {
    /// It was done, durably, and the entry is at this revision now.
    Committed(Revision),
    /// It was not done: the entry had changed, and is this now.
    Conflict(Versioned),
}

/// Why a store could not do what it was asked. The text says what happened and what to do next.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum StoreError {
    /// Nothing was written; the same may work later.
    #[error("{0}")]
    Unavailable(String),
    /// It may or may not have been written: read again before going on.
    #[error("{0}")]
    Ambiguous(String),
    /// The store is damaged, missing or not what it should be, and stays so until someone acts.
    #[error("{0}")]
    Fatal(String),
}
