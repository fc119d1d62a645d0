//! `reset`: a user is forgotten altogether.

use crate::account::Known;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl reset alice         # asks first, on a terminal",
    "sudo countersignctl reset alice --yes",
]))]
pub(crate) struct Reset {
    /// Whom; a uid too, if the account is gone
    pub(crate) user: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

pub(super) fn run(arguments: &Reset, context: &mut Context) -> Result<(), Error> {
    context.need_root("reset a user")?;
    let whom = Known::find(&arguments.user)?;
    // Scripts say what they mean by running it.
    if context.answers.are_typed() && !arguments.yes {
        context.output.say(&format!(
            "This forgets all that {whom} has set up: credentials, recovery codes, wrong answers."
        ))?;
        let answer = context.answers.shown("Type yes to go on: ")?;
        if !answer.eq_ignore_ascii_case("yes") {
            return Err(Error::Refused("Nothing was changed.".to_owned()));
        }
    }
    context.call(|client| client.reset(whom.uid()))?;
    context.output.say(&match &whom {
        Known::Account(account) => format!(
            "{whom} has no second factor any more. Set one up:\n  countersignctl enroll{}",
            account.argument()
        ),
        Known::Gone(_) => format!("Nothing is left of {whom}."),
    })
}
