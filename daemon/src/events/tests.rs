//! The record of events over a store in memory, which a test can damage and let fail.

mod faults;

use futures_lite::future::block_on;

use super::*;
use crate::store::memory::Memory;
use crate::vault::tests::Host;

const NOW: u64 = 1_790_000_000;

#[test]
fn what_was_recorded_is_read_at_once_and_after_it_was_written() {
    let host = Host::new();
    let (events, vault) = (Events::new(), host.vault());
    record(&events, Ring::Accepted, 0..3);
    assert_eq!(latest(&events, &vault, 10), notes(0..3));
    write(&events, &vault);
    assert!(!events.is_waiting());
    assert_eq!(latest(&events, &vault, 10), notes(0..3));
    record(&events, Ring::Changes, 3..5);
    assert_eq!(latest(&events, &vault, 10), notes(0..5));
}

#[test]
fn nothing_is_written_before_it_is_time() {
    let host = Host::new();
    let (events, vault) = (Events::new(), host.vault());
    let written = vault.memory().changes();
    record(&events, Ring::Accepted, 0..99);
    assert_eq!(vault.memory().changes(), written);
    write(&events, &vault);
    assert_eq!(
        vault.memory().changes(),
        written + 1,
        "99 events are one write"
    );
}

#[test]
fn the_latest_are_asked_for_by_number_and_the_rest_by_page() {
    let host = Host::new();
    let (events, vault) = (Events::new(), host.vault());
    fill(&events, &vault, Ring::Accepted, 0..550);
    record(&events, Ring::Unproven, 550..560);
    assert_eq!(latest(&events, &vault, 15), notes(545..560));

    let mut wanted = Wanted {
        after: 1,
        limit: 100,
        ..Wanted::default()
    };
    let mut found = Vec::new();
    for _ in 0..6 {
        let page = block_on(events.read(&vault, &wanted)).unwrap();
        assert!(page.events.len() <= 100);
        wanted.after = page.upto;
        found.extend(page.events);
    }
    assert_eq!(noted(&found), notes(0..560));
    let page = block_on(events.read(&vault, &wanted)).unwrap();
    assert_eq!((page.events.len(), page.upto), (0, wanted.after));
}

#[test]
fn whoever_follows_misses_none_and_sees_none_twice() {
    let host = Host::new();
    let (events, vault) = (Events::new(), host.vault());
    let mut wanted = Wanted {
        limit: 7,
        ..Wanted::default()
    };
    let mut found = Vec::new();
    let rings = [Ring::Accepted, Ring::Unproven, Ring::Public, Ring::Changes];
    for (number, ring) in (0..400).zip(rings.into_iter().cycle()) {
        record(&events, ring, number..number + 1);
        if number % 5 == 0 {
            write(&events, &vault);
        }
        if number % 3 == 0 {
            let page = block_on(events.read(&vault, &wanted)).unwrap();
            wanted.after = page.upto;
            found.extend(page.events);
        }
    }
    assert_eq!(noted(&found), notes(0..400));
}

#[test]
fn those_of_one_user_and_those_since_a_time_can_be_asked_for() {
    let host = Host::new();
    let (events, vault) = (Events::new(), host.vault());
    for number in 0..300 {
        let event = Event {
            uid: Some(if number % 100 == 42 { 7 } else { 1000 }),
            ..event(number)
        };
        events.record(Ring::Accepted, event);
    }
    let wanted = Wanted {
        uid: Some(7),
        limit: 10,
        ..Wanted::default()
    };
    assert_eq!(
        read(&events, &vault, &wanted),
        ["142", "242"],
        "a bound of 250 wait"
    );
    let wanted = Wanted {
        since: Some(NOW + 242),
        ..wanted
    };
    assert_eq!(read(&events, &vault, &wanted), ["242"]);
}

