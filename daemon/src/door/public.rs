//! The public door: the name on the system bus, for everybody, each for themselves.
//!
//! Losing the bus costs screen lockers, never sshd. When it is back, so is this.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_bus::{Error, NAME};
use futures_lite::future;
use zbus::Connection;
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::{BusName, UniqueName};
use zruntime::SharedRuntime;

use crate::authorize::Caller;
use crate::server::Server;
use crate::service::{Door, serve};
use crate::transactions::Transactions;

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(5);
const SWEEP: Duration = Duration::from_secs(5);
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How many messages may wait to be handled. More stay with the bus, which counts them against
/// whoever sent them.
const MOST_WAITING: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Serves the name on the bus at `address` for ever. `opened` is called after each attempt to.
pub async fn open(
    runtime: SharedRuntime,
    address: String,
    server: Arc<Server>,
    opened: impl Fn() + Send,
) {
    let mut wait = FIRST_RETRY;
    let mut said = String::new();
    loop {
        match Hall::enter(&runtime, &address, &server).await {
            Ok(hall) => {
                tracing::info!("the public door is open, as {NAME}");
                opened();
                said.clear();
                wait = FIRST_RETRY;
                hall.attend(&runtime).await;
                tracing::warn!(
                    "the message bus went away: the public door is shut until it is back"
                );
            }
            Err(error) => {
                let text = error.to_string();
                if text != said {
                    tracing::warn!("the public door cannot open, and keeps trying: {text}");
                    said = text;
                }
                opened();
            }
        }
        runtime.sleep(wait).await;
        wait = LAST_RETRY.min(wait * 2);
    }
}

/// Two connections to a bus. Questions to the bus itself go over the second: on the first, an
/// answer could be stuck behind the very messages that wait for it.
struct Hall {
    visitors: Connection,
    transactions: Arc<Transactions>,
    doorman: Arc<Doorman>,
}

impl Hall {
    async fn enter(
        runtime: &SharedRuntime,
        address: &str,
        server: &Arc<Server>,
    ) -> zbus::Result<Self> {
        let connecting = async {
            let questions = Builder::address(address).build().await?;
            let doorman = Arc::new(Doorman::new(&questions, Arc::clone(server)).await?);
            let transactions = Arc::new(Transactions::default());
            let builder = Builder::address(address.to_owned().as_str())
                .max_queued(MOST_WAITING)
                .name(NAME);
            let door = Door::Public(Arc::clone(&doorman));
            let visitors = serve(builder, &door, server, &transactions).build().await?;
            Ok(Self {
                visitors,
                transactions,
                doorman,
            })
        };
        match runtime.timeout(INTRODUCTION, connecting).await {
            Ok(outcome) => outcome,
            Err(_) => Err(zbus::Error::Failure("the bus does not answer".to_owned())),
        }
    }

    async fn attend(&self, runtime: &SharedRuntime) {
        let questions = self.doorman.bus.inner().connection();
        while !self.visitors.is_closed() && !questions.is_closed() {
            let closed = async {
                future::or(self.visitors.closed(), questions.closed()).await;
            };
            future::or(closed, runtime.sleep(SWEEP)).await;
            let gone = self.doorman.gone(self.transactions.owners()).await;
            self.transactions
                .sweep(self.visitors.object_server(), &gone)
                .await;
        }
    }
}

/// Knows who is who on the bus, and lets nobody ask too often.
pub struct Doorman {
    bus: DBusProxy<'static>,
    server: Arc<Server>,
    /// The users of connections; of one that was closed by then, none.
    known: Mutex<HashMap<String, Option<u32>>>,
    patience: Mutex<HashMap<u32, Patience>>,
}

impl Doorman {
    /// How many connections are remembered. A connection's name is never given to another.
    const MOST_KNOWN: usize = 512;

    async fn new(questions: &Connection, server: Arc<Server>) -> zbus::Result<Self> {
        Ok(Self {
            bus: DBusProxy::new(questions).await?,
            server,
            known: Mutex::default(),
            patience: Mutex::default(),
        })
    }

    /// Who sent a message, by the word of the bus.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if that user asks too often.
    pub async fn admit(&self, header: &Header<'_>) -> Result<Caller, Error> {
        let sender = header
            .sender()
            .ok_or_else(|| Error::NotPermitted("a message from nobody".to_owned()))?;
        let uid = self.uid_of(sender).await?;
        let now = self.server.engine.uptime();
        let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        if patience.len() >= Self::MOST_KNOWN {
            patience.retain(|_, patience| !patience.is_full(now));
        }
        if patience.entry(uid).or_insert(Patience::new(now)).spend(now) {
            Ok(Caller::User {
                uid,
                connection: sender.to_string(),
            })
        } else {
            Err(Error::Busy("too many requests: wait a second".to_owned()))
        }
    }

    /// Whose connection a message came from. One that is closed already is nobody's, and stays so:
    /// what a crowd leaves behind in the queue costs one question for each of its connections.
    async fn uid_of(&self, sender: &UniqueName<'_>) -> Result<u32, Error> {
        let known = self.known().get(sender.as_str()).copied();
        let uid = match known {
            Some(uid) => uid,
            None => {
                let name = BusName::Unique(sender.clone());
                let uid = self.bus.get_connection_unix_user(name).await.ok();
                let mut known = self.known();
                if known.len() >= Self::MOST_KNOWN {
                    known.clear();
                }
                known.insert(sender.to_string(), uid);
                uid
            }
        };
        uid.ok_or_else(|| Error::NotPermitted("the bus does not know you".to_owned()))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Option<u32>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of `owners` whose connections are closed.
    async fn gone(&self, owners: Vec<Caller>) -> Vec<Caller> {
        let mut gone = Vec::new();
        for owner in owners {
            let Caller::User { connection, .. } = &owner else {
                continue;
            };
            let Ok(name) = BusName::try_from(connection.as_str()) else {
                continue;
            };
            if matches!(self.bus.name_has_owner(name).await, Ok(false)) {
                gone.push(owner);
            }
        }
        gone
    }
}

/// A token bucket: how many requests a user may still make at once.
struct Patience {
    left: f64,
    at: Duration,
}

impl Patience {
    /// At once: more than any program needs for a login or an enrolment.
    const BURST: f64 = 40.0;
    /// Each second.
    const RATE: f64 = 10.0;

    const fn new(now: Duration) -> Self {
        Self {
            left: Self::BURST,
            at: now,
        }
    }

    fn refilled(&self, now: Duration) -> f64 {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        (self.left + passed * Self::RATE).min(Self::BURST)
    }

    fn is_full(&self, now: Duration) -> bool {
        self.refilled(now) >= Self::BURST
    }

    fn spend(&mut self, now: Duration) -> bool {
        self.left = self.refilled(now);
        self.at = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_so_many_a_second() {
        let mut patience = Patience::new(Duration::ZERO);
        let at = |seconds| Duration::from_secs(seconds);
        assert_eq!((0..1000).filter(|_| patience.spend(at(0))).count(), 40);
        assert_eq!((0..1000).filter(|_| patience.spend(at(1))).count(), 10);
        assert_eq!((0..1000).filter(|_| patience.spend(at(3600))).count(), 40);
    }

    #[test]
    fn time_that_runs_back_gives_nothing() {
        let mut patience = Patience::new(Duration::from_secs(10));
        while patience.spend(Duration::from_secs(10)) {}
        assert!(!patience.spend(Duration::from_secs(5)));
    }
}
