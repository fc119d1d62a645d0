//! The daemon's side of a login.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::OwnedFd;
use std::time::Duration;

use countersign_bus::client::Begun;
use countersign_bus::types::{Challenge, Entry, Login, Next, Offer};
use countersign_bus::{Client, Door, Error, OwnedObjectPath};
use zeroize::Zeroizing;

use crate::language::Language;

/// What a login needs of the daemon: one beginning, then answers.
pub(crate) trait Daemon {
    /// Begins a login.
    fn begin(&mut self, login: &Login) -> Result<Start, Error>;
    /// Answers the challenge.
    fn respond(&mut self, answer: &str) -> Result<Next, Error>;
    /// What is to be shown with the challenge.
    fn reveal(&mut self) -> Result<Zeroizing<String>, Error>;
    /// Ends a login that will not be finished.
    fn cancel(&mut self) -> Result<(), Error>;
    /// The name of the rule by which a login that proved no factor may go on.
    fn guard(&mut self, login: &Login) -> Result<String, Error>;
}

/// How a login begins.
#[derive(Debug)]
#[must_use]
pub(crate) enum Start {
    /// The claimant is to be asked.
    Ask {
        /// For what.
        challenge: Challenge,
        /// How the password and what is asked for are typed.
        entry: Entry,
        /// In which language.
        language: Language,
    },
    /// The claimant has nothing to be asked for, and is to enroll.
    Enroll {
        /// What is offered.
        offer: Offer,
        /// In which language.
        language: Language,
    },
    /// No factor is demanded here.
    NotDemanded {
        /// The name of the rule that says so.
        rule: String,
    },
    /// A factor was proven in an earlier login, which counts here.
    Remembered {
        /// The name of the rule that says so.
        rule: String,
        /// How many seconds ago it was.
        seconds: u64,
    },
}

/// One step, from connecting to the answer, in all.
const STEP: Duration = Duration::from_secs(5);
/// The most that is revealed at once, in bytes: a key, and a picture of it.
const MOST_REVEALED: u64 = 64 * 1024;

/// The daemon behind a door. The transaction ends with the connection, and so with this.
pub(crate) struct BehindDoor {
    door: Door,
    client: Option<Client>,
    transaction: Option<OwnedObjectPath>,
}

impl BehindDoor {
    pub(crate) fn new(door: Door) -> Self {
        Self {
            door,
            client: None,
            transaction: None,
        }
    }

    /// Does `step` with the client, which goes on from one step to the next.
    fn call<T>(&mut self, step: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, Error> {
        let outcome = match &mut self.client {
            Some(client) => step(client),
            none => {
                Client::new(self.door.clone(), STEP).and_then(|client| step(none.insert(client)))
            }
        };
        outcome.map_err(|error| located(error, &self.door))
    }

    /// Does `step` with the transaction.
    fn go_on<T>(
        &mut self,
        step: impl FnOnce(&mut Client, &OwnedObjectPath) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let transaction = self.transaction.clone();
        let transaction =
            transaction.ok_or_else(|| Error::Expired("no login was begun".to_owned()))?;
        self.call(|client| step(client, &transaction))
    }
}

impl Daemon for BehindDoor {
    fn begin(&mut self, login: &Login) -> Result<Start, Error> {
        let (transaction, start) = self.call(|client| start(client.begin(login)?))?;
        self.transaction = transaction;
        Ok(start)
    }

    fn respond(&mut self, answer: &str) -> Result<Next, Error> {
        self.go_on(|client, transaction| client.respond(transaction, answer))
    }

    fn reveal(&mut self) -> Result<Zeroizing<String>, Error> {
        self.go_on(|client, transaction| text(client.reveal(transaction)?.into()))
    }

    fn cancel(&mut self) -> Result<(), Error> {
        self.go_on(|client, transaction| client.cancel(transaction))
    }

