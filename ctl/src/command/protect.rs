//! `protect`: services ask for a second factor from now on, and go back by themselves if nobody
//! gets in.

mod people;
mod words;

use std::path::Path;
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use nix::unistd::Uid;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::output::{Output, Tone};
use crate::protect::change::Changer;
use crate::protect::host::{Host, ROOT};
use crate::protect::ledger::{Busy, Ledger, Pending, Store};
use crate::protect::plan::Plan;
use crate::protect::policy::Daemon;
use crate::protect::sshd::{self, First};
use crate::protect::trial::{self, Probed};
use crate::protect::{diff, person};
use crate::words::{date, duration, local, parse_duration, printable};
use crate::{clock, help};

/// Who confirms in less has typed it beforehand.
const SHORTEST: Duration = Duration::from_secs(10);
/// Who needs more than a day does not want to be let in again.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Later than in so many seconds, a time of day alone could be two.
const HALF_A_DAY: u64 = 12 * 60 * 60;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl protect sudo                     # undoes itself in 5 minutes ...",
    "sudo countersignctl confirm-protect                  # ... unless a new login says this",
    "sudo countersignctl protect sshd --first key         # ssh: key and code",
    "sudo countersignctl protect sshd --try 15m           # ssh: password and code",
    "sudo countersignctl protect i3lock                   # a screen locker",
    "countersignctl protect login su --no-try --yes       # in a script",
]))]
pub(crate) struct Protect {
    /// What is to ask: sshd, sudo, su, login, gdm-password, any other of /etc/pam.d
    #[arg(required = true, value_name = "SERVICE")]
    pub(crate) service: Vec<String>,
    /// What sshd asks for before the code
    #[arg(long, value_enum, default_value = "password")]
    pub(crate) first: First,
    /// How long a new login has to confirm it, such as 5m
    #[arg(long = "try", value_name = "TIME", default_value = "5m", value_parser = trial_time)]
    pub(crate) time: Duration,
    /// Let it stay without a new login that confirms it
    #[arg(long, conflicts_with = "time")]
    pub(crate) no_try: bool,
    /// Do not ask whether to go on
    #[arg(long)]
    pub(crate) yes: bool,
    /// Whose login is tried; yours, if not given
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Go on although that user is not asked for a code, or could not log in
    #[arg(long)]
    pub(crate) unproven: bool,
}

fn trial_time(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text)?;
    match (SHORTEST..=LONGEST).contains(&time) {
        true => Ok(time),
        false => Err("between 10s and 1d".to_owned()),
    }
}

pub(super) fn run(arguments: &Protect, context: &mut Context) -> Result<(), Error> {
    need_root("change how logins are asked")?;
    if !arguments.no_try {
        Host::need_systemd()?;
    }
    let whom = match &arguments.user {
        Some(name) => Account::find(Some(name))?,
        None => trial::person()?,
    };
    let store = Store::open(Path::new(ROOT), Busy::Refuse)?;
    let host = Host::of_user(&whom.name);
    let changer = host.changer(&store);
    need_nothing_pending(&changer)?;
    let mut policy = Daemon::about(context, &whom)?;
    let services = &arguments.service;
    let plan = Plan::make(Path::new(ROOT), services, arguments.first, &mut policy)?;
    for note in &plan.notes {
        context.output.say(note)?;
    }
    if plan.changes.is_empty() {
        return Ok(());
    }
    diff::show(&plan.changes, &context.output)?;
    context.output.line("")?;
    look_ahead(arguments, &plan, &whom, context)?;
    go_on(arguments, context)?;
    try_out(arguments, &plan, &whom, context)?;
    let undo = (!arguments.no_try).then_some(arguments.time);
    let services: Vec<_> = plan.names().map(str::to_owned).collect();
    let pending = changer.make(plan.changes, undo, clock::now())?;
    report(arguments, &services, &pending, &context.output)
}

/// Only root may do this, whatever door was named.
pub(super) fn need_root(deed: &'static str) -> Result<(), Error> {
    match Uid::effective().is_root() {
        true => Ok(()),
        false => Err(Error::NeedsRoot(deed)),
    }
}

/// One change at a time. One whose maker was killed is undone first.
fn need_nothing_pending(changer: &Changer<'_>) -> Result<(), Error> {
    let mut ledger = changer.store.read()?;
    match &ledger.pending {
        None => Ok(()),
        Some(pending) if pending.since.is_none() => changer.undo(&mut ledger).map(drop),
        Some(pending) => Err(Error::Refused(format!(
            "The change of {} waits to be confirmed, and is undone at {}. Confirm it first, from a \
             new login:\n  sudo countersignctl confirm-protect\nor undo it now:\n  \
             sudo countersignctl unprotect --pending",
            services_of(&ledger),
            moment(pending.until)
        ))),
    }
}

