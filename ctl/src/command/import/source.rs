//! Where it comes from: files, homes, standard input.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use jiff::tz::TimeZone;
use nix::fcntl::OFlag;
use zeroize::Zeroizing;

use super::grammar::{GoogleAuthenticator, Oath, Otpauth};
use super::progress;
use crate::account::Account;
use crate::error::Error;
use crate::import::plan::{Plan, Skipped, Whose};
use crate::import::{google_authenticator, home, oath, otpauth, passwd};
use crate::words::printable;

/// Where the module looks, unless it is told otherwise.
const USUAL: &str = ".google_authenticator";
/// The longest list, in bytes: hundreds of thousands of users.
const LONGEST_LIST: u64 = 256 * 1024 * 1024;
/// What the system's local time is.
const LOCAL_TIME: &str = "/etc/localtime";

pub(super) fn google_authenticator(arguments: &GoogleAuthenticator) -> Result<Plan, Error> {
    let Some(name) = &arguments.user else {
        let beneath = arguments.file.as_deref().unwrap_or(Path::new(USUAL));
        return all_homes(beneath);
    };
    let account = Account::find(Some(name))?;
    let bytes = match &arguments.file {
        Some(path) => read(path, google_authenticator::LARGEST, Some(account.uid))?,
        None => in_home(&account)?,
    };
    let lines = vec![google_authenticator::parse(&bytes)];
    Plan::of(lines, whose(account))
}

pub(super) fn oath(arguments: &Oath) -> Result<Plan, Error> {
    let setting = oath::Setting {
        zone: local_time()?,
        window: arguments.window,
    };
    let bytes = read(&arguments.file, LONGEST_LIST, None)?;
    Plan::of(oath::parse(&bytes, &setting), Whose::Named)
}

pub(super) fn otpauth(arguments: &Otpauth) -> Result<Plan, Error> {
    let whose = match &arguments.user {
        Some(name) => whose(Account::find(Some(name))?),
        None => Whose::Named,
    };
    let bytes = read(&arguments.file, LONGEST_LIST, None)?;
    Plan::of(otpauth::parse(&bytes), whose)
}

fn whose(account: Account) -> Whose {
    Whose::All {
        uid: account.uid,
        name: account.name,
    }
}

/// The files in all homes, each read with the rights of whose home it is.
fn all_homes(beneath: &Path) -> Result<Plan, Error> {
    let accounts = passwd::all()?;
    let progress = progress("Looking into homes", accounts.len());
    let mut plan = Plan::default();
    for account in accounts {
        progress.inc(1);
        let skipped = |line, why| Skipped {
            line,
            user: Some(account.name.clone()),
            why,
        };
        match home::read(&account, beneath, google_authenticator::LARGEST) {
            Ok(None) => {}
            Ok(Some(bytes)) => match google_authenticator::parse(&bytes) {
                Ok(found) => plan.add(account.uid, account.name, found),
                Err(bad) => plan
                    .skipped
                    .push(skipped(Some(bad.line), bad.flaw.to_string())),
            },
            Err(why) => plan.skipped.push(skipped(None, why.to_string())),
        }
    }
    progress.finish_and_clear();
    Ok(plan)
}

/// The file in the usual place.
fn in_home(account: &Account) -> Result<Zeroizing<Vec<u8>>, Error> {
    let entry = passwd::Entry {
        name: account.name.clone(),
        uid: account.uid,
        gid: account.gid(),
        home: account.home()?,
        shell: String::new(),
    };
    let place = format!("{}/{USUAL}", printable(&entry.home));
    match home::read(&entry, Path::new(USUAL), google_authenticator::LARGEST) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Error::Refused(format!(
            "There is no {place}. Name the file that {} has.",
            printable(&account.name)
        ))),
        Err(why) => Err(unread(&place, &why.to_string())),
    }
}

/// All of a file, or of standard input. One that is `owner`'s matter is root's or theirs.
fn read(path: &Path, largest: u64, owner: Option<u32>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let refused = |why: &str| unread(&printable(&path.display().to_string()), why);
    let file = if path == Path::new("-") {
        let stdin = io::stdin().as_fd().try_clone_to_owned();
        File::from(stdin.map_err(|error| refused(&error.to_string()))?)
    } else {
        let file = open(path).map_err(|error| refused(&error.to_string()))?;
        let status = file
            .metadata()
            .map_err(|error| refused(&error.to_string()))?;
        if !status.is_file() {
            return Err(refused("it is no regular file"));
        }
        if owner.is_some_and(|owner| status.uid() != owner && status.uid() != 0) {
            return Err(refused("it belongs to somebody else"));
        }
        file
    };
    home::bounded(file, largest).map_err(|why| refused(&why.to_string()))
}

fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_NOFOLLOW;
    File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
}

fn unread(place: &str, why: &str) -> Error {
    Error::Refused(format!("{place} cannot be imported: {why}."))
}

/// The system's time zone, whatever the caller's environment says: the logins were the system's.
fn local_time() -> Result<TimeZone, Error> {
    let mut bytes = Vec::new();
    match File::open(LOCAL_TIME) {
        Ok(file) => file
            .take(1024 * 1024)
            .read_to_end(&mut bytes)
            .map_err(|error| unread(LOCAL_TIME, &error.to_string()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(TimeZone::UTC),
        Err(error) => return Err(unread(LOCAL_TIME, &error.to_string())),
    };
    TimeZone::tzif("local", &bytes).map_err(|_| unread(LOCAL_TIME, "it is no time zone"))
}
