//! countersignctl: administers second factors from the command line.
//!
//! Arguments become a command, the command asks the daemon, and what came of it becomes words
//! and an exit code: 0 done, 1 refused or failed, 2 usage, 3 the daemon cannot be reached.

mod account;
mod answers;
mod cli;
mod command;
mod context;
mod door;
mod error;
mod key_uri;
mod output;
mod program;
mod qr;
mod report;
mod sealed;
mod table;
mod terminal;
mod words;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match command::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody reads what a closed pipe would have carried, nor a word about it.
            if !error.is_closed_pipe() {
                output::complain(&error.to_string());
            }
            ExitCode::from(error.exit_code())
        }
    }
}
