//! This machine, as the checks look at it.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_bus::types::{ExplainOptions, Explanation};
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
use crate::protect::policy;

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
        reached: !daemon.as_ref().is_err_and(Error::is_unreachable),
        daemon: daemon.map_err(|error| what(&error)),
        room: room(),
        now: clock::now(),
    }))
}

/// What went wrong; what to do about it, the finding says.
fn what(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_end_matches(" Start it:")
        .trim_end_matches(" Its log says more:")
        .to_owned()
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
        ..Facts::default()
    };
    let people: Vec<_> = accounts
        .iter()
        .filter(|account| is_login(account))
        .collect();
    if people.len() > ASKED_OF {
        let why = format!(
            "of {} accounts, the first {ASKED_OF} were asked about",
            people.len()
        );
        facts.policy_unknown = Some(why);
    }
    for entry in people.into_iter().take(ASKED_OF) {
        if let Err(error) = demands(&mut context, pam, entry, &mut facts) {
            facts.policy_unknown = Some(what(&error));
            break;
        }
    }
    Ok(facts)
}

/// What the policy demands of one account, at each service.
fn demands(
    context: &mut Context,
    pam: &Configuration,
    entry: &Entry,
    facts: &mut Facts,
) -> Result<(), Error> {
    let account = Account::find(Some(&entry.name))?;
    let services = pam.services().unwrap_or_default();
    for service in services
        .into_iter()
        .filter(|service| !service.starts_with("common-"))
    {
        let login = account.login(&service);
        match context.call(|client| client.explain(&login, &ExplainOptions::default())) {
            Ok(explanation) => {
                let demand = demand(&explanation, &service);
                facts.demands.insert((entry.name.clone(), service), demand);
            }
            // Their record cannot be read, which is a finding of its own.
            Err(error) if error.is_about_the_record() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn demand(explanation: &Explanation, service: &str) -> Demand {
    Demand {
        rule: explanation.rule.clone().unwrap_or_default(),
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
        entry: Some(policy::entry(explanation, service)),
    }
}
