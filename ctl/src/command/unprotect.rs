//! `unprotect`: services are as they were before `protect`.

use std::fs;
use std::path::Path;

use clap::Args;

use super::protect::{need_root, services_of};
use crate::error::Error;
use crate::help;
use crate::output::{Output, Tone};
use crate::protect::block;
use crate::protect::change::{Changer, PutBack};
use crate::protect::check::MODULE;
use crate::protect::file::Snapshot;
use crate::protect::host::{Host, ROOT};
use crate::protect::ledger::{Busy, Ledger, Store};
use crate::protect::plan::files_of;
use crate::words::printable;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl unprotect sudo",
    "sudo countersignctl unprotect --pending   # what is not confirmed yet, at once",
]))]
pub(crate) struct Unprotect {
    /// What is to ask no more
    #[arg(value_name = "SERVICE", required_unless_present = "pending")]
    pub(crate) service: Vec<String>,
    /// Undo the change that is not confirmed yet; systemd does this when its time is up
    #[arg(long, conflicts_with = "service")]
    pub(crate) pending: bool,
}

pub(super) fn run(arguments: &Unprotect) -> Result<(), Error> {
    need_root("change how logins are asked")?;
    let store = Store::open(Path::new(ROOT), Busy::Wait)?;
    let host = Host::of_user("root");
    let changer = host.changer(&store);
    let mut ledger = store.read()?;
    let output = Output::open();
    if arguments.pending {
        return undo(&changer, &mut ledger, &output);
    }
    for service in &arguments.service {
        let is_pending = ledger.pending.as_ref().is_some_and(|pending| {
            pending
                .changes
                .iter()
                .any(|change| change.service == *service)
        });
        if is_pending {
            undo(&changer, &mut ledger, &output)?;
            continue;
        }
        let done = if ledger.kept.iter().any(|change| change.service == *service) {
            changer.unprotect(&mut ledger, service)?
        } else {
            by_marks(service)?
        };
        say(&done, &output)?;
        output.tell(
            Tone::Note,
            &format!("{} asks for no second factor any more.", printable(service)),
        )?;
    }
    Ok(())
}

fn undo(changer: &Changer<'_>, ledger: &mut Ledger, output: &Output) -> Result<(), Error> {
    if ledger.pending.is_none() {
        return output.say("No change waits to be confirmed: nothing was undone.");
    }
    let services = services_of(ledger);
    let done = changer.undo(ledger)?;
    output.say(&format!(
        "The change that was not confirmed is undone: {services}."
    ))?;
    say(&done, output)
}

/// How each file was put back.
fn say(done: &[PutBack], output: &Output) -> Result<(), Error> {
    for file in done {
        output.say(&match file {
            PutBack::Whole(path) => format!("{}: as it was before.", path.display()),
            PutBack::BlockOnly(path) => format!(
                "{}: was edited since, so only Countersign's lines were taken out.",
                path.display()
            ),
            PutBack::Aside(path, aside) => format!(
                "{}: as it was before. It was edited since, and Countersign's marks with it; how \
                 it was then is kept in {}.",
                path.display(),
                aside.display()
            ),
        })?;
    }
    Ok(())
}

/// Takes our lines out where the ledger knows of none.
fn by_marks(service: &str) -> Result<Vec<PutBack>, Error> {
    let mut done = Vec::new();
    for path in files_of(service) {
        let unusable =
            |error| Error::Refused(format!("{} cannot be changed: {error}.", path.display()));
        let Some(current) = Snapshot::of(&path).map_err(unusable)? else {
            continue;
        };
        if block::is_marked(current.content.bytes()) {
            let rest = block::remove(current.content.bytes()).map_err(|flaw| {
                Error::Refused(format!(
                    "Nothing was changed. The marks in {} are not in order: {flaw}. Mend them, or \
                     take Countersign's lines out by hand.",
                    path.display()
                ))
            })?;
            current.with(rest).put(&path).map_err(unusable)?;
            done.push(PutBack::BlockOnly(path));
        }
    }
    if done.is_empty() {
        return Err(not_protected(service));
    }
    Ok(done)
}

fn not_protected(service: &str) -> Error {
    let by_hand = files_of(service).into_iter().find(|path| {
        fs::read_to_string(path).is_ok_and(|text| {
            text.lines()
                .any(|line| !line.trim_start().starts_with('#') && line.contains(MODULE))
        })
    });
    Error::Refused(match by_hand {
        Some(path) => format!(
            "{} names {MODULE} in a line that protect did not write. Take it out by hand.",
            path.display()
        ),
        None => format!(
            "{} is not protected: there is nothing to undo.",
            printable(service)
        ),
    })
}
