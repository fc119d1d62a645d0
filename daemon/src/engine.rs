//! Joins the pure decision to the clock, the store and the log.
//!
//! Load, judge, save, and only then answer. There is no rule in here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use countersign_bus::Error;
use countersign_core::factors::Factors;
use countersign_core::judgement::Circumstances;
use countersign_core::record::Record;
use countersign_core::throttle::Origin;
use countersign_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::audit::{Change, Told};
use crate::authorize::Caller;
use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::events::Events;
use crate::store::Revision;
use crate::store::sqlite::Sqlite;
use crate::vault::{Saved, Slot, Vault, VaultError};

mod admin;
mod attempt;
mod backup;
mod begin;
mod change;
mod claim;
mod credentials;
mod enroll;
mod errand;
mod events;
mod explain;
mod file;
mod import;
mod passes;
mod questions;
mod restore;
mod ruling;
mod status;
mod walk;

pub use attempt::Attempt;
pub use begin::{Begun, Remembered};

/// Everything around the decision.
pub struct Engine {
    vault: Vault<Sqlite>,
    clock: Box<dyn Clock>,
    entropy: Box<dyn Entropy>,
    config: RwLock<Arc<Config>>,
    events: Events,
    /// Counts what ends each enrolment at a login that is in progress: other settings, since it may
    /// last many minutes, and a reset, after which the record looks as if nothing had been.
    epoch: AtomicU64,
    /// Held while all users are gone through on a thread of its own.
    errand: Mutex<()>,
    started: Timestamp,
}

/// A record and the state of the store that it was read from.
struct Loaded {
    record: Option<Record>,
    revision: Revision,
}

impl Engine {
    /// How often a change is tried again that somebody else's change got in the way of. Each time
    /// somebody else succeeded, so that only a crowd at one user's record can use this up.
    const ROUNDS: usize = 16;

    /// An engine on its store.
    pub fn new(
        vault: Vault<Sqlite>,
        clock: impl Clock + 'static,
        entropy: impl Entropy + 'static,
        config: Config,
    ) -> Self {
        Self {
            vault,
            started: clock.now(),
            clock: Box::new(clock),
            entropy: Box::new(entropy),
            config: RwLock::new(Arc::new(config)),
            events: Events::new(),
            epoch: AtomicU64::default(),
            errand: Mutex::default(),
        }
    }

    /// The settings in force.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other settings in force, for logins that begin from now on. Enrolments at logins end.
    pub fn reconfigure(&self, config: Config) {
        let mut current = self.config.write().unwrap_or_else(PoisonError::into_inner);
        if **current != config {
            self.end_walks();
        }
        *current = Arc::new(config);
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    fn end_walks(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// A name for a new login that nobody can foretell.
    ///
    /// # Errors
    ///
    /// If there is no randomness to be had.
    pub fn transaction_id(&self) -> Result<String, Error> {
        let bytes: Zeroizing<[u8; 16]> = self.random()?;
        Ok(format!("{:032x}", u128::from_be_bytes(*bytes)))
    }

    /// The time that only ever passes.
    pub fn uptime(&self) -> std::time::Duration {
        self.clock.uptime()
    }

    /// Whether the store answers at all, be it with an error.
    pub async fn is_alive(&self) {
        // What it answers does not matter here: a login that needs it will say so.
        let _ = self.vault.load(&Slot::User(0)).await;
    }

    /// Tells the journal and the record of what happened.
    fn tell(&self, told: Told) {
        told.log();
        if let Some(ring) = told.ring {
            self.events.record(ring, told.event);
        }
    }

    /// As [`tell`](Self::tell), of a change to what a user holds.
    fn tell_change(&self, caller: &Caller, account: (u32, &str), change: Change, note: &str) {
        self.tell(change.made(caller, account, note, self.clock.now()));
    }

    fn random<const N: usize>(&self) -> Result<Zeroizing<[u8; N]>, Error> {
        let mut bytes = Zeroizing::new([0; N]);
        self.entropy
            .fill(bytes.as_mut_slice())
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(bytes)
    }

    async fn load(&self, slot: &Slot) -> Result<Loaded, Error> {
        let loaded = self.vault.load(slot).await.map_err(unavailable)?;
        let record = loaded
            .bytes
            .map(|bytes| Record::decode(&bytes))
            .transpose()
            .map_err(|undecodable| {
                tracing::error!(slot = %slot, "{undecodable}");
                Error::Unavailable(undecodable.to_string())
            })?;
        Ok(Loaded {
            record,
            revision: loaded.revision,
        })
    }

    async fn save(&self, slot: &Slot, record: &Record, expect: Revision) -> Result<(), SaveError> {
        let bytes = record
            .encode()
            .map_err(|error| SaveError::Failed(Error::Unavailable(error.to_string())))?;
        match self.vault.save(slot, &bytes, expect).await {
            Ok(Saved::Committed) => Ok(()),
            Ok(Saved::Conflict) => Err(SaveError::Conflict),
            Err(error) => Err(SaveError::Failed(unavailable(error))),
        }
    }

    fn circumstances<'a>(&self, config: &'a Config, origin: Origin) -> Circumstances<'a> {
        Circumstances {
            rule: &config.backoff,
            origin,
            now: self.clock.now(),
            factors: Factors::ALL,
        }
    }
}

/// A record was not saved.
enum SaveError {
    /// It had changed in the meantime: load and judge again.
    Conflict,
    /// It could not be, or nobody knows whether it was. Nothing may be concluded from it.
    Failed(Error),
}

fn unavailable(error: VaultError) -> Error {
    let text = error.to_string();
    tracing::error!("{text}");
    Error::Unavailable(text)
}

fn busy() -> Error {
    Error::Busy("too many logins of one user at once: try again".to_owned())
}
