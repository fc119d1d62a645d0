//! `backup`: all that is kept of all users, in one sealed file.

use std::io::{IsTerminal, stdout};
use std::os::fd::AsFd;
use std::path::PathBuf;

use clap::Args;
use countersign_bus::types::{BackupOptions, BackupReport};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::report::backup::{Backed, problems};
use crate::spool::Target;
use crate::words::{count, size};
use crate::{passphrase, sealed};

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl backup countersign.backup                # opens with the master key",
    "sudo countersignctl backup --passphrase countersign.backup   # opens with a passphrase",
]))]
pub(crate) struct Backup {
    /// Where to; `-` for standard output
    pub(crate) file: PathBuf,
    /// Ask for a passphrase to seal it with, instead of the master key
    #[arg(long, conflicts_with = "passphrase_stdin")]
    pub(crate) passphrase: bool,
    /// Take the passphrase from the first line of standard input
    #[arg(long)]
    pub(crate) passphrase_stdin: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &Backup, context: &mut Context) -> Result<(), Error> {
    context.need_root("back up all users")?;
    let target = Target::named(&arguments.file)?;
    if let Target::Stdout = target
        && (stdout().is_terminal() || arguments.json)
    {
        return Err(Error::Refused(
            "The backup itself would go to standard output. Name a file, or send it on:\n  \
             countersignctl backup - | ssh elsewhere 'cat >countersign.backup'"
                .to_owned(),
        ));
    }
    let spool = target.spool()?;
    let passphrase = new_passphrase(arguments, context)?;
    let options = BackupOptions {
        passphrase: passphrase
            .as_deref()
            .map(sealed::seal)
            .transpose()?
            .map(Into::into),
    };
    let report = context.call_at_length("Backing up", |client| {
        client.backup(spool.as_fd(), &options)
    })?;
    let skipped = report.skipped.unwrap_or_default();
    let path = target.fill(spool, skipped == 0)?;
    match target {
        Target::Stdout => {}
        Target::File { .. } if arguments.json => {
            context.output.json(&Backed::new(&path, &report))?
        }
        Target::File { .. } => {
            context
                .output
                .say(&sentences(&path.display(), &report, passphrase.is_some()))?;
        }
    }
    if skipped == 0 {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{} could not be read, and {} not in the backup:\n{}",
        count(skipped as usize, "user"),
        if skipped == 1 { "is" } else { "are" },
        problems(report.problems.as_deref(), skipped),
    )))
}

fn new_passphrase(
    arguments: &Backup,
    context: &mut Context,
) -> Result<Option<Zeroizing<String>>, Error> {
    if arguments.passphrase {
        return passphrase::choose().map(Some);
    }
    if arguments.passphrase_stdin {
        let passphrase = context.answers.hidden("Passphrase: ")?;
        passphrase::fit(&passphrase)?;
        return Ok(Some(passphrase));
    }
    Ok(None)
}

fn sentences(path: &dyn std::fmt::Display, report: &BackupReport, by_passphrase: bool) -> String {
    let what = format!(
        "Backed up {} to {path} ({}).",
        count(report.users.unwrap_or_default() as usize, "user"),
        size(report.bytes.unwrap_or_default()),
    );
    let needed = if by_passphrase {
        "It opens with the passphrase, and with nothing else: do not lose it."
    } else {
        "It opens with this machine's master key, and with nothing else. Keep a copy of \
         /etc/countersign/master.key away from this machine, and not beside the backup."
    };
    format!("{what}\n{needed}")
}
