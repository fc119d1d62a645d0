//! `reload`: the daemon reads its configuration again.

use crate::context::Context;
use crate::error::Error;
use crate::help;
use clap::Args;

/// `reload` takes nothing.
#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl reload",
]))]
pub(crate) struct Reload {}

pub(super) fn run(_: &Reload, context: &mut Context) -> Result<(), Error> {
    context.need_root("have the configuration read again")?;
    context.call(|client| client.reload())?;
    context
        .output
        .say("The daemon has read its configuration again, and uses it.")
}
