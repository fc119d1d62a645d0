//! What travels: dictionaries with named, optional entries, and enumerations with 0 for "none".
//!
//! Unknown entries are ignored, so that either side may be the newer one; unknown numbers are
//! refused, since nobody can tell what they would have meant.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, OwnedFd, OwnedObjectPath, SerializeDict, Type};

use crate::error::Error;

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
    /// The names of the user's groups.
    pub groups: Option<Vec<String>>,
    /// `PAM_SERVICE`.
    pub service: Option<String>,
    /// `PAM_RHOST`: the peer's address, or what the service says instead.
    pub rhost: Option<String>,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// `PAM_RUSER`: who asked, on the other side.
    pub ruser: Option<String>,
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
    /// With challenge 0 in `Begin`'s reply: the rule by which no factor is demanded.
    pub rule: Option<String>,
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
            other => return Err(Error::Transport(format!("unknown challenge {other}"))),
        };
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
        Ok(Self::Ask(Challenge {
            ask,
            codes: details.codes.unwrap_or(1),
            tries: details.tries.unwrap_or(1),
            lengths: details.lengths.unwrap_or_default(),
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

/// What is known of a user; nothing of it is secret to the user or to root.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Status {
    /// The account.
    pub uid: Option<u32>,
    /// Its name, as enrolled.
    pub user: Option<String>,
    /// Whether a confirmed credential is there.
    pub enrolled: Option<bool>,
    /// What the user holds.
    pub credentials: Option<Vec<CredentialStatus>>,
    /// How many recovery codes are left.
    pub recovery_left: Option<u32>,
    /// How many scratch codes are left of the verifier that the user came from.
    pub scratch_left: Option<u32>,
    /// Until when a code that an admin issued is good, in seconds since the epoch.
    pub issued_until: Option<u64>,
    /// Seconds until recovery codes and issued codes are looked at again.
    pub recovery_wait: Option<u64>,
    /// What is demanded in each place that is told apart.
    pub places: Option<Vec<PlaceStatus>>,
    /// How many consecutive codes a login from a new place has to give now: 1, 2 or 3.
    pub codes_demanded: Option<u32>,
    /// Seconds until one code will do again.
    pub wait: Option<u64>,
    /// The places whose logins are throttled apart from everyone else's.
    pub known_origins: Option<Vec<String>>,
    /// Why nothing more can be told of this user.
    pub problem: Option<String>,
}

/// What is demanded of logins from one place.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct PlaceStatus {
    /// `unknown`, `seat`, `locker`, or an address that a login from has succeeded.
    pub place: Option<String>,
    /// How many consecutive codes a login has to give: 1, 2 or 3.
    pub codes: Option<u32>,
    /// Seconds until one code will do again, if that can be told.
    pub wait: Option<u64>,
}

/// One credential of a user.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct CredentialStatus {
    /// Names it among the user's.
    pub id: Option<String>,
    /// Its [`Factor`].
    pub factor: Option<u32>,
    /// What the user calls it.
    pub label: Option<String>,
    /// Whether a first code has confirmed it.
    pub confirmed: Option<bool>,
    /// When it was made, in seconds since the epoch.
    pub created: Option<u64>,
    /// When it last proved something, in seconds since the epoch.
    pub last_used: Option<u64>,
    /// How many digits its codes have.
    pub digits: Option<u32>,
    /// `SHA1`, `SHA256` or `SHA512`.
    pub algorithm: Option<String>,
    /// How many seconds a time-based code lasts.
    pub period: Option<u32>,
    /// How many steps the device's clock was ahead when it was last used, or, below zero, behind.
    pub drift: Option<i32>,
    /// The counter of the next counter-based code.
    pub counter: Option<u64>,
    /// Whether it takes two codes in a row before one is accepted, since the counter may be behind.
    pub uncertain: Option<bool>,
}

/// The fewest characters of a passphrase that a backup is sealed with.
pub const SHORTEST_PASSPHRASE: usize = 12;

/// `Backup`'s options.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct BackupOptions {
    /// A sealed file with a passphrase to seal it with, instead of the master key.
    pub passphrase: Option<OwnedFd>,
}

/// What came of a backup.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct BackupReport {
    /// How many users are in it.
    pub users: Option<u32>,
    /// How many are not, since what is kept of them cannot be read.
    pub skipped: Option<u32>,
    /// How large it is.
    pub bytes: Option<u64>,
    /// Of those who are not in it, the first hundred, with the reason.
    pub problems: Option<Vec<Problem>>,
}

/// `Restore`'s options.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct RestoreOptions {
    /// A sealed file with the passphrase that it was sealed with.
    pub passphrase: Option<OwnedFd>,
    /// A sealed file with the master key that it was sealed with, if that is not the daemon's.
    pub master_key: Option<OwnedFd>,
    /// Users who are there already are restored too, and not kept as they are.
    pub overwrite: Option<bool>,
    /// Recovery codes stay good though nobody knows which were used since the backup.
    pub keep_recovery_codes: Option<bool>,
    /// Nothing is changed; the report says what would be.
    pub dry_run: Option<bool>,
    /// A file in memory, to have a line written to for each user: what came of it (as the
    /// report's members are called), uid, name.
    pub list: Option<OwnedFd>,
}

/// What came of restoring a backup.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct RestoreReport {
    /// When the backup was made, in seconds since the epoch.
    pub created: Option<u64>,
    /// How many users were not there and are now.
    pub restored: Option<u32>,
    /// How many were there, and are as they were.
    pub kept: Option<u32>,
    /// How many were there, and are as in the backup but for what they have used since.
    pub merged: Option<u32>,
    /// How many were not restored.
    pub refused: Option<u32>,
    /// How many were missing in the backup already.
    pub skipped: Option<u32>,
    /// Of how many the recovery codes are void now.
    pub without_recovery_codes: Option<u32>,
    /// How many must give two codes in a row of a counter-based credential before one counts.
    pub unsynchronized: Option<u32>,
    /// Of those who were refused or skipped, the first hundred, with the reason.
    pub problems: Option<Vec<Problem>>,
}

/// A user of whom something could not be done.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Problem {
    /// The account.
    pub uid: Option<u32>,
    /// Its name, if it is known.
    pub user: Option<String>,
    /// Why, and what to do next.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_survives_the_wire() {
        for next in [
            Next::Finished {
                recovery_left: Some(3),
            },
            Next::Ask(Challenge {
                ask: Ask::FirstCode,
                codes: 2,
                tries: 2,
                lengths: vec![6, 8],
                recovery: true,
                news: Some(News::SeveralCodes),
                wait: Some(59),
            }),
        ] {
            assert_eq!(Next::from_wire(next.clone().into_wire()), Ok(next));
        }
    }

    #[test]
    fn an_unknown_challenge_is_not_taken_for_a_success() {
        let reply = Next::from_wire((17, Details::default()));
        assert!(matches!(reply, Err(Error::Transport(_))), "{reply:?}");
    }
}
