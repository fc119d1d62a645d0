//! What is refused when it is opened.

use super::*;

#[test]
fn a_missing_database_is_an_error_and_is_not_made() {
    let place = Place::empty();
    let store = place.start();
    let reason = fatal(&store);
    assert!(reason.contains("countersignctl init"), "{reason}");
    assert!(!place.database().exists());

    place.make();
    create(&store, "u1", "served once it is there");
}

#[test]
fn an_empty_database_is_an_error_and_stays_empty() {
    let place = Place::empty();
    File::create(place.database()).unwrap();
    let reason = fatal(&place.start());
    assert!(reason.contains("empty"), "{reason}");
    assert_eq!(fs::metadata(place.database()).unwrap().len(), 0);
}

#[test]
fn a_directory_in_the_place_of_the_database_is_an_error() {
    let place = Place::empty();
    fs::create_dir(place.database()).unwrap();
    let reason = fatal(&place.start());
    assert!(reason.contains("not a file"), "{reason}");
}

#[test]
fn garbage_is_an_error() {
    let place = Place::empty();
    fs::write(place.database(), [0x5a; 9000]).unwrap();
    let reason = fatal(&place.start());
    assert!(reason.contains("not a database"), "{reason}");
}

#[test]
fn a_database_of_another_program_is_an_error_and_is_not_touched() {
    let place = Place::empty();
    let other = Connection::open(place.database()).unwrap();
    other.execute_batch("CREATE TABLE record (a)").unwrap();
    drop(other);
    let before = fs::read(place.database()).unwrap();

    let reason = fatal(&place.start());
    assert!(reason.contains("another program"), "{reason}");
    assert_eq!(fs::read(place.database()).unwrap(), before);
}

#[test]
fn a_newer_database_is_an_error_and_is_not_touched() {
    let running = Place::new();
    let store = running.start();
    create(&store, "u1", "one");
    running.sql("PRAGMA user_version = 2");
    let place = running.copy_as_after_a_crash();
    let files = || [place.database(), place.log()].map(|file| fs::read(file).unwrap());
    let before = files();

    let reason = fatal(&place.start());
    assert!(reason.contains("version 2"), "{reason}");
    assert_eq!(files(), before);
}

#[test]
fn a_database_without_our_table_is_an_error() {
    let place = Place::new();
    place.sql("DROP TABLE record");
    assert!(block_on(place.start().get(&Key::new("u1"))).is_err());
}

#[test]
fn a_truncated_database_is_an_error_wherever_it_ends() {
    let place = Place::with_entries(200);
    let whole = fs::read(place.database()).unwrap();
    let last = whole.len() - 1;
    for length in (100..whole.len()).step_by(500).chain([last]) {
        let place = Place::empty();
        fs::write(place.database(), &whole[..length]).unwrap();
        let error = block_on(place.start().get(&Key::new("u100"))).unwrap_err();
        assert!(matches!(error, StoreError::Fatal(_)), "{length}: {error:?}");
    }
}

#[test]
fn a_flipped_byte_in_the_first_page_never_makes_an_entry_disappear() {
    let place = Place::with_entries(3);
    let whole = fs::read(place.database()).unwrap();
    let mut refused = 0;
    for byte in (0..4096).filter(|byte| whole[*byte] != 0 || *byte < 100) {
        let place = Place::empty();
        let mut damaged = whole.clone();
        damaged[byte] ^= 0xff;
        fs::write(place.database(), damaged).unwrap();

        match block_on(place.start().get(&Key::new("u001"))) {
            Ok(entry) => assert_eq!(entry.data.as_deref(), Some(&b"entry"[..]), "byte {byte}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 150, "only {refused} were noticed");
}

#[test]
fn a_database_that_can_only_be_read_is_an_error() {
    for (file, directory) in [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555)] {
        as_nobody(move |nobody| {
            let place = Place::new();
            let mode = |path: &Path, mode| {
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            };
            mode(&place.database(), file);
            mode(place.directory.path(), directory);
            nobody.become_them();
            let reason = fatal(&place.start());
            nobody.be_oneself_again();
            mode(place.directory.path(), 0o700);
            assert!(reason.contains("writable by the user"), "{reason}");
        });
    }
}

#[test]
fn a_database_that_may_not_even_be_read_is_an_error() {
    as_nobody(|nobody| {
        let place = Place::new();
        fs::set_permissions(place.database(), fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(place.directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        nobody.become_them();
        let reason = fatal(&place.start());
        nobody.be_oneself_again();
        assert!(reason.contains("readable and writable"), "{reason}");
    });
}
