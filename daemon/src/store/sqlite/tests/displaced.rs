//! What happens to the files while they are open.

use super::*;

#[test]
fn a_database_deleted_while_open_is_an_error_and_nothing_is_written_to_it() {
    let place = Place::new();
    let store = place.start();
    let revision = create(&store, "u1", "one");
    fs::remove_file(place.database()).unwrap();

    let error = block_on(store.cas(&Key::new("u1"), revision, b"two".into())).unwrap_err();
    assert!(matches!(error, StoreError::Fatal(_)), "{error:?}");
    assert!(!place.database().exists());
}

#[test]
fn a_database_replaced_while_open_is_the_one_served_from_then_on() {
    let (place, other) = (Place::new(), Place::with_entries(3));
    let store = place.start();
    let revision = create(&store, "u001", "one");

    // The log of the old database stays beside the new one, which must not take it for its own.
    fs::rename(other.database(), place.database()).unwrap();
    let stale = block_on(store.cas(&Key::new("u001"), revision, b"two".into())).unwrap();
    let Cas::Conflict(present) = stale else {
        panic!("a revision of the old database was good for the new one");
    };
    assert_eq!(present.data.as_deref(), Some(&b"entry"[..]));

    let key = Key::new("u001");
    let changed = store.cas(&key, present.revision, b"three".into());
    assert!(matches!(block_on(changed).unwrap(), Cas::Committed(_)));
    drop(store);
    assert_eq!(get(&place.start(), "u001").data, Some(b"three".into()));
}

#[test]
fn a_database_replaced_together_with_its_log_keeps_what_is_in_the_log() {
    let (place, other) = (Place::new(), Place::new());
    let store = place.start();
    create(&store, "u1", "old");

    let running = other.start();
    create(&running, "u1", "new");
    let copy = other.copy_as_after_a_crash();
    fs::rename(copy.log(), place.log()).unwrap();
    fs::rename(copy.database(), place.database()).unwrap();
    assert_eq!(get(&store, "u1").data, Some(b"new".into()));
    create(&store, "u2", "goes on");
}

#[test]
fn a_database_repaired_in_place_is_served_without_a_restart() {
    let place = Place::with_entries(2000);
    let store = place.start();
    let whole = Place::empty();
    fs::copy(place.database(), whole.database()).unwrap();

    place.overwrite(Path::new("/dev/zero"), 1);
    let error = block_on(store.get(&Key::new("u1500"))).unwrap_err();
    assert!(matches!(error, StoreError::Fatal(_)), "{error:?}");

    place.overwrite(&whole.database(), 0);
    assert_eq!(get(&store, "u1500").data, Some(b"entry".into()));
}

#[test]
fn an_absence_seen_in_the_old_database_creates_nothing_in_the_new_one() {
    let (place, other) = (Place::new(), Place::new());
    let store = place.start();
    let absent = get(&store, "u1").revision;
    fs::rename(other.database(), place.database()).unwrap();
    let outcome = block_on(store.cas(&Key::new("u1"), absent, b"one".into())).unwrap();
    assert!(matches!(outcome, Cas::Conflict(_)));
    assert_eq!(get(&store, "u1").data, None);
}

#[test]
fn a_database_moved_away_while_open_takes_all_that_was_committed_with_it() {
    let (place, other) = (Place::new(), Place::empty());
    let store = place.start();
    create(&store, "u1", "one");
    fs::rename(place.database(), other.database()).unwrap();
    fatal(&store);
    assert_eq!(get(&other.start(), "u1").data, Some(b"one".into()));
}

#[test]
fn a_log_deleted_while_open_loses_nothing() {
    let place = Place::new();
    let store = place.start();
    create(&store, "u1", "one");
    fs::remove_file(place.log()).unwrap();
    create(&store, "u2", "two");

    let copy = place.copy_as_after_a_crash();
    let store = copy.start();
    assert_eq!(get(&store, "u1").data, Some(b"one".into()));
    assert_eq!(get(&store, "u2").data, Some(b"two".into()));
}

#[test]
fn a_database_truncated_while_open_is_an_error() {
    let place = Place::with_entries(2000);
    let store = place.start();
    let file = OpenOptions::new().write(true).open(place.database());
    file.unwrap().set_len(4096).unwrap();
    let error = block_on(store.get(&Key::new("u1500"))).unwrap_err();
    assert!(
        matches!(error, StoreError::Fatal(_) | StoreError::Unavailable(_)),
        "{error:?}"
    );
}
