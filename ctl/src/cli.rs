//! The command line's grammar.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, value_parser};
use clap_complete::Shell;

/// Where the package puts the daemon.
const DAEMON: &str = "/usr/libexec/countersign/countersignd";

/// Administers second factors: sets them up, shows them, takes them away.
#[derive(Debug, Parser)]
#[command(
    name = "countersignctl",
    version,
    disable_help_subcommand = true,
    after_help = "USER is you, if not given. For other users, run it as root.\n\
                  Exit status: 0 done, 1 refused or failed, 2 usage, 3 daemon unreachable."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) door: DoorArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which door to knock at.
#[derive(Args, Debug)]
pub(crate) struct DoorArguments {
    /// Reach the daemon through the root door at PATH
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "bus")]
    pub(crate) socket: Option<PathBuf>,
    /// Reach the daemon through the public door, on the bus at ADDRESS
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) bus: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the master key and the database, where there are none
    Init(Init),
    /// Set up a second factor: show a key for an authenticator app, and ask for its first code
    Enroll(Enroll),
    /// Confirm a key by its first code, if `enroll` was left before that
    Confirm(Confirm),
    /// Show what a user holds, and what a login asks for now
    Status(Status),
    /// List the users who hold a factor (root)
    List(List),
    /// Take one credential away
    Remove(Remove),
    /// Forget a user altogether: credentials, recovery codes, wrong answers (root)
    Reset(Reset),
    /// Make new recovery codes, and the old ones void
    RecoveryCodes(RecoveryCodes),
    /// Forget a user's wrong answers, so that a login asks for one code again (root)
    Unlock(Unlock),
    /// Go through a login's second factor, to see what it asks; a code given here is spent
    Test(Test),
    /// Check a configuration file, without using it
    CheckConfig(CheckConfig),
    /// Have the daemon read its configuration again (root)
    Reload,
    /// Print a completion script for a shell
    Completions(Completions),
}

/// The daemon's program.
#[derive(Args, Debug)]
pub(crate) struct DaemonProgram {
    /// Where countersignd is
    #[arg(long = "countersignd", value_name = "PATH", default_value = DAEMON)]
    pub(crate) path: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Where the database is to be, instead of /var/lib/countersign
    #[arg(long, value_name = "DIR")]
    pub(crate) state_directory: Option<PathBuf>,
    /// Where the master key is to be, instead of /etc/countersign/master.key
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key: Option<PathBuf>,
    /// Whose the database is to be; root makes it `countersign`'s in the usual place
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) daemon: DaemonProgram,
}

#[derive(Args, Debug)]
pub(crate) struct Enroll {
    /// Whose factor it will be
    pub(crate) user: Option<String>,
    /// What to call it, such as "phone"
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// How many digits its codes have
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(6..=8))]
    pub(crate) digits: Option<u32>,
    /// Its hash function; many apps know SHA1 only
    #[arg(
        long,
        ignore_case = true,
        value_parser = PossibleValuesParser::new(["SHA1", "SHA256", "SHA512"])
    )]
    pub(crate) algorithm: Option<String>,
    /// Have it count at once, without a first code (root)
    #[arg(long)]
    pub(crate) unconfirmed: bool,
    /// Take the secret, in base 32, from standard input instead of making a new one
    #[arg(long)]
    pub(crate) secret_stdin: bool,
    /// Print the otpauth URI as well
    #[arg(long)]
    pub(crate) show_uri: bool,
    /// Print JSON, and ask for no first code
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Confirm {
    /// Whose credential it is
    pub(crate) user: Option<String>,
    /// Which one; needed only if several wait to be confirmed
    pub(crate) credential: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Whose; root may give the uid of an account that is gone
    pub(crate) user: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(allow_missing_positional = true)]
pub(crate) struct Remove {
    /// Whose credential it is
    pub(crate) user: Option<String>,
    /// Which one, as `status` shows it
    #[arg(required = true)]
    pub(crate) credential: String,
}

#[derive(Args, Debug)]
pub(crate) struct Reset {
    /// Whom; a uid too, if the account is gone
    pub(crate) user: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RecoveryCodes {
    /// Whose
    pub(crate) user: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Unlock {
    /// Whom; a uid too, if the account is gone
    pub(crate) user: String,
}

#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Whose login
    pub(crate) user: Option<String>,
    /// Through which PAM service
    #[arg(long, default_value = "countersignctl")]
    pub(crate) service: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckConfig {
    /// The file; the daemon's own, if not given
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) daemon: DaemonProgram,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
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
        let cli = Cli::parse_from(["countersignctl", "remove", "7f3a"]);
        let Command::Remove(remove) = cli.command else {
            panic!("{:?}", cli.command);
        };
        assert_eq!(remove.user, None);
        assert_eq!(remove.credential, "7f3a");

        let cli = Cli::parse_from(["countersignctl", "remove", "alice", "7f3a"]);
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
            let arguments = ["countersignctl"].into_iter().chain(wrong);
            let error = Cli::try_parse_from(arguments).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{wrong:?}");
        }
    }
}
