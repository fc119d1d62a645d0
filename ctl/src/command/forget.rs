//! `forget`: no login of a user is remembered any more.

use clap::Args;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::words::count;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl forget              # your own, as when a laptop was lost",
    "sudo countersignctl forget alice",
]))]
pub(crate) struct Forget {
    /// Whose logins
    pub(crate) user: Option<String>,
}

pub(super) fn run(arguments: &Forget, context: &mut Context) -> Result<(), Error> {
    let account = Account::find(arguments.user.as_deref())?;
    let remembered = context.status(&account)?.passes.len();
    context.call(|client| client.forget(account.wire()))?;
    context.output.say(&match remembered {
        0 => format!("No login of {account} was remembered."),
        _ => format!(
            "Forgotten: {} of {account}. The next login asks for a code again.",
            count(remembered, "remembered login")
        ),
    })
}
