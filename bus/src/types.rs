//! What travels: dictionaries with named, optional entries, and enumerations with 0 for "none".
//!
//! Unknown entries are ignored, so that either side may be the newer one; unknown numbers are
//! refused, since nobody can tell what they would have meant.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, OwnedFd, OwnedObjectPath, SerializeDict, Type};

use crate::error::Error;

mod backup;
mod explain;
mod status;

pub use self::backup::{
    BackupOptions, BackupReport, Problem, RestoreOptions, RestoreReport, SHORTEST_PASSPHRASE,
};
pub use self::explain::{About, ExplainOptions, Explanation, PassedOver};
pub use self::status::{CredentialStatus, PassStatus, PlaceStatus, Status};

/// `Begin`'s argument: who wants to log in, through what, from where.
///
/// On the public door the daemon takes the uid from the bus and ignores the one in here.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Login {
    /// The name typed, or its canonical form if it resolves.
    pub user: Option<String>,
    /// What the name resolves to; absent if it resolves to nobody.
    pub uid: Option<u32>,
    /// The names of the user's groups. `Begin` and `Guard` may be called without, and say
    /// [`Error::GroupsNeeded`] if the policy depends on them.
    pub groups: Option<Vec<String>>,
    /// `PAM_SERVICE`.
    pub service: Option<String>,
    /// `PAM_RHOST`: the peer's address, or what the service says instead.
    pub rhost: Option<String>,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// `PAM_RUSER`: who asked, on the other side.
    pub ruser: Option<String>,
    /// The process that leads the login session which this login is made in (as by sudo, in a
    /// session of the user's), by its pid and when it started, in clock ticks since the machine
    /// was started.
    pub session: Option<(u32, u64)>,
    /// The processes that may come to lead the session which this login begins, likewise. One of
    /// them is not known to be in that session, so what was proven in a session whose leader it is
    /// says nothing about this login.
    pub leaders: Option<Vec<(u32, u64)>>,
}

/// What a reply's dictionary may hold beside the challenge's number.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Details {
    /// How many answers the transaction still takes.
    pub tries: Option<u32>,
    /// How many codes in a row are demanded.
    pub codes: Option<u32>,
    /// How many digits a code may have here.
    pub lengths: Option<Vec<u32>>,
    /// Whether a recovery code is taken in place of the code.
    pub recovery: Option<bool>,
    /// Why it is asked again: a [`News`].
    pub news: Option<u32>,
    /// Seconds until what `news` speaks of is over.
    pub wait: Option<u64>,
    /// At the end: how many recovery codes are left, where the user should know.
    pub recovery_left: Option<u32>,
    /// In `Begin`'s reply: the name of the catalogue that the login's words are from.
    pub language: Option<String>,
    /// In `Begin`'s reply: how the code is typed, an [`Entry`]; absent, if it is separate.
    pub entry: Option<u32>,
    /// In `Begin`'s reply with challenge 0: the rule by which no factor is demanded, or by which
    /// an earlier one counts.
    pub rule: Option<String>,
    /// In `Begin`'s reply with challenge 0: an earlier login's factor counts, which was proven so
    /// many seconds ago.
    pub remembered: Option<u64>,
    /// With challenge 5: whether a QR code may be drawn on a local terminal.
    pub qr: Option<bool>,
    /// With challenge 5: until when one may enroll at a login, in seconds since the epoch.
    pub until: Option<u64>,
}

/// What `Begin` answers.
pub type BeginReply = (OwnedObjectPath, u32, Details);
/// What `Respond` and `Choose` answer.
pub type RespondReply = (u32, Details);

/// What comes next in a login.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Next {
    /// The claimant is to be asked for this.
    Ask(Challenge),
    /// The claimant is to be shown a new secret, which `Reveal` has, and asked for its first code.
    Enroll(Offer),
    /// The claimant is to be shown the recovery codes that `Reveal` has; an empty answer then
    /// finishes the login.
    Acknowledge,
    /// The factor is proven.
    Finished {
        /// How many recovery codes are left, where the user should know.
        recovery_left: Option<u32>,
    },
}

/// What to ask the claimant for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// What is asked for.
    pub ask: Ask,
    /// How many codes in a row are demanded.
    pub codes: u32,
    /// How many answers the transaction still takes, this one included.
    pub tries: u32,
    /// How many digits a code may have here.
    pub lengths: Vec<u32>,
    /// Whether a recovery code is taken in place of the code.
    pub recovery: bool,
    /// Why it is asked again.
    pub news: Option<News>,
    /// Seconds until what `news` speaks of is over.
    pub wait: Option<u64>,
}

/// A credential that is offered to a claimant who has none, and its first code asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// How many answers the transaction still takes, this one included.
    pub tries: u32,
    /// How many digits a code may have here.
    pub lengths: Vec<u32>,
    /// Why it is asked again.
    pub news: Option<News>,
    /// Whether a QR code may be drawn on a local terminal.
    pub qr: bool,
    /// Until when one may enroll at a login, in seconds since the epoch.
    pub until: Option<u64>,
}

/// The number of the challenge that is [`Next::Enroll`].
const ENROLL: u32 = 5;
/// The number of the challenge that is [`Next::Acknowledge`].
const ACKNOWLEDGE: u32 = 6;

/// What is asked for. On the wire 0 stands for "nothing".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Ask {
    /// One code.
    Code = 1,
    /// The first of several consecutive codes.
    FirstCode = 2,
    /// The code that follows the one just given.
    NextCode = 3,
    /// A recovery code.
    RecoveryCode = 4,
}

