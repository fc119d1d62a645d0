//! What every store promises. The tests of each implementation call [`all`].

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use futures_lite::future::block_on;

use super::{Cas, Key, Revision, StateStore, Versioned};

/// Puts a fresh store of `make` to each test.
///
/// # Panics
///
/// If a promise is broken.
pub(crate) fn all<S: StateStore + 'static>(make: impl Fn() -> S) {
    an_absent_entry_has_a_revision_and_no_data(&make());
    what_was_committed_is_read_back(&make());
    a_second_creation_conflicts_and_returns_what_is_there(&make());
    a_stale_revision_conflicts_and_returns_what_is_there(&make());
    a_change_of_what_does_not_exist_conflicts(&make());
    a_revision_does_not_come_back_after_a_deletion(&make());
    a_taken_entry_is_gone(&make());
    entries_do_not_touch_each_other(&make());
    any_bytes_are_kept_as_they_are(&make());
    pages_come_in_the_order_of_the_keys(&make());
    of_32_racers_exactly_one_commits(&Arc::new(make()));
    of_16_takers_exactly_one_gets_it(&Arc::new(make()));
}

fn an_absent_entry_has_a_revision_and_no_data(store: &impl StateStore) {
    let absent = get(store, "u1");
    assert_eq!(absent.data, None);
    assert_eq!(absent.revision, absent.revision.absent());
}

fn what_was_committed_is_read_back(store: &impl StateStore) {
    let revision = create(store, "u1", "one");
    assert_eq!(get(store, "u1"), versioned(revision, "one"));

    let Cas::Committed(revision) = cas(store, "u1", revision, "two") else {
        panic!("nobody else changed it");
    };
    assert_eq!(get(store, "u1"), versioned(revision, "two"));
}

fn a_second_creation_conflicts_and_returns_what_is_there(store: &impl StateStore) {
    let revision = create(store, "u1", "one");
    assert_eq!(
        cas(store, "u1", revision.absent(), "two"),
        Cas::Conflict(versioned(revision, "one"))
    );
    assert_eq!(get(store, "u1"), versioned(revision, "one"));
}

fn a_stale_revision_conflicts_and_returns_what_is_there(store: &impl StateStore) {
    let first = create(store, "u1", "one");
    let Cas::Committed(second) = cas(store, "u1", first, "two") else {
        panic!("nobody else changed it");
    };
    assert_eq!(
        cas(store, "u1", first, "three"),
        Cas::Conflict(versioned(second, "two"))
    );
}

fn a_change_of_what_does_not_exist_conflicts(store: &impl StateStore) {
    let elsewhere = create(store, "u1", "one");
    let Cas::Conflict(present) = cas(store, "u2", elsewhere, "two") else {
        panic!("there was nothing to change");
    };
    assert_eq!(present.data, None);
    assert_eq!(get(store, "u2").data, None);
}

fn a_revision_does_not_come_back_after_a_deletion(store: &impl StateStore) {
    let old = create(store, "u1", "one");
    assert!(take(store, "u1").is_some());
    let new = create(store, "u1", "one again");
    assert_eq!(
        cas(store, "u1", old, "two"),
        Cas::Conflict(versioned(new, "one again"))
    );
}

fn a_taken_entry_is_gone(store: &impl StateStore) {
    create(store, "u1", "one");
    assert_eq!(take(store, "u1"), Some(b"one".to_vec()));
    assert_eq!(take(store, "u1"), None);
    assert_eq!(get(store, "u1").data, None);
}

fn entries_do_not_touch_each_other(store: &impl StateStore) {
    let first = create(store, "u1", "one");
    let second = create(store, "u2", "two");
    assert!(take(store, "u1").is_some());
    assert_eq!(get(store, "u2"), versioned(second, "two"));
    assert_eq!(get(store, "u1").revision, first.absent());
}

fn any_bytes_are_kept_as_they_are(store: &impl StateStore) {
    let key = Key::new([b'u', 0, 0xff, 0]);
    let data: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    let absent = block_on(store.get(&key)).unwrap().revision;
    let committed = block_on(store.cas(&key, absent, data.clone())).unwrap();
    assert!(matches!(committed, Cas::Committed(_)));
    assert_eq!(block_on(store.get(&key)).unwrap().data, Some(data));
}

