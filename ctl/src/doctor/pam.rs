//! PAM's configuration: who is asked, and who gets past.

mod checks;
#[cfg(test)]
mod desktop_tests;
mod line;
mod lockers;
#[cfg(test)]
mod tests;
mod typed;

use self::checks::*;
use super::finding::Finding;
use super::module::not_installed;
use super::scene::Scene;
use super::{Group, Report};
use crate::pam_stack::walk::Ways;
use crate::pam_stack::{Facility, Place, Stack};
use crate::service::{Kind, kind};

/// Countersign's module.
pub(super) const OURS: &str = "pam_countersign.so";
/// Its auth line, as it is best written.
const LINE: &str = "auth [success=ok ignore=ignore default=die] pam_countersign.so";
/// Its account line.
const GUARD: &str = "account required pam_countersign.so";

pub(super) const GROUP: Group = Group {
    checks: &[
        &NOTHING_ASKS,
        &LOGIN_UNPROTECTED,
        &SERVICE_UNPROTECTED,
        &WAY_AROUND,
        &CONDITION_AROUND,
        &LINE_WEAK,
        &LINE_ELSEWHERE,
        &LINE_ARGUMENT,
        &LINE_DEBUG,
        &LINE_IDLE,
        &STACK_BROKEN,
        &STACK_UNDECIDED,
        &ASKED_TWICE,
        &OTHER_OTP,
        &BEFORE_PASSWORD,
        &ENROLL_BEFORE_PASSWORD,
        &PASSWORD_GOES_ON,
        &PASSWORD_OPTIONAL,
        &ONE_FIELD,
        &ENTRY_SEPARATE,
        &ENTRY_APPENDED,
        &ASKS_AGAIN,
        &GREETER_ASKS,
        &LOCKER_UNPROTECTED,
        &LOCKED_IN,
        &AGENT_HANGS,
        &GUARD_MISSING,
        &JOB_GUARDED,
        &JOBS_UNASKED,
        &PAM_WRITABLE,
    ],
    examine,
};

/// A service, with its stacks.
struct Service {
    name: String,
    kind: Kind,
    /// Whether it has auth lines of its own, and does not do what `other` does.
    own: bool,
    auth: Stack,
    account: Stack,
}

impl Service {
    /// Whether a login through it meets Countersign's line.
    fn asks(&self) -> bool {
        self.auth.asking(OURS).next().is_some()
    }

    /// Whether anybody gets in. A module that is not installed lets nobody in.
    fn admits(&self, scene: &Scene<'_>) -> bool {
        let missing = not_installed(scene, &self.auth);
        Ways::if_refused_by(&missing, &self.auth, OURS).admits()
    }

    /// Whether all that it asks is another service's.
    fn is_all_of(&self, other: &Self) -> bool {
        let places = |service: &Self| -> Vec<Place> {
            let lines = service.auth.lines.iter();
            lines.map(|line| line.place.clone()).collect()
        };
        let first = other.auth.lines.first().map(|line| &line.place.file);
        let of_its_own = first.is_some_and(|file| file.ends_with(&other.name));
        self.name != other.name && of_its_own && places(self) == places(other)
    }

    /// Whether it has the guard.
    fn is_guarded(&self) -> bool {
        self.account.asking(OURS).next().is_some()
    }
}

/// The services that have Countersign's auth line.
pub(super) fn asking(scene: &Scene<'_>) -> Vec<String> {
    let services = services(scene).unwrap_or_default();
    // A login screen takes in a file for what is behind the login, and asks nothing.
    let nobody = |service: &Service| matches!(service.kind, Kind::Greeter | Kind::Autologin);
    let asking = services
        .into_iter()
        .filter(|service| service.own && service.asks() && !nobody(service));
    asking.map(|service| service.name).collect()
}

/// Whether the account stack of a service holds the guard, and nobody gets past it.
pub(super) fn has_firm_guard(scene: &Scene<'_>, service: &str) -> bool {
    let account = scene.pam.stack(service, Facility::Account);
    let ways = Ways::of(&account, OURS);
    account.asking(OURS).next().is_some() && ways.around().is_empty() && !ways.open_in_spite()
}

/// Whether a service asks for a password.
pub(super) fn asks_password(scene: &Scene<'_>, service: &str) -> bool {
    let auth = scene.pam.stack(service, Facility::Auth);
    auth.checking_password().next().is_some()
}

