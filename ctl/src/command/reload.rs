//! `reload`: the daemon reads its configuration again.

use crate::context::Context;
use crate::error::Error;

pub(super) fn run(context: &mut Context) -> Result<(), Error> {
    context.need_root("have the configuration read again")?;
    context.call(|client| client.reload())?;
    context
        .output
        .say("The daemon has read its configuration again, and uses it.")
}
