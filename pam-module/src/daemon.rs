//! The daemon's side of a login.

use std::time::Duration;

use countersign_bus::client::Begun;
use countersign_bus::types::{Challenge, Login, Next};
use countersign_bus::{Client, Door, Error};

use crate::language::Language;

/// What a login needs of the daemon, in this order: one beginning, then answers.
pub(crate) trait Daemon {
    /// Begins a login.
    fn begin(&mut self, login: &Login) -> Result<Start, Error>;
    /// Answers the challenge.
    fn respond(&mut self, answer: &str) -> Result<Next, Error>;
    /// Ends a login that will not be finished.
    fn cancel(&mut self) -> Result<(), Error>;
}

/// How a login begins. It cannot begin with success.
#[derive(Debug)]
#[must_use]
pub(crate) enum Start {
    /// The claimant is to be asked.
    Ask {
        /// For what.
        challenge: Challenge,
        /// In which language.
        language: Language,
    },
    /// No factor is demanded here.
    NotDemanded {
        /// The name of the rule that says so.
        rule: String,
    },
}

/// One step, from connecting to the answer, in all.
const STEP: Duration = Duration::from_secs(5);

/// The daemon behind a door. The transaction ends with the connection, and so with this.
pub(crate) struct BehindDoor {
    door: Door,
    login: Option<(Client, Begun)>,
}

impl BehindDoor {
    pub(crate) fn new(door: Door) -> Self {
        Self { door, login: None }
    }

    /// Does `step` with the transaction.
    fn go_on<T>(
        &mut self,
        step: impl FnOnce(&mut Client, &Begun) -> Option<Result<T, Error>>,
    ) -> Result<T, Error> {
        self.login
            .as_mut()
            .and_then(|(client, begun)| step(client, begun))
            .unwrap_or_else(|| Err(Error::Expired("no login was begun".to_owned())))
            .map_err(|error| located(error, &self.door))
    }
}

impl Daemon for BehindDoor {
    fn begin(&mut self, login: &Login) -> Result<Start, Error> {
        let begin = || {
            let mut client = Client::new(self.door.clone(), STEP)?;
            let begun = client.begin(login)?;
            let start = start(&begun)?;
            Ok((client, begun, start))
        };
        let (client, begun, start) = begin().map_err(|error| located(error, &self.door))?;
        self.login = Some((client, begun));
        Ok(start)
    }

    fn respond(&mut self, answer: &str) -> Result<Next, Error> {
        self.go_on(|client, begun| match begun {
            Begun::Transaction { transaction, .. } => Some(client.respond(transaction, answer)),
            Begun::NotDemanded { .. } | Begun::Remembered { .. } => None,
        })
    }

    fn cancel(&mut self) -> Result<(), Error> {
        self.go_on(|client, begun| match begun {
            Begun::Transaction { transaction, .. } => Some(client.cancel(transaction)),
            Begun::NotDemanded { .. } | Begun::Remembered { .. } => None,
        })
    }
}

/// The error, with where the daemon was looked for and what to see there, if it was not found.
fn located(error: Error, door: &Door) -> Error {
    let Error::Transport(why) = error else {
        return error;
    };
    let units = match door {
        Door::Root { .. } => "countersignd.socket countersignd",
        Door::Public { .. } => "dbus countersignd",
    };
    let place = door.place();
    Error::Transport(format!("{why}, at {place}; see: systemctl status {units}"))
}

fn start(begun: &Begun) -> Result<Start, Error> {
    match begun {
        Begun::Transaction {
            next: Next::Ask(challenge),
            language,
            ..
        } => Ok(Start::Ask {
            challenge: challenge.clone(),
            // A newer daemon may know a language that this module does not.
            language: language
                .as_deref()
                .and_then(Language::named)
                .unwrap_or(Language::En),
        }),
        // Nothing was proven yet.
        Begun::Transaction {
            next: Next::Finished { .. },
            ..
        } => Err(Error::Transport("a login that begins finished".into())),
        Begun::Transaction {
            next: Next::Enroll(_) | Next::Acknowledge,
            ..
        } => Err(Error::Transport("no enrolment here".into())),
        Begun::Remembered { .. } => Err(Error::Transport("no passes here".into())),
        Begun::NotDemanded { rule } => Ok(Start::NotDemanded { rule: rule.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use countersign_bus::types::Details;

    use super::*;

    #[test]
    fn a_language_that_is_not_said_or_not_known_is_english() {
        for (said, understood) in [
            (None, Language::En),
            (Some("en"), Language::En),
            (Some("ko"), Language::Ko),
            (Some("KO"), Language::En),
            (Some("xx"), Language::En),
            (Some(""), Language::En),
        ] {
            let begun = Begun::Transaction {
                transaction: "/a".try_into().unwrap(),
                next: Next::from_wire((1, Details::default())).unwrap(),
                language: said.map(str::to_owned),
            };
            let Ok(Start::Ask { language, .. }) = start(&begun) else {
                panic!("a code is asked for");
            };
            assert_eq!(language, understood, "{said:?}");
        }
    }
}