    fn guard(&mut self, login: &Login) -> Result<String, Error> {
        self.call(|client| client.guard(login))
    }
}

/// The text of a file that the daemon handed over.
fn text(file: OwnedFd) -> Result<Zeroizing<String>, Error> {
    let mut file = File::from(file);
    let mut read = || {
        let length = file.metadata()?.len().min(MOST_REVEALED);
        // As long as it can become, since growing would leave a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(length as usize + 1));
        file.rewind()?;
        (&mut file).take(length).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error: std::io::Error| Error::Transport(format!("nothing to show: {error}")))
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

/// What a login begins with, and its transaction if it has one.
fn start(begun: Begun) -> Result<(Option<OwnedObjectPath>, Start), Error> {
    let odd = |why: &str| Err(Error::Transport(format!("a login that begins {why}")));
    let (transaction, next, entry, language) = match begun {
        Begun::Transaction {
            transaction,
            next,
            entry,
            language,
        } => (transaction, next, entry, language),
        Begun::NotDemanded { rule } => return Ok((None, Start::NotDemanded { rule })),
        Begun::Remembered { rule, seconds } => {
            return Ok((None, Start::Remembered { rule, seconds }));
        }
    };
    // A newer daemon may know a language that this module does not.
    let language = language
        .as_deref()
        .and_then(Language::named)
        .unwrap_or(Language::En);
    let start = match next {
        Next::Ask(challenge) => Start::Ask {
            challenge,
            entry,
            language,
        },
        Next::Enroll(offer) => match entry {
            Entry::Separate => Start::Enroll { offer, language },
            // The password would not be proven, and there is no room to show a key.
            Entry::Appended => return odd("with an enrolment in one field"),
        },
        // Nothing was proven yet.
        Next::Finished { .. } => return odd("finished"),
        Next::Acknowledge => return odd("with its end"),
    };
    Ok((Some(transaction), start))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use countersign_bus::types::{Details, RespondReply};

    use super::*;

    fn begun(reply: RespondReply, language: Option<&str>) -> Begun {
        Begun::Transaction {
            transaction: "/a".try_into().unwrap(),
            next: Next::from_wire(reply).unwrap(),
            entry: Entry::Separate,
            language: language.map(str::to_owned),
        }
    }

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
            let Ok((Some(_), Start::Ask { language, .. })) =
                start(begun((1, Details::default()), said))
            else {
                panic!("a code is asked for");
            };
            assert_eq!(language, understood, "{said:?}");
        }
    }

    #[test]
    fn how_the_answer_is_typed_is_the_daemon_s_word_and_nobody_enrolls_in_one_field() {
        let begun = |challenge, entry| {
            let mut begun = begun((challenge, Details::default()), None);
            if let Begun::Transaction { entry: said, .. } = &mut begun {
                *said = entry;
            }
            start(begun)
        };
        for said in [Entry::Separate, Entry::Appended] {
            let Ok((Some(_), Start::Ask { entry, .. })) = begun(1, said) else {
                panic!("a code is asked for");
            };
            assert_eq!(entry, said);
        }
        let walk = begun(5, Entry::Separate);
        assert!(matches!(walk, Ok((_, Start::Enroll { .. }))));
        assert!(begun(5, Entry::Appended).is_err());
    }

    #[test]
    fn a_login_does_not_begin_with_its_end() {
        for challenge in [0, 6] {
            for (rule, remembered) in [(None, None), (None, Some(60)), (Some("office"), Some(60))] {
                let details = Details {
                    rule: rule.map(str::to_owned),
                    remembered,
                    ..Details::default()
                };
                let begun = begun((challenge, details), None);
                assert!(start(begun).is_err(), "{challenge} {rule:?} {remembered:?}");
            }
        }
    }

    #[test]
    fn what_the_daemon_hands_over_is_read_from_its_beginning_and_as_far_as_it_may_be() {
        let mut file = tempfile().unwrap();
        file.write_all(b"otpauth://\n").unwrap();
        let again = file.try_clone().unwrap();
        assert_eq!(*text(again.into()).unwrap(), "otpauth://\n");

        file.write_all(&b"a".repeat(100_000)).unwrap();
        let long = text(file.try_clone().unwrap().into()).unwrap();
        assert_eq!(long.len() as u64, MOST_REVEALED);
        file.rewind().unwrap();
        file.write_all(b"\xff").unwrap();
        assert!(text(file.into()).is_err());
    }

    /// A file without a name.
    fn tempfile() -> std::io::Result<File> {
        let name = format!("countersign-reveal-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path);
        std::fs::remove_file(path)?;
        file
    }
}
