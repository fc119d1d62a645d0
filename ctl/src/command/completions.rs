//! `completions`: a script that completes commands in a shell.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::generate;

use crate::cli::{Cli, Completions};
use crate::error::Error;

pub(super) fn run(arguments: &Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    generate(
        arguments.shell,
        &mut Cli::command(),
        "countersignctl",
        &mut script,
    );
    io::stdout()
        .lock()
        .write_all(&script)
        .map_err(Error::Output)
}
