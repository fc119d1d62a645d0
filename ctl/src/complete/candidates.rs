//! Users and credentials that could be meant.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use clap_complete::CompletionCandidate;
use countersign_bus::Client;

use super::line::Line;
use crate::account::{self, Account};
use crate::door;
use crate::pam_stack::Configuration;
use crate::report::{Credential, UserStatus, factor_name};
use crate::words::printable;

/// How long a look-up may take.
const DEADLINE: Duration = Duration::from_millis(800);
/// How many users one call asks for.
const PAGE: u32 = 1000;

/// What to look for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wanted {
    /// Accounts of this machine.
    Accounts,
    /// Users who hold something; accounts, if nobody may be told who does.
    Users,
    /// The same, and credentials of the caller, whose name may be left out.
    UsersOrCredentials(Which),
    /// Credentials of the user who is named, or of the caller.
    Credentials(Which),
    /// PAM services.
    Services,
}

/// Which credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Which {
    All,
    Unconfirmed,
}

/// What stands for a user in `command`.
pub(super) fn users(command: &str, takes_credential: bool) -> Wanted {
    match command {
        "enroll" | "import" | "init" | "explain" => Wanted::Accounts,
        _ if takes_credential => Wanted::UsersOrCredentials(which(command)),
        _ => Wanted::Users,
    }
}

/// What stands for a credential in `command`.
pub(super) fn credentials(command: &str) -> Wanted {
    Wanted::Credentials(which(command))
}

fn which(command: &str) -> Which {
    match command {
        "confirm" => Which::Unconfirmed,
        _ => Which::All,
    }
}

/// What is found before the deadline.
pub(super) fn look_up(line: &Line, wanted: Wanted) -> Vec<CompletionCandidate> {
    let line = line.clone();
    within_deadline(move |found| {
        // Ignoring failures: a completion that finds nothing says nothing.
        let _ = match wanted {
            Wanted::Accounts => accounts(found),
            Wanted::Users => known_users(&line, found),
            Wanted::UsersOrCredentials(which) => {
                let _ = known_credentials(&line, None, which, found);
                known_users(&line, found)
            }
            Wanted::Services => services(Path::new("/"), found),
            Wanted::Credentials(which) => {
                known_credentials(&line, line.user.as_deref(), which, found)
            }
        };
    })
}

/// Runs `look_up` beside this thread: name services may take longer than anybody waits.
fn within_deadline(
    look_up: impl FnOnce(&Sender<CompletionCandidate>) + Send + 'static,
) -> Vec<CompletionCandidate> {
    let (found, candidates) = channel();
    let (running, ended) = channel::<()>();
    let thread = thread::Builder::new().spawn(move || {
        let _running = running;
        look_up(&found);
    });
    if thread.is_ok() {
        // Ended or not, what is there by then is given.
        let _ = ended.recv_timeout(DEADLINE);
    }
    candidates.try_iter().collect()
}

/// Whoever asks for more has nobody left to answer, and that ends the search.
type Search = Option<()>;

fn accounts(found: &Sender<CompletionCandidate>) -> Search {
    for name in account::local_names() {
        give(&name, None, found)?;
    }
    Some(())
}

fn services(root: &Path, found: &Sender<CompletionCandidate>) -> Search {
    for name in Configuration::beneath(root).services().ok()? {
        // What other files include is no service of its own.
        if !name.starts_with("common-") {
            give(&name, None, found)?;
        }
    }
    Some(())
}

fn known_users(line: &Line, found: &Sender<CompletionCandidate>) -> Search {
    let door = door::choose(&line.door).ok()?;
    if !door::is_root(&door) {
        return accounts(found);
    }
    let mut client = Client::new(door, DEADLINE).ok()?;
    let mut last = None;
    loop {
        let page = client.list(last, PAGE).ok()?;
        let end = page.last()?.uid;
        for user in page {
            give(&user.user.unwrap_or_default(), None, found)?;
        }
        // Whoever does not count upwards would be asked for ever.
        if end <= last {
            return None;
        }
        last = end;
    }
}

fn known_credentials(
    line: &Line,
    user: Option<&str>,
    which: Which,
    found: &Sender<CompletionCandidate>,
) -> Search {
    let account = Account::find(user).ok()?;
    let mut client = Client::new(door::choose(&line.door).ok()?, DEADLINE).ok()?;
    let status = UserStatus::from(client.status(account.wire()).ok()?);
    for credential in &status.credentials {
        match which {
            Which::Unconfirmed if credential.confirmed => {}
            Which::Unconfirmed | Which::All => {
                give(&credential.id, Some(described(credential)), found)?;
            }
        }
    }
    Some(())
}

fn described(credential: &Credential) -> String {
    let factor = factor_name(credential.factor);
    match &credential.label {
        Some(label) => format!("{factor}, {}", printable(label)),
        None => factor.to_owned(),
    }
}

/// Gives a candidate, unless a shell would take it for more than a word: a name may be its
/// user's own invention, and root's shell inserts it.
fn give(value: &str, help: Option<String>, found: &Sender<CompletionCandidate>) -> Search {
    if !is_word(value) {
        return Some(());
    }
    let candidate = CompletionCandidate::new(value).help(help.map(Into::into));
    found.send(candidate).ok()
}

fn is_word(value: &str) -> bool {
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    !value.is_empty() && !value.starts_with('-') && value.chars().all(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_something_to_a_shell_is_not_offered() {
        for name in [
            "$(reboot)",
            "a;b",
            "a b",
            "*",
            "a\nb",
            "`id`",
            "--yes",
            "",
            "~root",
            "a'",
            "a\\b",
            "a|b",
            "a>b",
            "a\u{202e}b",
            "a\x1b[2J",
            "{a,b}",
            "!1",
            "a:b",
            "a=b",
            "#a",
        ] {
            assert!(!is_word(name), "{name:?}");
        }
        for name in ["alice", "alice.b@example.org", "_apt", "x-1", "7", "jürgen"] {
            assert!(is_word(name), "{name}");
        }
    }

    #[test]
    fn a_look_up_that_does_not_end_is_not_waited_for() {
        let (never, end) = channel::<()>();
        let found = within_deadline(move |found| {
            give("alice", None, found);
            let _ = end.recv();
        });
        assert_eq!(found.len(), 1);
        drop(never);
    }

    #[test]
    fn services_are_those_that_one_can_log_in_through() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("etc/pam.d");
        std::fs::create_dir_all(&directory).unwrap();
        for name in ["sudo", "sshd", "common-auth", "sshd.dpkg-old", "a b"] {
            std::fs::write(directory.join(name), "").unwrap();
        }
        let (found, candidates) = channel();
        services(root.path(), &found);
        let names = candidates.try_iter();
        let names: Vec<_> = names.map(|it| it.get_value().to_owned()).collect();
        assert_eq!(names, ["sshd", "sudo"]);
    }

    #[test]
    fn without_a_daemon_there_is_nothing_and_nothing_is_said() {
        let mut line = Line::default();
        line.door.socket = Some("/nonexistent/socket".into());
        assert!(look_up(&line, Wanted::Users).is_empty());
        assert!(look_up(&line, Wanted::Credentials(Which::All)).is_empty());
    }
}
