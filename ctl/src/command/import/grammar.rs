//! What `import` is told on the command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, value_parser};

use crate::help;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl import google-authenticator --all-homes --dry-run",
    "sudo countersignctl import google-authenticator --user alice   # her home's",
    "sudo countersignctl import oath /etc/users.oath",
    "sudo countersignctl import otpauth keys.txt                    # one URI a line",
    "sudo countersignctl import otpauth - --user alice <key.txt",
]))]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) source: Source,
}

/// Whose files they are.
#[derive(Debug, Subcommand)]
pub(crate) enum Source {
    /// Files of pam_google_authenticator: one, or those in all homes
    GoogleAuthenticator(GoogleAuthenticator),
    /// A users file of pam_oath
    Oath(Oath),
    /// otpauth URIs: one, or a list with one a line
    Otpauth(Otpauth),
}

/// What is done with what is found.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Doing {
    /// Show what would come over, what not and why; change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("whose").required(true).args(["user", "all_homes"])))]
pub(crate) struct GoogleAuthenticator {
    /// The file, `-` for standard input; .google_authenticator in the user's home, if not given.
    /// With --all-homes, where in a home it is
    pub(crate) file: Option<PathBuf>,
    /// Whose it is
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Look into the homes of all accounts that `getent passwd` lists
    #[arg(long)]
    pub(crate) all_homes: bool,
    #[command(flatten)]
    pub(crate) doing: Doing,
}

#[derive(Args, Debug)]
pub(crate) struct Oath {
    /// The file, such as /etc/users.oath; `-` for standard input
    pub(crate) file: PathBuf,
    /// The `window=` that pam_oath has in the PAM configuration
    #[arg(long, value_name = "N", default_value = "5", value_parser = value_parser!(u32).range(..=10_000))]
    pub(crate) window: u32,
    #[command(flatten)]
    pub(crate) doing: Doing,
}

#[derive(Args, Debug)]
pub(crate) struct Otpauth {
    /// The file with the URIs; `-` for standard input
    pub(crate) file: PathBuf,
    /// Whose they are, instead of whom their labels name
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) doing: Doing,
}
