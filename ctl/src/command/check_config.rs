//! `check-config`: what the daemon would say to a configuration file.

use std::path::PathBuf;

use crate::cli::DaemonProgram;
use crate::error::Error;
use crate::help;
use crate::program::become_program;
use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl check-config ./countersign.toml   # before it is put in place",
]))]
pub(crate) struct CheckConfig {
    /// The file; the daemon's own, if not given
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) daemon: DaemonProgram,
}

pub(super) fn run(arguments: &CheckConfig) -> Result<(), Error> {
    Err(become_program(&arguments.daemon.path, |command| {
        command.arg("check-config").args(&arguments.file);
    }))
}
