//! `import`: what other modules keep of their users comes over.

mod grammar;
mod show;
mod source;

use countersign_bus::import::{ImportOptions, ImportOutcome, ImportUser, encode};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) use self::grammar::Import;
use self::grammar::{Doing, Source};
use crate::context::Context;
use crate::error::Error;
use crate::import::plan::Newcomer;
use crate::sealed;
use crate::words::count;

/// How many users one call takes.
const BATCH: usize = 500;
/// How many scratch codes: the daemon hashes each of them, and answers only then.
const BATCH_SCRATCH: usize = 250;

pub(super) fn run(arguments: &Import, context: &mut Context) -> Result<(), Error> {
    context.need_root("import what other modules keep of users")?;
    let (mut plan, doing) = match &arguments.source {
        Source::GoogleAuthenticator(arguments) => {
            (source::google_authenticator(arguments)?, arguments.doing)
        }
        Source::Oath(arguments) => (source::oath(arguments)?, arguments.doing),
        Source::Otpauth(arguments) => (source::otpauth(arguments)?, arguments.doing),
    };
    let outcomes = hand_over(&mut plan.newcomers, doing, context)?;
    show::all(&plan, &outcomes, doing, &context.output)
}

/// Hands all of them to the daemon, and gives what came of each, in their order.
fn hand_over(
    newcomers: &mut [Newcomer],
    doing: Doing,
    context: &mut Context,
) -> Result<Vec<ImportOutcome>, Error> {
    let progress = progress("Importing", newcomers.len());
    let options = ImportOptions {
        dry_run: Some(doing.dry_run),
    };
    let mut outcomes: Vec<ImportOutcome> = Vec::with_capacity(newcomers.len());
    let mut rest = newcomers;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at_mut(batch(rest));
        let users: Vec<ImportUser> = batch
            .iter_mut()
            .map(|newcomer| std::mem::take(&mut newcomer.user))
            .collect();
        let told = hand_over_some(&users, &options, context)
            .map_err(|error| interrupted(error, outcomes.len(), doing))?;
        let whom = batch.iter().map(|newcomer| Some(newcomer.uid));
        if !told.iter().map(|outcome| outcome.uid).eq(whom) {
            return Err(Error::Garbled("it speaks of other users"));
        }
        progress.inc(told.len() as u64);
        outcomes.extend(told);
        rest = after;
    }
    progress.finish_and_clear();
    Ok(outcomes)
}

fn hand_over_some(
    users: &[ImportUser],
    options: &ImportOptions,
    context: &mut Context,
) -> Result<Vec<ImportOutcome>, Error> {
    let encoded = encode(users).map_err(|_| Error::Garbled("this is too much for it"))?;
    let file = sealed::seal(encoded.bytes())?;
    context.call(|client| client.import(file.into(), options))
}

/// How many of the next users go into one call, one at least.
fn batch(rest: &[Newcomer]) -> usize {
    let mut scratch = 0;
    let fits = rest.iter().take(BATCH).take_while(|newcomer| {
        scratch += newcomer.user.scratch.as_ref().map_or(0, Vec::len);
        scratch <= BATCH_SCRATCH
    });
    fits.count().max(1)
}

/// What went wrong halfway, and in what state that leaves things.
fn interrupted(error: Error, done: usize, doing: Doing) -> Error {
    if doing.dry_run {
        return error;
    }
    error.leaving(format!(
        "{} came before this and {} done. Run it again once this is solved: what is there \
         already stays as it is.",
        count(done, "user"),
        if done == 1 { "is" } else { "are" }
    ))
}

/// How far it has come, on standard error if that is a terminal; nothing, if it is done at once.
fn progress(what: &'static str, length: usize) -> ProgressBar {
    if length <= BATCH {
        return ProgressBar::hidden();
    }
    let target = ProgressDrawTarget::stderr_with_hz(5);
    let bar = ProgressBar::with_draw_target(Some(length as u64), target);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}
