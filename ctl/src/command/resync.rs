//! `resync`: a token or a clock that has run away is found again.

use clap::Args;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::Tone;
use crate::report::Resynchronized;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl resync              # your own token",
    "sudo countersignctl resync alice   # hers, with two codes that she reads out",
]))]
pub(crate) struct Resync {
    /// Whose device
    pub(crate) user: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &Resync, context: &mut Context) -> Result<(), Error> {
    let account = Account::find(arguments.user.as_deref())?;
    if !context.status(&account)?.enrolled {
        return Err(Error::Refused(format!(
            "{account} has no factor that could have run away. Set one up:\n  \
             countersignctl enroll{}",
            account.argument()
        )));
    }
    if !arguments.json {
        context
            .output
            .say("Type two codes that follow each other, as the token or the app shows them.")?;
    }
    let first = context.answers.hidden("This code: ")?;
    let second = context.answers.hidden("And the next one: ")?;
    let found = context.call(|client| client.resynchronize(account.wire(), [&first, &second]));
    let id = found.map_err(|error| match error.is_rejection() {
        true => Error::Refused(format!(
            "No device of {account} shows these two codes, one right after the other, near where \
             it should be. Try again with the next two; if they never fit, set it up anew:\n  \
             countersignctl enroll{}",
            account.argument()
        )),
        false => error,
    })?;
    if arguments.json {
        return context.output.json(&Resynchronized {
            user: &account.name,
            uid: account.uid,
            credential: &id,
        });
    }
    let named = context.credential(&account, &id)?.named();
    context.output.tell(
        Tone::Good,
        &format!("{named} of {account} is in step again. Both codes are spent."),
    )
}
