//! Whether whoever confirms a change came in after it, the way that was changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use countersign_bus::session::{Process, Session};

use super::ledger::Pending;
use crate::error::Error;

/// Services whose logins can be told: sessions name them, or their program stays.
const TELLING: [&str; 8] = [
    "sshd",
    "login",
    "sudo",
    "su",
    "gdm-password",
    "lightdm",
    "greetd",
    "sddm",
];
/// No login is further below the first process.
const DEEPEST: usize = 64;

/// One of the ways by which whoever runs this came to do so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Step {
    /// The service it went through, by the name of the one whose variant it is.
    pub(crate) service: String,
    /// When, in clock ticks since the machine started.
    pub(crate) since: u64,
}

/// How this process came to be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Way {
    /// The login session, if it is in one.
    pub(crate) session: Option<Step>,
    /// sudo and su, by somebody who was not root already.
    pub(crate) rises: Vec<Step>,
}

impl Way {
    /// That of this process.
    pub(crate) fn of_this_process() -> Self {
        let session = Session::of_this_process().ok().flatten();
        Self {
            session: session.map(|session| Step {
                service: plain(&session.service.unwrap_or_default()).to_owned(),
                since: session.leader.started,
            }),
            rises: rises(),
        }
    }

    /// Refuses what proves nothing about the pending change.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], with what to do.
    pub(crate) fn need_new(&self, pending: &Pending) -> Result<(), Error> {
        let Some(since) = pending.since else {
            return Err(Error::Refused(
                "The change was never finished, and is being undone. Make it again.".to_owned(),
            ));
        };
        let services: BTreeSet<&str> = pending
            .changes
            .iter()
            .map(|change| change.service.as_str())
            .collect();
        let steps = || self.session.iter().chain(&self.rises);
        let seen = || steps().filter(|step| services.contains(step.service.as_str()));
        if let Some(old) = seen().find(|step| step.since < since) {
            return Err(refusal(
                &format!("You came in through {} before", old.service),
                &services,
            ));
        }
        if seen().next().is_some() {
            return Ok(());
        }
        if services.iter().all(|service| TELLING.contains(service)) {
            return Err(refusal(
                "This is no login through any of them, from before or",
                &services,
            ));
        }
        match steps().any(|step| step.since >= since) {
            true => Ok(()),
            false => Err(refusal("This login began before", &services)),
        }
    }
}

fn refusal(what: &str, services: &BTreeSet<&str>) -> Error {
    let named: Vec<_> = services.iter().copied().collect();
    let how = match named.as_slice() {
        ["sudo"] => "Open another terminal, and type there:\n  sudo countersignctl confirm-protect",
        ["su"] => {
            "Open another terminal, and type there:\n  su -c 'countersignctl confirm-protect'"
        }
        _ => {
            "Leave this shell open. Log in from another terminal, and type there:\n  \
             sudo countersignctl confirm-protect"
        }
    };
    Error::Refused(format!(
        "{what} the change of {}: it does not show that one can still log in. {how}",
        named.join(", ")
    ))
}

/// The service that another is the variant of.
fn plain(service: &str) -> &str {
    match service {
        "sudo-i" => "sudo",
        "su-l" => "su",
        other => other,
    }
}

/// The processes above this one that made root of somebody else.
fn rises() -> Vec<Step> {
    let mut found = Vec::new();
    let mut process = Ancestor::read(std::process::id());
    for _ in 0..DEEPEST {
        let Some(child) = process.filter(|process| process.parent > 1) else {
            break;
        };
        let parent = Ancestor::read(child.parent);
        let by_another = parent.as_ref().is_some_and(|parent| parent.uid != 0);
        if let Some(service) = child.program.filter(|_| by_another) {
            found.push(Step {
                service: service.to_owned(),
                since: child.started,
            });
        }
        process = parent;
    }
    found
}

/// A process above this one.
struct Ancestor {
    parent: u32,
    started: u64,
    uid: u32,
    /// sudo or su, if it is one.
    program: Option<&'static str>,
}

