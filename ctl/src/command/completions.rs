//! `completions`: what makes a shell complete commands, by asking this program.

use std::io::{self, Write};

use clap::Args;
use clap_complete::Shell;

use crate::complete;
use crate::error::Error;
use crate::help;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "source <(countersignctl completions bash)   # in this shell, now",
    "countersignctl completions zsh >_countersignctl   # for a directory of $fpath",
]))]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

pub(super) fn run(arguments: &Completions) -> Result<(), Error> {
    let script = complete::script(arguments.shell).map_err(Error::Output)?;
    io::stdout()
        .lock()
        .write_all(&script)
        .map_err(Error::Output)
}
