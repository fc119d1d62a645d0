//! `test`: a login's second factor, gone through without a login.

use std::io;

use countersign_bus::Client;
use countersign_bus::client::Begun;
use countersign_bus::types::{Ask, Challenge, Login, News, Next};
use nix::unistd::ttyname;

use crate::account::Account;
use crate::cli::Test;
use crate::context::Context;
use crate::error::Error;
use crate::report::Tested;
use crate::words::{count, duration, printable};

pub(super) fn run(arguments: &Test, context: &mut Context) -> Result<(), Error> {
    let account = Account::find(arguments.user.as_deref())?;
    let login = login(arguments, &account)?;
    if !arguments.json {
        context.output.line(&format!(
            "A login of {account} through {}, as far as the second factor goes.",
            printable(&arguments.service)
        ))?;
    }
    match context.call(|client| client.begin(&login))? {
        Begun::NotDemanded { rule } => not_demanded(arguments, &account, &rule, context),
        Begun::Transaction { transaction, next } => {
            if !arguments.json {
                context.output.line(
                    "It counts: a code given here is spent, and a wrong one is a wrong one.",
                )?;
            }
            let mut next = next;
            loop {
                let challenge = match next {
                    Next::Finished { recovery_left } => {
                        return finished(arguments, &account, recovery_left, context);
                    }
                    Next::Ask(challenge) => challenge,
                };
                let answer = match answer(&challenge, context) {
                    Ok(answer) => answer,
                    Err(error) => {
                        // It is over either way; the daemon forgets it by itself otherwise.
                        let _ = context.call(|client| client.cancel(&transaction));
                        return Err(error);
                    }
                };
                let respond = |client: &mut Client| client.respond(&transaction, &answer);
                next = context.call(respond).map_err(refused)?;
            }
        }
    }
}

fn login(arguments: &Test, account: &Account) -> Result<Login, Error> {
    Ok(Login {
        user: Some(account.name.clone()),
        uid: Some(account.uid),
        groups: Some(account.groups()),
        service: Some(arguments.service.clone()),
        rhost: None,
        tty: ttyname(io::stdin())
            .ok()
            .and_then(|path| path.into_os_string().into_string().ok()),
        ruser: Some(Account::find(None)?.name),
    })
}

/// What a login would say and ask, and the answer.
fn answer(challenge: &Challenge, context: &mut Context) -> Result<String, Error> {
    if let Some(news) = challenge.news {
        let line = news_line(news, challenge);
        if context.answers.are_typed() {
            context.output.line(&line)?;
        }
    }
    if context.answers.are_typed() && challenge.ask == Ask::Code && challenge.recovery {
        context
            .output
            .line("(A recovery code is taken too. Enter alone ends this.)")?;
    }
    let answer = context.answers.hidden(prompt(challenge.ask))?;
    if answer.is_empty() {
        return Err(Error::Refused(
            "Nothing was answered, and nothing was spent.".to_owned(),
        ));
    }
    Ok(answer.to_string())
}

fn prompt(ask: Ask) -> &'static str {
    match ask {
        Ask::Code => "One-time code: ",
        Ask::FirstCode => "This code: ",
        Ask::NextCode => "And the next one: ",
        Ask::RecoveryCode => "Recovery code: ",
    }
}

fn news_line(news: News, challenge: &Challenge) -> String {
    let left = challenge.tries;
    let wait = challenge.wait.map(duration);
    match (news, wait) {
        (News::Wrong, _) => format!("Wrong one-time code. Try again ({left} left)."),
        (News::Used, _) => "Code already used. Wait for a new one.".to_owned(),
        (News::SeveralCodes, _) => "Too many wrong codes. Type two in a row.".to_owned(),
        (News::WrongRecovery, _) => format!("Wrong recovery code. Try again ({left} left)."),
        (News::RecoveryWait, Some(wait)) => {
            format!("Too many wrong recovery codes. They are taken again in {wait}.")
        }
        (News::RecoveryWait, None) => "Too many wrong recovery codes. Wait a while.".to_owned(),
    }
}

fn not_demanded(
    arguments: &Test,
    account: &Account,
    rule: &str,
    context: &Context,
) -> Result<(), Error> {
    if arguments.json {
        return context.output.json(&Tested {
            user: &account.name,
            uid: account.uid,
            service: &arguments.service,
            outcome: "not-demanded",
            rule: Some(rule),
            recovery_left: None,
        });
    }
    context.output.strong(&format!(
        "No second factor is asked for here, by the rule \"{}\".",
        printable(rule)
    ))
}

fn finished(
    arguments: &Test,
    account: &Account,
    recovery_left: Option<u32>,
    context: &Context,
) -> Result<(), Error> {
    if arguments.json {
        return context.output.json(&Tested {
            user: &account.name,
            uid: account.uid,
            service: &arguments.service,
            outcome: "accepted",
            rule: None,
            recovery_left,
        });
    }
    context.output.strong("Accepted: the login would go on.")?;
    match recovery_left {
        Some(left) => context
            .output
            .line(&format!("{} left.", count(left as usize, "recovery code"))),
        None => Ok(()),
    }
}

/// The daemon's refusal, as what it is here: the outcome.
fn refused(error: Error) -> Error {
    if !error.is_rejection() {
        return error;
    }
    Error::Refused(
        "Refused: the login would end here. Each code works once; is the phone's clock right?"
            .to_owned(),
    )
}
