//! The daemon's command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Countersign's daemon: holds the secrets, judges the codes, throttles guessing.
///
/// systemd starts it when it is needed. By hand it is for tests, and for hosts without systemd.
#[derive(Debug, Parser)]
#[command(name = "countersignd", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Something other than to serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: Serve,
}

/// How to serve.
#[derive(Args, Debug)]
pub struct Serve {
    /// The configuration; its drop-ins are in the directory of the same name with ".d" behind it.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/countersign/countersign.toml"
    )]
    pub config: PathBuf,
    /// Where the database is.
    #[command(flatten)]
    pub place: Place,
    /// Bind the root door here, where systemd passes no socket. The daemon's own user may use it
    /// too, beside root.
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The message bus of the public door.
    #[arg(long, value_name = "ADDRESS", default_value = countersign_bus::SYSTEM_BUS)]
    pub bus: String,
    /// Open no public door.
    #[arg(long, conflicts_with = "bus")]
    pub no_bus: bool,
}

/// Where the database and its key are.
#[derive(Args, Debug)]
pub struct Place {
    /// The directory of the database [default: $STATE_DIRECTORY, else /var/lib/countersign].
    #[arg(long, value_name = "DIR")]
    pub state_directory: Option<PathBuf>,
    /// The file with the master key [default: $CREDENTIALS_DIRECTORY/master.key, else
    /// /etc/countersign/master.key].
    #[arg(long, value_name = "FILE")]
    pub master_key: Option<PathBuf>,
}

/// Something other than to serve.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the master key and the database, where there are none.
    Init {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// The user who is to own the database; only root can name one.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Make the database with the master key on standard input. For `init`.
    #[command(hide = true)]
    InitDatabase {
        /// Where.
        #[command(flatten)]
        place: Place,
    },
    /// Say whether a configuration is one.
    CheckConfig {
        /// The configuration.
        #[arg(
            value_name = "FILE",
            default_value = "/etc/countersign/countersign.toml"
        )]
        file: PathBuf,
    },
}

impl Place {
    /// The directory of the database.
    pub fn state_directory(&self) -> PathBuf {
        self.state_directory
            .clone()
            .or_else(|| given("STATE_DIRECTORY"))
            .unwrap_or_else(|| PathBuf::from("/var/lib/countersign"))
    }

    /// The file with the master key.
    pub fn master_key(&self) -> PathBuf {
        self.master_key
            .clone()
            .or_else(|| {
                given("CREDENTIALS_DIRECTORY").map(|directory| directory.join("master.key"))
            })
            .unwrap_or_else(|| PathBuf::from("/etc/countersign/master.key"))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "systemd sets these for its services; whoever starts a daemon is trusted"
)]
fn given(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
