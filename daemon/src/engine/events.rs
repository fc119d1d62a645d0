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
        problem: None,
    }
}
