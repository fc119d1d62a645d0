//! A vault over memory, which a test can tamper with, and over real files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use futures_lite::future::block_on;
use tempfile::TempDir;

use super::*;
use crate::entropy::Kernel;
use crate::store::memory::Memory;
use crate::store::sqlite::{FILE_NAME, Sqlite, schema};

const ADA: Slot = Slot::User(1000);
const BOB: Slot = Slot::User(1001);

#[test]
fn what_was_saved_is_loaded() {
    let host = Host::new();
    let vault = host.vault();
    assert_eq!(load(&vault, ADA), None);
    save(&vault, ADA, b"one");
    save(&vault, ADA, b"two");
    assert_eq!(load(&vault, ADA).as_deref(), Some(&b"two"[..]));
    assert_eq!(load(&vault, BOB), None);
}

#[test]
fn nothing_readable_is_in_the_store() {
    let host = Host::new();
    let vault = host.vault();
    save(&vault, ADA, b"ada lovelace");
    let sealed = sealed(&vault, ADA);
    assert!(!sealed.windows(3).any(|bytes| bytes == b"ada"));
}

#[test]
fn of_two_who_loaded_the_same_record_one_must_lose() {
    let host = Host::new();
    let vault = host.vault();
    let revision = block_on(vault.load(&ADA)).unwrap().revision;
    let save = |record: &[u8]| block_on(vault.save(&ADA, record, revision)).unwrap();
    assert_eq!(save(b"one"), Saved::Committed);
    assert_eq!(save(b"two"), Saved::Conflict);
    assert_eq!(load(&vault, ADA).as_deref(), Some(&b"one"[..]));
}

#[test]
fn a_record_moved_to_another_slot_is_refused() {
    let host = Host::new();
    let vault = host.vault();
    save(&vault, ADA, b"ada's");
    let stolen = sealed(&vault, ADA);
    for slot in [BOB, Slot::Decoy(7)] {
        vault.store.tamper(&slot.key(), Some(stolen.clone()));
        assert_eq!(error(&vault, slot), VaultError::Unsealable(slot));
    }
    assert_eq!(load(&vault, ADA).as_deref(), Some(&b"ada's"[..]));
}

#[test]
fn a_decoys_record_does_not_pass_for_a_users() {
    let host = Host::new();
    let vault = host.vault();
    save(&vault, Slot::Decoy(7), b"decoy's");
    let stolen = sealed(&vault, Slot::Decoy(7));
    vault.store.tamper(&ADA.key(), Some(stolen));
    assert_eq!(error(&vault, ADA), VaultError::Unsealable(ADA));
}

#[test]
fn a_record_of_another_store_of_the_same_master_key_is_refused() {
    let host = Host::new();
    let (vault, other) = (host.vault(), host.vault());
    save(&vault, ADA, b"ada's");
    other.store.tamper(&ADA.key(), Some(sealed(&vault, ADA)));
    assert_eq!(error(&other, ADA), VaultError::Unsealable(ADA));
}

#[test]
fn no_flip_of_one_byte_in_a_record_goes_unnoticed() {
    let host = Host::new();
    let vault = host.vault();
    save(&vault, ADA, b"ada's");
    let whole = sealed(&vault, ADA);
    for byte in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1;
        vault.store.tamper(&ADA.key(), Some(flipped));
        assert_eq!(error(&vault, ADA), VaultError::Unsealable(ADA), "{byte}");
    }
}

#[test]
fn a_missing_key_is_an_error_that_heals() {
    let host = Host::new();
    let vault = host.vault();
    let away = host.key().with_extension("away");
    fs::rename(host.key(), &away).unwrap();
    let missing = VaultError::Key(KeyError::Missing(host.key()));
    assert_eq!(error(&vault, ADA), missing);
    assert_eq!(block_on(vault.index("decoy", b"x")), Err(missing));

    fs::rename(&away, host.key()).unwrap();
    save(&vault, ADA, b"one");
}

#[test]
fn another_master_key_is_an_error_that_heals() {
    let host = Host::new();
    let vault = host.vault();
    let right = fs::read(host.key()).unwrap();
    host.write_key(&[9; 32]);
    assert_eq!(error(&vault, ADA), KeyError::WrongMasterKey.into());

    host.write_key(&right);
    save(&vault, ADA, b"one");
}

