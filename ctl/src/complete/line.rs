//! What a command line says so far.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ArgMatches;

use crate::cli::{Cli, DoorArguments};

/// The argument that names a user, in every command that has one.
pub(super) const USER: &str = "user";
/// The argument that names a credential.
pub(super) const CREDENTIAL: &str = "credential";

/// The option that names a PAM service.
pub(super) const SERVICE: &str = "service";

/// The three arguments of `rename`, the first of which may be left out.
pub(super) const USER_CREDENTIAL_LABEL: &str = "user_credential_label";

/// The words in front of the one that is being completed, as far as a look-up needs them.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) door: DoorArguments,
    /// The user who is named in front.
    pub(super) user: Option<String>,
}

impl Line {
    /// Of all words, the last of which is being completed. From what makes no
    /// sense yet, nothing is read.
    pub(super) fn read(words: &[OsString]) -> Self {
        let Some((_, before)) = words.split_last() else {
            return Self::default();
        };
        let matches = Cli::grammar()
            .ignore_errors(true)
            .try_get_matches_from(before);
        let Ok(matches) = matches else {
            return Self::default();
        };
        let Some((_, command)) = matches.subcommand() else {
            return Self::default();
        };
        Self {
            door: DoorArguments {
                socket: value::<PathBuf>(command, "socket"),
                bus: value(command, "bus"),
            },
            // Where both may be left out but one, a lone word is taken for the credential.
            user: [USER, CREDENTIAL, USER_CREDENTIAL_LABEL]
                .iter()
                .find_map(|id| value(command, id)),
        }
    }
}

/// An argument's value, or the first of several.
fn value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    let mut values = matches.try_get_many(id).ok().flatten()?;
    values.next().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str) -> Line {
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        Line::read(&words)
    }

    #[test]
    fn the_user_is_the_one_in_front() {
        assert_eq!(
            line("countersignctl remove alice 7").user.as_deref(),
            Some("alice")
        );
        assert_eq!(
            line("countersignctl confirm alice ").user.as_deref(),
            Some("alice")
        );
        assert_eq!(
            line("countersignctl rename alice ").user.as_deref(),
            Some("alice")
        );
        assert_eq!(line("countersignctl remove al").user, None);
        assert_eq!(line("countersignctl rem").user, None);
        assert_eq!(line("").user, None);
    }

    #[test]
    fn the_door_is_the_one_that_is_named() {
        let socket = Some(PathBuf::from("/tmp/s"));
        assert_eq!(
            line("countersignctl --socket /tmp/s status ").door.socket,
            socket
        );
        assert_eq!(
            line("countersignctl status --socket=/tmp/s a").door.socket,
            socket
        );
        assert_eq!(
            line("countersignctl --bus unix:path=/b status ")
                .door
                .bus
                .as_deref(),
            Some("unix:path=/b")
        );
    }
}
