//! `recovery-codes`: new ones are made, and the old ones void.

use clap::Args;
use countersign_bus::types::ChangeOptions;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::Output;
use crate::{report, sealed};

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl recovery-codes            # your own",
    "sudo countersignctl recovery-codes alice # for alice",
]))]
pub(crate) struct RecoveryCodes {
    /// Whose
    pub(crate) user: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &RecoveryCodes, context: &mut Context) -> Result<(), Error> {
    let account = Account::find(arguments.user.as_deref())?;
    if !context.status(&account)?.enrolled {
        return Err(Error::Refused(format!(
            "Recovery codes stand in for another factor, and {account} has none. Set one up:\n  \
             countersignctl enroll{}",
            account.argument()
        )));
    }
    let codes = renew(&account, context).map_err(|error| {
        if !error.leaves_doubt() {
            return error;
        }
        error.leaving(
            "The recovery codes of before may be void, or not. Make new ones once this is solved."
                .to_owned(),
        )
    })?;
    if arguments.json {
        return context.output.json(&report::RecoveryCodes {
            user: &account.name,
            uid: account.uid,
            recovery_codes: strings(&codes),
        });
    }
    context
        .output
        .say("The recovery codes of before are void from now on.")?;
    show(&account, &codes, &context.output)
}

fn renew(account: &Account, context: &mut Context) -> Result<Vec<Zeroizing<String>>, Error> {
    let file = context.with_proof(account, |client, proof| {
        client.renew_recovery_codes(account.wire(), &ChangeOptions { proof })
    })?;
    sealed::lines(file)
}

/// Shows codes, for the only time.
pub(super) fn show(
    account: &Account,
    codes: &[Zeroizing<String>],
    output: &Output,
) -> Result<(), Error> {
    if codes.is_empty() {
        return output.say("The recovery codes stay as they were.");
    }
    output.line("")?;
    output.strong(&format!("Recovery codes of {account}"))?;
    output.say("Each opens one login, when the phone is not at hand.")?;
    output.say("Keep them; they are not shown again.")?;
    output.line("")?;
    for code in codes {
        // As given: the number in front belongs to the code. Ten is one digit longer.
        output.line(&Zeroizing::new(format!("  {:>24}", code.as_str())))?;
    }
    Ok(())
}

/// The codes as they stand in JSON.
pub(super) fn strings(codes: &[Zeroizing<String>]) -> Vec<&str> {
    codes.iter().map(|code| code.as_str()).collect()
}
