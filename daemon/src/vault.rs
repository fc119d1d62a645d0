//! The store and the keys together: sealed outside, open inside.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, Kernel, NoEntropy};
use crate::events::Ring;
use crate::keys::{KeyError, Keyring, MasterKey};
use crate::seal::{NONCE, Unsealable};
use crate::store::{Cas, Key, Revision, StateStore, StoreError, Versioned};

#[cfg(test)]
pub(crate) mod tests;

/// Records, sealed in a store.
///
/// The master key is read when it is first needed, and again whenever the store was replaced. So a
/// key that was missing, or not the right one, can be put right without a restart.
pub struct Vault<S> {
    store: S,
    master_key: PathBuf,
    /// The keys of the store as it was at the revision beside them.
    keyring: Mutex<Option<(Revision, Arc<Keyring>)>>,
}

/// What is kept of whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    /// The user of this number.
    User(u32),
    /// One of [`DECOYS`](Slot::DECOYS) that those who are not enrolled share.
    Decoy(u16),
    /// One place in a ring of events.
    Events(Ring, u16),
}

/// What was in a slot.
pub struct Loaded {
    /// The record, unless there is none.
    pub bytes: Option<Zeroizing<Vec<u8>>>,
    /// The state that the slot was in.
    pub revision: Revision,
}

/// What came of saving a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Saved {
    /// It is durable.
    Committed,
    /// It was not saved: the slot has changed since it was loaded.
    Conflict,
}

impl<S: StateStore> Vault<S> {
    /// How often something is tried that a store being replaced, or failing halfway, got in the
    /// way of.
    const ROUNDS: usize = 3;

    /// Records sealed in `store`, under the master key in the file `master_key`.
    pub fn new(store: S, master_key: PathBuf) -> Self {
        Self {
            store,
            master_key,
            keyring: Mutex::default(),
        }
    }

    /// What is in `slot`.
    ///
    /// # Errors
    ///
    /// If it cannot be told, or if what is there cannot be trusted.
    pub async fn load(&self, slot: &Slot) -> Result<Loaded, VaultError> {
        for _ in 0..Self::ROUNDS {
            let entry = self.store.get(&slot.key()).await?;
            if let Some(keyring) = self.keyring_at(entry.revision).await? {
                return unseal(&keyring, slot, entry);
            }
        }
        Err(VaultError::Replaced)
    }

    /// Seals `record` and puts it in `slot`, provided that the slot is still as it was at
    /// `expect`. Once this says [`Saved::Committed`] it would survive a power cut.
    ///
    /// # Errors
    ///
    /// If it was not done, or if nobody knows. Either way nothing may be concluded from it.
    pub async fn save(
        &self,
        slot: &Slot,
        record: &[u8],
        expect: Revision,
    ) -> Result<Saved, VaultError> {
        let Some(keyring) = self.keyring_at(expect).await? else {
            return Ok(Saved::Conflict);
        };
        let nonce: [u8; NONCE] = Kernel.bytes()?;
        let key = slot.key();
        let sealed = keyring
            .seal(slot.kind(), &key, nonce, record)
            .map_err(|Unsealable| VaultError::Unsealable(*slot))?;

        let mut outcome = self.store.cas(&key, expect, sealed.clone()).await;
        for _ in 1..Self::ROUNDS {
            if !matches!(outcome, Err(StoreError::Ambiguous(_))) {
                break;
            }
            // The same bytes: if it was done after all, they are what is found there.
            outcome = self.store.cas(&key, expect, sealed.clone()).await;
        }
        Ok(match outcome? {
            Cas::Committed(_) => Saved::Committed,
            Cas::Conflict(present) if present.data.as_ref() == Some(&sealed) => Saved::Committed,
            Cas::Conflict(_) => Saved::Conflict,
        })
    }

    /// Deletes what is in `slot`, be it damaged or not. Says whether there was anything.
    ///
    /// # Errors
    ///
    /// If it was not done, or if nobody knows.
    pub async fn remove(&self, slot: &Slot) -> Result<bool, VaultError> {
        Ok(self.store.take(&slot.key()).await?.is_some())
    }

