//! `init`: the master key and the database, where there are none.

use nix::unistd::Uid;

use crate::cli::Init;
use crate::error::Error;
use crate::program::become_program;

/// Whose the database is in the usual place: the daemon's.
const DAEMON_USER: &str = "countersign";

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
