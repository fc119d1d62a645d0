//! A login through the new configuration, by libpam itself, before it counts.

use std::path::Path;

use countersign_bus::session::Session;
use nix::unistd::{Uid, getresuid, setresuid, ttyname};
use pam_countersign_ffi::application::{Converse, Failure, Item, Login, Style};
use zeroize::Zeroizing;

use super::check::MODULE;
use super::sshd;
use super::stage::Stage;
use crate::account::Account;
use crate::error::Error;
use crate::output::Output;
use crate::service::{RunsAs, locker, runs_as};
use crate::terminal::{Echo, Terminal};
use crate::words::printable;

/// `PAM_OPEN_ERR`, `PAM_SYMBOL_ERR`, `PAM_MODULE_UNKNOWN`: there is no such module, or it cannot be
/// loaded.
const NO_MODULE: [i32; 3] = [1, 2, 28];
/// `PAM_AUTHINFO_UNAVAIL`: the daemon does not answer.
const UNAVAILABLE: i32 = 9;
/// `PAM_SYSTEM_ERR`.
const SYSTEM_ERROR: i32 = 4;
/// `nobody`, where the real uid must only not be root's.
const NOBODY: u32 = 65_534;

/// Our line alone, with something that decides where it has no say.
const ALONE: &str = "auth [success=ok ignore=ignore default=die] pam_countersign.so\n\
    auth required pam_permit.so\naccount required pam_permit.so\n";

/// What our line does when it is asked and gets no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Probed {
    /// It asks, and refuses.
    Asks,
    /// It asks nothing, and has no say: a rule of the policy's.
    Silent,
}

/// Whether the module is there and asks `account` for a code.
///
/// # Errors
///
/// [`Error::Refused`], with why it would refuse everybody, or let somebody in.
pub(crate) fn probe(root: &Path, service: &str, account: &Account) -> Result<Probed, Error> {
    let stage = Stage::of(root)?;
    stage.put(service, ALONE.as_bytes())?;
    let mut nobody = Nobody { asked: 0 };
    let outcome = log_in(&stage, service, account, &mut nobody);
    let nothing = "Nothing was changed.";
    match (outcome, nobody.asked) {
        (Err(failure), _) if NO_MODULE.contains(&failure.result) => Err(Error::Refused(format!(
            "{nothing} {MODULE} cannot be loaded ({}), and every login would be refused. Install \
             the package anew.",
            printable(&failure.text)
        ))),
        (Err(failure), _) if failure.result == UNAVAILABLE => Err(Error::Refused(format!(
            "{nothing} The module gets no answer from the daemon, and every login would be \
             refused. Why, says:\n  journalctl -n 20 SYSLOG_FACILITY=10 --grep pam_countersign"
        ))),
        (Err(failure), 0) => Err(Error::Refused(format!(
            "{nothing} The module refuses {account} in {service} without asking for a code ({}). \
             Why, says:\n  countersignctl explain --user {} --service {service}",
            printable(&failure.text),
            printable(&account.name)
        ))),
        (Err(_), _) => Ok(Probed::Asks),
        (Ok(()), 0) => Ok(Probed::Silent),
        (Ok(()), _) => Err(Error::Refused(format!(
            "{nothing} The module let {account} in without an answer. Tell its authors."
        ))),
    }
}

/// Goes through a login as `account`, who sits at the terminal.
///
/// # Errors
///
/// [`Error::Refused`] if the login is refused, or asks nothing; [`Error::Interrupted`].
pub(crate) fn walk_through(
    stage: &Stage,
    service: &str,
    account: &Account,
    output: &Output,
) -> Result<(), Error> {
    let terminal = Terminal::open().map_err(Error::Input)?;
    let mut person = Person {
        terminal,
        output,
        asked: 0,
        stopped: None,
    };
    let outcome = log_in(stage, service, account, &mut person);
    if let Some(error) = person.stopped {
        return Err(error.leaving("Nothing was changed.".to_owned()));
    }
    match outcome {
        Ok(()) if person.asked > 0 => Ok(()),
        Ok(()) => Err(Error::Refused(format!(
            "Nothing was changed: with it, {service} would let {account} in without asking \
             anything."
        ))),
        Err(failure) => Err(Error::Refused(format!(
            "Nothing was changed: this login of {account} through {service} would have been \
             refused ({}). If it was a slip, try again, with a new code. Else why, says:\n  \
             countersignctl status {}",
            printable(&failure.text),
            printable(&account.name)
        ))),
    }
}

