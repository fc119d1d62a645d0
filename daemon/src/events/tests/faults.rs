//! What is left of the record when something went wrong: power, the clock, the store.

use super::*;
use crate::store::StoreError;

#[test]
fn after_a_restart_numbers_go_on_and_nothing_is_lost() {
    let host = Host::new();
    let vault = host.vault();
    let events = Events::new();
    fill(&events, &vault, Ring::Accepted, 0..150);
    let events = Events::new();
    record(&events, Ring::Accepted, 150..160);
    fill(&events, &vault, Ring::Unproven, 160..170);
    let found = all_of(&events, &vault);
    assert_eq!(noted(&found), notes(0..170));
    assert!(found.is_sorted_by(|a, b| a.sequence < b.sequence));
    // The chunk that was begun before was gone on with.
    assert_eq!(vault.memory().entries(), 1 + 2 + 1);
}

#[test]
fn numbers_go_on_even_if_the_clock_was_set_back_years() {
    let host = Host::new();
    let vault = host.vault();
    let events = Events::new();
    fill(&events, &vault, Ring::Accepted, 0..10);
    let events = Events::new();
    for number in 10..20 {
        events.record(
            Ring::Accepted,
            Event {
                at: 0,
                ..event(number)
            },
        );
    }
    assert_eq!(latest(&events, &vault, 100), notes(0..20));
    write(&events, &vault);
    assert_eq!(latest(&events, &vault, 100), notes(0..20));
}

#[test]
fn numbers_of_events_that_were_lost_with_the_power_are_not_given_again() {
    let host = Host::new();
    let vault = host.vault();
    let events = Events::new();
    fill(&events, &vault, Ring::Accepted, 0..10);
    record(&events, Ring::Accepted, 10..20);
    let wanted = Wanted {
        limit: 100,
        ..Wanted::default()
    };
    let seen = block_on(events.read(&vault, &wanted)).unwrap().upto;
    // Here it ends; and goes on ten seconds later.
    let events = Events::new();
    record(&events, Ring::Accepted, 30..31);
    let after = Wanted {
        after: seen,
        ..wanted
    };
    assert_eq!(read(&events, &vault, &after), ["30"]);
}

#[test]
fn a_damaged_chunk_is_named_and_left_out_and_written_over_in_its_turn() {
    let host = Host::new();
    let vault = host.vault();
    fill(&Events::new(), &vault, Ring::Changes, 0..350);
    vault.tamper(Ring::Changes.slot(1), Some(b"damaged".to_vec()));
    // One that lies in another's place does not open either.
    vault.tamper(Ring::Changes.slot(3), None);

    let events = Events::new();
    let wanted = Wanted {
        after: 1,
        limit: 1000,
        ..Wanted::default()
    };
    let page = block_on(events.read(&vault, &wanted)).unwrap();
    assert_eq!(
        noted(&page.events),
        [notes(0..100), notes(200..300)].concat()
    );
    assert_eq!(page.damaged.len(), 1);
    assert!(
        page.damaged[0].contains("up to 100 events of changes"),
        "{:?}",
        page.damaged
    );
    // Whoever follows is told once.
    let next = Wanted {
        after: page.upto,
        ..wanted
    };
    assert_eq!(
        block_on(events.read(&vault, &next)).unwrap().damaged,
        [""; 0]
    );

    let all = u64::from(Ring::Changes.chunks()) * 100;
    fill(&events, &vault, Ring::Changes, 1000..1000 + all);
    let page = block_on(events.read(&vault, &wanted)).unwrap();
    assert_eq!(page.damaged, [""; 0]);
}

#[test]
fn a_newest_chunk_that_is_damaged_does_not_stop_the_record() {
    for damage in [b"damaged".to_vec(), Vec::new()] {
        let host = Host::new();
        let vault = host.vault();
        let before = Events::new();
        fill(&before, &vault, Ring::Changes, 0..150);
        vault.tamper(Ring::Changes.slot(1), Some(damage));
        for events in [before, Events::new()] {
            fill(&events, &vault, Ring::Changes, 200..210);
            let found = noted(&all_of(&events, &vault));
            assert!(found.starts_with(&notes(0..100)), "{found:?}");
            assert!(found.ends_with(&notes(200..210)), "{found:?}");
        }
    }
}

#[test]
fn events_wait_while_the_store_fails_up_to_a_bound() {
    let host = Host::new();
    let vault = host.vault();
    let events = Events::new();
    record(&events, Ring::Accepted, 0..10);
    vault
        .memory()
        .fail_next(StoreError::Unavailable("full".into()));
    assert!(block_on(events.write(&vault)).is_err());
    assert!(events.is_waiting());
    write(&events, &vault);
    assert_eq!(latest(&events, &vault, 100), notes(0..10));

    record(&events, Ring::Accepted, 10..10_000);
    assert_eq!(latest(&events, &vault, 10), notes(9_990..10_000));
    write(&events, &vault);
    let most = Pending::MOST as u64;
    assert_eq!(
        noted(&all_of(&events, &vault)),
        [notes(0..10), notes(10_000 - most..10_000)].concat()
    );
}

#[test]
fn a_write_that_may_have_been_made_is_not_made_twice() {
    let host = Host::new();
    let vault = host.vault();
    let events = Events::new();
    fill(&events, &vault, Ring::Accepted, 0..10);
    record(&events, Ring::Accepted, 10..20);
    record(&events, Ring::Unproven, 20..30);
    // Read, then written without anybody knowing, three times, as often as it is tried.
    let ambiguous = || StoreError::Ambiguous("who knows".into());
    for _ in 0..8 {
        vault.memory().fail_next_change(ambiguous());
    }
    assert!(block_on(events.write(&vault)).is_err());
    assert_eq!(latest(&events, &vault, 100), notes(0..30));
    vault.memory().fail_no_more();
    write(&events, &vault);
    assert_eq!(noted(&all_of(&events, &vault)), notes(0..30));
}

#[test]
fn a_store_that_was_replaced_is_gone_on_with() {
    let host = Host::new();
    let vault = host.vault();
    let events = Events::new();
    fill(&events, &vault, Ring::Accepted, 0..10);
    let other = host.vault();
    fill(&Events::new(), &other, Ring::Accepted, 100..110);
    vault.memory().replace(other.memory());

    assert_eq!(latest(&events, &vault, 100), notes(100..110));
    record(&events, Ring::Accepted, 200..210);
    write(&events, &vault);
    let all = [notes(100..110), notes(200..210)].concat();
    assert_eq!(latest(&events, &vault, 100), all);
}
