//! `unlock`: a user's wrong answers are forgotten.

use crate::account::Known;
use crate::cli::Unlock;
use crate::context::Context;
use crate::error::Error;

pub(super) fn run(arguments: &Unlock, context: &mut Context) -> Result<(), Error> {
    context.need_root("forget a user's wrong answers")?;
    let whom = Known::find(&arguments.user)?;
    context.call(|client| client.unlock(whom.uid()))?;
    context.output.say(&format!(
        "The wrong answers of {whom} are forgotten: a login asks for one code again."
    ))
}
