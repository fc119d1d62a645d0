//! Many at once.

use super::*;

#[test]
fn sqlite_keeps_the_contract() {
    let places = RefCell::new(Vec::new());
    conformance::all(|| {
        let place = Place::new();
        let store = place.start();
        places.borrow_mut().push(place);
        store
    });
}

#[test]
fn another_writer_delays_logins_and_then_refuses_them_until_it_ends() {
    let place = Place::new();
    let store = place.start();
    let absent = get(&store, "u1").revision;
    let other = Connection::open(place.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let key = Key::new("u1");
    let error = block_on(store.cas(&key, absent, b"one".into())).unwrap_err();
    let StoreError::Unavailable(reason) = error else {
        panic!("{error:?}");
    };
    assert!(reason.contains("holds a lock"), "{reason}");
    assert_eq!(get(&store, "u1").data, None, "reading goes on");

    other.execute_batch("ROLLBACK").unwrap();
    let outcome = block_on(store.cas(&key, absent, b"one".into())).unwrap();
    assert!(matches!(outcome, Cas::Committed(_)), "{outcome:?}");
}

#[test]
fn changes_that_wait_share_a_commit() {
    let place = Place::new();
    let store = place.start();
    let absent = get(&store, "u").revision;
    let other = Connection::open(place.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let keys: Vec<_> = (0..64).map(|user| Key::new(format!("u{user}"))).collect();
    let mut waiting: Vec<_> = keys
        .iter()
        .map(|key| Box::pin(store.cas(key, absent, vec![0; 500])))
        .collect();
    for change in &mut waiting {
        assert!(block_on(poll_once(change)).is_none(), "it is locked");
    }
    let before = commits(&place.log());
    other.execute_batch("ROLLBACK").unwrap();
    for change in waiting {
        assert!(matches!(block_on(change).unwrap(), Cas::Committed(_)));
    }

    // The first may have been taken up alone, before the rest was there.
    let commits = commits(&place.log()) - before;
    assert!((1..=3).contains(&commits), "{commits} commits");
}

#[test]
fn more_requests_than_may_wait_are_told_to_come_back() {
    let place = Place::new();
    let store = place.start();
    let absent = get(&store, "u").revision;
    let other = Connection::open(place.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let key = Key::new("u1");
    let mut waiting: Vec<_> = (0..2 * QUEUE)
        .map(|_| Box::pin(store.cas(&key, absent, Vec::new())))
        .collect();
    let refused = waiting
        .iter_mut()
        .filter_map(|change| block_on(poll_once(change)))
        .filter(|outcome| matches!(outcome, Err(StoreError::Unavailable(_))))
        .count();
    assert!(refused >= QUEUE - 256, "only {refused} were refused");
    other.execute_batch("ROLLBACK").unwrap();
}
