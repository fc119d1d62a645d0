//! What came of a login, for PAM and for the log.

use std::fmt;

use countersign_bus::Error;
use pam::constants::PamResultCode;
use pam_countersign_ffi::{NoAnswer, NotKept, Priority};

use crate::account::{BadName, Unresolved};
use crate::messages::Message;
use crate::options::BadArgument;

/// Why the module does not stand in the way.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Passed {
    /// The factor is proven.
    Finished,
    /// A rule of this name demands none; the daemon has it on record.
    NotDemanded {
        /// The rule.
        rule: String,
    },
    /// A factor proven in an earlier login counts, as a rule of this name says.
    Remembered {
        /// The rule.
        rule: String,
        /// How many seconds ago it was.
        seconds: u64,
    },
}

/// Why the login must not go on.
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Refusal {
    /// The PAM configuration says something that has no meaning.
    Argument(BadArgument),
    /// The application does not say who logs in.
    NoName(NoAnswer),
    /// Nobody can have this name.
    Name(BadName),
    /// The system cannot tell who this is.
    Unresolved(Unresolved),
    /// The application cannot or will not ask.
    NoAnswer(NoAnswer),
    /// Nothing was typed, again and again.
    NothingTyped,
    /// What was typed for password and code does not end in what was asked for.
    NoCodeAtTheEnd,
    /// The code was right, and the password that was typed with it cannot be given on.
    NotHandedOn(NotKept),
    /// As many answers as there may be were given, and the daemon did not see all of them.
    TooManyAnswers,
    /// The service has one field, whose whole content another module took for the password, and
    /// which came again in answer to the question for the code.
    StandsTooLow,
    /// The user is to enroll, and cannot be shown how here.
    NoRoomToEnroll,
    /// A factor is demanded, as the daemon says, and none was proven in this login.
    Unproven(String),
    /// The daemon says no, or nothing.
    Daemon(Error),
}

/// What follows from a refusal.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Consequence {
    /// What libpam is told.
    pub(crate) result: PamResultCode,
    /// What the claimant is told: nothing where the application's own words say enough, or where
    /// more would say too much.
    pub(crate) message: Option<Message>,
    /// What the log makes of it.
    pub(crate) priority: Priority,
}

/// The number for libpam: the one place in which an outcome becomes one.
pub(crate) fn result(outcome: &Result<Passed, Refusal>) -> PamResultCode {
    match outcome {
        Ok(Passed::Finished | Passed::Remembered { .. }) => PamResultCode::PAM_SUCCESS,
        // The module has no say then: with SUCCESS, `sufficient` would skip the password.
        Ok(Passed::NotDemanded { .. }) => PamResultCode::PAM_IGNORE,
        Err(refusal) => refusal.consequence().result,
    }
}

/// The number as the programs of a `PAM_SERVICE` understand it.
///
/// GDM takes `PAM_AUTHINFO_UNAVAIL` for a way to log in that is not there, and its login screen then
/// waits for another one without an end, and takes nothing but Escape (43.0,
/// `gdm_session_worker_authenticate_user`: seen).
pub(crate) fn as_understood(result: PamResultCode, service: &str) -> PamResultCode {
    if result == PamResultCode::PAM_AUTHINFO_UNAVAIL && service.starts_with("gdm-") {
        PamResultCode::PAM_AUTH_ERR
    } else {
        result
    }
}

