//! The keys that records are sealed with, and where they come from.
//!
//! ```text
//! master key (32 bytes, a file) ── HKDF-SHA256, salt = store id ──► wrap, index
//! data key (32 random bytes), sealed under "wrap" in the store itself
//! keyring = format (1) = 1 | store id (16) | one envelope for each data key, the newest last
//! ```
//!
//! So a new master key has to seal only the data keys anew. A store's id is drawn when it is made.

use std::hash::Hasher;
use std::path::PathBuf;

use siphasher::sip::SipHasher24;
use thiserror::Error;
use zeroize::Zeroizing;

pub use self::master::MasterKey;
use crate::entropy::{Entropy, NoEntropy};
use crate::seal::{self, NONCE, OVERHEAD, Place, SealingKey, Unsealable};
use crate::store::Key;

mod master;

/// The id of a new store's data key. The envelope that it is sealed in has the same: the key which
/// seals that one needs none.
const FIRST_KEY: u32 = 1;

const FORMAT: u8 = 1;

/// The keys of one store.
pub struct Keyring {
    store: [u8; 16],
    /// Never empty; the last is the one to seal with.
    keys: Vec<SealingKey>,
    index: Zeroizing<[u8; 16]>,
}

impl Keyring {
    const WRAP: &str = "countersign/wrap/v1";
    const INDEX: &str = "countersign/index/v1";
    const KIND: &str = "data-key";
    const ENVELOPE: usize = 32 + OVERHEAD;

    /// Where it is in the store.
    pub fn entry() -> Key {
        Key::new("keyring")
    }

    /// Draws the keys of a new store, as they are to be put in its [`entry`](Self::entry).
    ///
    /// # Errors
    ///
    /// If there are no random bytes.
    pub fn generate(master: &MasterKey, entropy: &dyn Entropy) -> Result<Vec<u8>, KeyError> {
        let (mut store, mut nonce) = ([0; 16], [0; NONCE]);
        let mut key = Zeroizing::new([0; 32]);
        entropy.fill(&mut store)?;
        entropy.fill(&mut nonce)?;
        entropy.fill(&mut *key)?;

        let wrap = SealingKey::new(FIRST_KEY, &master.derive(&store, Self::WRAP));
        let wrapped = wrap.seal(&Self::place(&store), nonce, &*key);
        let wrapped = wrapped.map_err(|Unsealable| KeyError::Damaged)?;
        Ok([&[FORMAT], &store[..], &wrapped].concat())
    }

    /// Opens what is in the store's [`entry`](Self::entry).
    ///
    /// # Errors
    ///
    /// If it is not a keyring, or another master key's.
    pub fn open(master: &MasterKey, encoded: &[u8]) -> Result<Self, KeyError> {
        let (format, rest) = encoded.split_first().ok_or(KeyError::Damaged)?;
        let (store, envelopes) = rest.split_first_chunk().ok_or(KeyError::Damaged)?;
        let envelopes = envelopes.chunks_exact(Self::ENVELOPE);
        if *format != FORMAT || !envelopes.remainder().is_empty() {
            return Err(KeyError::Damaged);
        }

        let wrap = master.derive(store, Self::WRAP);
        let keys = envelopes
            .map(|envelope| Self::unwrap(&wrap, store, envelope))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(KeyError::Damaged);
        }

        let derived = master.derive(store, Self::INDEX);
        let mut index = Zeroizing::new([0; 16]);
        index
            .iter_mut()
            .zip(*derived)
            .for_each(|(to, from)| *to = from);
        Ok(Self {
            store: *store,
            keys,
            index,
        })
    }

    fn unwrap(wrap: &[u8; 32], store: &[u8; 16], envelope: &[u8]) -> Result<SealingKey, KeyError> {
        let id = seal::key_id(envelope).ok_or(KeyError::Damaged)?;
        let key = SealingKey::new(id, wrap)
            .open(&Self::place(store), envelope)
            .map_err(|Unsealable| KeyError::WrongMasterKey)?;
        let key = key.as_slice().try_into().map_err(|_| KeyError::Damaged)?;
        Ok(SealingKey::new(id, key))
    }

    fn place(store: &[u8; 16]) -> Place<'_> {
        Place {
            kind: Self::KIND,
            store,
            entry: b"",
        }
    }

    /// Seals `plaintext` for the entry `entry`.
    ///
    /// # Errors
    ///
    /// If it cannot be sealed.
    pub fn seal(
        &self,
        kind: &'static str,
        entry: &Key,
        nonce: [u8; NONCE],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Unsealable> {
        let key = self.keys.last().ok_or(Unsealable)?;
        key.seal(&self.place_of(kind, entry), nonce, plaintext)
    }

    /// Opens what was sealed for the entry `entry`.
    ///
    /// # Errors
    ///
    /// If it was sealed for another, with another key, or was touched since.
    pub fn unseal(
        &self,
        kind: &'static str,
        entry: &Key,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let id = seal::key_id(envelope).ok_or(Unsealable)?;
        let key = self.keys.iter().find(|key| key.id() == id);
        key.ok_or(Unsealable)?
            .open(&self.place_of(kind, entry), envelope)
    }

    fn place_of<'a>(&'a self, kind: &'static str, entry: &'a Key) -> Place<'a> {
        Place {
            kind,
            store: &self.store,
            entry: entry.as_bytes(),
        }
    }

    /// A number that nobody without the keys can foretell, the same for the same bytes.
    pub fn index(&self, purpose: &str, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.index);
        hasher.write(&(purpose.len() as u64).to_le_bytes());
        hasher.write(purpose.as_bytes());
        hasher.write(bytes);
        hasher.finish()
    }
}

