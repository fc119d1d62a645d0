//! `test`: a login's second factor, gone through without a login.

use clap::Args;
use std::io;

use countersign_bus::client::Begun;
use countersign_bus::types::{Ask, Challenge, Entry, Login, News, Next};
use nix::unistd::ttyname;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::{Output, Tone};
use crate::report::Tested;
use crate::words::{count, duration, printable};

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl test                # your own",
    "sudo countersignctl test alice --service sshd",
]))]
pub(crate) struct Test {
    /// Whose login
    pub(crate) user: Option<String>,
    /// Through which PAM service
    #[arg(long, default_value = "countersignctl")]
    pub(crate) service: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &Test, context: &mut Context) -> Result<(), Error> {
    let account = Account::find(arguments.user.as_deref())?;
    let login = login(arguments, &account)?;
    if !arguments.json {
        context.output.say(&format!(
            "A login of {account} through {}, as far as the second factor goes.",
            printable(&arguments.service)
        ))?;
    }
    let outcome = context
        .call(|client| client.begin(&login))
        .and_then(|begun| go_through(begun, arguments.json, context));
    let in_words = |error: Error| in_words(error, arguments, &account);
    if arguments.json {
        report(arguments, &account, &outcome, &context.output)?;
        return outcome.map(drop).map_err(in_words);
    }
    show(
        &outcome.map_err(in_words)?,
        arguments,
        &account,
        &context.output,
    )
}

/// How it would go on, in words.
fn show(
    passed: &Passed,
    arguments: &Test,
    account: &Account,
    output: &Output,
) -> Result<(), Error> {
    match passed {
        Passed::NotDemanded { rule } => {
            let rule = printable(rule);
            output.strong(&format!(
                "No second factor is asked for here, by the rule \"{rule}\"."
            ))?;
            output.say(&why(arguments, account))
        }
        Passed::Remembered { rule, seconds } => {
            output.strong(&format!(
                "No code is asked for: one given {} ago still counts, by the rule \"{}\".",
                duration(*seconds),
                printable(rule)
            ))?;
            output.say(&format!(
                "To have one asked for again:\n  countersignctl forget{}",
                account.argument()
            ))
        }
        Passed::Enrollment => {
            output.strong("A login here would first walk through enrolment.")?;
            output.say(&format!(
                "To do that now:\n  countersignctl enroll{}",
                account.argument()
            ))
        }
        Passed::Accepted { recovery_left } => {
            output.tell(Tone::Good, "Accepted: the login would go on.")?;
            match recovery_left {
                Some(left) => {
                    output.line(&format!("{} left.", count(*left as usize, "recovery code")))
                }
                None => Ok(()),
            }
        }
    }
}

/// How a login would go on.
enum Passed {
    /// Without a factor.
    NotDemanded { rule: String },
    /// With a factor that was proven so many seconds ago.
    Remembered { rule: String, seconds: u64 },
    /// By enrolling first.
    Enrollment,
    /// With a factor proven.
    Accepted { recovery_left: Option<u32> },
}

/// Puts the daemon's challenges until it is satisfied.
fn go_through(begun: Begun, quiet: bool, context: &mut Context) -> Result<Passed, Error> {
    let (transaction, mut next, entry) = match begun {
        Begun::NotDemanded { rule } => return Ok(Passed::NotDemanded { rule }),
        Begun::Remembered { rule, seconds } => return Ok(Passed::Remembered { rule, seconds }),
        Begun::Transaction {
            transaction,
            next,
            entry,
            ..
        } => (transaction, next, entry),
    };
    if !quiet {
        context
            .output
            .say("It counts: a code given here is spent, and a wrong one counts as wrong.")?;
        if entry == Entry::Appended {
            context.output.say(
                "The login itself has one field: there type the password, a blank, the code. Here \
                 type the code alone.",
            )?;
        }
    }
    loop {
        let challenge = match next {
            Next::Finished { recovery_left } => return Ok(Passed::Accepted { recovery_left }),
            Next::Ask(challenge) => challenge,
            Next::Enroll(_) | Next::Acknowledge => {
                // As below.
                let _ = context.call(|client| client.cancel(&transaction));
                return Ok(Passed::Enrollment);
            }
        };
        let answer = match answer(&challenge, context) {
            Ok(answer) => answer,
            Err(error) => {
                // Ignoring a failure: the transaction ends with the connection too.
                let _ = context.call(|client| client.cancel(&transaction));
                return Err(abandoned(error, &challenge));
            }
        };
        next = context.call(|client| client.respond(&transaction, &answer))?;
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
        session: None,
        leaders: None,
    })
}

/// At the end of what a script had to say, what was wrong with it is the better news.
fn abandoned(error: Error, challenge: &Challenge) -> Error {
    match introduction(challenge) {
        Some(news) if matches!(error, Error::NoAnswer(_)) => {
            Error::Refused(format!("{news} No more was given on standard input."))
        }
        Some(_) | None => error,
    }
}