impl Refusal {
    /// What follows.
    ///
    /// There is no `_` arm, so that nothing new can become a success, or be ignored, unseen.
    pub(crate) fn consequence(&self) -> Consequence {
        match self {
            Self::Argument(_) => Consequence {
                result: PamResultCode::PAM_SERVICE_ERR,
                message: None,
                priority: Priority::Error,
            },
            Self::NoName(_) | Self::NoAnswer(_) => turned_away(PamResultCode::PAM_CONV_ERR),
            Self::Name(_)
            | Self::NothingTyped
            | Self::NoCodeAtTheEnd
            | Self::TooManyAnswers
            | Self::StandsTooLow
            | Self::NoRoomToEnroll => turned_away(PamResultCode::PAM_AUTH_ERR),
            Self::Unproven(_) => Consequence {
                message: Some(Message::CodeNeeded),
                ..turned_away(PamResultCode::PAM_PERM_DENIED)
            },
            Self::Unresolved(_) | Self::NotHandedOn(_) => cannot_tell(),
            Self::Daemon(error) => match error {
                Error::NotPermitted(_) => turned_away(PamResultCode::PAM_PERM_DENIED),
                // Not PAM_MAXTRIES for the throttled: sshd then drops every method it offers, and
                // its client asks for a password that nobody looks at.
                Error::Rejected(_)
                | Error::Throttled(_)
                | Error::Expired(_)
                | Error::NotEnrolled(_) => turned_away(PamResultCode::PAM_AUTH_ERR),
                Error::GroupsNeeded(_)
                | Error::InvalidArgs(_)
                | Error::Unavailable(_)
                | Error::Busy(_)
                | Error::Transport(_) => cannot_tell(),
            },
        }
    }
}

fn turned_away(result: PamResultCode) -> Consequence {
    Consequence {
        result,
        message: None,
        priority: Priority::Notice,
    }
}

fn cannot_tell() -> Consequence {
    Consequence {
        result: PamResultCode::PAM_AUTHINFO_UNAVAIL,
        message: Some(Message::Unavailable),
        priority: Priority::Error,
    }
}

/// For the log: what happened, and what an admin can do where something has to be done.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(bad) => {
                write!(
                    f,
                    "{bad}; correct the line of this module in the PAM configuration"
                )
            }
            Self::NoName(why) => write!(f, "nobody says who logs in: {why}"),
            Self::Name(bad) => bad.fmt(f),
            Self::Unresolved(why) => write!(f, "{why}; see: getent passwd, /etc/nsswitch.conf"),
            Self::NoAnswer(why) => write!(f, "nobody can be asked: {why}"),
            Self::NothingTyped => f.write_str("nothing was typed"),
            Self::NoCodeAtTheEnd => f.write_str(
                "what was typed for password and code does not end in what was asked for",
            ),
            Self::NotHandedOn(why) => {
                write!(
                    f,
                    "the code was right, but the password cannot be given on: {why}; "
                )?;
                f.write_str("see: journalctl -k")
            }
            Self::TooManyAnswers => {
                f.write_str("too many answers, and not all of them could be codes")
            }
            Self::StandsTooLow => {
                f.write_str(
                    "no code was typed, since this service has one field for password and code, ",
                )?;
                f.write_str(
                    "and the line of this module stands behind one that asks for the password; ",
                )?;
                f.write_str("see: man pam_countersign, ONE FIELD")
            }
            Self::NoRoomToEnroll => {
                f.write_str("the user has to enroll, which this service cannot show how to do: ")?;
                f.write_str("log in through ssh or a terminal, or run countersignctl enroll")
            }
            Self::Unproven(why) => {
                write!(f, "the guard: {why}; see: man pam_countersign, THE GUARD")
            }
            Self::Daemon(error) => told_by_daemon(error, f),
        }
    }
}