#[test]
fn a_full_ring_forgets_the_oldest_and_nothing_else() {
    let host = Host::new();
    let (events, vault) = (Events::new(), host.vault());
    fill(&events, &vault, Ring::Changes, 0..10);
    let all = u64::from(Ring::Accepted.chunks()) * 100;
    let end = 10 + all + 150;
    fill(&events, &vault, Ring::Accepted, 10..end);

    let found = noted(&all_of(&events, &vault));
    let (changes, logins) = found.split_at(10);
    assert_eq!(changes, notes(0..10));
    // The chunk that is being filled took the place of a whole one.
    assert!(
        logins == notes(end - (all - 50)..end),
        "{:?} …",
        logins.first()
    );
    let chunks = usize::from(Ring::Accepted.chunks());
    assert_eq!(vault.memory().entries(), 1 + 1 + chunks);
}

#[test]
fn a_flood_through_the_public_door_pushes_out_nothing_of_roots_and_takes_no_memory() {
    let host = Host::new();
    let (events, vault) = (Events::new(), host.vault());
    fill(&events, &vault, Ring::Changes, 0..3);
    fill(&events, &vault, Ring::Accepted, 3..6);
    fill(&events, &vault, Ring::Unproven, 6..9);
    record(&events, Ring::Changes, 9..10);
    record(&events, Ring::Public, 10..10_000);
    let wanted = Wanted {
        limit: usize::MAX,
        ..Wanted::default()
    };
    assert_eq!(
        events.pending().matching(&wanted).0.len(),
        1 + Pending::MOST
    );
    for round in 1..6 {
        record(&events, Ring::Public, round * 10_000..round * 10_000 + 250);
        write(&events, &vault);
    }
    let found = all_of(&events, &vault);
    assert_eq!(noted(&found)[..10], notes(0..10));
    assert!(found.len() <= 10 + usize::from(Ring::Public.chunks()) * 100);
}

#[test]
fn nothing_readable_of_an_event_is_in_the_store() {
    let host = Host::new();
    let vault = host.vault();
    let events = Events::new();
    let event = Event {
        user: "ada-lovelace".to_owned(),
        ..event(1)
    };
    events.record(Ring::Accepted, event);
    write(&events, &vault);
    assert!(!vault.memory().contains(b"ada-lovelace"));
}

fn event(number: u64) -> Event {
    Event {
        at: NOW + number,
        kind: "login".to_owned(),
        note: number.to_string(),
        uid: Some(1000),
        ..Event::default()
    }
}

fn record(events: &Events, ring: Ring, numbers: std::ops::Range<u64>) {
    for number in numbers {
        events.record(ring, event(number));
    }
}

/// Records events and writes them, as many at a time as may wait.
fn fill(events: &Events, vault: &Vault<Memory>, ring: Ring, numbers: std::ops::Range<u64>) {
    for number in numbers.clone().step_by(Pending::MOST) {
        record(
            events,
            ring,
            number..numbers.end.min(number + Pending::MOST as u64),
        );
        write(events, vault);
    }
}

fn write(events: &Events, vault: &Vault<Memory>) {
    block_on(events.write(vault)).unwrap();
}

fn read(events: &Events, vault: &Vault<Memory>, wanted: &Wanted) -> Vec<String> {
    noted(&block_on(events.read(vault, wanted)).unwrap().events)
}

/// The notes of the latest `limit` events.
fn latest(events: &Events, vault: &Vault<Memory>, limit: usize) -> Vec<String> {
    let wanted = Wanted {
        limit,
        ..Wanted::default()
    };
    read(events, vault, &wanted)
}

/// All that there is, from the first on, page by page.
fn all_of(events: &Events, vault: &Vault<Memory>) -> Vec<Event> {
    let mut found = Vec::new();
    let mut wanted = Wanted {
        after: 1,
        limit: 1000,
        ..Wanted::default()
    };
    loop {
        let mut page = block_on(events.read(vault, &wanted)).unwrap();
        wanted.after = page.upto;
        if page.events.is_empty() {
            return found;
        }
        found.append(&mut page.events);
    }
}

fn noted(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.note.clone()).collect()
}

fn notes(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}
