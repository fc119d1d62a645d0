//! What went wrong, in words: what happened, and what to do next.

use std::io;
use std::path::PathBuf;

use countersign_bus::{Door, Error as Daemon, SOCKET, SYSTEM_BUS};
use nix::errno::Errno;
use thiserror::Error;

use crate::words::printable;

/// Why a command was not carried out.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The daemon said no, or nothing.
    #[error("{}", sentence(error, door))]
    Daemon { error: Daemon, door: Door },
    /// A user that the system does not know.
    #[error(
        "There is no user {} on this system. Check the name:\n  getent passwd {}",
        printable(.0), printable(.0)
    )]
    NoSuchUser(String),
    /// The system's accounts cannot be read.
    #[error("The system's accounts cannot be looked up: {0}. Is its directory service up?")]
    Accounts(Errno),
    /// Only root may do this.
    #[error("Only root may {0}. Run it again with sudo.")]
    NeedsRoot(&'static str),
    /// An answer was needed, and the input was at its end.
    #[error(
        "No answer was given for \"{0}\". Give it on standard input, or run this on a terminal."
    )]
    NoAnswer(String),
    /// The person at the terminal, or the system, stopped it.
    #[error("Stopped.")]
    Interrupted,
    /// The terminal, or standard input, could not be used.
    #[error("The answer could not be read: {0}.")]
    Input(#[source] io::Error),
    /// What was to be shown could not be.
    #[error("The output could not be written: {0}. What it had to show is not shown again.")]
    Output(#[source] io::Error),
    /// A sealed file for a secret could not be made or read.
    #[error("The secret could not be handed over: {0}.")]
    Handover(#[source] io::Error),
    /// The daemon's answer lacks something.
    #[error(
        "The daemon's answer cannot be understood: {0}. \
         Are countersignctl and countersignd of the same version?"
    )]
    Garbled(&'static str),
    /// What went wrong, and in what state that leaves things.
    #[error("{cause}\n{state}")]
    Left { cause: Box<Self>, state: String },
    /// A program that a command consists in could not be started.
    #[error(
        "{} could not be run: {error}. Install it, or name it with --countersignd PATH.",
        .path.display()
    )]
    Program { path: PathBuf, error: io::Error },
    /// The command line makes no sense, in a way that its grammar cannot tell.
    #[error("{0}")]
    Usage(&'static str),
    /// Anything else, said in full where it happened.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// The exit code that scripts may rely on.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Left { cause, .. } => cause.exit_code(),
            Self::Usage(_) => 2,
            Self::Daemon {
                error: Daemon::Transport(_),
                ..
            } => 3,
            Self::Daemon { .. }
            | Self::NoSuchUser(_)
            | Self::Accounts(_)
            | Self::NeedsRoot(_)
            | Self::NoAnswer(_)
            | Self::Interrupted
            | Self::Input(_)
            | Self::Output(_)
            | Self::Handover(_)
            | Self::Garbled(_)
            | Self::Program { .. }
            | Self::Refused(_) => 1,
        }
    }

    /// Whether what was asked for may have been done all the same.
    pub(crate) fn leaves_doubt(&self) -> bool {
        match self {
            Self::Daemon { error, .. } => match error {
                Daemon::Transport(_) | Daemon::Unavailable(_) => true,
                Daemon::GroupsNeeded(_)
                | Daemon::InvalidArgs(_)
                | Daemon::NotPermitted(_)
                | Daemon::NotEnrolled(_)
                | Daemon::Rejected(_)
                | Daemon::Throttled(_)
                | Daemon::Expired(_)
                | Daemon::Busy(_) => false,
            },
            Self::Left { cause, .. } => cause.leaves_doubt(),
            Self::Handover(_) | Self::Garbled(_) => true,
            Self::NoSuchUser(_)
            | Self::Accounts(_)
            | Self::NeedsRoot(_)
            | Self::NoAnswer(_)
            | Self::Interrupted
            | Self::Input(_)
            | Self::Output(_)
            | Self::Program { .. }
            | Self::Usage(_)
            | Self::Refused(_) => false,
        }
    }

    /// Whether the daemon cannot be reached.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Daemon {
                error: Daemon::Transport(_),
                ..
            }
        )
    }

    /// Whether the daemon found a code wrong.
    pub(crate) fn is_rejection(&self) -> bool {
        matches!(
            self,
            Self::Daemon {
                error: Daemon::Rejected(_),
                ..
            }
        )
    }

    /// Whether the daemon does not let the caller do this.
    pub(crate) fn is_prohibition(&self) -> bool {
        matches!(
            self,
            Self::Daemon {
                error: Daemon::NotPermitted(_),
                ..
            }
        )
    }

    /// Whether it may be the user's record that the daemon cannot use.
    pub(crate) fn is_about_the_record(&self) -> bool {
        matches!(
            self,
            Self::Daemon {
                error: Daemon::NotPermitted(_) | Daemon::Unavailable(_),
                ..
            }
        )
    }

    /// This, with what state it leaves things in.
    pub(crate) fn leaving(self, state: String) -> Self {
        Self::Left {
            cause: Box::new(self),
            state,
        }
    }

    /// Whether whoever read the output has gone away.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What root may look into where the daemon does not permit something even to root.
