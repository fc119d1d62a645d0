//! `remove`: one credential is taken away.

use countersign_bus::types::ChangeOptions;

use crate::account::Account;
use crate::cli::Remove;
use crate::context::Context;
use crate::error::Error;
use crate::words::printable;

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