/// What a login would say and ask, and the answer.
fn answer(challenge: &Challenge, context: &mut Context) -> Result<Zeroizing<String>, Error> {
    if context.answers.are_typed() {
        if let Some(line) = introduction(challenge) {
            context.output.say(&line)?;
        }
        if challenge.ask == Ask::Code && challenge.recovery && challenge.news.is_none() {
            context
                .output
                .say("(A recovery code is taken too. Enter alone ends this.)")?;
        }
    }
    let answer = context.answers.hidden(prompt(challenge.ask))?;
    if answer.is_empty() {
        return Err(Error::Refused(
            "Nothing was answered: the login would go no further.".to_owned(),
        ));
    }
    Ok(answer)
}

fn prompt(ask: Ask) -> &'static str {
    match ask {
        Ask::Code => "One-time code: ",
        Ask::FirstCode => "This code: ",
        Ask::NextCode => "And the next one: ",
        Ask::RecoveryCode => "Recovery code: ",
    }
}

/// What a login says before it asks, in the PAM module's words.
fn introduction(challenge: &Challenge) -> Option<String> {
    let left = challenge.tries;
    let several = match challenge.codes {
        0..=2 => "Too many wrong codes. Type two in a row.".to_owned(),
        more => format!("Too many wrong codes. Type {more} in a row."),
    };
    let line = match (challenge.news, challenge.ask) {
        (Some(News::Wrong), _) => format!("Wrong one-time code. Try again ({left} left)."),
        (Some(News::Used), _) => "Code already used. Wait for a new one.".to_owned(),
        (Some(News::SeveralCodes), Ask::Code) => {
            format!(
                "That was too soon after a wrong code to be looked at. Try again ({left} left)."
            )
        }
        (Some(News::SeveralCodes), _) | (None, Ask::FirstCode) => several,
        (Some(News::WrongRecovery), _) => format!("Wrong recovery code. Try again ({left} left)."),
        (Some(News::RecoveryWait), _) => match challenge.wait {
            Some(wait) => format!("Too many wrong codes. Wait {}.", duration(wait)),
            None => "Too many wrong codes. Wait a while.".to_owned(),
        },
        (None, Ask::NextCode) => "Wait until the app shows the next code (up to 30 s).".to_owned(),
        (None, Ask::RecoveryCode) => "Type one of the recovery codes you saved.".to_owned(),
        (None, Ask::Code) => return None,
    };
    Some(line)
}

/// What tells root which rule it is, and why.
fn why(arguments: &Test, account: &Account) -> String {
    format!(
        "Which rule it is, and why, as root:\n  countersignctl explain --user {} --service {}",
        printable(&account.name),
        printable(&arguments.service)
    )
}

/// The daemon's refusal, as what it is here: the outcome.
fn in_words(error: Error, arguments: &Test, account: &Account) -> Error {
    if error.is_prohibition() {
        return Error::Refused(format!(
            "Refused by the policy: nothing is asked, and no code helps. {}",
            why(arguments, account)
        ));
    }
    if !error.is_rejection() {
        return error;
    }
    Error::Refused(
        "Refused: the login would end here. Each code works once; is the phone's clock right?"
            .to_owned(),
    )
}

/// The outcome as JSON; none if the daemon had no say in it.
fn report(
    arguments: &Test,
    account: &Account,
    outcome: &Result<Passed, Error>,
    output: &Output,
) -> Result<(), Error> {
    let (outcome, rule, recovery_left) = match outcome {
        Ok(Passed::NotDemanded { rule }) => ("not-demanded", Some(rule.as_str()), None),
        Ok(Passed::Remembered { rule, .. }) => ("remembered", Some(rule.as_str()), None),
        Ok(Passed::Enrollment) => ("enroll", None, None),
        Ok(Passed::Accepted { recovery_left }) => ("accepted", None, *recovery_left),
        Err(error) if error.is_rejection() => ("rejected", None, None),
        Err(error) if error.is_prohibition() => ("refused", None, None),
        Err(_) => return Ok(()),
    };
    output.json(&Tested {
        user: &account.name,
        uid: account.uid,
        service: &arguments.service,
        outcome,
        rule,
        recovery_left,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(ask: Ask, news: Option<News>) -> Challenge {
        Challenge {
            ask,
            codes: 2,
            tries: 2,
            lengths: vec![6],
            recovery: true,
            news,
            wait: Some(61),
        }
    }

    #[test]
    fn a_test_says_what_a_login_says() {
        for (ask, news, line) in [
            (Ask::Code, None, None),
            (
                Ask::Code,
                Some(News::Wrong),
                Some("Wrong one-time code. Try again (2 left)."),
            ),
            (
                Ask::Code,
                Some(News::Used),
                Some("Code already used. Wait for a new one."),
            ),
            (
                Ask::FirstCode,
                None,
                Some("Too many wrong codes. Type two in a row."),
            ),
            (
                Ask::NextCode,
                None,
                Some("Wait until the app shows the next code (up to 30 s)."),
            ),
            (
                Ask::RecoveryCode,
                Some(News::RecoveryWait),
                Some("Too many wrong codes. Wait 2 min."),
            ),
        ] {
            assert_eq!(introduction(&challenge(ask, news)).as_deref(), line);
        }
    }
}
