//! Commands that are the daemon's program run in another way.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::error::Error;

/// Becomes `program` with the arguments that `prepare` gives it: its output and its exit code are
/// this program's. Returns only if it cannot be run.
pub(crate) fn become_program(program: &Path, prepare: impl FnOnce(&mut Command)) -> Error {
    let mut command = Command::new(program);
    prepare(&mut command);
    Error::Program {
        error: command.exec(),
        path: program.to_owned(),
    }
}