impl Ancestor {
    fn read(pid: u32) -> Option<Self> {
        let (process, parent) = Process::with_parent(pid).ok()?;
        let directory = Path::new("/proc").join(pid.to_string());
        let status = fs::read_to_string(directory.join("status")).ok()?;
        let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        let program = fs::read_link(directory.join("exe")).ok();
        let name = program.as_ref().and_then(|path| path.file_name()?.to_str());
        Some(Self {
            parent,
            started: process.started,
            uid: uid.split_whitespace().next()?.parse().ok()?,
            program: match name {
                Some("sudo" | "sudo-rs" | "sudo.ws") => Some("sudo"),
                Some("su" | "su-rs") => Some("su"),
                Some(_) | None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::Snapshot;
    use super::super::ledger::Change;
    use super::*;

    fn step(service: &str, since: u64) -> Step {
        Step {
            service: service.to_owned(),
            since,
        }
    }

    fn pending(services: &[&str]) -> Pending {
        let change = |service: &&str| Change {
            service: (*service).to_owned(),
            path: "/etc/pam.d/x".into(),
            before: None,
            after: Snapshot::new(Vec::new()),
        };
        Pending {
            until: 0,
            since: Some(100),
            changes: services.iter().map(change).collect(),
        }
    }

    fn accepted(session: Option<Step>, rises: Vec<Step>, services: &[&str]) -> bool {
        Way { session, rises }.need_new(&pending(services)).is_ok()
    }

    #[test]
    fn a_login_through_the_service_after_the_change_and_no_other_shows_that_it_works() {
        let ssh = |since| Some(step("sshd", since));
        assert!(accepted(ssh(101), vec![], &["sshd"]));
        assert!(accepted(ssh(101), vec![step("sudo", 102)], &["sshd"]));
        assert!(!accepted(ssh(99), vec![], &["sshd"]));
        assert!(!accepted(ssh(99), vec![step("sudo", 102)], &["sshd"]));
        assert!(!accepted(Some(step("login", 101)), vec![], &["sshd"]));
        assert!(!accepted(None, vec![], &["sshd"]));
    }

    #[test]
    fn sudo_is_shown_to_work_by_a_new_sudo_in_whatever_login() {
        let old = || Some(step("sshd", 1));
        assert!(accepted(old(), vec![step("sudo", 101)], &["sudo"]));
        assert!(!accepted(old(), vec![step("sudo", 99)], &["sudo"]));
        assert!(!accepted(
            old(),
            vec![step("sudo", 101), step("sudo", 99)],
            &["sudo"]
        ));
        assert!(!accepted(Some(step("sshd", 101)), vec![], &["sudo"]));
    }

    #[test]
    fn of_several_services_none_that_was_gone_through_may_be_from_before() {
        let new = || Some(step("sshd", 101));
        assert!(accepted(new(), vec![step("sudo", 102)], &["sshd", "sudo"]));
        assert!(accepted(new(), vec![], &["sshd", "sudo"]));
        let old = Some(step("sshd", 99));
        assert!(!accepted(old, vec![step("sudo", 102)], &["sshd", "sudo"]));
    }

    #[test]
    fn where_the_service_cannot_be_told_any_new_login_will_do() {
        assert!(accepted(Some(step("login", 101)), vec![], &["polkit-1"]));
        assert!(!accepted(Some(step("login", 99)), vec![], &["polkit-1"]));
        assert!(!accepted(None, vec![], &["polkit-1"]));
    }

    #[test]
    fn a_change_that_was_never_finished_cannot_be_confirmed() {
        let unfinished = Pending {
            since: None,
            ..pending(&["sshd"])
        };
        let login = Way {
            session: Some(step("sshd", u64::MAX)),
            rises: vec![],
        };
        assert!(login.need_new(&unfinished).is_err());
    }

    #[test]
    fn this_process_has_ancestors_that_can_be_read() {
        let this = Ancestor::read(std::process::id()).unwrap();
        assert!(this.started > 0 && this.program.is_none());
        assert!(Ancestor::read(this.parent).is_some());
        assert!(Ancestor::read(0).is_none());
    }
}
