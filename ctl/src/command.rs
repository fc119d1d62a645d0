//! One file per command.

pub(crate) mod backup;
pub(crate) mod check_config;
pub(crate) mod completions;
pub(crate) mod confirm;
pub(crate) mod confirm_protect;
pub(crate) mod doctor;
pub(crate) mod enroll;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod forget;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod issue_code;
pub(crate) mod list;
pub(crate) mod protect;
pub(crate) mod recovery_codes;
pub(crate) mod reload;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod reset;
pub(crate) mod restore;
pub(crate) mod resync;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod unlock;
pub(crate) mod unprotect;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::Error;

/// Does what the command line says, and gives the exit code: 0 but for `doctor`, whose code says how
/// bad things are.
///
/// # Errors
///
/// Why it was not done, in words.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Error> {
    let open = || Context::open(&cli.door);
    match cli.command {
        Command::Doctor(arguments) => return doctor::run(&arguments, &cli.door),
        Command::Init(arguments) => init::run(&arguments),
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Enroll(arguments) => enroll::run(&arguments, &mut open()?),
        Command::Confirm(arguments) => confirm::run(&arguments, &mut open()?),
        Command::Status(arguments) => status::run(&arguments, &mut open()?),
        Command::IssueCode(arguments) => issue_code::run(&arguments, &mut open()?),
        Command::Rename(arguments) => rename::run(&arguments, &mut open()?),
        Command::Resync(arguments) => resync::run(&arguments, &mut open()?),
        Command::List(arguments) => list::run(&arguments, &mut open()?),
        Command::Remove(arguments) => remove::run(&arguments, &mut open()?),
        Command::Reset(arguments) => reset::run(&arguments, &mut open()?),
        Command::RecoveryCodes(arguments) => recovery_codes::run(&arguments, &mut open()?),
        Command::Unlock(arguments) => unlock::run(&arguments, &mut open()?),
        Command::Test(arguments) => test::run(&arguments, &mut open()?),
        Command::Backup(arguments) => backup::run(&arguments, &mut open()?),
        Command::Restore(arguments) => restore::run(&arguments, &mut open()?),
        Command::Events(arguments) => events::run(&arguments, &mut open()?),
        Command::Explain(arguments) => explain::run(&arguments, &mut open()?),
        Command::Forget(arguments) => forget::run(&arguments, &mut open()?),
        Command::Import(arguments) => import::run(&arguments, &mut open()?),
        Command::Protect(arguments) => protect::run(&arguments, &mut open()?),
        Command::Unprotect(arguments) => unprotect::run(&arguments),
        Command::ConfirmProtect(arguments) => confirm_protect::run(&arguments),
        Command::Reload(arguments) => reload::run(&arguments, &mut open()?),
    }
    .map(|()| ExitCode::SUCCESS)
}