fn services(scene: &Scene<'_>) -> std::io::Result<Vec<Service>> {
    let names = scene.pam.services()?.into_iter();
    // What others include is looked at where it is included.
    let names = names.filter(|name| !name.starts_with("common-"));
    let service = |name: String| Service {
        kind: kind(&name),
        own: !scene.pam.own_stack(&name, Facility::Auth).lines.is_empty(),
        auth: scene.pam.stack(&name, Facility::Auth),
        account: scene.pam.stack(&name, Facility::Account),
        name,
    };
    Ok(names.map(service).collect())
}

fn examine(scene: &Scene<'_>, report: &mut Report) {
    let services = match services(scene) {
        Ok(services) => services,
        Err(error) => {
            let why = format!("PAM's configuration cannot be read: {error}");
            return report.not_checked(GROUP.checks, why);
        }
    };
    for service in &services {
        line::examine(scene, service, report);
        if service.own {
            typed::examine(scene, service, report);
        }
        broken(service, report);
    }
    unprotected(scene, &services, report);
    guards(scene, &services, report);
    jobs(scene, &services, report);
    lockers::examine(scene, &services, report);
    writable(scene, report);
}

/// Services that let in and do not ask.
fn unprotected(scene: &Scene<'_>, services: &[Service], report: &mut Report) {
    if !services.iter().any(Service::asks) {
        let finding = NOTHING_ASKS.found("No service in /etc/pam.d has Countersign's line.");
        return report.find(finding.fix("countersignctl protect sshd sudo"));
    }
    for service in services
        .iter()
        .filter(|service| service.own && !service.asks())
    {
        let check = match service.kind {
            Kind::Login => &LOGIN_UNPROTECTED,
            Kind::Unknown => &SERVICE_UNPROTECTED,
            Kind::Locker | Kind::Greeter | Kind::Autologin | Kind::Job | Kind::Tool => continue,
        };
        // A stack of root's own lets nobody else in, and neither does one that refuses all.
        if !service.admits(scene) || !scene.is_demanded_at(&service.name) {
            continue;
        }
        // What protects `su` protects `su-l`, which only includes it.
        if services.iter().any(|other| service.is_all_of(other)) {
            continue;
        }
        let name = &service.name;
        let found = match name.as_str() {
            "other" => "Services that have no file of their own ask for no code.".to_owned(),
            name => format!("{name} asks for no code."),
        };
        report.find(
            own_file(scene, check.found(found), name).fix(format!("countersignctl protect {name}")),
        );
    }
}

/// A finding about a service as a whole: in its file.
fn own_file(scene: &Scene<'_>, finding: Finding, service: &str) -> Finding {
    match scene.pam.file_of(service) {
        Some(file) => finding.in_file(file.to_string_lossy()),
        None => finding.in_file("/etc/pam.conf"),
    }
}

fn broken(service: &Service, report: &mut Report) {
    for flaw in service.auth.flaws.iter().chain(&service.account.flaws) {
        let found = format!("{}: {}.", service.name, flaw.what);
        report.find(STACK_BROKEN.found(found).at(&flaw.place));
    }
}

fn guards(scene: &Scene<'_>, services: &[Service], report: &mut Report) {
    for service in services {
        if service.name == "sshd" && service.asks() && !service.is_guarded() {
            let finding = GUARD_MISSING.found("sshd's account stack does not name the guard.");
            report.find(own_file(scene, finding, "sshd").fix(GUARD));
        }
        if service.kind == Kind::Job && scene.is_demanded_at(&service.name) {
            for (_, line, _) in service.account.asking(OURS) {
                let found = format!("{} has the guard among its account lines.", service.name);
                report.find(JOB_GUARDED.found(found).at(&line.place));
            }
        }
    }
}

fn jobs(scene: &Scene<'_>, services: &[Service], report: &mut Report) {
    if !services.iter().any(Service::asks) {
        return;
    }
    for (service, list) in [
        ("cron", "/etc/cron.allow"),
        ("crond", "/etc/cron.allow"),
        ("atd", "/etc/at.allow"),
    ] {
        if services.iter().any(|known| known.name == service) && !scene.files.exists(list) {
            let finding = JOBS_UNASKED.found(format!(
                "{service} starts work for everybody: there is no {list}."
            ));
            report.find(own_file(scene, finding, service).fix(format!("echo root >{list}")));
        }
    }
}

fn writable(scene: &Scene<'_>, report: &mut Report) {
    let mut paths = vec!["/etc/pam.conf".to_owned()];
    for directory in ["/etc/pam.d", "/usr/lib/pam.d"] {
        paths.push(directory.to_owned());
        match scene.files.list(directory) {
            Ok(files) => paths.extend(files),
            Err(error) => report.not_checked(
                &[&PAM_WRITABLE],
                format!("{directory} cannot be read: {error}"),
            ),
        }
    }
    super::files::foreign(scene, &PAM_WRITABLE, &paths, report);
}