    /// At most `limit` users who have a record and whose numbers are higher than `after`, in
    /// order. One whose record cannot be trusted is listed with the reason.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    pub async fn users(
        &self,
        after: Option<u32>,
        limit: usize,
    ) -> Result<Vec<(u32, Result<Loaded, VaultError>)>, VaultError> {
        let after = after.map(|uid| Slot::User(uid).key());
        for _ in 0..Self::ROUNDS {
            let page = self.store.scan(Slot::USERS, after.as_ref(), limit).await?;
            let Some((_, first)) = page.first() else {
                return Ok(Vec::new());
            };
            let Some(keyring) = self.keyring_at(first.revision).await? else {
                continue;
            };
            return Ok(page
                .into_iter()
                .filter_map(|(key, entry)| {
                    let uid = Slot::uid(&key)?;
                    Some((uid, unseal(&keyring, &Slot::User(uid), entry)))
                })
                .collect());
        }
        Err(VaultError::Replaced)
    }

    /// A state of the store as it is now, to tell by whether it was replaced since.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    pub async fn store(&self) -> Result<Revision, VaultError> {
        Ok(self.store.get(&Keyring::entry()).await?.revision)
    }

    /// A number that only the holder of the keys can foretell, the same for the same bytes.
    ///
    /// # Errors
    ///
    /// If there are no keys.
    pub async fn index(&self, purpose: &str, bytes: &[u8]) -> Result<u64, VaultError> {
        let keyring = match self.cached() {
            Some((_, keyring)) => keyring,
            None => self.fetch_keyring().await?.1,
        };
        Ok(keyring.index(purpose, bytes))
    }

    /// The keys of the store as it was at `revision`, unless it has been replaced since.
    async fn keyring_at(&self, revision: Revision) -> Result<Option<Arc<Keyring>>, VaultError> {
        let (read_at, keyring) = match self.cached() {
            Some(cached) if cached.0.same_store(revision) => cached,
            Some(_) | None => self.fetch_keyring().await?,
        };
        Ok(read_at.same_store(revision).then_some(keyring))
    }

    fn cached(&self) -> Option<(Revision, Arc<Keyring>)> {
        let keyring = self.keyring.lock();
        keyring.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The master key, which is the store's.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is another store's.
    pub async fn master_key(&self) -> Result<MasterKey, VaultError> {
        self.open_keyring().await.map(|(_, _, master)| master)
    }

    async fn fetch_keyring(&self) -> Result<(Revision, Arc<Keyring>), VaultError> {
        let (revision, opened, _) = self.open_keyring().await?;
        let fetched = (revision, Arc::new(opened));

        let mut keyring = self.keyring.lock().unwrap_or_else(PoisonError::into_inner);
        *keyring = Some(fetched.clone());
        Ok(fetched)
    }

    async fn open_keyring(&self) -> Result<(Revision, Keyring, MasterKey), VaultError> {
        let entry = self.store.get(&Keyring::entry()).await?;
        let encoded = entry.data.ok_or(KeyError::NoKeyring)?;
        let master = MasterKey::read_file(&self.master_key)?;
        let keyring = Keyring::open(&master, &encoded)?;
        Ok((entry.revision, keyring, master))
    }
}

fn unseal(keyring: &Keyring, slot: &Slot, entry: Versioned) -> Result<Loaded, VaultError> {
    let bytes = entry
        .data
        .map(|sealed| keyring.unseal(slot.kind(), &slot.key(), &sealed))
        .transpose()
        .map_err(|Unsealable| VaultError::Unsealable(*slot))?;
    Ok(Loaded {
        bytes,
        revision: entry.revision,
    })
}

impl Slot {
    /// How many decoys there are, whatever names are asked for: so nobody can fill the disk, or
    /// tell by their number how many users are enrolled.
    pub const DECOYS: u16 = 4096;

    const USERS: &[u8] = b"u";
    const DECOY: &[u8] = b"d";
    const EVENTS: &[u8] = b"e";

    /// The decoy that `index` falls on.
    pub fn decoy(index: u64) -> Self {
        // Less than 4,096, so nothing is cut off.
        Self::Decoy((index % u64::from(Self::DECOYS)) as u16)
    }

    /// The key of its entry in the store. Those of users are in the order of their numbers.
    fn key(self) -> Key {
        Key::new(match self {
            Self::User(uid) => [Self::USERS, &uid.to_be_bytes()].concat(),
            Self::Decoy(slot) => [Self::DECOY, &slot.to_be_bytes()].concat(),
            Self::Events(ring, place) => {
                [Self::EVENTS, &[ring.number()], &place.to_be_bytes()].concat()
            }
        })
    }

    fn uid(key: &Key) -> Option<u32> {
        let uid = key.as_bytes().strip_prefix(Self::USERS)?;
        Some(u32::from_be_bytes(uid.try_into().ok()?))
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Decoy(_) => "decoy",
            Self::Events(..) => "events",
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(uid) => write!(f, "user {uid}"),
            Self::Decoy(slot) => write!(f, "decoy {slot}"),
            Self::Events(ring, place) => write!(f, "events of {}, part {place}", ring.name()),
        }
    }
}

/// Why a record could not be loaded or saved. The text says what happened and what to do next.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum VaultError {
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There are no random bytes.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// A record is not what was put in its slot.
    #[error(
        "the record of {0} was damaged, or put there by someone else: it is not used; restore \
         the database from a backup, or reset the user and enroll them again"
    )]
    Unsealable(Slot),
    /// The store kept being replaced meanwhile.
    #[error("the database was replaced again and again meanwhile; try again")]
    Replaced,
}
