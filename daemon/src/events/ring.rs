//! A ring of chunks in the store: when it is full, the newest chunk takes the oldest one's place.

use minicbor::{Decode, Encode};

use super::{Event, Wanted};
use crate::store::{Revision, StateStore};
use crate::vault::{Loaded, Saved, Slot, Vault, VaultError};

/// What an event competes with for room. Whoever can cause one kind at will cannot push out
/// another: an unprivileged process reaches only the last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ring {
    /// Changes that root made.
    Changes,
    /// Logins through the root door that succeeded: each took a code.
    Accepted,
    /// Logins through the root door that took none: refused, not asked, or remembered.
    Unproven,
    /// What came through the public door.
    Public,
}

impl Ring {
    /// All rings.
    pub const ALL: [Self; 4] = [Self::Changes, Self::Accepted, Self::Unproven, Self::Public];

    /// How many chunks it has: 10,000 events in all.
    pub const fn chunks(self) -> u16 {
        match self {
            Self::Changes => 20,
            Self::Accepted => 40,
            Self::Unproven => 30,
            Self::Public => 10,
        }
    }

    /// What a message calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Accepted => "accepted logins",
            Self::Unproven => "other logins",
            Self::Public => "the public door",
        }
    }

    /// Its number in the store.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Changes => 1,
            Self::Accepted => 2,
            Self::Unproven => 3,
            Self::Public => 4,
        }
    }

    pub(super) const fn slot(self, place: u16) -> Slot {
        Slot::Events(self, place)
    }

    fn place(self, number: u64) -> u16 {
        // Less than the number of chunks, so nothing is cut off.
        (number % u64::from(self.chunks())) as u16
    }
}

/// What lies in one place of a ring.
#[derive(Decode, Encode)]
struct Chunk {
    /// One more than that of the chunk before it; it lies where the rest of its division by the
    /// number of chunks says.
    #[n(0)]
    number: u64,
    #[n(1)]
    events: Vec<Event>,
}

impl Chunk {
    /// How many events it holds at most.
    const ROOM: usize = 100;
}

/// What is in a place, without the events themselves.
#[derive(Clone, Copy)]
enum Place {
    Empty,
    Filled(Span),
    /// It does not open. It is written over when its turn comes.
    Damaged,
}

#[derive(Clone, Copy)]
struct Span {
    number: u64,
    /// The number of its last event.
    last: u64,
    events: usize,
}

/// The chunks of a ring.
pub(super) struct Chunks {
    ring: Ring,
    places: Vec<Place>,
}

impl Chunks {
    /// Those of a ring that was not looked at yet.
    pub(super) fn unknown(ring: Ring) -> Self {
        Self {
            ring,
            places: vec![Place::Empty; usize::from(ring.chunks())],
        }
    }

    /// Sees what is where.
    ///
    /// # Errors
    ///
    /// If the store fails, or is not the one of `store` any more. What does not open is no error.
    pub(super) async fn look_up<S: StateStore>(
        &mut self,
        vault: &Vault<S>,
        store: Revision,
    ) -> Result<(), VaultError> {
        for place in 0..self.ring.chunks() {
            let _ = self.open(vault, store, place).await?;
        }
        Ok(())
    }

    /// The highest number in the ring; 0 if it is empty.
    pub(super) fn last(&self) -> u64 {
        self.newest().map_or(0, |span| span.last)
    }

    /// Writes `events` behind those that are there, but for those that are there already.
    ///
    /// # Errors
    ///
    /// As [`look_up`](Self::look_up). Some of them may have been written.
    pub(super) async fn append<S: StateStore>(
        &mut self,
        vault: &Vault<S>,
        store: Revision,
        events: &[Event],
    ) -> Result<(), VaultError> {
        let stored = self.last();
        let mut new = events.to_vec();
        new.retain(|event| event.sequence > stored);
        while !new.is_empty() {
            let (mut chunk, revision) = self.last_with_room(vault, store).await?;
            let room = Chunk::ROOM.saturating_sub(chunk.events.len());
            chunk.events.extend(new.drain(..room.min(new.len())));
            let slot = self.ring.slot(self.ring.place(chunk.number));
            let bytes = minicbor::to_vec(&chunk).map_err(|_| VaultError::Unsealable(slot))?;
            match vault.save(&slot, &bytes, revision).await? {
                Saved::Committed => self.note(self.ring.place(chunk.number), filled(&chunk)),
                Saved::Conflict => return Err(VaultError::Replaced),
            }
        }
        Ok(())
    }