#[test]
fn a_store_without_keys_is_an_error() {
    let host = Host::new();
    let vault = host.vault();
    vault.store.tamper(&Keyring::entry(), None);
    assert_eq!(error(&vault, ADA), KeyError::NoKeyring.into());
}

#[test]
fn a_store_that_was_replaced_is_opened_with_its_own_keys() {
    let host = Host::new();
    let (vault, other) = (host.vault(), host.vault());
    save(&vault, ADA, b"old");
    save(&other, ADA, b"new");
    let old = block_on(vault.load(&ADA)).unwrap().revision;
    let index = block_on(vault.index("decoy", b"x")).unwrap();

    vault.store.replace(&other.store);
    let outcome = block_on(vault.save(&ADA, b"sealed for the old", old)).unwrap();
    assert_eq!(outcome, Saved::Conflict);
    assert_eq!(load(&vault, ADA).as_deref(), Some(&b"new"[..]));
    save(&vault, BOB, b"sealed for the new");
    assert_eq!(
        load(&vault, BOB).as_deref(),
        Some(&b"sealed for the new"[..])
    );
    assert_ne!(block_on(vault.index("decoy", b"x")).unwrap(), index);
}

#[test]
fn a_record_is_not_opened_with_the_keys_of_a_store_that_came_in_between() {
    let host = Host::new();
    let (vault, other) = (host.vault(), host.vault());
    save(&vault, ADA, b"old");
    save(&other, ADA, b"new");
    *vault.keyring.lock().unwrap() = None;
    vault.store.replace_after_get(&other.store);
    assert_eq!(load(&vault, ADA).as_deref(), Some(&b"new"[..]));
}

#[test]
fn a_save_that_may_have_been_done_is_found_out_about() {
    let host = Host::new();
    let vault = host.vault();
    save(&vault, ADA, b"one");
    let revision = block_on(vault.load(&ADA)).unwrap().revision;
    vault.store.fail_next(StoreError::Ambiguous(String::new()));
    let outcome = block_on(vault.save(&ADA, b"two", revision));
    assert_eq!(outcome, Ok(Saved::Committed));
    assert_eq!(load(&vault, ADA).as_deref(), Some(&b"two"[..]));
}

#[test]
fn a_save_that_stays_doubtful_is_an_error() {
    let host = Host::new();
    let vault = host.vault();
    let revision = block_on(vault.load(&ADA)).unwrap().revision;
    let doubt = StoreError::Ambiguous("disk".into());
    for _ in 0..3 {
        vault.store.fail_next(doubt.clone());
    }
    let outcome = block_on(vault.save(&ADA, b"one", revision));
    assert_eq!(outcome, Err(doubt.into()));
}

#[test]
fn a_store_that_is_unavailable_is_no_missing_record() {
    let host = Host::new();
    let vault = host.vault();
    save(&vault, ADA, b"one");
    let refusal = StoreError::Unavailable("busy".into());
    vault.store.fail_next(refusal.clone());
    assert_eq!(error(&vault, ADA), refusal.into());
}

#[test]
fn users_are_listed_in_order_and_a_damaged_one_does_not_hide_the_rest() {
    let host = Host::new();
    let vault = host.vault();
    for uid in [70_000, 300, 5] {
        save(&vault, Slot::User(uid), &uid.to_be_bytes());
    }
    save(&vault, Slot::Decoy(7), b"no user");
    vault
        .store
        .tamper(&Slot::User(300).key(), Some(b"garbage".into()));

    let list = |after, limit| -> Vec<_> {
        let page = block_on(vault.users(after, limit)).unwrap();
        let page = page.into_iter().map(|(uid, loaded)| {
            let bytes = loaded.map(|loaded| loaded.bytes.unwrap().to_vec());
            (uid, bytes.ok())
        });
        page.collect()
    };
    let (first, second, third) = (
        (5, Some(5_u32.to_be_bytes().to_vec())),
        (300, None),
        (70_000, Some(70_000_u32.to_be_bytes().to_vec())),
    );
    assert_eq!(list(None, 2), [first, second]);
    assert_eq!(list(Some(300), 2), [third]);
    assert_eq!(list(Some(70_000), 2), []);
}

