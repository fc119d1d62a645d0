//! `restore`: users, out of a sealed file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_bus::types::{RestoreOptions, RestoreReport};
use nix::unistd::Uid;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::report::backup::{Mismatch, Restored, problems};
use crate::words::{count, date};
use crate::{passphrase, sealed, spool};

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl restore --dry-run countersign.backup",
    "sudo countersignctl restore countersign.backup   # shows what would come of it, and asks",
    "sudo countersignctl restore countersign.backup --master-key old-master.key",
]))]
pub(crate) struct Restore {
    /// Where from; `-` for standard input
    pub(crate) file: PathBuf,
    /// Ask for the passphrase that it was sealed with
    #[arg(long, conflicts_with_all = ["passphrase_stdin", "master_key"])]
    pub(crate) passphrase: bool,
    /// Take the passphrase from the first line of standard input
    #[arg(long, conflicts_with = "master_key")]
    pub(crate) passphrase_stdin: bool,
    /// The master key that it was sealed with, if that is not this machine's
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key: Option<PathBuf>,
    /// Restore those too who are here already; what they have used stays used
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Keep recovery codes good: none was used since the backup
    #[arg(long)]
    pub(crate) keep_recovery_codes: bool,
    /// Change nothing; show what would come of it, and whose account is another one here
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &Restore, context: &mut Context) -> Result<(), Error> {
    context.need_root("restore users")?;
    if arguments.passphrase_stdin && arguments.file == Path::new("-") {
        return Err(Error::Refused(
            "The backup and the passphrase cannot both come from standard input. Ask for the \
             passphrase with --passphrase, or name a file."
                .to_owned(),
        ));
    }
    let backup = spool::source(&arguments.file)?;
    let opener = Opener::of(arguments, context)?;
    // Scripts say what they mean by running it.
    let said = arguments.yes || arguments.dry_run || arguments.json;
    let asks = context.answers.are_typed() && !said;
    if asks || arguments.dry_run {
        let (report, mismatches) = rehearse(arguments, context, &backup, &opener)?;
        if arguments.dry_run && arguments.json {
            context
                .output
                .json(&Restored::new(&report, Some(mismatches)))?;
        } else {
            context.output.say(&tell(&report, true))?;
            if !mismatches.is_empty() {
                context.output.say(&name(&mismatches))?;
            }
        }
        if arguments.dry_run {
            return complain(report);
        }
        let answer = context.answers.shown("Type yes to go on: ")?;
        if !answer.eq_ignore_ascii_case("yes") {
            return Err(Error::Refused("Nothing was changed.".to_owned()));
        }
    }
    let options = opener.options(arguments)?;
    let report = context.call_at_length("Restoring", |client| {
        client.restore(backup.as_fd(), &options)
    })?;
    if arguments.json {
        context.output.json(&Restored::new(&report, None))?;
    } else {
        context.output.say(&tell(&report, false))?;
    }
    complain(report)
}

/// What opens the backup.
enum Opener {
    /// The daemon's own master key.
    Own,
    Passphrase(Zeroizing<String>),
    MasterKey(Zeroizing<Vec<u8>>),
}

impl Opener {
    fn of(arguments: &Restore, context: &mut Context) -> Result<Self, Error> {
        if arguments.passphrase {
            return passphrase::ask().map(Self::Passphrase);
        }
        if arguments.passphrase_stdin {
            return context.answers.hidden("Passphrase: ").map(Self::Passphrase);
        }
        let Some(path) = &arguments.master_key else {
            return Ok(Self::Own);
        };
        // One byte more than a key has, so that what is too long is not taken for one.
        const ROOM: u64 = 33;
        let mut key = Zeroizing::new(Vec::with_capacity(2 * ROOM as usize));
        File::open(path)
            .and_then(|file| file.take(ROOM).read_to_end(&mut key))
            .map_err(|error| {
                Error::Refused(format!(
                    "The master key {} cannot be read: {error}. Nothing was done.",
                    path.display()
                ))
            })?;
        Ok(Self::MasterKey(key))
    }

    fn options(&self, arguments: &Restore) -> Result<RestoreOptions, Error> {
        let (passphrase, master_key) = match self {
            Self::Own => (None, None),
            Self::Passphrase(passphrase) => (Some(sealed::seal(&**passphrase)?), None),
            Self::MasterKey(key) => (None, Some(sealed::seal(&**key)?)),
        };
        Ok(RestoreOptions {
            passphrase: passphrase.map(Into::into),
            master_key: master_key.map(Into::into),
            overwrite: Some(arguments.overwrite),
            keep_recovery_codes: Some(arguments.keep_recovery_codes),
            dry_run: Some(false),
            list: None,
        })
    }
}

