//! One client of the daemon, with one deadline over connecting, authenticating and calling.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::connection::Builder;
use zbus::names::BusName;
use zbus::{Connection, DynamicType, Fd, Message, OwnedFd, OwnedObjectPath, Type};
use zruntime::SharedRuntime;

use crate::error::Error;
use crate::events::{Event, EventOptions};
use crate::runtime::Inline;
use crate::types::{
    BackupOptions, BackupReport, BeginReply, ChangeOptions, EnrollOptions, Factor, IssueOptions,
    Login, Next, RespondReply, RestoreOptions, RestoreReport, Status,
};
use crate::{ADMIN, NAME, PATH, TRANSACTION, USER, VERIFIER};

/// How the daemon is reached.
#[derive(Clone, Debug)]
pub enum Door {
    /// The root door: a socket of its own, D-Bus from peer to peer.
    Root {
        /// Where the socket is.
        socket: String,
        /// The uids that may be listening there.
        listeners: Vec<u32>,
    },
    /// The public door: the name on a message bus.
    Public {
        /// The D-Bus address of the bus.
        bus: String,
    },
}

impl Door {
    /// The root door at its usual place, with root listening.
    pub fn root() -> Self {
        Self::Root {
            socket: crate::SOCKET.to_owned(),
            listeners: vec![0],
        }
    }

    /// The public door on the system bus.
    pub fn public() -> Self {
        Self::Public {
            bus: crate::SYSTEM_BUS.to_owned(),
        }
    }

    /// Where it is, for a message.
    pub fn place(&self) -> &str {
        match self {
            Self::Root { socket, .. } => socket,
            Self::Public { bus } => bus,
        }
    }
}

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
                next: Next::from_wire((challenge, details))?,
                language,
            });
        }
        // Success must never be read into an answer that merely says little.
        details
            .rule
            .map(|rule| Begun::NotDemanded { rule })
            .ok_or_else(|| Error::Transport("a challenge of 0 without a rule".to_owned()))
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

    /// What is known of a user.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn status(&mut self, (uid, name): Account<'_>) -> Result<Status, Error> {
        self.call(PATH, USER, "Status", &(uid, name))
    }

    /// Offers a user a new credential: its id, and a file with its key URI in the first line and
    /// recovery codes, if any were made, in the others.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn enroll(
        &mut self,
        (uid, name): Account<'_>,
        factor: Factor,
        options: &EnrollOptions,
    ) -> Result<(String, OwnedFd), Error> {
        let arguments = (uid, name, factor as u32, options);
        self.call(PATH, USER, "Enroll", &arguments)
    }

    /// Confirms a credential by its first code; the file holds recovery codes, if any were made.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn confirm(
        &mut self,
        (uid, name): Account<'_>,
        credential: &str,
        code: &str,
    ) -> Result<OwnedFd, Error> {
        self.call(PATH, USER, "Confirm", &(uid, name, credential, code))
    }

    /// Takes a credential away from a user.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn remove(
        &mut self,
        (uid, name): Account<'_>,
        credential: &str,
        options: &ChangeOptions,
    ) -> Result<(), Error> {
        self.call(PATH, USER, "Remove", &(uid, name, credential, options))
    }

    /// Calls a credential of a user otherwise.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn rename(
        &mut self,
        (uid, name): Account<'_>,
        credential: &str,
        label: &str,
        options: &ChangeOptions,
    ) -> Result<(), Error> {
        let arguments = (uid, name, credential, label, options);
        self.call(PATH, USER, "Rename", &arguments)
    }

    /// Finds a device again by two codes in a row: the id of the credential that they are of.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn resynchronize(
        &mut self,
        (uid, name): Account<'_>,
        codes: [&str; 2],
    ) -> Result<String, Error> {
        let arguments = (uid, name, codes[0], codes[1]);
        self.call(PATH, USER, "Resynchronize", &arguments)
    }

    /// Makes new recovery codes, and the old ones void.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn renew_recovery_codes(
        &mut self,
        (uid, name): Account<'_>,
        options: &ChangeOptions,
    ) -> Result<OwnedFd, Error> {
        self.call(PATH, USER, "RenewRecoveryCodes", &(uid, name, options))
    }

    /// Up to `limit` users with a uid above `after` (from the first one on, without it), in order.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn list(&mut self, after: Option<u32>, limit: u32) -> Result<Vec<Status>, Error> {
        // On the wire 2^32 - 1, which is nobody's uid, stands for "from the first one on".
        self.call(PATH, ADMIN, "List", &(after.unwrap_or(u32::MAX), limit))
    }

    /// Logins and changes with a number above `after`, the first of them first; with 0, the latest.
    /// And what to give as `after` to learn of what comes next.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn events(
        &mut self,
        after: u64,
        options: &EventOptions,
    ) -> Result<(Vec<Event>, u64), Error> {
        self.call(PATH, ADMIN, "Events", &(after, options))
    }

    /// Forgets a user altogether.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn reset(&mut self, uid: u32) -> Result<(), Error> {
        self.call(PATH, ADMIN, "Reset", &(uid,))
    }

    /// Forgets a user's wrong answers.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn unlock(&mut self, uid: u32) -> Result<(), Error> {
        self.call(PATH, ADMIN, "Unlock", &(uid,))
    }

    /// Issues a code that is good for one login: a file with it, and until when it is good, in
    /// seconds since the epoch.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn issue_code(
        &mut self,
        (uid, name): Account<'_>,
        options: &IssueOptions,
    ) -> Result<(OwnedFd, u64), Error> {
        self.call(PATH, ADMIN, "IssueCode", &(uid, name, options))
    }

    /// Has the configuration read again.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn reload(&mut self) -> Result<(), Error> {
        self.call(PATH, ADMIN, "Reload", &())
    }

    /// Writes all that is kept of all users, sealed, to `file`: a regular file with nothing in it.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn backup(
        &mut self,
        file: BorrowedFd<'_>,
        options: &BackupOptions,
    ) -> Result<BackupReport, Error> {
        self.unhurried(|client| client.call(PATH, ADMIN, "Backup", &(Fd::from(file), options)))
    }

    /// Restores what [`backup`](Self::backup) wrote to `file`, which is read from its beginning.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn restore(
        &mut self,
        file: BorrowedFd<'_>,
        options: &RestoreOptions,
    ) -> Result<RestoreReport, Error> {
        self.unhurried(|client| client.call(PATH, ADMIN, "Restore", &(Fd::from(file), options)))
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
        /// The name of the catalogue to ask from, if the daemon says one.
        language: Option<String>,
    },
    /// No factor is demanded here.
    NotDemanded {
        /// The name of the rule that says so.
        rule: String,
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

/// The D-Bus address of the socket at `path`, with everything escaped that would mean something
/// else in an address (D-Bus specification, "Server Addresses").
fn unix_address(path: &str) -> String {
    let mut address = "unix:path=".to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_/.*".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02x}"));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_become_another_address() {
        assert_eq!(
            unix_address("/run/countersign/socket"),
            "unix:path=/run/countersign/socket"
        );
        assert_eq!(
            unix_address("/tmp/a,b;tcp:host=x %"),
            "unix:path=/tmp/a%2cb%3btcp%3ahost%3dx%20%25"
        );
    }

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
