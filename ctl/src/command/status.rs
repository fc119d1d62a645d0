//! `status`: what a user holds, and what a login asks for now.

use crate::account::{Account, Known};
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::{Output, Tone};
use crate::report::{Credential, UserStatus, factor_name};
use crate::table::Columns;
use crate::words::{ago, count, duration, printable};
use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl status              # your own",
    "sudo countersignctl status alice   # why alice cannot log in, and what to do",
    "sudo countersignctl status alice --json",
]))]
pub(crate) struct Status {
    /// Whose; root may give the uid of an account that is gone
    pub(crate) user: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &Status, context: &mut Context) -> Result<(), Error> {
    let whom = match &arguments.user {
        Some(user) => Known::find(user)?,
        None => Known::Account(Account::find(None)?),
    };
    let status = match &whom {
        Known::Account(account) => context.status(account)?,
        Known::Gone(uid) => gone(*uid, context)?,
    };
    if arguments.json {
        return context.output.json(&status);
    }
    context.output.strong(&whom.to_string())?;
    if let (Known::Gone(_), Some(name)) = (&whom, &status.user) {
        let name = printable(name);
        context.output.say(&format!("It was {name}'s."))?;
    }
    show(&whom, &status, context.now, &context.output)
}

/// What is left of a user whose account is gone, and whose name only the daemon still knows.
fn gone(uid: u32, context: &mut Context) -> Result<UserStatus, Error> {
    context.need_root("see what is left of an account that is gone")?;
    let page = context.call(|client| client.list(uid.checked_sub(1), 1))?;
    page.into_iter()
        .map(UserStatus::from)
        .find(|user| user.uid == uid)
        .ok_or_else(|| Error::NoSuchUser(uid.to_string()))
}

fn show(whom: &Known, status: &UserStatus, now: u64, output: &Output) -> Result<(), Error> {
    if !status.credentials.is_empty() {
        output.line("")?;
        output.table(&credentials(status, now, output))?;
    }
    output.line("")?;
    if !status.enrolled {
        return output.tell(Tone::Bad, &unenrolled(whom, status));
    }
    let tone = match status.codes_demanded {
        0 | 1 => Tone::Good,
        _ => Tone::Caution,
    };
    output.tell(tone, &demand(status))?;
    match status.recovery_left {
        0 => output.tell(Tone::Caution, &recovery(whom, status))?,
        _ => output.say(&recovery(whom, status))?,
    }
    if !status.known_origins.is_empty() {
        let origins: Vec<_> = status.known_origins.iter().map(|o| printable(o)).collect();
        output.say(&format!(
            "Wrong codes from elsewhere do not count for: {}.",
            origins.join(", ")
        ))?;
    }
    Ok(())
}

fn unenrolled(whom: &Known, status: &UserStatus) -> String {
    match whom {
        Known::Gone(_) => "No factor is set up.".to_owned(),
        Known::Account(account) if status.credentials.is_empty() => format!(
            "No factor is set up. Set one up:\n  countersignctl enroll{}",
            account.argument()
        ),
        Known::Account(account) => format!(
            "No login takes its codes until a first one confirms it:\n  countersignctl confirm{}",
            account.argument()
        ),
    }
}

fn credentials(status: &UserStatus, now: u64, output: &Output) -> Columns<6> {
    let mut table = Columns::new(
        ["ID", "FACTOR", "LABEL", "STATE", "MADE", "LAST USED"],
        output.width(),
    );
    for credential in &status.credentials {
        table.row([
            &credential.id,
            factor_name(credential.factor),
            credential.label.as_deref().unwrap_or("-"),
            if credential.confirmed {
                "confirmed"
            } else {
                "unconfirmed"
            },
            &credential
                .created
                .map_or_else(|| "-".to_owned(), |time| ago(time, now)),
            &last_used(credential, now),
        ]);
    }
    table
}

fn last_used(credential: &Credential, now: u64) -> String {
    credential
        .last_used
        .map_or_else(|| "never".to_owned(), |time| ago(time, now))
}

fn recovery(whom: &Known, status: &UserStatus) -> String {
    match status.recovery_left {
        0 => format!(
            "No recovery code is left. Make new ones:\n  countersignctl recovery-codes{}",
            whom.argument()
        ),
        left => format!("{} left.", count(left as usize, "recovery code")),
    }
}

/// What a login from a new place asks for, in words.
fn demand(status: &UserStatus) -> String {
    let wait = status
        .wait
        .map(|seconds| format!(", for another {}", duration(seconds)))
        .unwrap_or_default();
    match status.codes_demanded {
        0 | 1 => "A login from a new place asks for one code.".to_owned(),
        2 => format!(
            "After too many wrong codes, a login from a new place asks for two codes in a row{wait}."
        ),
        more => {
            format!(
                "After too many wrong codes, a login from a new place asks for {more} codes in a row{wait}."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(codes_demanded: u32, wait: Option<u64>) -> UserStatus {
        UserStatus::from(countersign_bus::types::Status {
            codes_demanded: Some(codes_demanded),
            wait,
            ..countersign_bus::types::Status::default()
        })
    }

    #[test]
    fn what_a_login_asks_for_is_said_in_words() {
        assert_eq!(
            demand(&status(1, None)),
            "A login from a new place asks for one code."
        );
        assert_eq!(
            demand(&status(2, Some(3541))),
            "After too many wrong codes, a login from a new place asks for two codes in a row, for another 60 min."
        );
        assert_eq!(
            demand(&status(3, None)),
            "After too many wrong codes, a login from a new place asks for 3 codes in a row."
        );
    }
}