/// What would come of it, and whose account is another one here.
fn rehearse(
    arguments: &Restore,
    context: &mut Context,
    backup: &File,
    opener: &Opener,
) -> Result<(RestoreReport, Vec<Mismatch>), Error> {
    let mut list = sealed::blank()?;
    let options = RestoreOptions {
        dry_run: Some(true),
        list: Some(
            list.as_fd()
                .try_clone_to_owned()
                .map_err(Error::Handover)?
                .into(),
        ),
        ..opener.options(arguments)?
    };
    let report = context.call_at_length("Looking at the backup", |client| {
        client.restore(backup.as_fd(), &options)
    })?;
    list.rewind().map_err(Error::Handover)?;
    let mut mismatches = Vec::new();
    for line in BufReader::new(list).lines() {
        let line = line.map_err(Error::Handover)?;
        let mut words = line.splitn(3, ' ');
        let (Some(fate), Some(uid), Some(user)) = (words.next(), words.next(), words.next()) else {
            return Err(Error::Garbled("its list of users is not one"));
        };
        let uid: u32 = uid
            .parse()
            .map_err(|_| Error::Garbled("its list of users is not one"))?;
        if !["restored", "merged"].contains(&fate) {
            continue;
        }
        let account = Account::of(Uid::from_raw(uid))?.map(|account| account.name);
        if account.as_deref() != Some(user) {
            mismatches.push(Mismatch {
                uid,
                user: user.to_owned(),
                account,
            });
        }
    }
    Ok((report, mismatches))
}

/// What came of a backup, or would.
fn tell(report: &RestoreReport, rehearsal: bool) -> String {
    let of = |counter: Option<u32>| counter.unwrap_or_default() as usize;
    let would = if rehearsal { "would be " } else { "" };
    let mut lines = vec![format!(
        "Of the backup of {}:",
        date(report.created.unwrap_or_default())
    )];
    lines.push(format!(
        "  {} {would}restored",
        count(of(report.restored), "user")
    ));
    for (counter, what) in [
        (report.merged, "replaced; what was used stays used"),
        (
            report.kept,
            "kept as they are here (--overwrite replaces them)",
        ),
        (report.refused, "refused"),
        (report.skipped, "not in the backup, being unreadable then"),
    ] {
        if of(counter) > 0 {
            lines.push(format!("  {} {would}{what}", of(counter)));
        }
    }
    if of(report.restored) + of(report.merged) == 0 {
        return lines.join("\n");
    }
    lines.push(
        "Every code up to this moment counts as used: whoever logs in waits for their app's next \
         one. What was removed or reset since the backup is there again; a lost phone, too: see \
         what they hold with countersignctl list."
            .to_owned(),
    );
    if of(report.without_recovery_codes) > 0 {
        lines.push(format!(
            "The recovery codes of {} are void, since nobody can know which were used after the \
             backup. Everybody makes their own anew:\n  countersignctl recovery-codes",
            count(of(report.without_recovery_codes), "user")
        ));
    }
    if of(report.unsynchronized) > 0 {
        lines.push(format!(
            "{} with a counter-based device: its first login takes two codes in a row.",
            count(of(report.unsynchronized), "user")
        ));
    }
    lines.join("\n")
}

/// Whose logins will be refused, since the account is another one here.
fn name(mismatches: &[Mismatch]) -> String {
    const MOST: usize = 20;
    let mut lines = vec![format!(
        "{} would not be able to log in, as the accounts here are others:",
        count(mismatches.len(), "user"),
    )];
    for Mismatch { uid, user, account } in mismatches.iter().take(MOST) {
        let here = account
            .as_deref()
            .map_or("nobody".to_owned(), |account| account.to_owned());
        lines.push(format!(
            "  uid {uid} is {user} in the backup, and {here} here"
        ));
    }
    if mismatches.len() > MOST {
        lines.push(format!(
            "  and {} more; --dry-run --json names all",
            mismatches.len() - MOST
        ));
    }
    lines.join("\n")
}

fn complain(report: RestoreReport) -> Result<(), Error> {
    let lost = report.refused.unwrap_or_default() + report.skipped.unwrap_or_default();
    if lost == 0 {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{} not restored:\n{}",
        match lost {
            1 => "1 user was".to_owned(),
            many => format!("{many} users were"),
        },
        problems(report.problems.as_deref(), lost),
    )))
}
