//! countersignctl: administers second factors from the command line.
//!
//! Arguments become a command, the command asks the daemon, and what came of it becomes words
//! and an exit code: 0 done, 1 refused or failed, 2 usage, 3 the daemon cannot be reached; doctor
//! has two of its own.

mod account;
mod answers;
mod cli;
mod clock;
mod command;
mod complete;
mod context;
mod doctor;
mod door;
mod error;
mod help;
mod import;
mod key_uri;
mod output;
mod pam_stack;
mod passphrase;
mod program;
mod protect;
mod report;
mod sealed;
mod service;
mod spinner;
mod spool;
mod table;
mod terminal;
mod words;

use std::process::ExitCode;

use clap::FromArgMatches;

fn main() -> ExitCode {
    if complete::answered() {
        return ExitCode::SUCCESS;
    }
    let cli = cli::Cli::from_arg_matches(&cli::Cli::grammar().get_matches());
    match command::run(cli.unwrap_or_else(|error| error.exit())) {
        Ok(code) => code,
        Err(error) => {
            // Nobody reads what a closed pipe would have carried, nor a word about it.
            if !error.is_closed_pipe() {
                output::complain(&error.to_string());
            }
            ExitCode::from(error.exit_code())
        }
    }
}