/// There are no keys to seal or open records with.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum KeyError {
    /// There is no file.
    #[error(
        "there is no master key at {}; restore it from its recovery copy, or, if nobody is \
         enrolled yet, make one with `countersignctl init`", .0.display()
    )]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("the master key {path} cannot be read: {1}", path = .0.display())]
    Unreadable(PathBuf, String),
    /// It is no key.
    #[error(
        "{} is not a master key, which has {len} bytes, not all zero; restore it from its \
         recovery copy", .0.display(), len = MasterKey::LENGTH
    )]
    Malformed(PathBuf),
    /// The service manager had none to pass on.
    #[error(
        "there was no master key when this service was started, so {} is only a stand-in; restore \
         /etc/countersign/master.key from its recovery copy, or, if nobody is enrolled yet, make \
         one with `countersignctl init`; then restart countersignd", .0.display()
    )]
    NotPassedOn(PathBuf),
    /// Everyone on the host may know it.
    #[error(
        "everyone may read or change the master key {path}; run `chmod 0600 {path}`, and consider \
         whether someone has read it", path = .0.display()
    )]
    Exposed(PathBuf),
    /// It is the key of another store.
    #[error(
        "the master key is not the one that this database was made with; put back the key that \
         belongs to the database, or the database that belongs to the key"
    )]
    WrongMasterKey,
    /// The store has no keyring.
    #[error("the database has no keys in it; restore it from a backup")]
    NoKeyring,
    /// What should be the keyring is not.
    #[error("the keys in the database are damaged; restore it from a backup")]
    Damaged,
    /// There are no random bytes.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::{Counting, Kernel};

    #[test]
    fn a_keyring_opens_with_the_key_it_was_made_with() {
        let master = MasterKey::generate(&Kernel).unwrap();
        let keyring = Keyring::open(&master, &Keyring::generate(&master, &Kernel).unwrap());
        let keyring = keyring.unwrap();
        let entry = Key::new("u1");
        let envelope = keyring.seal("user", &entry, [5; NONCE], b"secret").unwrap();
        let opened = keyring.unseal("user", &entry, &envelope).unwrap();
        assert_eq!(**opened, *b"secret");
    }

    #[test]
    fn another_master_key_is_told_apart_from_damage() {
        let encoded = Keyring::generate(&master(1), &Counting::default()).unwrap();
        let error = Keyring::open(&master(2), &encoded).err();
        assert_eq!(error, Some(KeyError::WrongMasterKey));
    }

    #[test]
    fn no_flip_of_one_byte_in_a_keyring_goes_unnoticed() {
        let encoded = Keyring::generate(&master(1), &Counting::default()).unwrap();
        for byte in 0..encoded.len() {
            let mut flipped = encoded.clone();
            flipped[byte] ^= 1;
            assert!(Keyring::open(&master(1), &flipped).is_err(), "byte {byte}");
        }
    }

    #[test]
    fn a_keyring_of_another_length_is_damaged() {
        let encoded = Keyring::generate(&master(1), &Counting::default()).unwrap();
        for length in 0..encoded.len() {
            let error = Keyring::open(&master(1), &encoded[..length]).err();
            assert_eq!(error, Some(KeyError::Damaged), "{length} bytes");
        }
    }

    #[test]
    fn two_stores_of_one_master_key_share_no_key() {
        let rings = [1, 2].map(|_| {
            let encoded = Keyring::generate(&master(1), &Kernel).unwrap();
            Keyring::open(&master(1), &encoded).unwrap()
        });
        let entry = Key::new("u1");
        let envelope = rings[0].seal("user", &entry, [5; NONCE], b"secret");
        assert!(rings[1].unseal("user", &entry, &envelope.unwrap()).is_err());
        assert_ne!(rings[0].index("decoy", b"x"), rings[1].index("decoy", b"x"));
    }

    #[test]
    fn the_keys_for_each_purpose_differ() {
        let (key, store) = (master(1), [7; 16]);
        assert_ne!(
            key.derive(&store, Keyring::WRAP),
            key.derive(&store, Keyring::INDEX)
        );
    }

    #[test]
    fn an_index_is_the_same_for_the_same_bytes_and_purpose_only() {
        let encoded = Keyring::generate(&master(1), &Counting::default()).unwrap();
        let keyring = Keyring::open(&master(1), &encoded).unwrap();
        assert_eq!(
            keyring.index("decoy", b"ada"),
            keyring.index("decoy", b"ada")
        );
        assert_ne!(
            keyring.index("decoy", b"ada"),
            keyring.index("decoy", b"bob")
        );
        assert_ne!(
            keyring.index("decoy", b"ada"),
            keyring.index("decoya", b"da")
        );
    }

    fn master(byte: u8) -> MasterKey {
        MasterKey::read(&[byte; MasterKey::LENGTH][..])
            .unwrap()
            .unwrap()
    }
}
