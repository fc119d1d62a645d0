//! One client of the daemon, with one deadline over connecting, authenticating and calling.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::connection::Builder;
use zbus::names::BusName;
use zbus::{Connection, DynamicType, Message, OwnedFd, OwnedObjectPath, Type};
use zruntime::SharedRuntime;

use crate::door::{Door, unix_address};
use crate::error::Error;
use crate::runtime::Inline;
use crate::types::{BeginReply, Entry, Factor, Login, Next, RespondReply};
use crate::{NAME, PATH, TRANSACTION, VERIFIER};

mod admin;
mod user;

/// A client of the daemon.
///
/// It connects at its first call. It starts no thread, and leaves nothing behind once dropped.
pub struct Client {
    runtime: SharedRuntime,
    door: Door,
    limit: Duration,
    connection: Option<Connection>,
}

impl Client {
    /// A client that gives every step, from connecting to the answer, `limit` in all.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the process may open no more files.
    pub fn new(door: Door, limit: Duration) -> Result<Self, Error> {
        let runtime = SharedRuntime::new()
            .map_err(|error| Error::Transport(format!("no runtime: {error}")))?;
        Ok(Self {
            runtime,
            door,
            limit,
            connection: None,
        })
    }

    /// Where the daemon is looked for, for a message.
    pub fn place(&self) -> &str {
        self.door.place()
    }

    /// Begins a login: the transaction, and what to ask first; or the name of the rule by which
    /// no factor is demanded.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn begin(&mut self, login: &Login) -> Result<Begun, Error> {
        let (transaction, challenge, details): BeginReply =
            self.call(PATH, VERIFIER, "Begin", &(login,))?;
        if challenge != 0 {
            let language = details.language.clone();
            return Ok(Begun::Transaction {
                transaction,
                entry: Entry::from_wire(details.entry)?,
                next: Next::from_wire((challenge, details))?,
                language,
            });
        }
        // Success must never be read into an answer that merely says little.
        match (details.rule, details.remembered) {
            (Some(rule), None) => Ok(Begun::NotDemanded { rule }),
            (Some(rule), Some(seconds)) => Ok(Begun::Remembered { rule, seconds }),
            (None, _) => Err(Error::Transport(
                "a challenge of 0 without a rule".to_owned(),
            )),
        }
    }

    /// The name of the rule by which no factor is demanded of a login that proved none.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if one is demanded; whatever else the daemon says no with, or
    /// [`Error::Transport`].
    pub fn guard(&mut self, login: &Login) -> Result<String, Error> {
        self.call(PATH, VERIFIER, "Guard", &(login,))
    }

    /// A file with what is to be shown with the challenge that was asked last.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn reveal(&mut self, transaction: &OwnedObjectPath) -> Result<OwnedFd, Error> {
        self.call(transaction.as_str(), TRANSACTION, "Reveal", &())
    }

    /// Answers the challenge.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn respond(&mut self, transaction: &OwnedObjectPath, answer: &str) -> Result<Next, Error> {
        let reply: RespondReply =
            self.call(transaction.as_str(), TRANSACTION, "Respond", &(answer,))?;
        Next::from_wire(reply)
    }

    /// Asks to prove another factor instead.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn choose(&mut self, transaction: &OwnedObjectPath, factor: Factor) -> Result<Next, Error> {
        let reply: RespondReply = self.call(
            transaction.as_str(),
            TRANSACTION,
            "Choose",
            &(factor as u32,),
        )?;
        Next::from_wire(reply)
    }

    /// Ends a login that will not be finished.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn cancel(&mut self, transaction: &OwnedObjectPath) -> Result<(), Error> {
        self.call(transaction.as_str(), TRANSACTION, "Cancel", &())
    }

    /// Calls for what takes as long as there are users.
    pub(crate) fn unhurried<T>(&mut self, call: impl FnOnce(&mut Self) -> T) -> T {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        let usual = std::mem::replace(&mut self.limit, HOUR);
        let outcome = call(self);
        self.limit = usual;
        outcome
    }

    pub(crate) fn call<B, R>(
        &mut self,
        path: &str,
        interface: &str,
        member: &str,
        body: &B,
    ) -> Result<R, Error>
    where
        B: Serialize + DynamicType,
        R: DeserializeOwned + Type,
    {
        let Self {
            runtime,
            door,
            limit,
            connection,
        } = self;
        runtime.block_on(async {
            let step = async {
                if connection.is_none() {
                    *connection = Some(connect(runtime, door).await?);
                }
                let connection = connection.as_ref().ok_or(zbus::Error::InterfaceNotFound)?;
                let destination = match door {
                    Door::Root { .. } => None,
                    Door::Public { .. } => Some(BusName::try_from(NAME)?),
                };
                let reply: Message = connection
                    .call_method(destination, path, Some(interface), member, body)
                    .await?;
                reply.body().deserialize::<R>()
            };
            match runtime.timeout(*limit, step).await {
                Ok(outcome) => outcome.map_err(Error::from),
                Err(_) => Err(Error::Transport(format!(
                    "no answer within {} s",
                    limit.as_secs()
                ))),
            }
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Dropping a connection cancels its reader, but only a runtime that runs lets go of it.
        if let Some(connection) = self.connection.take() {
            let _ = self.runtime.block_on(
                self.runtime
                    .timeout(Duration::from_millis(100), connection.close()),
            );
        }
    }
}

/// A uid and its name, which the daemon holds to belong together.
pub type Account<'a> = (u32, &'a str);

/// What `Begin` led to.
#[derive(Debug)]
#[must_use]
pub enum Begun {
    /// A login that takes answers.
    Transaction {
        /// Its object.
        transaction: OwnedObjectPath,
        /// What to ask first.
        next: Next,
        /// How the answer is typed.
        entry: Entry,
        /// The name of the catalogue to ask from, if the daemon says one.
        language: Option<String>,
    },
    /// No factor is demanded here.
    NotDemanded {
        /// The name of the rule that says so.
        rule: String,
    },
    /// A factor was proven in an earlier login, which counts here too.
    Remembered {
        /// The name of the rule that says so.
        rule: String,
        /// How many seconds ago it was.
        seconds: u64,
    },
}

async fn connect(runtime: &SharedRuntime, door: &Door) -> zbus::Result<Connection> {
    let (address, listeners) = match door {
        Door::Root { socket, listeners } => (unix_address(socket), Some(listeners.clone())),
        Door::Public { bus } => (bus.clone(), None),
    };
    let builder = Builder::address(address.as_str()).runtime(Inline {
        runtime: runtime.clone(),
        listeners,
    });
    match door {
        Door::Root { .. } => builder.p2p().build().await,
        Door::Public { .. } => builder.build().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_not_there_is_told_with_its_error() {
        let door = Door::Root {
            socket: "/nonexistent/socket".to_owned(),
            listeners: vec![0],
        };
        let mut client = Client::new(door, Duration::from_secs(1)).unwrap();
        let error = client.reload().unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
    }
}
