//! `check-config`: what the daemon would say to a configuration file.

use crate::cli::CheckConfig;
use crate::error::Error;
use crate::program::become_program;

pub(super) fn run(arguments: &CheckConfig) -> Result<(), Error> {
    Err(become_program(&arguments.daemon.path, |command| {
        command.arg("check-config").args(&arguments.file);
    }))
}
