//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::command::backup::Backup;
use crate::command::check_config::CheckConfig;
use crate::command::completions::Completions;
use crate::command::confirm::Confirm;
use crate::command::confirm_protect::ConfirmProtect;
use crate::command::doctor::Doctor;
use crate::command::enroll::Enroll;
use crate::command::events::Events;
use crate::command::explain::Explain;
use crate::command::forget::Forget;
use crate::command::import::Import;
use crate::command::init::Init;
use crate::command::issue_code::IssueCode;
use crate::command::list::List;
use crate::command::protect::Protect;
use crate::command::recovery_codes::RecoveryCodes;
use crate::command::reload::Reload;
use crate::command::remove::Remove;
use crate::command::rename::Rename;
use crate::command::reset::Reset;
use crate::command::restore::Restore;
use crate::command::resync::Resync;
use crate::command::status::Status;
use crate::command::test::Test;
use crate::command::unlock::Unlock;
use crate::command::unprotect::Unprotect;
use crate::help;

/// The program's name.
pub(crate) const NAME: &str = "countersignctl";

/// Where the package puts the daemon.
const DAEMON: &str = "/usr/libexec/countersign/countersignd";

/// Sets up second factors for logins, and looks after them.
#[derive(Debug, Parser)]
#[command(
    name = NAME,
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = help::examples(&[
        "sudo countersignctl enroll alice   # alice scans a QR code",
        "sudo countersignctl status alice   # why she cannot log in, and what to do",
        "countersignctl enroll --help       # each command has examples of its own",
    ])
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) door: DoorArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The grammar, with its help in groups.
    pub(crate) fn grammar() -> clap::Command {
        help::grouped(Self::command())
    }
}

/// Which door to knock at.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Where the daemon is")]
pub(crate) struct DoorArguments {
    /// The root door's socket, if it is not the usual one
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "bus")]
    pub(crate) socket: Option<PathBuf>,
    /// The public door's bus, if it is not the system's
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) bus: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up a factor: show a key for an app, ask for its first code
    Enroll(Enroll),
    /// Give the first code of a key, if enroll was left before that
    Confirm(Confirm),
    /// Show what a user holds, and what stands in the way of a login
    Status(Status),
    /// Go through what a login would ask; a code given here is spent
    Test(Test),
    /// Call a credential otherwise
    Rename(Rename),
    /// Find a token that has run away, by two codes in a row
    Resync(Resync),
    /// Take a credential away
    Remove(Remove),
    /// Make new recovery codes, and the old ones void
    RecoveryCodes(RecoveryCodes),
    /// List everybody who holds a factor
    List(List),
    /// Forget that logins are remembered: a code is asked for again
    Forget(Forget),
    /// Make a code for one login, for somebody without their phone
    IssueCode(IssueCode),
    /// Forget a user's wrong codes: one code opens a login again
    Unlock(Unlock),
    /// Forget all that a user has: credentials, recovery codes
    Reset(Reset),
    /// Find every way around the second factor, and into a lock-out
    Doctor(Doctor),
    /// Write all that is kept of all users to one sealed file
    Backup(Backup),
    /// Restore users from such a file
    Restore(Restore),
    /// Show who logged in and who did not, and what was changed
    Events(Events),
    /// Show which rule decides a login, why, and what becomes of it
    Explain(Explain),
    /// Take over what other modules keep of their users
    Import(Import),
    /// Have services ask for a second factor, on trial
    Protect(Protect),
    /// Let such a change stay, from a new login
    ConfirmProtect(ConfirmProtect),
    /// Have services ask as they did before
    Unprotect(Unprotect),
    /// Make the master key and the database, where there are none
    Init(Init),
    /// Check a configuration file, without using it
    CheckConfig(CheckConfig),
    /// Have the daemon read its configuration again
    Reload(Reload),
    /// Print what makes a shell complete these commands
    Completions(Completions),
}

/// The daemon's program.
#[derive(Args, Debug)]
pub(crate) struct DaemonProgram {
    /// Where countersignd is
    #[arg(long = "countersignd", value_name = "PATH", default_value = DAEMON)]
    pub(crate) path: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::grammar().debug_assert();
    }

    #[test]
    fn no_argument_carries_a_secret_or_a_code() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let takes_value = argument.get_action().takes_values();
                let name = argument.get_id().as_str();
                let secret = ["secret", "code", "proof", "uri", "password"]
                    .iter()
                    .any(|word| name.contains(word));
                assert!(
                    !(takes_value && secret),
                    "{} {name} would be in everyone's process list",
                    command.get_name()
                );
            }
        }
    }

    #[test]
    fn a_lone_argument_of_remove_is_the_credential() {
        let cli = Cli::parse_from([NAME, "remove", "7f3a"]);
        let Command::Remove(remove) = cli.command else {
            panic!("{:?}", cli.command);
        };
        assert_eq!(remove.user, None);
        assert_eq!(remove.credential, "7f3a");

        let cli = Cli::parse_from([NAME, "remove", "alice", "7f3a"]);
        let Command::Remove(remove) = cli.command else {
            panic!("{:?}", cli.command);
        };
        assert_eq!(remove.user.as_deref(), Some("alice"));
        assert_eq!(remove.credential, "7f3a");
    }

    #[test]
    fn what_cannot_be_a_key_is_a_usage_error() {
        for wrong in [
            ["enroll", "--digits", "5"],
            ["enroll", "--digits", "9"],
            ["enroll", "--algorithm", "MD5"],
            ["--socket", "/x", "--bus=unix:path=/y"],
        ] {
            let error = Cli::try_parse_from([NAME].into_iter().chain(wrong)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{wrong:?}");
        }
    }
}
