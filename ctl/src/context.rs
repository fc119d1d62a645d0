//! What every command that asks the daemon works with.

use std::time::Duration;

use countersign_bus::{Client, Door, Error as Daemon};

use crate::account::Account;
use crate::answers::Answers;
use crate::cli::DoorArguments;
use crate::clock;
use crate::door;
use crate::error::Error;
use crate::output::Output;
use crate::report::{Credential, UserStatus};
use crate::spinner::Spinner;
use crate::words::printable;

/// What one call of the daemon may take, from connecting to the answer.
const DEADLINE: Duration = Duration::from_secs(15);

/// The daemon on one side, the person or the script on the other.
pub(crate) struct Context {
    pub(crate) answers: Answers,
    pub(crate) output: Output,
    /// When the command was given, in seconds since the epoch.
    pub(crate) now: u64,
    client: Client,
    door: Door,
}

impl Context {
    /// With the daemon behind the door that the arguments choose.
    pub(crate) fn open(arguments: &DoorArguments) -> Result<Self, Error> {
        let door = door::choose(arguments)?;
        let client = Client::new(door.clone(), DEADLINE).map_err(|error| Error::Daemon {
            error,
            door: door.clone(),
        })?;
        Ok(Self {
            answers: Answers::open()?,
            output: Output::open(),
            now: clock::now(),
            client,
            door,
        })
    }

    /// Reaches for the daemon anew: it may be another one now.
    pub(crate) fn reconnect(&mut self) -> Result<(), Error> {
        let client = Client::new(self.door.clone(), DEADLINE);
        self.client = client.map_err(|error| Error::Daemon {
            error,
            door: self.door.clone(),
        })?;
        Ok(())
    }

    /// Calls the daemon.
    pub(crate) fn call<T>(
        &mut self,
        call: impl FnOnce(&mut Client) -> Result<T, Daemon>,
    ) -> Result<T, Error> {
        call(&mut self.client).map_err(|error| Error::Daemon {
            error,
            door: self.door.clone(),
        })
    }

    /// Calls the daemon for what takes as long as there are users, and says on the terminal that
    /// it goes on. What is wrong with a file is said as the daemon says it.
    pub(crate) fn call_at_length<T>(
        &mut self,
        deed: &'static str,
        call: impl FnOnce(&mut Client) -> Result<T, Daemon>,
    ) -> Result<T, Error> {
        let spinner = Spinner::start(deed);
        let outcome = self.call(call);
        drop(spinner);
        if let Err(Error::Daemon {
            error: Daemon::InvalidArgs(text),
            ..
        }) = &outcome
        {
            let text = format!("Nothing was done: {}.", printable(text));
            return Err(Error::Refused(text));
        }
        outcome
    }

    /// Whether any user may be named.
    pub(crate) fn is_root(&self) -> bool {
        door::is_root(&self.door)
    }

    /// Refuses what only the root door serves, before anything is asked.
    pub(crate) fn need_root(&self, deed: &'static str) -> Result<(), Error> {
        if door::is_root(&self.door) {
            Ok(())
        } else {
            Err(Error::NeedsRoot(deed))
        }
    }

    /// What is known of a user.
    pub(crate) fn status(&mut self, account: &Account) -> Result<UserStatus, Error> {
        let status = self.call(|client| client.status(account.wire()))?;
        Ok(UserStatus::of(account, status))
    }

    /// A credential of a user. Looked up before a proof is asked for, which would be spent on
    /// nothing.
    pub(crate) fn credential(&mut self, account: &Account, id: &str) -> Result<Credential, Error> {
        let status = self.status(account)?;
        let found = status.credentials.into_iter().find(|c| c.id == id);
        found.ok_or_else(|| {
            Error::Refused(format!(
                "There is no credential {} of {account}. See which there are:\n  \
                 countersignctl status{}",
                printable(id),
                account.argument()
            ))
        })
    }

    /// Calls the daemon for a change, with a proof where one is demanded: on the public door, of an
    /// enrolled user a code; of another, where the policy wants that, one from the admin. It is
    /// asked for at most once.
    pub(crate) fn with_proof<T>(
        &mut self,
        account: &Account,
        mut change: impl FnMut(&mut Client, Option<String>) -> Result<T, Daemon>,
    ) -> Result<T, Error> {
        if door::is_root(&self.door) {
            return self.call(|client| change(client, None));
        }
        let mut status = self.status(account)?;
        if !status.enrolled {
            match self.call(|client| change(client, None)) {
                Err(error) if error.is_prohibition() => {
                    // It may be enrolled in the meantime, in another window.
                    status = self.status(account)?;
                    let ticket = status.issued_until.is_some_and(|until| until > self.now);
                    if !status.enrolled && !ticket {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
        let proof = self.answers.hidden(match status.enrolled {
            true => "Code from one of your factors, or a recovery code: ",
            false => "Code from your admin: ",
        })?;
        self.call(|client| change(client, Some(proof.to_string())))
    }
}
