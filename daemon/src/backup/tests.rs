//! What a backup must never do is open where it was not sealed, or in part.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::entropy::Kernel;
use crate::keys::MasterKey;

#[test]
fn what_is_written_is_read_back_however_it_falls_into_chunks() {
    // A user's item is 13 bytes longer than a record of this size, its length included.
    for size in [1, CHUNK - 14, CHUNK - 13, CHUNK - 12, 3 * CHUNK] {
        let records: Vec<Vec<u8>> = (0..4).map(|fill| vec![fill; size]).collect();
        assert_eq!(read(&write(&records)).unwrap(), records, "{size}");
    }
    assert!(read(&write(&[])).unwrap().is_empty());
}

#[test]
fn a_chunk_that_is_just_full_is_the_last_one_all_the_same() {
    let records = vec![vec![7; CHUNK - 13]];
    let backup = write(&records);
    assert_eq!(backup.len(), head(&backup) + TAG + CHUNK + TAG);
    assert_eq!(read(&backup).unwrap(), records);
}

#[test]
fn nobody_finds_a_name_or_a_secret_in_it() {
    let backup = write(&[b"ada lovelace".to_vec()]);
    assert!(backup.starts_with(b"countersign backup\n\x01"));
    assert!(!backup.windows(3).any(|bytes| bytes == b"ada"));
}

#[test]
fn a_backup_without_its_end_is_refused_wherever_that_is() {
    let backup = write(&three_chunks());
    for end in (0..backup.len()).step_by(4001).chain(boundaries(&backup)) {
        assert!(read(&backup[..end]).is_err(), "{end}");
    }
    for end in boundaries(&backup) {
        let error = read(&backup[..end]).unwrap_err();
        assert!(matches!(error, BackupError::Truncated), "{end}: {error:?}");
    }
}

#[test]
fn a_backup_with_something_behind_its_end_is_refused() {
    let backup = write(&three_chunks());
    let sealed_again = &backup[head(&backup) + TAG..][..CHUNK + TAG];
    for more in [&b"x"[..], &[0; TAG], sealed_again] {
        let error = read(&[&backup, more].concat()).unwrap_err();
        assert!(matches!(error, BackupError::Damaged), "{error:?}");
    }
}

#[test]
fn chunks_open_in_their_own_place_of_their_own_file_only() {
    let (one, other) = (write(&three_chunks()), write(&three_chunks()));
    let start = head(&one) + TAG;
    let (first, second) = (
        start..start + CHUNK + TAG,
        start + CHUNK + TAG..start + 2 * (CHUNK + TAG),
    );

    let mut swapped = one.clone();
    swapped[first.clone()].copy_from_slice(&one[second.clone()]);
    swapped[second.clone()].copy_from_slice(&one[first.clone()]);
    let mut without = one.clone();
    without.drain(second);
    let mut mixed = one;
    mixed[first.clone()].copy_from_slice(&other[first]);
    for backup in [swapped, without, mixed] {
        let error = read(&backup).unwrap_err();
        assert!(matches!(error, BackupError::Damaged), "{error:?}");
    }
}

proptest! {
    #[test]
    fn a_backup_with_a_bit_flipped_anywhere_is_refused(place: prop::sample::Index, bit in 0..8_u8) {
        let mut backup = write(&[vec![1; 100], vec![2; CHUNK]]);
        let place = place.index(backup.len());
        backup[place] ^= 1 << bit;
        prop_assert!(read(&backup).is_err());
    }

    #[test]
    fn bytes_that_are_no_backup_are_refused(bytes: Vec<u8>, like in any::<bool>()) {
        let bytes = if like { [b"countersign backup\n\x01", &bytes[..]].concat() } else { bytes };
        prop_assert!(read(&bytes).is_err());
    }
}

#[test]
fn what_does_not_open_it_is_told_apart_from_damage() {
    let sealed_by_key = write(&[b"one".to_vec()]);
    let sealed_by_words = write_with(&words("correct horse battery"), &[b"one".to_vec()]);
    let error = |backup: &[u8], opener: &Opener| read_with(backup, opener).unwrap_err();

    let it = error(&sealed_by_key, &key(2));
    assert!(matches!(it, BackupError::WrongMasterKey), "{it:?}");
    let it = error(&sealed_by_words, &words("correct horse batterz"));
    assert!(matches!(it, BackupError::WrongPassphrase), "{it:?}");
    let it = error(&sealed_by_words, &key(1));
    assert!(matches!(it, BackupError::NeedsPassphrase), "{it:?}");
    let it = error(&sealed_by_key, &words("correct horse battery"));
    assert!(matches!(it, BackupError::NeedsMasterKey), "{it:?}");
    assert!(read_with(&sealed_by_words, &words("correct horse battery")).is_ok());
}

