//! The record of events: who logged in, who failed, who was changed and by whom.
//!
//! It holds what the journal is told, a bounded number of the latest, sealed in the store. A login
//! only adds to a list in memory and waits for nothing. A few seconds later the list is written,
//! many events at once. Until then they are answered from memory, so the record is as fresh as the
//! journal; a power cut costs it these seconds, and the journal still has them.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex as StdMutex, MutexGuard, PoisonError};

use futures_lite::future::zip;
use minicbor::{Decode, Encode};
use zruntime::lock::Mutex;
use zruntime::mpmc::{self, Receiver, Sender};

use self::pending::Pending;
use self::ring::Chunks;
use crate::store::{Revision, StateStore};
use crate::vault::{Vault, VaultError};

mod pending;
mod ring;
#[cfg(test)]
mod tests;

pub use self::ring::Ring;

/// Something that happened to a user's second factor, or by it.
///
/// Texts are fit to be shown: what could steer a terminal or forge a line is escaped in them. One
/// that says nothing is empty.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
#[cbor(map)]
pub struct Event {
    /// Its number: higher than that of every event before it, also across restarts; not one more.
    /// Given when it is recorded.
    #[n(0)]
    pub sequence: u64,
    /// When, by the wall clock, in seconds since the epoch.
    #[n(1)]
    pub at: u64,
    /// `login`, or `change` to what a user holds.
    #[n(2)]
    pub kind: String,
    /// How the login ended, or what was changed: one word.
    #[n(3)]
    pub outcome: String,
    /// Whom it concerns. Never a name that did not resolve.
    #[n(4)]
    pub user: String,
    /// Their uid, if they have one.
    #[n(5)]
    pub uid: Option<u32>,
    /// Which door it came through: `root` or `public`.
    #[n(6)]
    pub door: String,
    /// Who made a change.
    #[n(7)]
    pub by: String,
    /// The PAM service logged in through.
    #[n(8)]
    pub service: String,
    /// Where the login came from, as the throttle sees it.
    #[n(9)]
    pub origin: String,
    /// The terminal.
    #[n(10)]
    pub tty: String,
    /// What proved the login.
    #[n(11)]
    pub factor: String,
    /// Answers that were looked at and wrong.
    #[n(12)]
    pub wrong: u32,
    /// Answers that were right, but used up.
    #[n(13)]
    pub used: u32,
    /// Answers that the throttle did not admit.
    #[n(14)]
    pub unjudged: u32,
    /// What else an admin should know of it.
    #[n(15)]
    pub note: String,
    /// The transaction, as the journal has it.
    #[n(16)]
    pub transaction: String,
    /// The rule of the policy that decided.
    #[n(17)]
    #[cbor(default)]
    pub rule: String,
}

/// Which events are asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wanted {
    /// Those with a higher number than this, the first of them first; 0 for the latest.
    pub after: u64,
    /// Those that concern the user of this uid.
    pub uid: Option<u32>,
    /// Those that are not older than this, in seconds since the epoch.
    pub since: Option<u64>,
    /// This many at most.
    pub limit: usize,
}

/// Some of the events.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Page {
    /// In the order in which they happened.
    pub events: Vec<Event>,
    /// All that happened up to this number, and was asked for, has been answered.
    pub upto: u64,
    /// Which parts of the record cannot be read.
    pub damaged: Vec<String>,
}

impl Wanted {
    fn includes(&self, event: &Event) -> bool {
        event.sequence > self.after
            && self.uid.is_none_or(|uid| event.uid == Some(uid))
            && self.since.is_none_or(|since| event.at >= since)
    }

    const fn latest(&self) -> bool {
        self.after == 0
    }
}

/// The record of events.
pub struct Events {
    pending: StdMutex<Pending>,
    /// What is where in the store, once it is known.
    kept: Mutex<Option<Kept>>,
    stir: Sender<()>,
    stirred: Receiver<()>,
}

/// What is where in a store.
struct Kept {
    /// The store that this is true of.
    store: Revision,
    rings: [Chunks; 4],
}

impl Events {
    /// How often something is tried that a store being replaced got in the way of.
    const ROUNDS: usize = 3;

    /// A record that has nothing to write yet.
    pub fn new() -> Self {
        let (stir, stirred) = mpmc::bounded(NonZeroUsize::MIN);
        Self {
            pending: StdMutex::default(),
            kept: Mutex::new(None),
            stir,
            stirred,
        }
    }

    /// Adds an event. It waits for nothing and cannot fail.
    pub fn record(&self, ring: Ring, event: Event) {
        let waiting = self.pending().add(ring, event);
        if waiting == 1 || waiting == Pending::MANY {
            // Whoever is stirred already need not be told again.
            let _ = self.stir.try_send(());
        }
    }

