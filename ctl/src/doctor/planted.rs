//! A system that a test has planted.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::finding::Finding;
use super::scene::{Demand, Facts, Files, Owners, Programs, Said, Scene};
use super::{Group, Report};
use crate::import::passwd::Entry;
use crate::pam_stack::Configuration;
use crate::report::UserStatus;

/// The day of all these tests, in seconds since the epoch.
pub(crate) const NOW: u64 = 1_795_305_090;

/// A root of files, what programs say, and what the daemon says.
pub(crate) struct Planted {
    root: TempDir,
    programs: Answers,
    accounts: Vec<Entry>,
    facts: Facts,
    away: Option<String>,
    reached: bool,
    room: u64,
}

#[derive(Default)]
struct Answers(BTreeMap<String, Said>);

impl Programs for Answers {
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Said> {
        let line = [&[program], arguments].concat().join(" ");
        self.0
            .get(&line)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Planted {
    pub(crate) fn new() -> Self {
        Self {
            root: TempDir::new().unwrap(),
            programs: Answers::default(),
            accounts: Vec::new(),
            facts: Facts::default(),
            away: None,
            reached: true,
            room: 1 << 40,
        }
    }

    fn real(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let real = self.real(path);
        fs::create_dir_all(real.parent().unwrap()).unwrap();
        fs::write(&real, text).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        self
    }

    pub(crate) fn mode(self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.real(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(crate) fn socket(self, path: &str, mode: u32) -> Self {
        let real = self.real(path);
        fs::create_dir_all(real.parent().unwrap()).unwrap();
        drop(std::os::unix::net::UnixListener::bind(&real).unwrap());
        self.mode(path, mode)
    }

    /// What a program says on standard output when it ends well.
    pub(crate) fn says(self, line: &str, stdout: &str) -> Self {
        self.answers(line, true, stdout, "")
    }

    pub(crate) fn answers(mut self, line: &str, success: bool, stdout: &str, stderr: &str) -> Self {
        let said = Said {
            success,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        };
        self.programs.0.insert(line.to_owned(), said);
        self
    }

    pub(crate) fn account(mut self, name: &str, uid: u32) -> Self {
        self.accounts.push(Entry {
            name: name.to_owned(),
            uid,
            gid: uid,
            home: format!("/home/{name}"),
            shell: "/bin/bash".to_owned(),
        });
        self
    }

    /// Somebody who is enrolled, with all that they should have.
    pub(crate) fn enrolled(self, name: &str, uid: u32) -> Self {
        self.user(UserStatus {
            user: Some(name.to_owned()),
            uid,
            enrolled: true,
            recovery_left: 10,
            codes_demanded: 1,
            ..UserStatus::default()
        })
    }

    pub(crate) fn user(mut self, user: UserStatus) -> Self {
        self.facts.users.push(user);
        self
    }

    pub(crate) fn demand(mut self, user: &str, service: &str, demand: Demand) -> Self {
        self.facts
            .demands
            .insert((user.to_owned(), service.to_owned()), demand);
        self
    }

    pub(crate) fn policy_unknown(mut self, why: &str) -> Self {
        self.facts.policy_unknown = Some(why.to_owned());
        self
    }

    pub(crate) fn version(mut self, version: &str) -> Self {
        self.facts.version = Some(version.to_owned());
        self
    }

    pub(crate) fn config_problem(mut self, problem: &str) -> Self {
        self.facts.config_problem = Some(problem.to_owned());
        self
    }

    pub(crate) fn away(mut self, why: &str) -> Self {
        self.away = Some(why.to_owned());
        self.reached = false;
        self
    }

    /// It runs, and cannot do its work.
    pub(crate) fn unusable(self, why: &str) -> Self {
        Self {
            reached: true,
            ..self.away(why)
        }
    }

    pub(crate) fn room(mut self, bytes: u64) -> Self {
        self.room = bytes;
        self
    }

    /// What one group finds, the worst first.
    pub(crate) fn found(self, group: &Group) -> Vec<Finding> {
        self.report(group).findings
    }

    pub(crate) fn report(self, group: &Group) -> Report {
        let uid = nix::unistd::Uid::effective().as_raw();
        let scene = Scene {
            files: Files::beneath(self.root.path()),
            pam: Configuration::beneath(self.root.path()),
            programs: &self.programs,
            owners: Owners {
                root: uid,
                daemon: Some(uid),
            },
            accounts: Ok(self.accounts),
            daemon: match self.away {
                Some(why) => Err(why),
                None => Ok(self.facts),
            },
            reached: self.reached,
            room: Ok(self.room),
            now: NOW,
        };
        let mut report = Report::default();
        (group.examine)(&scene, &mut report);
        report.findings.sort_by_key(|finding| finding.severity);
        report
    }
}

/// A group finds one thing, and there.
#[track_caller]
pub(crate) fn one(group: &Group, planted: Planted, id: &str, place: &str) {
    let found = planted.found(group);
    assert_eq!(ids(&found), [id], "{found:?}");
    assert_eq!(places(&found), [place]);
}

/// The names of what was found.
pub(crate) fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.id).collect()
}

/// Where each of these was found.
pub(crate) fn places(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| finding.place().unwrap_or_default())
        .collect()
}