#[test]
fn another_file_and_a_newer_versions_are_told_apart_from_damage() {
    for other in [
        &b""[..],
        b"countersign",
        &[0; 100],
        b"SQLite format 3\0 and so on",
    ] {
        assert!(matches!(read(other), Err(BackupError::NotABackup)));
    }
    let mut newer = write(&[]);
    newer[19] = 2;
    assert!(matches!(read(&newer), Err(BackupError::Newer)));
}

#[test]
fn a_file_cannot_ask_for_more_memory_than_there_is() {
    let header = Header {
        created: 0,
        maker: String::new(),
        lock: Lock::Passphrase {
            salt: [0; 16],
            memory: u32::MAX,
            passes: 1,
            lanes: 1,
        },
        nonce: [0; 19],
    };
    let backup = [header.to_bytes().unwrap(), vec![0; 100]].concat();
    let error = read_with(&backup, &words("correct horse battery")).unwrap_err();
    assert!(matches!(error, BackupError::Damaged), "{error:?}");
}

#[test]
fn a_backup_of_an_earlier_version_can_still_be_read() {
    let bytes: Vec<u8> = (0..EARLIER.len() / 2)
        .map(|place| u8::from_str_radix(&EARLIER[2 * place..2 * place + 2], 16).unwrap())
        .collect();
    let mut reader = Reader::open(&bytes[..], &key(1)).unwrap();
    assert_eq!(
        (reader.header().created, &*reader.header().maker),
        (1_790_000_000, "0.1.0")
    );
    let item = reader.next_item().unwrap().unwrap();
    let Item::User { uid: 1000, record } = &item else {
        panic!("{item:?}");
    };
    assert_eq!(record.expose(), b"ada's");
    let item = reader.next_item().unwrap();
    assert!(
        matches!(item, Some(Item::Missing { uid: 1001 })),
        "{item:?}"
    );
    assert!(reader.next_item().unwrap().is_none());
}

fn three_chunks() -> Vec<Vec<u8>> {
    vec![vec![1; CHUNK], vec![2; CHUNK], vec![3; 100]]
}

/// How long what stands before the sealed part is.
fn head(backup: &[u8]) -> usize {
    22 + usize::from(u16::from_be_bytes([backup[20], backup[21]]))
}

/// Where a sealed part ends, but for the last one.
fn boundaries(backup: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let start = head(backup) + TAG;
    [start, start + CHUNK + TAG, start + 2 * (CHUNK + TAG)].into_iter()
}

fn write(records: &[Vec<u8>]) -> Vec<u8> {
    write_with(&key(1), records)
}

fn write_with(opener: &Opener, records: &[Vec<u8>]) -> Vec<u8> {
    let mut backup = Vec::new();
    let mut writer = Writer::begin(&mut backup, opener, 1_790_000_000, &Kernel).unwrap();
    for (uid, record) in (1000..).zip(records) {
        let record = Encoded::new(record);
        writer.write(&Item::User { uid, record }).unwrap();
    }
    let length = writer.finish().unwrap();
    assert_eq!(length, backup.len() as u64);
    backup
}

fn read(backup: &[u8]) -> Result<Vec<Vec<u8>>, BackupError> {
    read_with(backup, &key(1))
}

fn read_with(backup: &[u8], opener: &Opener) -> Result<Vec<Vec<u8>>, BackupError> {
    let mut reader = Reader::open(backup, opener)?;
    let mut records = Vec::new();
    while let Some(item) = reader.next_item()? {
        let Item::User { record, .. } = &item else {
            panic!("{item:?}");
        };
        records.push(record.expose().to_vec());
    }
    Ok(records)
}

fn key(byte: u8) -> Opener {
    let key = MasterKey::read(&[byte; MasterKey::LENGTH][..]).unwrap();
    Opener::MasterKey(key.unwrap())
}

fn words(passphrase: &str) -> Opener {
    Opener::Passphrase(Zeroizing::new(passphrase.to_owned()))
}

/// One of version 0.1.0, sealed with the key of 32 bytes 1.
const EARLIER: &str = "636f756e7465727369676e206261636b75700a010034841a6ab13b8065302e312e30820181500101\
                       010101010101010101010101010153000000000000000000000000000000000000005e069eacef29\
                       6b074a4367f448283df169c8328353618d552ce46cf4180abb43caa43a3984c1ab281766428e1603\
                       8a27df6163287a4e9337246e";