#[test]
fn a_removed_record_is_gone_even_if_it_was_damaged() {
    let host = Host::new();
    let vault = host.vault();
    vault.store.tamper(&ADA.key(), Some(b"garbage".into()));
    assert_eq!(block_on(vault.remove(&ADA)), Ok(true));
    assert_eq!(block_on(vault.remove(&ADA)), Ok(false));
    assert_eq!(load(&vault, ADA), None);
}

#[test]
fn every_index_falls_on_a_decoy() {
    assert_eq!(Slot::decoy(0), Slot::Decoy(0));
    assert_eq!(Slot::decoy(4095), Slot::Decoy(4095));
    assert_eq!(Slot::decoy(4096), Slot::Decoy(0));
    assert!(matches!(Slot::decoy(u64::MAX), Slot::Decoy(..4096)));
}

#[test]
fn a_flipped_byte_in_a_database_never_makes_another_record_of_it() {
    let host = Host::new();
    let records = [ADA, BOB].map(|slot| (slot, vec![slot.kind().len() as u8; 300]));
    let database = host.directory.path().join(FILE_NAME);
    {
        schema::make(&database, &[(Keyring::entry(), host.keyring())]).unwrap();
        let vault = host.over(Sqlite::open(host.directory.path()));
        for (slot, record) in &records {
            save(&vault, *slot, record);
        }
    }

    let whole = fs::read(&database).unwrap();
    let mut refused = 0;
    for byte in (0..whole.len()).step_by(5).filter(|byte| whole[*byte] != 0) {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0xff;
        fs::write(&database, damaged).unwrap();

        let vault = host.over(Sqlite::open(host.directory.path()));
        for (slot, record) in &records {
            match block_on(vault.load(slot)) {
                Ok(loaded) => {
                    let bytes = loaded.bytes.map(|bytes| bytes.to_vec());
                    assert!(bytes.is_none_or(|bytes| bytes == *record), "{byte}");
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 120, "only {refused} were noticed");
}

/// A host with a master key.
pub(crate) struct Host {
    directory: TempDir,
}

impl Host {
    pub(crate) fn new() -> Self {
        let host = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        host.write_key(&[7; 32]);
        host
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("master.key")
    }

    fn write_key(&self, bytes: &[u8]) {
        fs::write(self.key(), bytes).unwrap();
        fs::set_permissions(self.key(), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// The keys of a new store.
    fn keyring(&self) -> Vec<u8> {
        let master = MasterKey::read_file(&self.key()).unwrap();
        Keyring::generate(&master, &Kernel).unwrap()
    }

    /// A vault over a new store.
    pub(crate) fn vault(&self) -> Vault<Memory> {
        let store = Memory::default();
        store.tamper(&Keyring::entry(), Some(self.keyring()));
        self.over(store)
    }

    /// A vault over `store`.
    pub(crate) fn over<S: StateStore>(&self, store: S) -> Vault<S> {
        Vault::new(store, self.key())
    }
}

impl Vault<Memory> {
    /// The store, to damage it or let it fail.
    pub(crate) const fn memory(&self) -> &Memory {
        &self.store
    }

    /// Puts sealed bytes in a slot, or nothing, as one who writes to the disk could.
    pub(crate) fn tamper(&self, slot: Slot, sealed: Option<Vec<u8>>) {
        self.store.tamper(&slot.key(), sealed);
    }
}

fn load(vault: &Vault<impl StateStore>, slot: Slot) -> Option<Vec<u8>> {
    let loaded = block_on(vault.load(&slot)).unwrap();
    loaded.bytes.map(|bytes| bytes.to_vec())
}

fn save(vault: &Vault<impl StateStore>, slot: Slot, record: &[u8]) {
    let revision = block_on(vault.load(&slot)).unwrap().revision;
    let saved = block_on(vault.save(&slot, record, revision)).unwrap();
    assert_eq!(saved, Saved::Committed);
}

fn error(vault: &Vault<impl StateStore>, slot: Slot) -> VaultError {
    match block_on(vault.load(&slot)) {
        Ok(_) => panic!("{slot} was loaded"),
        Err(error) => error,
    }
}

fn sealed(vault: &Vault<Memory>, slot: Slot) -> Vec<u8> {
    block_on(vault.store.get(&slot.key()))
        .unwrap()
        .data
        .unwrap()
}
