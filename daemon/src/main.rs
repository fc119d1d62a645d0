//! `countersignd`: arguments, log, and off it goes.

use std::process::ExitCode;

use clap::Parser;
use countersignd::cli::{Cli, Command};
use countersignd::clock::{self, Clock};
use countersignd::config::{self, Config};
use countersignd::{init, log, serve};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => {
            log::start();
            // No core dump, no debugger of the same user: there are secrets in this memory.
            if let Err(error) = nix::sys::prctl::set_dumpable(false) {
                tracing::warn!("this process can be dumped: {error}");
            }
            match serve::serve(&cli.serve) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tracing::error!("{error}");
                    ExitCode::FAILURE
                }
            }
        }
        Some(Command::CheckConfig { file }) => {
            let loaded = Config::load_with_places(&file);
            report(loaded.map(|(config, places)| {
                let notes = config::notes(&config, &places, clock::System::new().now());
                let lines = notes.iter().map(|note| format!("{note}\n"));
                lines.collect::<String>() + &format!("{}: usable", file.display())
            }))
        }
        Some(Command::Init { place, user }) => report(
            init::init(
                &place.state_directory(),
                &place.master_key(),
                user.as_deref(),
            )
            .map(|outcome| outcome.to_string()),
        ),
        Some(Command::InitDatabase { place }) => {
            report(init::init_database(&place.state_directory()).map(|()| String::new()))
        }
    }
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command's answer"
)]
fn report<E: std::fmt::Display>(outcome: Result<String, E>) -> ExitCode {
    match outcome {
        Ok(text) => {
            if !text.is_empty() {
                println!("{text}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("countersignd: {error}");
            ExitCode::FAILURE
        }
    }
}
