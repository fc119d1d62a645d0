//! `status`: what a user holds, what stands in the way of a login, and what mends it.

mod findings;
mod lately;

use clap::Args;
use serde::Serialize;

use self::findings::{Finding, findings};
use self::lately::{Failure, failures};
use crate::account::{Account, Known};
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::Output;
use crate::report::{Credential, UserStatus, factor_name};
use crate::table::Columns;
use crate::words::{ago, count, duration, printable, until};

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

/// Whom it is about, and who asks when.
struct Whom<'a> {
    known: &'a Known,
    by_root: bool,
    now: u64,
}

/// All of it, as JSON has it.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    status: &'a UserStatus,
    findings: &'a [Finding],
    failures: &'a [Failure],
}

pub(super) fn run(arguments: &Status, context: &mut Context) -> Result<(), Error> {
    let known = match &arguments.user {
        Some(user) => Known::find(user)?,
        None => Known::Account(Account::find(None)?),
    };
    let by_root = context.is_root();
    let status = match &known {
        Known::Account(account) => match context.status(account) {
            // What cannot be read, or is another's, only the list tells.
            Err(error) if by_root && error.is_about_the_record() => {
                kept(account.uid, context)?.ok_or(error)?
            }
            outcome => outcome?,
        },
        Known::Gone(uid) => {
            context.need_root("see what is left of an account that is gone")?;
            kept(*uid, context)?.ok_or_else(|| Error::NoSuchUser(uid.to_string()))?
        }
    };
    let whom = Whom {
        known: &known,
        by_root,
        now: context.now,
    };
    let findings = findings(&whom, &status);
    let failures = match by_root {
        true => failures(known.uid(), context),
        false => Vec::new(),
    };
    let report = Report {
        status: &status,
        findings: &findings,
        failures: &failures,
    };
    if arguments.json {
        return context.output.json(&report);
    }
    show(&whom, &report, &context.output)
}

/// What is kept under a uid, whatever name it is kept with.
fn kept(uid: u32, context: &mut Context) -> Result<Option<UserStatus>, Error> {
    let page = context.call(|client| client.list(uid.checked_sub(1), 1))?;
    Ok(page
        .into_iter()
        .map(UserStatus::from)
        .find(|user| user.uid == uid))
}

fn show(whom: &Whom<'_>, report: &Report<'_>, output: &Output) -> Result<(), Error> {
    let status = report.status;
    output.strong(&whom.known.to_string())?;
    if let (Known::Gone(_), Some(name)) = (whom.known, &status.user) {
        output.say(&format!("It was {}'s.", printable(name)))?;
    }
    if !status.credentials.is_empty() {
        output.line("")?;
        output.table(&credentials(status, whom.now, output))?;
    }
    output.line("")?;
    for finding in report.findings {
        output.tell(finding.tone, &finding.shown())?;
    }
    if !status.passes.is_empty() {
        output.line("")?;
        output.table(&passes(status, whom.now, output))?;
    }
    if let Some(places) = places(status, output) {
        output.line("")?;
        output.table(&places)?;
    }
    if !report.failures.is_empty() {
        output.line("")?;
        output.table(&lately::table(report.failures, whom.now, output.width()))?;
    }
    Ok(())
}

fn credentials(status: &UserStatus, now: u64, output: &Output) -> Columns<6> {
    let mut table = Columns::new(
        ["ID", "FACTOR", "LABEL", "STATE", "MADE", "LAST USED"],
        output.width(),
    );
    let when =
        |time: Option<u64>, none: &str| time.map_or_else(|| none.to_owned(), |time| ago(time, now));
    for credential in &status.credentials {
        table.row([
            &credential.id,
            factor_name(credential.factor),
            credential.label.as_deref().unwrap_or("-"),
            state(credential),
            &when(credential.created, "-"),
            &when(credential.last_used, "never"),
        ]);
    }
    table
}

fn state(credential: &Credential) -> &'static str {
    match (credential.confirmed, credential.uncertain) {
        (false, _) => "unconfirmed",
        (true, false) => "confirmed",
        (true, true) => "restored",
    }
}

/// Where no code is asked for at present.
fn passes(status: &UserStatus, now: u64, output: &Output) -> Columns<4> {
    let mut table = Columns::new(
        ["REMEMBERED LOGIN", "CREDENTIAL", "CODE GIVEN", "ENDS"],
        output.width(),
    );
    for pass in &status.passes {
        table.row([
            &pass.place,
            &pass.credential,
            &ago(pass.given, now),
            &until(pass.until, now),
        ]);
    }
    table
}

/// What each place asks for, if any asks for more than one code.
fn places(status: &UserStatus, output: &Output) -> Option<Columns<3>> {
    if status.places.iter().all(|place| place.codes <= 1) {
        return None;
    }
    let mut table = Columns::new(["LOGIN FROM", "ASKS FOR", "FOR ANOTHER"], output.width());
    for place in &status.places {
        let asks = match place.codes {
            0 | 1 => "one code".to_owned(),
            codes => format!("{} in a row", count(codes as usize, "code")),
        };
        let wait = place.wait.filter(|_| place.codes > 1).map(duration);
        table.row([
            &self::place(&place.place),
            &asks,
            wait.as_deref().unwrap_or("-"),
        ]);
    }
    Some(table)
}

/// A place, in words.
fn place(name: &str) -> String {
    match name {
        "unknown" => "anywhere new".to_owned(),
        "seat" => "this machine".to_owned(),
        "locker" => "screen lockers".to_owned(),
        address => printable(address),
    }
}