/// How password and code are typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Entry {
    /// Each at a prompt of its own, the password first.
    Separate = 1,
    /// In one field, the code behind the password.
    Appended = 2,
}

impl Entry {
    /// Out of what travelled.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the number has no meaning: asked in another way than is meant, a
    /// password might be taken for an answer.
    pub fn from_wire(number: Option<u32>) -> Result<Self, Error> {
        match number {
            None | Some(1) => Ok(Self::Separate),
            Some(2) => Ok(Self::Appended),
            Some(other) => Err(Error::Transport(format!("unknown entry {other}"))),
        }
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Separate => "separate",
            Self::Appended => "appended",
        }
    }
}

/// Why it is asked again, or in another way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum News {
    /// The answer was wrong.
    Wrong = 1,
    /// The code was right, but had been used before.
    Used = 2,
    /// After too many wrong codes several consecutive ones are asked for.
    SeveralCodes = 3,
    /// The recovery code was wrong.
    WrongRecovery = 4,
    /// After too many wrong recovery codes, they must wait.
    RecoveryWait = 5,
}

/// A kind of factor, as it travels. 0 stands for "none".
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[repr(u32)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// A time-based code, RFC 6238.
    Totp = 1,
    /// A recovery code.
    Recovery = 2,
    /// A counter-based code, RFC 4226.
    Hotp = 3,
}

impl TryFrom<u32> for Factor {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        match number {
            1 => Ok(Self::Totp),
            2 => Ok(Self::Recovery),
            3 => Ok(Self::Hotp),
            other => Err(Error::InvalidArgs(format!("no factor has number {other}"))),
        }
    }
}

impl Next {
    /// As it travels.
    pub fn into_wire(self) -> RespondReply {
        match self {
            Self::Ask(challenge) => (
                challenge.ask as u32,
                Details {
                    tries: Some(challenge.tries),
                    codes: Some(challenge.codes),
                    lengths: Some(challenge.lengths),
                    recovery: Some(challenge.recovery),
                    news: challenge.news.map(|news| news as u32),
                    wait: challenge.wait,
                    ..Details::default()
                },
            ),
            Self::Enroll(offer) => (
                ENROLL,
                Details {
                    tries: Some(offer.tries),
                    lengths: Some(offer.lengths),
                    news: offer.news.map(|news| news as u32),
                    qr: Some(offer.qr),
                    until: offer.until,
                    ..Details::default()
                },
            ),
            Self::Acknowledge => (ACKNOWLEDGE, Details::default()),
            Self::Finished { recovery_left } => (
                0,
                Details {
                    recovery_left,
                    ..Details::default()
                },
            ),
        }
    }

    /// Out of what travelled.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if a number has no meaning here: such a reply must not be taken for
    /// anything, least of all for a success.
    pub fn from_wire((challenge, details): RespondReply) -> Result<Self, Error> {
        let news = match details.news {
            None | Some(0) => None,
            Some(1) => Some(News::Wrong),
            Some(2) => Some(News::Used),
            Some(3) => Some(News::SeveralCodes),
            Some(4) => Some(News::WrongRecovery),
            Some(5) => Some(News::RecoveryWait),
            // A newer daemon's news: unknown words change nothing about what is asked.
            Some(_) => None,
        };
        let tries = details.tries.unwrap_or(1);
        let lengths = details.lengths.unwrap_or_default();
        let ask = match challenge {
            0 => {
                return Ok(Self::Finished {
                    recovery_left: details.recovery_left,
                });
            }
            1 => Ask::Code,
            2 => Ask::FirstCode,
            3 => Ask::NextCode,
            4 => Ask::RecoveryCode,
            ENROLL => {
                return Ok(Self::Enroll(Offer {
                    tries,
                    lengths,
                    news,
                    qr: details.qr.unwrap_or(false),
                    until: details.until,
                }));
            }
            ACKNOWLEDGE => return Ok(Self::Acknowledge),
            other => return Err(Error::Transport(format!("unknown challenge {other}"))),
        };
        Ok(Self::Ask(Challenge {
            ask,
            codes: details.codes.unwrap_or(1),
            tries,
            lengths,
            recovery: details.recovery.unwrap_or(false),
            news,
            wait: details.wait,
        }))
    }
}

/// `Enroll`'s options.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct EnrollOptions {
    /// What the user calls this credential.
    pub label: Option<String>,
    /// How many digits its codes have, 6 to 8.
    pub digits: Option<u32>,
    /// `SHA1`, `SHA256` or `SHA512`.
    pub algorithm: Option<String>,
    /// How many seconds a time-based code lasts, 15 to 120.
    pub period: Option<u32>,
    /// The counter of the next counter-based code, 0 unless the token was used before.
    pub counter: Option<u64>,
    /// Root door only: it counts at once, without a first code.
    pub unconfirmed: Option<bool>,
    /// A file with the secret in base 32, instead of a new one.
    pub secret: Option<OwnedFd>,
    /// Demanded on the public door: of an enrolled user a fresh code, a recovery code or an issued
    /// one; of others, if the policy asks for a ticket, an issued code.
    pub proof: Option<String>,
}

/// The options of what changes an enrolled user.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct ChangeOptions {
    /// A fresh code, a recovery code or an issued one: demanded on the public door.
    pub proof: Option<String>,
}

/// `IssueCode`'s options.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct IssueOptions {
    /// How many seconds the code is good for; ten minutes, unless this says otherwise.
    pub seconds: Option<u64>,
    /// The uid that whoever issues it logged in with, for the log.
    pub by: Option<u32>,
}

#[cfg(test)]
mod tests;