/// The services that wait to be confirmed.
pub(super) fn services_of(ledger: &Ledger) -> String {
    let changes = ledger.pending.iter().flat_map(|pending| &pending.changes);
    let mut names: Vec<&str> = changes.map(|change| change.service.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// What would lock somebody out, as far as it can be known beforehand.
fn look_ahead(
    arguments: &Protect,
    plan: &Plan,
    whom: &Account,
    context: &mut Context,
) -> Result<(), Error> {
    let enrolled = context.status(whom)?.enrolled;
    if !enrolled && !arguments.unproven {
        let who = printable(&whom.name);
        return Err(Error::Refused(format!(
            "Nothing was changed: {whom} has no second factor, and could not log in any more. Set \
             one up:\n  countersignctl enroll {who}\nor say whose login is to be tried:\n  --user \
             NAME"
        )));
    }
    if plan.names().any(|service| service == sshd::SERVICE) {
        let settings = sshd::settings_with(arguments.first, &whom.name)?;
        sshd::need_in_force(&settings, arguments.first, &whom.name)?;
        if !arguments.unproven {
            person::need_way_in(whom, arguments.first, &settings)?;
        }
        if sshd::has_exceptions() {
            context.output.tell(
                Tone::Caution,
                "sshd's configuration has Match blocks: for the logins that they are about it may \
                 ask otherwise. See for one of them:\n  sshd -T -C user=NAME,host=x,addr=ADDRESS",
            )?;
        }
    }
    people::warn_of_others(plan, whom, context)
}

fn go_on(arguments: &Protect, context: &mut Context) -> Result<(), Error> {
    if arguments.yes {
        return Ok(());
    }
    let question = match arguments.no_try {
        true => "This changes how people log in, and stays. Type yes to go on: ".to_owned(),
        false => format!(
            "This is tried for {}, and undone unless a new login confirms it.\nType yes to go on: ",
            duration(arguments.time.as_secs())
        ),
    };
    match context
        .answers
        .shown(&question)?
        .eq_ignore_ascii_case("yes")
    {
        true => Ok(()),
        false => Err(Error::Refused("Nothing was changed.".to_owned())),
    }
}

/// Each service's login, by libpam itself, before anything counts.
fn try_out(
    arguments: &Protect,
    plan: &Plan,
    whom: &Account,
    context: &mut Context,
) -> Result<(), Error> {
    for (service, entry) in &plan.services {
        match trial::probe(Path::new(ROOT), service, whom)? {
            Probed::Silent if arguments.unproven => continue,
            Probed::Silent => {
                return Err(Error::Refused(format!(
                    "Nothing was changed: the policy asks {whom} for no code in {service}, so \
                     nothing shows that a login would work. Name somebody whom it asks, by --user, \
                     or go on all the same, by --unproven. An earlier login that counts there is ended \
                     by:\n  countersignctl forget {0}\nWhich rule it is, says:\n  \
                     countersignctl explain --user {0} --service {service}",
                    printable(&whom.name)
                )));
            }
            Probed::Asks => {}
        }
        if context.answers.are_typed() && !arguments.unproven {
            context.output.line("")?;
            context.output.say(&words::trial(service, *entry, whom))?;
            trial::walk_through(&plan.stage, service, whom, &context.output)?;
            context
                .output
                .tell(Tone::Good, "That login would have been let in.")?;
        }
    }
    Ok(())
}

fn report(
    arguments: &Protect,
    services: &[String],
    pending: &Pending,
    output: &Output,
) -> Result<(), Error> {
    let names = services.join(", ");
    output.line("")?;
    if arguments.no_try {
        let text = format!(
            "A second factor is asked for from now on: {names}. It stays. Keep this shell open \
             until a new login has worked; to undo it:\n  countersignctl unprotect {}",
            services.join(" ")
        );
        return output.tell(Tone::Good, &text);
    }
    output.tell(
        Tone::Good,
        &format!("A second factor is asked for from now on, on trial: {names}."),
    )?;
    output.say(words::confirming(services))?;
    output.strong(&format!(
        "Unless you do, everything is as before again at {}; after a restart of the machine, at \
         once.",
        moment(pending.until)
    ))
}

/// A time of day, to the second; with its day, if it is far off.
pub(super) fn moment(seconds: u64) -> String {
    if seconds.saturating_sub(clock::now()) > HALF_A_DAY {
        return date(seconds);
    }
    local(&TimeZone::system(), seconds)
        .map_or_else(String::new, |time| time.strftime("%H:%M:%S").to_string())
}
