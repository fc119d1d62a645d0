//! `rename`: a credential is called otherwise.

use clap::Args;
use countersign_bus::types::ChangeOptions;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::words::printable;

#[derive(Args, Debug)]
#[command(
    override_usage = "countersignctl rename [OPTIONS] [USER] <CREDENTIAL> <LABEL>",
    after_help = help::examples(&[
        "countersignctl rename 1 work-phone            # your own number 1",
        "sudo countersignctl rename alice 2 tablet    # alice's number 2",
    ])
)]
pub(crate) struct Rename {
    /// Whose; which one, as `status` shows it; and what to call it
    #[arg(num_args = 1..=3, required = true, value_names = ["USER", "CREDENTIAL", "LABEL"])]
    pub(crate) user_credential_label: Vec<String>,
}

impl Rename {
    /// User, credential and label.
    fn parts(&self) -> Option<(Option<&str>, &str, &str)> {
        match self.user_credential_label.as_slice() {
            [credential, label] => Some((None, credential, label)),
            [user, credential, label] => Some((Some(user), credential, label)),
            _ => None,
        }
    }
}

pub(super) fn run(arguments: &Rename, context: &mut Context) -> Result<(), Error> {
    let (user, id, label) = arguments.parts().ok_or(Error::Usage(
        "Name a credential, and what to call it:\n  countersignctl rename [USER] CREDENTIAL LABEL",
    ))?;
    let account = Account::find(user)?;
    context.credential(&account, id)?;
    context.with_proof(&account, |client, proof| {
        client.rename(account.wire(), id, label, &ChangeOptions { proof })
    })?;
    context.output.say(&match printable(label).as_str() {
        "" => format!(
            "Credential {} of {account} has no label any more.",
            printable(id)
        ),
        label => format!(
            "Credential {} of {account} is called \"{label}\".",
            printable(id)
        ),
    })
}
