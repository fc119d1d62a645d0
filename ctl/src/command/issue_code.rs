//! `issue-code`: a code for somebody who has no other, good for one login and for a while.

use std::time::Duration;

use clap::Args;
use countersign_bus::types::IssueOptions;
use zeroize::Zeroizing;

use crate::account::{Account, login_uid};
use crate::context::Context;
use crate::error::Error;
use crate::output::Output;
use crate::report::IssuedCode;
use crate::words::{date, duration, spoken};
use crate::{clock, help, sealed, words};

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl issue-code alice             # good for ten minutes",
    "sudo countersignctl issue-code alice --for 2h",
    "sudo countersignctl issue-code alice --json",
]))]
pub(crate) struct IssueCode {
    /// Who may use it
    pub(crate) user: String,
    /// For how long, such as 90s, 10m, 2h or 1d; ten minutes, if not given
    #[arg(long = "for", value_name = "TIME", value_parser = words::parse_duration)]
    pub(crate) life: Option<Duration>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &IssueCode, context: &mut Context) -> Result<(), Error> {
    context.need_root("issue a code")?;
    let account = Account::find(Some(&arguments.user))?;
    let options = IssueOptions {
        seconds: arguments.life.map(|life| life.as_secs()),
        by: login_uid(),
    };
    let (file, expires) = context.call(|client| client.issue_code(account.wire(), &options))?;
    let code = sealed::lines(file)?
        .into_iter()
        .next()
        .ok_or(Error::Garbled("there is no code in it"))?;
    if arguments.json {
        return context.output.json(&IssuedCode {
            user: &account.name,
            uid: account.uid,
            code: &code,
            expires,
        });
    }
    // Looked at again: the daemon took its time, and read its own clock later.
    let life = expires.saturating_sub(clock::now());
    show(&account, &code, (life, expires), &context.output)
}

/// Shows the code, for the only time.
fn show(
    account: &Account,
    code: &Zeroizing<String>,
    (life, expires): (u64, u64),
    output: &Output,
) -> Result<(), Error> {
    output.strong(&format!("A code for {account}"))?;
    output.line("")?;
    output.line(&Zeroizing::new(format!("  {}", code.as_str())))?;
    output.line(&Zeroizing::new(format!("  {}", spoken(code).as_str())))?;
    output.line("")?;
    output.say(&format!(
        "It is good for one login within {}, until {}. It is typed where a login asks for the \
         one-time code; capitals, hyphens and blanks do not matter.",
        duration(life),
        date(expires)
    ))?;
    output.say("Be sure whom you give it to: whoever has it needs no phone.")?;
    output.say("It is not shown again, and one that was issued before is void.")
}
