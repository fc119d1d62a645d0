//! The record of events: written now and then, and read by root.

use countersign_bus::Error;
use countersign_bus::events::{Event, EventOptions};

use super::{Engine, unavailable};
use crate::events::{self, Events, Wanted};
use crate::vault::VaultError;

impl Engine {
    /// The most events that one call answers with.
    const MOST_EVENTS: usize = 1000;

    /// The record of events.
    pub const fn events(&self) -> &Events {
        &self.events
    }

    /// Writes the events that wait to be written.
    ///
    /// # Errors
    ///
    /// If the store fails: they wait on.
    pub async fn write_events(&self) -> Result<(), VaultError> {
        self.events.write(&self.vault).await
    }

    /// Events with a number above `after`, the first of them first; without it, the latest. And
    /// the number up to which there are no others.
    ///
    /// # Errors
    ///
    /// If the store cannot be read. A part of it that does not open is told, and left out.
    pub async fn read_events(
        &self,
        after: u64,
        options: &EventOptions,
    ) -> Result<(Vec<Event>, u64), Error> {
        let limit = options
            .limit
            .map_or(Self::MOST_EVENTS, |limit| limit as usize);
        let wanted = Wanted {
            after,
            uid: options.uid,
            since: options.since,
            limit: limit.min(Self::MOST_EVENTS),
        };
        let page = self.events.read(&self.vault, &wanted).await;
        let page = page.map_err(unavailable)?;
        let damaged = page.damaged.into_iter().map(|problem| Event {
            problem: Some(problem),
            ..Event::default()
        });
        let events = page.events.into_iter().map(travelling);
        Ok((damaged.chain(events).collect(), page.upto))
    }
}

/// An event as it travels.
fn travelling(event: events::Event) -> Event {
    let text = |text: String| (!text.is_empty()).then_some(text);
    let count = |count: u32| (count > 0).then_some(count);
    Event {
        sequence: Some(event.sequence),
        at: Some(event.at),
        kind: text(event.kind),
        outcome: text(event.outcome),
        user: text(event.user),
        uid: event.uid,
        door: text(event.door),
        by: text(event.by),
        service: text(event.service),
        origin: text(event.origin),
        tty: text(event.tty),
        factor: text(event.factor),
        wrong: count(event.wrong),
        used: count(event.used),
        unjudged: count(event.unjudged),
        note: text(event.note),
        transaction: text(event.transaction),
        rule: text(event.rule),
        problem: None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_bus::types::{EnrollOptions, Login};
    use futures_lite::future::block_on;

    use super::*;
    use crate::authorize::Caller;
    use crate::clock::Manual;
    use crate::config::Config;
    use crate::engine::{Attempt, Begun};
    use crate::entropy::Kernel;
    use crate::events::Ring;
    use crate::init::init;
    use crate::store::sqlite::Sqlite;
    use crate::vault::{Slot, Vault};

    /// How many chunks of events are in the store.
    fn chunks(engine: &Engine) -> usize {
        let places = |ring: Ring| (0..ring.chunks()).map(move |place| Slot::Events(ring, place));
        let slots = Ring::ALL.into_iter().flat_map(places);
        let filled = |slot: &Slot| block_on(engine.vault.load(slot)).unwrap().bytes.is_some();
        slots.filter(filled).count()
    }

    fn engine(directory: &std::path::Path) -> Arc<Engine> {
        let (state, key) = (directory.join("state"), directory.join("key"));
        init(&state, &key, None).unwrap();
        let vault = Vault::new(Sqlite::open(&state), key);
        let clock = Manual::at(1_790_000_000);
        Arc::new(Engine::new(vault, clock, Kernel, Config::default()))
    }

    #[test]
    fn a_login_and_a_change_are_told_and_answered_before_any_event_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let engine = engine(directory.path());
        let options = EnrollOptions {
            unconfirmed: Some(true),
            ..EnrollOptions::default()
        };
        block_on(engine.enroll(&Caller::Root, (1000, "ada"), 1, &options)).unwrap();
        let login = Login {
            user: Some("ada".to_owned()),
            uid: Some(1000),
            ..Login::default()
        };
        for _ in 0..200 {
            let begun = block_on(Attempt::begin(&engine, &Caller::Root, &login, "id"));
            let Ok(Begun::Asked(mut attempt, _, _)) = begun else {
                panic!("not asked")
            };
            // A wrong one in most cases; in one of 300,000, all three are taken.
            let _ = block_on(attempt.respond("000000"));
        }
        let all = EventOptions::default();
        let (told, _) = block_on(engine.read_events(0, &all)).unwrap();
        assert_eq!(told.len(), 201);
        assert_eq!(chunks(&engine), 0);

        block_on(engine.write_events()).unwrap();
        assert_eq!(chunks(&engine), 3, "a change, and 200 logins in two");
        assert_eq!(block_on(engine.read_events(0, &all)).unwrap().0.len(), 201);
    }

    #[test]
    fn a_page_has_no_more_than_a_thousand_events_whatever_is_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let engine = engine(directory.path());
        for number in 0..1200 {
            let event = events::Event {
                at: number,
                ..events::Event::default()
            };
            engine.events.record(Ring::Accepted, event);
            if number % 100 == 0 {
                block_on(engine.write_events()).unwrap();
            }
        }
        for limit in [None, Some(u32::MAX)] {
            let options = EventOptions {
                limit,
                ..EventOptions::default()
            };
            let (events, _) = block_on(engine.read_events(1, &options)).unwrap();
            assert_eq!(events.len(), 1000);
        }
    }
}
