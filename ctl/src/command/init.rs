//! `init`: the master key and the database, where there are none.

use std::path::PathBuf;

use clap::Args;
use nix::unistd::Uid;

use crate::cli::DaemonProgram;
use crate::error::Error;
use crate::help;
use crate::program::become_program;

/// Whose the database is in the usual place: the daemon's.
const DAEMON_USER: &str = "countersign";

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl init --state-directory ./state --master-key ./master.key   # to try it",
]))]
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

pub(super) fn run(arguments: &Init) -> Result<(), Error> {
    let usual_place = Uid::effective().is_root() && arguments.state_directory.is_none();
    let user = arguments
        .user
        .as_deref()
        .or(usual_place.then_some(DAEMON_USER));
    Err(become_program(&arguments.daemon.path, |command| {
        command.arg("init");
        if let Some(directory) = &arguments.state_directory {
            command.arg("--state-directory").arg(directory);
        }
        if let Some(file) = &arguments.master_key {
            command.arg("--master-key").arg(file);
        }
        if let Some(user) = user {
            command.arg("--user").arg(user);
        }
    }))
}