fn pages_come_in_the_order_of_the_keys(store: &impl StateStore) {
    for key in ["u3", "u1", "v1", "u2", "t9", "u"] {
        create(store, key, key);
    }
    assert_eq!(page(store, "u", None, 10), ["u", "u1", "u2", "u3"]);
    assert_eq!(page(store, "u", None, 3), ["u", "u1", "u2"]);
    assert_eq!(page(store, "u", Some("u2"), 3), ["u3"]);
    assert_eq!(page(store, "u", Some("u25"), 3), ["u3"]);
    assert_eq!(page(store, "u", Some("u3"), 3), [""; 0]);
    assert_eq!(page(store, "u", Some("a"), 2), ["u", "u1"]);
    assert_eq!(page(store, "u", None, 0), [""; 0]);
    assert_eq!(page(store, "x", None, 3), [""; 0]);
    assert_eq!(page(store, "", None, 2), ["t9", "u"]);
}

fn of_32_racers_exactly_one_commits(store: &Arc<impl StateStore + 'static>) {
    let start = create(&**store, "u1", "start");
    let outcomes = race(32, store, move |store, racer| {
        cas(store, "u1", start, &format!("racer {racer}"))
    });

    let committed: Vec<_> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(racer, outcome)| match outcome {
            Cas::Committed(revision) => Some(versioned(*revision, &format!("racer {racer}"))),
            Cas::Conflict(_) => None,
        })
        .collect();
    assert_eq!(committed, [get(&**store, "u1")]);

    let seen: BTreeSet<_> = outcomes
        .into_iter()
        .filter_map(|outcome| match outcome {
            Cas::Conflict(present) => present.data,
            Cas::Committed(_) => None,
        })
        .collect();
    assert_eq!(seen.len(), 1, "all losers are shown the winner's data");
}

fn of_16_takers_exactly_one_gets_it(store: &Arc<impl StateStore + 'static>) {
    create(&**store, "u1", "one");
    let outcomes = race(16, store, |store, _| take(store, "u1"));
    let got: Vec<_> = outcomes.into_iter().flatten().collect();
    assert_eq!(got, [b"one".to_vec()]);
}

fn race<S: StateStore + 'static, T: Send + 'static>(
    racers: usize,
    store: &Arc<S>,
    run: impl Fn(&S, usize) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let line = Arc::new(Barrier::new(racers));
    let threads: Vec<_> = (0..racers)
        .map(|racer| {
            let (store, line, run) = (Arc::clone(store), Arc::clone(&line), run.clone());
            thread::spawn(move || {
                line.wait();
                run(&store, racer)
            })
        })
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

fn page(store: &impl StateStore, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let after = after.map(Key::new);
    let page = block_on(store.scan(prefix.as_bytes(), after.as_ref(), limit)).unwrap();
    page.into_iter()
        .map(|(key, entry)| {
            assert_eq!(entry, block_on(store.get(&key)).unwrap());
            String::from_utf8(key.as_bytes().to_vec()).unwrap()
        })
        .collect()
}

/// What `store` has under `key`.
pub(crate) fn get(store: &impl StateStore, key: &str) -> Versioned {
    block_on(store.get(&Key::new(key))).unwrap()
}

/// Makes an entry that does not exist yet.
pub(crate) fn create(store: &impl StateStore, key: &str, data: &str) -> Revision {
    let absent = get(store, key).revision.absent();
    match cas(store, key, absent, data) {
        Cas::Committed(revision) => revision,
        Cas::Conflict(present) => panic!("{key} exists: {present:?}"),
    }
}

fn cas(store: &impl StateStore, key: &str, expect: Revision, data: &str) -> Cas {
    block_on(store.cas(&Key::new(key), expect, data.into())).unwrap()
}

fn take(store: &impl StateStore, key: &str) -> Option<Vec<u8>> {
    block_on(store.take(&Key::new(key))).unwrap()
}

fn versioned(revision: Revision, data: &str) -> Versioned {
    Versioned {
        revision,
        data: Some(data.into()),
    }
}
