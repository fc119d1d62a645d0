//! `unlock`: a user's wrong answers are forgotten.

use crate::account::Known;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl unlock alice",
]))]
pub(crate) struct Unlock {
    /// Whom; a uid too, if the account is gone
    pub(crate) user: String,
}

pub(super) fn run(arguments: &Unlock, context: &mut Context) -> Result<(), Error> {
    context.need_root("forget a user's wrong answers")?;
    let whom = Known::find(&arguments.user)?;
    context.call(|client| client.unlock(whom.uid()))?;
    context.output.say(&format!(
        "The wrong answers of {whom} are forgotten: a login asks for one code again."
    ))
}
