//! `list`: the users who hold a factor.

use std::collections::BTreeMap;

use clap::Args;

use crate::account::Known;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::report::{UserStatus, factor_name};
use crate::table::Columns;
use crate::words::{ago, count};

/// How many users one call asks for.
const PAGE: u32 = 100;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl list",
    "sudo countersignctl list --json",
]))]
pub(crate) struct List {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &List, context: &mut Context) -> Result<(), Error> {
    context.need_root("list users")?;
    let users = users(context)?;
    if arguments.json {
        return context.output.json(&users);
    }
    if users.is_empty() {
        return context
            .output
            .say("No user has a second factor yet. Set one up:\n  countersignctl enroll USER");
    }
    let mut table = Columns::new(
        [
            "USER",
            "UID",
            "FACTORS",
            "LAST USED",
            "RECOVERY CODES",
            "NOTE",
        ],
        context.output.width(),
    );
    for user in &users {
        table.row([
            &name(user),
            &user.uid.to_string(),
            &factors(user),
            &last_used(user, context.now),
            &user.recovery_left.to_string(),
            &note(user, context.now),
        ]);
    }
    context.output.table(&table)
}

pub(super) fn users(context: &mut Context) -> Result<Vec<UserStatus>, Error> {
    let mut users: Vec<UserStatus> = Vec::new();
    loop {
        let after = users.last().map(|user| user.uid);
        let page = context.call(|client| client.list(after, PAGE))?;
        if page.is_empty() {
            return Ok(users);
        }
        for user in page.into_iter().map(UserStatus::from) {
            // Whoever does not count upwards would be asked for ever.
            if users.last().is_some_and(|last| last.uid >= user.uid) {
                return Err(Error::Garbled("its list of users is not in order"));
            }
            users.push(user);
        }
    }
}

/// The kinds of what counts, with how many there are of each.
fn factors(user: &UserStatus) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for credential in user.credentials.iter().filter(|c| c.confirmed) {
        *kinds.entry(factor_name(credential.factor)).or_default() += 1;
    }
    let told = kinds.into_iter().map(|(kind, number)| match number {
        1 => kind.to_owned(),
        _ => format!("{number} {kind}"),
    });
    match told.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "-".to_owned(),
        some => some,
    }
}

fn last_used(user: &UserStatus, now: u64) -> String {
    let last = user
        .credentials
        .iter()
        .filter_map(|credential| credential.last_used)
        .max();
    last.map_or_else(|| "never".to_owned(), |time| ago(time, now))
}

/// Its name as enrolled; where that cannot be read, the account's.
fn name(user: &UserStatus) -> String {
    let known = || Known::find(&user.uid.to_string()).ok();
    let account = || known().and_then(|known| known.name().map(str::to_owned));
    user.user
        .clone()
        .or_else(account)
        .unwrap_or_else(|| "?".to_owned())
}

/// What an admin should look at.
fn note(user: &UserStatus, now: u64) -> String {
    if user.problem.is_some() {
        return "unreadable: see status".to_owned();
    }
    let mut notes = Vec::new();
    match user.credentials.len() - user.confirmed() {
        0 => {}
        waiting => notes.push(format!("{waiting} unconfirmed")),
    }
    if user.codes_demanded > 1 {
        notes.push(format!(
            "{} asked for",
            count(user.codes_demanded as usize, "code")
        ));
    }
    if user.issued_until.is_some_and(|until| until > now) {
        notes.push("code issued".to_owned());
    }
    notes.join(", ")
}

#[cfg(test)]
mod tests {
    use countersign_bus::types::{CredentialStatus, Factor, Status};

    use super::*;

    fn user(confirmed: &[bool], codes_demanded: u32) -> UserStatus {
        let credential = |(confirmed, last_used): (&bool, u64)| CredentialStatus {
            factor: Some(Factor::Totp as u32),
            confirmed: Some(*confirmed),
            last_used: Some(last_used),
            ..CredentialStatus::default()
        };
        UserStatus::from(Status {
            credentials: Some(confirmed.iter().zip(1_000..).map(credential).collect()),
            codes_demanded: Some(codes_demanded),
            ..Status::default()
        })
    }

    #[test]
    fn what_counts_is_told_by_kind_and_what_does_not_is_noted() {
        assert_eq!(factors(&user(&[], 1)), "-");
        assert_eq!(factors(&user(&[true, false], 1)), "totp");
        assert_eq!(factors(&user(&[true, true], 1)), "2 totp");
        assert_eq!(note(&user(&[true], 1), 9), "");
        assert_eq!(note(&user(&[true, false], 1), 9), "1 unconfirmed");
        assert_eq!(
            note(&user(&[false], 2), 9),
            "1 unconfirmed, 2 codes asked for"
        );
    }

    #[test]
    fn the_last_use_is_the_latest_of_all() {
        assert_eq!(last_used(&user(&[true, true], 1), 1_121), "2 min ago");
        assert_eq!(last_used(&user(&[], 1), 1_121), "never");
    }
}
