//! `remove`: one credential is taken away.

use clap::Args;
use countersign_bus::types::ChangeOptions;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::words::printable;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl status              # shows the credentials' numbers",
    "countersignctl remove 2            # your own number 2",
    "sudo countersignctl remove alice 2 # alice's",
]))]
#[command(allow_missing_positional = true)]
pub(crate) struct Remove {
    /// Whose credential it is
    pub(crate) user: Option<String>,
    /// Which one, as `status` shows it
    #[arg(required = true)]
    pub(crate) credential: String,
}

pub(super) fn run(arguments: &Remove, context: &mut Context) -> Result<(), Error> {
    let account = Account::find(arguments.user.as_deref())?;
    let credential = &arguments.credential;
    context.credential(&account, credential)?;
    context.with_proof(&account, |client, proof| {
        client.remove(account.wire(), credential, &ChangeOptions { proof })
    })?;
    context.output.say(&format!(
        "Removed credential {} of {account}.",
        printable(credential)
    ))?;
    if context.status(&account)?.confirmed() == 0 {
        context.output.say(&format!(
            "That was the last one. Set up another:\n  countersignctl enroll{}",
            account.argument()
        ))?;
    }
    Ok(())
}
