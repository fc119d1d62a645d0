//! This machine, as the checks look at it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_bus::types::{ExplainOptions, Explanation, Login};
use nix::sys::statvfs::statvfs;
use nix::unistd::{Uid, User};

use crate::account::Account;
use crate::cli::DoorArguments;
use crate::clock;
use crate::command::list;
use crate::context::Context;
use crate::doctor::scene::{Course, Demand, Facts, Files, Owners, Programs, Said, Scene, is_login};
use crate::doctor::{self, Report};
use crate::error::Error;
use crate::import::passwd::{self, Entry};
use crate::pam_stack::Configuration;

/// The daemon's account.
const DAEMON: &str = "countersign";
/// Where the database is.
const STORE: &str = "/var/lib/countersign";
/// Stops a program that does not come to an end.
const TIMEOUT: &str = "/usr/bin/timeout";
/// After so many seconds.
const SECONDS: &str = "20";
/// Of no more accounts than these is it asked what the policy demands of them.
const ASKED_OF: usize = 500;

/// The system's own programs, which see nothing of the caller's environment.
struct System;

impl Programs for System {
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Said> {
        if !Path::new(program).exists() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let output = Command::new(TIMEOUT)
            .args([SECONDS, program])
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .output()?;
        Ok(Said {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// Looks this machine over.
///
/// # Errors
///
/// [`Error::NeedsRoot`] to anybody else: to others too much is hidden.
pub(super) fn examined(door: &DoorArguments) -> Result<Report, Error> {
    if !Uid::effective().is_root() {
        return Err(Error::NeedsRoot("look the whole system over"));
    }
    let root = Path::new("/");
    let pam = Configuration::beneath(root);
    let accounts = passwd::all().map_err(|error| error.to_string());
    let daemon = facts(door, &pam, accounts.as_deref().unwrap_or_default());
    let owner = User::from_name(DAEMON).ok().flatten();
    Ok(doctor::examine(&Scene {
        files: Files::beneath(root),
        pam,
        programs: &System,
        owners: Owners {
            root: 0,
            daemon: owner.map(|user| user.uid.as_raw()),
        },
        accounts,
        daemon: daemon.map_err(|error| error.to_string()),
        room: room(),
        now: clock::now(),
    }))
}

fn room() -> Result<u64, String> {
    let room = statvfs(STORE).map_err(|error| format!("{STORE} cannot be looked at: {error}"))?;
    Ok(room.blocks_available().saturating_mul(room.fragment_size()))
}

fn facts(door: &DoorArguments, pam: &Configuration, accounts: &[Entry]) -> Result<Facts, Error> {
    let mut context = Context::open(door)?;
    let users = list::users(&mut context)?;
    // An older daemon has neither; what then is not known, the checks say.
    let about = context.call(|client| client.about()).unwrap_or_default();
    let mut facts = Facts {
        version: about.version,
        config_problem: about.config_problem,
        users,
        demands: BTreeMap::new(),
    };
    let services = pam.services().unwrap_or_default();
    let people = accounts
        .iter()
        .filter(|account| is_login(account))
        .take(ASKED_OF);
    for entry in people {
        let Ok(account) = Account::find(Some(&entry.name)) else {
            continue;
        };
        for service in services
            .iter()
            .filter(|service| !service.starts_with("common-"))
        {
            let explained = context.call(|client| {
                client.explain(&login(&account, service), &ExplainOptions::default())
            });
            match explained {
                Ok(explanation) => {
                    let key = (entry.name.clone(), service.clone());
                    facts.demands.insert(key, demand(explanation));
                }
                // A daemon that knows no policy asks a factor of everybody.
                Err(_) => return Ok(facts),
            }
        }
    }
    Ok(facts)
}

fn login(account: &Account, service: &str) -> Login {
    Login {
        user: Some(account.name.clone()),
        uid: Some(account.uid),
        groups: Some(account.groups()),
        service: Some(service.to_owned()),
        ..Login::default()
    }
}

fn demand(explanation: Explanation) -> Demand {
    Demand {
        rule: explanation.rule.unwrap_or_default(),
        course: match explanation.course.as_deref() {
            Some("not-demanded") => Course::NotDemanded,
            Some("ask-in-vain") => Course::AskedInVain,
            Some("enroll") => Course::Enrolled,
            Some("refuse") => Course::Refused,
            // A newer daemon's word: whatever it is, something is asked.
            Some(_) | None => Course::Asked,
        },
        report: explanation.report.unwrap_or(false),
        enroll_by: explanation.enroll_by,
    }
}