    /// Whether events wait to be written.
    pub fn is_waiting(&self) -> bool {
        !self.pending().is_empty()
    }

    /// Returns when the first event waits to be written, and again when there are many.
    pub async fn stirred(&self) {
        // The sender is ours: it is never closed.
        let _ = self.stirred.recv().await;
    }

    /// Writes the events that wait.
    ///
    /// # Errors
    ///
    /// If the store fails. What was not written waits on, up to a bound.
    pub async fn write<S: StateStore>(&self, vault: &Vault<S>) -> Result<(), VaultError> {
        let mut kept = self.kept.lock().await;
        for _ in 0..Self::ROUNDS {
            if !self.is_waiting() {
                return Ok(());
            }
            let known = self.known(&mut kept, vault).await?;
            let batches = Ring::ALL.map(|ring| self.pending().of(ring));
            match known.append(vault, &batches).await {
                Ok(()) => {
                    self.pending().remove(&batches);
                    return Ok(());
                }
                Err(error) => {
                    // What was written of it is seen when it is read again.
                    *kept = None;
                    if error != VaultError::Replaced {
                        return Err(error);
                    }
                }
            }
        }
        Err(VaultError::Replaced)
    }

    /// The events that are wanted: those in the store, and those on their way there.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn read<S: StateStore>(
        &self,
        vault: &Vault<S>,
        wanted: &Wanted,
    ) -> Result<Page, VaultError> {
        let mut kept = self.kept.lock().await;
        for _ in 0..Self::ROUNDS {
            let known = self.known(&mut kept, vault).await?;
            let (waiting, upto) = self.pending().matching(wanted);
            match known.read(vault, wanted).await {
                Ok((stored, damaged)) => {
                    return Ok(page(
                        stored.into_iter().chain(waiting),
                        upto,
                        wanted,
                        damaged,
                    ));
                }
                Err(VaultError::Replaced) => *kept = None,
                Err(error) => return Err(error),
            }
        }
        Err(VaultError::Replaced)
    }

    /// What is where in the store; looked up if that is not known yet.
    async fn known<'a, S: StateStore>(
        &self,
        kept: &'a mut Option<Kept>,
        vault: &Vault<S>,
    ) -> Result<&'a mut Kept, VaultError> {
        let known = match kept.take() {
            Some(known) => known,
            None => {
                let known = Kept::look_up(vault).await?;
                self.pending().follow(known.last());
                known
            }
        };
        Ok(kept.insert(known))
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept {
    async fn look_up<S: StateStore>(vault: &Vault<S>) -> Result<Self, VaultError> {
        let store = vault.store().await?;
        let mut rings = Ring::ALL.map(Chunks::unknown);
        for ring in &mut rings {
            ring.look_up(vault, store).await?;
        }
        Ok(Self { store, rings })
    }

    /// The highest number there is.
    fn last(&self) -> u64 {
        self.rings.iter().map(Chunks::last).max().unwrap_or(0)
    }

    /// All four at once, so that they share a flush.
    async fn append<S: StateStore>(
        &mut self,
        vault: &Vault<S>,
        batches: &[Vec<Event>; 4],
    ) -> Result<(), VaultError> {
        let store = self.store;
        let [a, b, c, d] = &mut self.rings;
        let [for_a, for_b, for_c, for_d] = batches;
        let ((a, b), (c, d)) = zip(
            zip(a.append(vault, store, for_a), b.append(vault, store, for_b)),
            zip(c.append(vault, store, for_c), d.append(vault, store, for_d)),
        )
        .await;
        a.and(b).and(c).and(d)
    }

    async fn read<S: StateStore>(
        &mut self,
        vault: &Vault<S>,
        wanted: &Wanted,
    ) -> Result<(Vec<Event>, Vec<String>), VaultError> {
        let (mut events, mut damaged) = (Vec::new(), Vec::new());
        for ring in &mut self.rings {
            events.append(&mut ring.read(vault, self.store, wanted).await?);
            damaged.extend(ring.damaged(wanted));
        }
        Ok((events, damaged))
    }
}

/// The events that are asked for, of all that are wanted.
fn page(
    events: impl Iterator<Item = Event>,
    upto: u64,
    wanted: &Wanted,
    damaged: Vec<String>,
) -> Page {
    // One that was written and could not be told to have been is there twice.
    let events: BTreeMap<u64, Event> = events.map(|event| (event.sequence, event)).collect();
    let surplus = events.len().saturating_sub(wanted.limit);
    let events = events.into_values();
    let events: Vec<Event> = if wanted.latest() {
        events.skip(surplus).collect()
    } else {
        events.take(wanted.limit).collect()
    };
    let more = surplus > 0 && !wanted.latest();
    let last = events.last().map(|event| event.sequence);
    Page {
        upto: last.filter(|_| more).unwrap_or(upto),
        events,
        damaged,
    }
}
