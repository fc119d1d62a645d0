//! `events`: who logged in and who did not, what was changed and by whom.

mod follow;
mod report;
mod sheet;
mod since;

use clap::{Args, value_parser};
use countersign_bus::events::EventOptions;

use self::report::Event;
use self::sheet::Sheet;
use self::since::Since;
use crate::account::Known;
use crate::clock;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::complain;

/// How many events one call asks for.
const PAGE: u32 = 1000;
/// How many are shown unless it is said which.
const LATEST: u32 = 50;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl events                             # the latest 50",
    "sudo countersignctl events --user alice --since today  # hers, since midnight",
    "sudo countersignctl events --since 2h --json           # for a program",
]))]
pub(crate) struct Events {
    /// Show what happens from now on, too, as it happens
    #[arg(long)]
    pub(crate) follow: bool,
    /// Only of this user; a uid too, if the account is gone
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Only from then on: 10m, 2h, 3d, today, 14:00, 2026-11-22, "2026-11-22 14:00"
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Since>,
    /// Only so many, the latest; without --since, 50
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: Option<u32>,
    /// Print JSON, an object on a line for each
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &Events, context: &mut Context) -> Result<(), Error> {
    context.need_root("see what happened")?;
    let uid = arguments.user.as_deref().map(Known::find).transpose()?;
    let since = arguments
        .since
        .as_ref()
        .map(|since| since.unix(context.now));
    let mut reader = Reader {
        options: EventOptions {
            uid: uid.map(|known| known.uid()),
            since: since.transpose()?,
            limit: None,
        },
        after: 0,
    };
    let events = match (arguments.limit, arguments.since.is_some()) {
        (None, true) => reader.all(context)?,
        (limit, _) => reader.latest(context, limit.unwrap_or(LATEST))?,
    };
    if arguments.json {
        events
            .iter()
            .try_for_each(|event| context.output.json(event))?;
        if arguments.follow {
            return follow::follow(context, &mut reader, |event, context| {
                context.output.json(event)
            });
        }
        return Ok(());
    }
    if events.is_empty() && !arguments.follow {
        return context.output.say("Nothing of that kind has happened.");
    }
    let mut sheet = Sheet::new(context.output.colour());
    if arguments.follow {
        sheet = sheet.roomy();
    }
    let rows: Vec<_> = events
        .iter()
        .map(|event| sheet.row(event, context.now))
        .collect();
    context.output.strong(&sheet.headings())?;
    rows.iter()
        .try_for_each(|row| context.output.line(&sheet.line(row)))?;
    if arguments.follow {
        return follow::follow(context, &mut reader, |event, context| {
            let row = sheet.row(event, clock::now());
            context.output.line(&sheet.line(&row))
        });
    }
    Ok(())
}

/// Asks the daemon for events, and knows which it has had.
struct Reader {
    options: EventOptions,
    after: u64,
}

impl Reader {
    /// The latest `limit` of them.
    fn latest(&mut self, context: &mut Context, limit: u32) -> Result<Vec<Event>, Error> {
        if limit > PAGE {
            let mut events = self.all(context)?;
            let surplus = events.len().saturating_sub(limit as usize);
            return Ok(events.split_off(surplus));
        }
        self.after = 0;
        self.page(context, limit)
    }

    /// All of them, from the first on.
    fn all(&mut self, context: &mut Context) -> Result<Vec<Event>, Error> {
        // After 0 would be the latest.
        self.after = 1;
        self.next(context)
    }

    /// Those that came since.
    fn next(&mut self, context: &mut Context) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        loop {
            let before = self.after;
            let mut page = self.page(context, PAGE)?;
            let full = page.len() >= PAGE as usize;
            events.append(&mut page);
            // Whoever does not count upwards would be asked for ever.
            if full && self.after <= before {
                return Err(Error::Garbled("its events are not in order"));
            }
            if !full {
                return Ok(events);
            }
        }
    }

    fn page(&mut self, context: &mut Context, limit: u32) -> Result<Vec<Event>, Error> {
        self.options.limit = Some(limit);
        let (events, upto) = context.call(|client| client.events(self.after, &self.options))?;
        self.after = self.after.max(upto);
        for problem in events.iter().filter_map(|event| event.problem.as_deref()) {
            complain(&format!("{}.", crate::words::printable(problem)));
        }
        Ok(events.into_iter().filter_map(Event::of).collect())
    }
}