fn log_in(
    stage: &Stage,
    service: &str,
    account: &Account,
    answers: &mut dyn Converse,
) -> Result<(), Failure> {
    let _uids = Uids::of(service, account)?;
    let mut login = Login::begin(&stage.services(), service, &account.name, answers)?;
    if service == sshd::SERVICE {
        login.set(Item::Terminal, "ssh")?;
        // As sshd says it when a key came first.
        login.put_environment("SSH_AUTH_INFO_0=publickey")?;
    } else if let Ok(terminal) = ttyname(std::io::stdin()) {
        login.set(Item::Terminal, &terminal.to_string_lossy())?;
    }
    if runs_as(service) == RunsAs::Setuid {
        login.set(Item::RemoteUser, &account.name)?;
    }
    login.authenticate()?;
    match locker(service) {
        Some(locker) if !locker.account => Ok(()),
        Some(_) | None => login.account(),
    }
}

/// The session's owner, or who logged in to run this.
pub(crate) fn person() -> Result<Account, Error> {
    let session = Session::of_this_process()
        .ok()
        .flatten()
        .map(|session| session.uid);
    match session.or_else(crate::account::login_uid) {
        Some(uid) => {
            Account::of(Uid::from_raw(uid))?.ok_or_else(|| Error::NoSuchUser(uid.to_string()))
        }
        None => Account::find(None),
    }
}

/// This process with the uids that the service's program would have, until dropped. Root's own would
/// be let in by pam_rootok without a question, and a locker reaches the daemon by another door.
struct Uids {
    before: Option<Uid>,
}

impl Uids {
    fn of(service: &str, account: &Account) -> Result<Self, Failure> {
        let root = Uid::from_raw(0);
        let user = Uid::from_raw(account.uid);
        let (real, effective) = match runs_as(service) {
            RunsAs::Root => return Ok(Self { before: None }),
            RunsAs::Setuid if user == root => (Uid::from_raw(NOBODY), root),
            RunsAs::Setuid => (user, root),
            RunsAs::User => (user, user),
        };
        let before = getresuid().map(|uids| uids.real);
        // The saved one stays root's: that is the way back.
        let set = before.and_then(|before| setresuid(real, effective, root).map(|()| before));
        set.map(|before| Self {
            before: Some(before),
        })
        .map_err(|error| Failure {
            result: SYSTEM_ERROR,
            text: format!("this process cannot run as {account}: {error}"),
        })
    }
}

impl Drop for Uids {
    fn drop(&mut self) {
        if let Some(real) = self.before {
            let root = Uid::from_raw(0);
            // Whoever has a saved uid of root's may take any.
            let _ = setresuid(real, root, root);
        }
    }
}

/// Gives no answer, and counts the questions.
struct Nobody {
    asked: usize,
}

impl Converse for Nobody {
    fn converse(&mut self, style: Style, _text: &str) -> Option<Zeroizing<Vec<u8>>> {
        match style {
            Style::Hidden | Style::Shown => {
                self.asked += 1;
                None
            }
            Style::Error | Style::Info => Some(Zeroizing::default()),
        }
    }
}

/// Who sits at the terminal.
struct Person<'a> {
    terminal: Terminal,
    output: &'a Output,
    asked: usize,
    stopped: Option<Error>,
}

impl Converse for Person<'_> {
    fn converse(&mut self, style: Style, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        let echo = match style {
            Style::Hidden => Echo::Off,
            Style::Shown => Echo::On,
            Style::Error | Style::Info => {
                for line in text.trim().lines() {
                    self.output.line(&printable(line)).ok()?;
                }
                return Some(Zeroizing::default());
            }
        };
        self.asked += 1;
        match self.terminal.ask(&printable(text), echo) {
            Ok(answer) => Some(Zeroizing::new(answer.as_bytes().to_vec())),
            Err(error) => {
                self.stopped = Some(error);
                None
            }
        }
    }
}
