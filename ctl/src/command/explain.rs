//! `explain`: what becomes of a login, and which rule of the policy says so.

mod at;
mod report;
mod sentences;

use std::net::IpAddr;

use clap::Args;
use countersign_bus::types::{ExplainOptions, Login};

use self::at::At;
use self::report::Explained;
use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::Output;
use crate::table::Columns;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl explain --user alice --service sshd --from 192.0.2.7",
    "sudo countersignctl explain --user alice --service login --tty tty1 --at 03:00",
    "sudo countersignctl explain --user bob --service sudo --at 22:30 --json",
]))]
pub(crate) struct Explain {
    /// Who would log in, by the name that they would type
    #[arg(long)]
    pub(crate) user: String,
    /// Through which PAM service: sshd, sudo, login …
    #[arg(long)]
    pub(crate) service: String,
    /// From which address; without it, from this machine
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) from: Option<IpAddr>,
    /// At which terminal: tty1, ssh …
    #[arg(long, value_name = "TERMINAL")]
    pub(crate) tty: Option<String>,
    /// When, in this machine's time: 14:00, "sat 14:00", "2026-11-22 14:00"; without it, now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<At>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A peer's address. A name is none: who has it is for the peer's name server to say.
fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| {
        "write one numeric address, as 192.0.2.7 or 2001:db8::7: a name is in no network of the \
         policy, and a network is no address"
            .to_owned()
    })
}

pub(super) fn run(arguments: &Explain, context: &mut Context) -> Result<(), Error> {
    context.need_root("explain what becomes of a login")?;
    // As a login resolves it: by its name, and it may be nobody's.
    let account = match Account::find(Some(&arguments.user)) {
        Ok(account) => Some(account),
        Err(Error::NoSuchUser(_)) => None,
        Err(error) => return Err(error),
    };
    let at = arguments.at.as_ref().map(|at| at.unix(context.now));
    let at = at.transpose()?;
    let login = login(arguments, account.as_ref());
    let explanation = context.call(|client| client.explain(&login, &ExplainOptions { at }))?;
    let explained = Explained::of(arguments, account.as_ref(), at, explanation);
    if arguments.json {
        return context.output.json(&explained);
    }
    show(&explained, &context.output)
}

fn login(arguments: &Explain, account: Option<&Account>) -> Login {
    Login {
        user: Some(account.map_or_else(|| arguments.user.clone(), |known| known.name.clone())),
        uid: account.map(|account| account.uid),
        groups: account.map(Account::groups),
        service: Some(arguments.service.clone()),
        rhost: arguments.from.map(|address| address.to_string()),
        tty: arguments.tty.clone(),
        ..Login::default()
    }
}

fn show(explained: &Explained<'_>, output: &Output) -> Result<(), Error> {
    output.say(&sentences::login(explained))?;
    output.line("")?;
    output.strong(&sentences::decision(explained))?;
    let (tone, fate) = sentences::fate(explained);
    output.tell(tone, &fate)?;
    for line in sentences::besides(explained) {
        output.say(&line)?;
    }
    if !explained.passed_over.is_empty() {
        output.line("")?;
        output.table(&passed_over(explained, output))?;
    }
    if let Some(next) = sentences::next(explained) {
        output.line("")?;
        output.say(&next)?;
    }
    Ok(())
}

/// The rules before the one that decides, and what each does not match by.
fn passed_over(explained: &Explained<'_>, output: &Output) -> Columns<3> {
    let mut table = Columns::new(
        ["EARLIER RULE", "DOES NOT MATCH IN", "THE LOGIN HAS"],
        output.width(),
    );
    for passed in &explained.passed_over {
        let found = match passed.found.as_str() {
            "" => "none",
            found => found,
        };
        table.row([&passed.rule, &passed.condition, found]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_numeric_address() {
        assert!(address("192.0.2.7").is_ok());
        assert!(address("2001:db8::7").is_ok());
        for wrong in ["", "office.example", "192.0.2.0/24", "192.0.2", "localhost"] {
            let refused = address(wrong).unwrap_err();
            assert!(refused.contains("192.0.2.7"), "{wrong}: {refused}");
        }
    }
}