fn told_by_daemon(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        Error::NotPermitted(_)
        | Error::Rejected(_)
        | Error::Expired(_)
        | Error::NotEnrolled(_)
        | Error::Throttled(_) => write!(f, "{error}"),
        Error::GroupsNeeded(_) | Error::InvalidArgs(_) => {
            write!(f, "countersignd does not understand this module: {error}; ")?;
            f.write_str("install the same version of both")
        }
        Error::Unavailable(_) | Error::Busy(_) => {
            write!(f, "countersignd: {error}; see: journalctl -u countersignd")
        }
        // The door adds where it looked, and what to see there.
        Error::Transport(_) => write!(f, "countersignd: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::UserName;
    use crate::options::Options;

    fn refusals() -> Vec<(Refusal, i32)> {
        let no_answer = NoAnswer { result: 19 };
        let argument = Options::parse(&[c"nullok"], 0).unwrap_err();
        let name = UserName::parse(Vec::new()).unwrap_err();
        let mut refusals = vec![
            (Refusal::Argument(argument), 3),
            (Refusal::NoName(no_answer), 19),
            (Refusal::Name(name), 7),
            (Refusal::NoAnswer(no_answer), 19),
            (Refusal::NothingTyped, 7),
            (Refusal::NoCodeAtTheEnd, 7),
            (Refusal::NotHandedOn(NotKept { result: 5 }), 9),
            (Refusal::TooManyAnswers, 7),
            (Refusal::StandsTooLow, 7),
            (Refusal::NoRoomToEnroll, 7),
            (Refusal::Unproven("why".to_owned()), 6),
        ];
        let why = || "why".to_owned();
        refusals.extend(
            [
                (Error::NotPermitted(why()), 6),
                (Error::Rejected(why()), 7),
                (Error::Expired(why()), 7),
                (Error::NotEnrolled(why()), 7),
                (Error::Throttled(why()), 7),
                (Error::GroupsNeeded(why()), 9),
                (Error::InvalidArgs(why()), 9),
                (Error::Unavailable(why()), 9),
                (Error::Busy(why()), 9),
                (Error::Transport(why()), 9),
            ]
            .map(|(error, number)| (Refusal::Daemon(error), number)),
        );
        refusals
    }

    #[test]
    fn every_outcome_has_its_number() {
        assert_eq!(result(&Ok(Passed::Finished)) as i32, 0);
        let rule = "office".to_owned();
        let seconds = 60;
        let remembered = Passed::Remembered {
            rule: rule.clone(),
            seconds,
        };
        assert_eq!(result(&Ok(remembered)) as i32, 0);
        assert_eq!(result(&Ok(Passed::NotDemanded { rule })) as i32, 25);
        for (refusal, number) in refusals() {
            assert_eq!(result(&Err(refusal)) as i32, number);
        }
    }

    #[test]
    fn a_refusal_is_neither_a_success_nor_ignored() {
        for (refusal, _) in refusals() {
            for service in ["", "sshd", "gdm-password"] {
                let result = as_understood(refusal.consequence().result, service);
                assert_ne!(result, PamResultCode::PAM_SUCCESS, "{refusal:?}");
                assert_ne!(result, PamResultCode::PAM_IGNORE, "{refusal:?}");
            }
        }
    }

    #[test]
    fn to_gdm_a_login_that_nobody_can_judge_is_one_that_failed() {
        let numbers = |service: &str| -> Vec<i32> {
            let refusals = refusals().into_iter();
            refusals
                .map(|(refusal, _)| as_understood(refusal.consequence().result, service) as i32)
                .collect()
        };
        let usual = numbers("sshd");
        assert!(usual.contains(&9));
        for other in ["", "gdm", "lightdm", "xgdm-password"] {
            assert_eq!(numbers(other), usual, "{other}");
        }
        let failed = usual.iter().map(|n| if *n == 9 { 7 } else { *n });
        assert_eq!(numbers("gdm-password"), failed.collect::<Vec<_>>());
    }

    #[test]
    fn the_claimant_is_told_when_nobody_can_tell_and_by_the_guard() {
        for (refusal, number) in refusals() {
            let told = refusal.consequence().message;
            let expected = match (&refusal, number) {
                (Refusal::Unproven(_), _) => Some(Message::CodeNeeded),
                (_, 9) => Some(Message::Unavailable),
                (_, _) => None,
            };
            assert_eq!(told, expected, "{refusal:?}");
        }
    }

    #[test]
    fn what_needs_mending_is_an_error_and_says_what_to_do() {
        for (refusal, number) in refusals() {
            let error = refusal.consequence().priority == Priority::Error;
            assert_eq!(error, [3, 9].contains(&number), "{refusal:?}");
            let line = refusal.to_string();
            let advises = ["see: ", "correct ", "install "]
                .iter()
                .any(|w| line.contains(w));
            // The door's own text has the advice there.
            let by_door = matches!(refusal, Refusal::Daemon(Error::Transport(_)));
            // As good as always the stack is wrong, but somebody may have typed nonsense.
            let stack = matches!(refusal, Refusal::Unproven(_) | Refusal::StandsTooLow);
            assert_eq!(advises, error && !by_door || stack, "{line}");
        }
    }
}
