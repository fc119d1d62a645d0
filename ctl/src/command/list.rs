//! `list`: the users who hold a factor.

use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::report::UserStatus;
use crate::table::Columns;
use clap::Args;

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
        ["UID", "USER", "CREDENTIALS", "RECOVERY CODES LEFT"],
        context.output.width(),
    );
    for user in &users {
        table.row([
            &user.uid.to_string(),
            user.user.as_deref().unwrap_or("?"),
            &credentials(user),
            &user.recovery_left.to_string(),
        ]);
    }
    context.output.table(&table)
}

fn users(context: &mut Context) -> Result<Vec<UserStatus>, Error> {
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

fn credentials(user: &UserStatus) -> String {
    let confirmed = user.confirmed();
    match user.credentials.len() - confirmed {
        0 => confirmed.to_string(),
        unconfirmed => format!("{confirmed} (+{unconfirmed} unconfirmed)"),
    }
}