    /// The wanted events of this ring: of those that go on the page, all.
    ///
    /// # Errors
    ///
    /// As [`look_up`](Self::look_up).
    pub(super) async fn read<S: StateStore>(
        &mut self,
        vault: &Vault<S>,
        store: Revision,
        wanted: &Wanted,
    ) -> Result<Vec<Event>, VaultError> {
        let mut spans: Vec<Span> = self.spans().collect();
        spans.retain(|span| span.last > wanted.after);
        spans.sort_by_key(|span| span.number);
        if wanted.latest() {
            spans.reverse();
        }
        let mut found = Vec::new();
        for span in spans {
            if found.len() > wanted.limit {
                break;
            }
            let place = self.ring.place(span.number);
            let (chunk, _) = self.open(vault, store, place).await?;
            let events = chunk.into_iter().flat_map(|chunk| chunk.events);
            found.extend(events.filter(|event| wanted.includes(event)));
        }
        Ok(found)
    }

    /// The parts that do not open, to be told to whoever reads from before their end.
    pub(super) fn damaged(&self, wanted: &Wanted) -> Option<String> {
        let damaged = self
            .places
            .iter()
            .filter(|place| matches!(place, Place::Damaged));
        let events = damaged.count() * Chunk::ROOM;
        (events > 0 && wanted.after < self.last().max(1)).then(|| {
            format!(
                "up to {events} events of {} are damaged, or were put there by someone else: they \
                 are left out; the journal has them",
                self.ring.name()
            )
        })
    }

    /// The newest chunk if there is room in it, else an empty one in the place that is next; and
    /// the state that its place is in.
    async fn last_with_room<S: StateStore>(
        &mut self,
        vault: &Vault<S>,
        store: Revision,
    ) -> Result<(Chunk, Revision), VaultError> {
        let newest = self.newest();
        if let Some(span) = newest.filter(|span| span.events < Chunk::ROOM)
            && let (Some(chunk), Some(revision)) = self
                .open(vault, store, self.ring.place(span.number))
                .await?
        {
            return Ok((chunk, revision));
        }
        let number = newest.map_or(0, |span| span.number + 1);
        let place = self.ring.place(number);
        let revision = match self.open(vault, store, place).await? {
            (_, Some(revision)) => revision,
            (_, None) => {
                vault.remove(&self.ring.slot(place)).await?;
                let (_, revision) = self.open(vault, store, place).await?;
                revision.ok_or(VaultError::Replaced)?
            }
        };
        let events = Vec::new();
        Ok((Chunk { number, events }, revision))
    }

    /// What is in a place, and the state it is in; neither, if it does not open.
    async fn open<S: StateStore>(
        &mut self,
        vault: &Vault<S>,
        store: Revision,
        place: u16,
    ) -> Result<(Option<Chunk>, Option<Revision>), VaultError> {
        let slot = self.ring.slot(place);
        let Loaded { bytes, revision } = match vault.load(&slot).await {
            Err(VaultError::Unsealable(_)) => {
                self.damage(place);
                return Ok((None, None));
            }
            loaded => loaded?,
        };
        if !revision.same_store(store) {
            return Err(VaultError::Replaced);
        }
        let Some(bytes) = bytes else {
            self.note(place, Place::Empty);
            return Ok((None, Some(revision)));
        };
        let chunk = minicbor::decode::<Chunk>(&bytes).ok();
        let chunk = chunk.filter(|chunk| self.ring.place(chunk.number) == place);
        match &chunk {
            Some(chunk) => self.note(place, filled(chunk)),
            None => self.damage(place),
        }
        Ok((chunk, Some(revision)))
    }

    fn damage(&mut self, place: u16) {
        let known = self.places.get(usize::from(place));
        if !matches!(known, Some(Place::Damaged)) {
            tracing::error!(
                "a part of the record of events does not open ({}): up to {} events are lost to \
                 `countersignctl events`; they are in this journal",
                self.ring.slot(place),
                Chunk::ROOM
            );
        }
        self.note(place, Place::Damaged);
    }

    fn note(&mut self, place: u16, what: Place) {
        if let Some(noted) = self.places.get_mut(usize::from(place)) {
            *noted = what;
        }
    }

    fn newest(&self) -> Option<Span> {
        self.spans().max_by_key(|span| span.number)
    }

    fn spans(&self) -> impl Iterator<Item = Span> {
        self.places.iter().filter_map(|place| match place {
            Place::Filled(span) => Some(*span),
            Place::Empty | Place::Damaged => None,
        })
    }
}

fn filled(chunk: &Chunk) -> Place {
    Place::Filled(Span {
        number: chunk.number,
        last: chunk.events.last().map_or(0, |event| event.sequence),
        events: chunk.events.len(),
    })
}