const PERMITTED: &str = "Who is enrolled as what, shows:\n  countersignctl list\n\
    What is allowed, countersign.toml(5) says.";

/// What the daemon's refusal means to the person at the command line, and what to do next.
fn sentence(error: &Daemon, door: &Door) -> String {
    let (what, text, next) = match error {
        Daemon::GroupsNeeded(text) | Daemon::InvalidArgs(text) => {
            ("The daemon refuses this", text, "Check what was given.")
        }
        Daemon::NotPermitted(text) => (
            "The daemon does not permit this",
            text,
            by_door(door, PERMITTED, "Run it with sudo, or ask your admin."),
        ),
        Daemon::NotEnrolled(text) => (
            "There is nothing to change",
            text,
            by_door(
                door,
                "Who has what, shows:\n  countersignctl list",
                "What there is, shows:\n  countersignctl status",
            ),
        ),
        Daemon::Rejected(text) => (
            "The code was not accepted",
            text,
            "Each code works once: wait for the next one, and try again.",
        ),
        Daemon::Throttled(text) => (
            "Too many wrong codes came before, so this one was not looked at",
            text,
            by_door(
                door,
                "Wait a moment, or have them forgotten:\n  countersignctl unlock USER",
                "How long to wait, shows:\n  countersignctl status",
            ),
        ),
        Daemon::Expired(text) => (
            "It took too long, and the daemon has given it up",
            text,
            "Start again.",
        ),
        Daemon::Busy(text) => (
            "The daemon has too much to do",
            text,
            "Try again in a moment.",
        ),
        Daemon::Unavailable(text) => (
            "The daemon runs, but cannot use its database or its key",
            text,
            "Its log says more:\n  journalctl -u countersignd",
        ),
        Daemon::Transport(text) => return unreachable_daemon(text, door),
    };
    format!("{what}{}. {next}", because(text))
}

/// One of two texts.
fn by_door(door: &Door, root: &'static str, public: &'static str) -> &'static str {
    match door {
        Door::Root { .. } => root,
        Door::Public { .. } => public,
    }
}

/// `: text`, stripped of control characters and of its own full stop; nothing without a text.
fn because(text: &str) -> String {
    let text = printable(text);
    match text.trim().trim_end_matches('.') {
        "" => String::new(),
        text => format!(": {text}"),
    }
}

fn unreachable_daemon(text: &str, door: &Door) -> String {
    let what = format!(
        "The daemon cannot be reached at {}{}.",
        printable(door.place()),
        because(text)
    );
    let next = match door {
        Door::Root { socket, .. } if socket == SOCKET => {
            "Start it:\n  systemctl start countersignd.socket".to_owned()
        }
        Door::Root { socket, .. } => format!("Start it:\n  countersignd --socket {socket}"),
        Door::Public { bus } if bus == SYSTEM_BUS => {
            "Ask root to start it:\n  systemctl start countersignd.socket countersignd.service"
                .to_owned()
        }
        Door::Public { bus } => format!("Start it:\n  countersignd --bus {}", printable(bus)),
    };
    format!("{what} {next}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daemon(error: Daemon) -> Error {
        Error::Daemon {
            error,
            door: Door::root(),
        }
    }

    #[test]
    fn an_unreachable_daemon_is_3_and_every_other_refusal_1() {
        let text = String::new;
        assert_eq!(daemon(Daemon::Transport(text())).exit_code(), 3);
        for refusal in [
            Daemon::InvalidArgs(text()),
            Daemon::NotPermitted(text()),
            Daemon::NotEnrolled(text()),
            Daemon::Rejected(text()),
            Daemon::Throttled(text()),
            Daemon::Expired(text()),
            Daemon::Busy(text()),
            Daemon::Unavailable(text()),
        ] {
            assert_eq!(daemon(refusal).exit_code(), 1);
        }
    }

    #[test]
    fn an_unreachable_daemon_is_named_with_its_place_and_how_to_start_it() {
        let sentence = daemon(Daemon::Transport("no such file".to_owned())).to_string();
        assert!(sentence.contains(SOCKET), "{sentence}");
        assert!(sentence.contains("no such file"), "{sentence}");
        assert!(
            sentence.contains("systemctl start countersignd.socket"),
            "{sentence}"
        );
    }

    #[test]
    fn what_the_daemon_says_cannot_steer_the_terminal() {
        let hostile = "key\x1b[2Jgone\r\n\u{9b}31m\u{202e}".to_owned();
        let sentence = daemon(Daemon::Unavailable(hostile)).to_string();
        let own = sentence.replace("\n  journalctl", "");
        assert!(!own.chars().any(char::is_control), "{sentence:?}");
        assert!(!sentence.contains('\u{202e}'), "{sentence:?}");
    }
}
