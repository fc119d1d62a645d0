//! A store that forgets. For tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Cas, Key, Revision, StateStore, StoreError, Versioned};

/// Entries in memory, which a test can look at, damage, replace and make unavailable.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<Key, (u64, Vec<u8>)>,
    opening: u64,
    last: u64,
    failures: Vec<StoreError>,
    /// Failures of changes alone.
    change_failures: Vec<StoreError>,
    successor: Option<BTreeMap<Key, (u64, Vec<u8>)>>,
}

impl Memory {
    /// Lets the next call fail with `error`; called again, the one after it, and so on.
    ///
    /// An [`StoreError::Ambiguous`] change is made all the same.
    pub(crate) fn fail_next(&self, error: StoreError) {
        self.state().failures.insert(0, error);
    }

    /// As [`fail_next`](Self::fail_next), of changes alone.
    pub(crate) fn fail_next_change(&self, error: StoreError) {
        self.state().change_failures.insert(0, error);
    }

    /// Lets all calls succeed from now on.
    pub(crate) fn fail_no_more(&self) {
        let mut state = self.state();
        state.failures.clear();
        state.change_failures.clear();
    }

    /// How many changes have been made.
    pub(crate) fn changes(&self) -> u64 {
        self.state().last
    }

    /// How many entries there are.
    pub(crate) fn entries(&self) -> usize {
        self.state().entries.len()
    }

    /// Whether `bytes` are anywhere in it.
    pub(crate) fn contains(&self, bytes: &[u8]) -> bool {
        let state = self.state();
        let mut entries = state.entries.values();
        entries.any(|(_, data)| data.windows(bytes.len()).any(|part| part == bytes))
    }

    /// Puts bytes under `key`, or nothing, past all revisions: as one who writes to the disk could.
    pub(crate) fn tamper(&self, key: &Key, data: Option<Vec<u8>>) {
        let mut state = self.state();
        let number = state.entries.get(key).map_or(1, |(number, _)| *number);
        match data {
            Some(data) => state.entries.insert(key.clone(), (number, data)),
            None => state.entries.remove(key),
        };
    }

    /// Becomes another store, with the entries of `other`.
    pub(crate) fn replace(&self, other: &Self) {
        let entries = other.state().entries.clone();
        let mut state = self.state();
        state.entries = entries;
        state.opening += 1;
    }

    /// Becomes another store, with the entries of `other`, right after the next `get`.
    pub(crate) fn replace_after_get(&self, other: &Self) {
        let entries = other.state().entries.clone();
        self.state().successor = Some(entries);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.state();
        state.failures.pop().map_or(Ok(()), Err)?;
        Ok(state)
    }
}

impl State {
    fn versioned(&self, key: &Key) -> Versioned {
        let entry = self.entries.get(key);
        Versioned {
            revision: self.revision(entry.map_or(Revision::ABSENT, |(number, _)| *number)),
            data: entry.map(|(_, data)| data.clone()),
        }
    }

    fn revision(&self, number: u64) -> Revision {
        Revision {
            opening: self.opening,
            number,
        }
    }
}

impl StateStore for Memory {
    async fn get(&self, key: &Key) -> Result<Versioned, StoreError> {
        let mut state = self.reading()?;
        let entry = state.versioned(key);
        if let Some(entries) = state.successor.take() {
            state.entries = entries;
            state.opening += 1;
        }
        Ok(entry)
    }

    async fn cas(&self, key: &Key, expect: Revision, data: Vec<u8>) -> Result<Cas, StoreError> {
        let mut state = self.state();
        let failure = match state.failures.pop() {
            Some(failure) => Some(failure),
            None => state.change_failures.pop(),
        };
        if let Some(failure @ (StoreError::Unavailable(_) | StoreError::Fatal(_))) = failure {
            return Err(failure);
        }

        let present = state.versioned(key);
        if present.revision != expect {
            return failure.map_or(Ok(Cas::Conflict(present)), Err);
        }
        state.last += 1;
        let number = state.last;
        state.entries.insert(key.clone(), (number, data));
        failure.map_or(Ok(Cas::Committed(state.revision(number))), Err)
    }

    async fn take(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.reading()?.entries.remove(key).map(|(_, data)| data))
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let state = self.reading()?;
        let page = state.entries.keys().filter(|key| {
            key.as_bytes().starts_with(prefix) && after.is_none_or(|after| *key > after)
        });
        Ok(page
            .take(limit)
            .map(|key| (key.clone(), state.versioned(key)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;

    #[test]
    fn memory_keeps_the_contract() {
        conformance::all(Memory::default);
    }
}
