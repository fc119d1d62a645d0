//! Events that are not in the store yet.

use std::collections::VecDeque;

use super::{Event, Ring, Wanted};

/// Events that are not in the store yet, in their order.
#[derive(Default)]
pub(super) struct Pending {
    events: VecDeque<(Ring, Event)>,
    /// The highest number given so far.
    last: u64,
    /// Whether the store was asked which numbers it has.
    follows: bool,
}

impl Pending {
    /// How many make it worth not to wait for more.
    pub(super) const MANY: usize = 100;
    /// How many of a ring wait while the store fails. Then the oldest gives way.
    pub(super) const MOST: usize = 250;

    /// Gives an event its number. Says how many wait.
    ///
    /// Numbers begin with the time in milliseconds, so that one whose event was lost with the
    /// power is not given again.
    pub(super) fn add(&mut self, ring: Ring, mut event: Event) -> usize {
        self.last = event.at.saturating_mul(1000).max(self.last + 1);
        event.sequence = self.last;
        let of_ring = |(other, _): &&(Ring, Event)| *other == ring;
        if self.events.iter().filter(of_ring).count() >= Self::MOST
            && let Some(oldest) = self.events.iter().position(|entry| entry.0 == ring)
        {
            self.events.remove(oldest);
        }
        self.events.push_back((ring, event));
        self.events.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Numbers what waits, and what comes, higher than what is in the store.
    pub(super) fn follow(&mut self, stored: u64) {
        let first = self
            .events
            .front()
            .map_or(self.last + 1, |(_, event)| event.sequence);
        // Only once: later ones may be in the store already, under the numbers they have.
        if !self.follows && first <= stored {
            let ahead = stored + 1 - first;
            for (_, event) in &mut self.events {
                event.sequence += ahead;
            }
            self.last += ahead;
        }
        self.follows = true;
        self.last = self.last.max(stored);
    }

    /// What is to be written to a ring.
    pub(super) fn of(&self, ring: Ring) -> Vec<Event> {
        let events = self.events.iter().filter(|(other, _)| *other == ring);
        events.map(|(_, event)| event.clone()).collect()
    }

    /// Forgets what has been written.
    pub(super) fn remove(&mut self, written: &[Vec<Event>; 4]) {
        let last = |events: &Vec<Event>| events.last().map_or(0, |event| event.sequence);
        for (ring, last) in Ring::ALL.into_iter().zip(written.iter().map(last)) {
            self.events
                .retain(|(other, event)| *other != ring || event.sequence > last);
        }
    }

    /// Those that are wanted, and the highest number given so far.
    pub(super) fn matching(&self, wanted: &Wanted) -> (Vec<Event>, u64) {
        let events = self.events.iter().map(|(_, event)| event);
        let events = events.filter(|event| wanted.includes(event));
        (events.cloned().collect(), self.last)
    }
}
