//! What is to be changed so that a service asks for a second factor.

use std::fs;
use std::path::{Path, PathBuf};

use super::block::{self, Block};
use super::file::Snapshot;
use super::ledger::Change;
use super::sshd::{self, First};
use super::stage::{SERVICES, Stage};
use crate::error::Error;
use crate::pam_stack::file::{Entry, Statement, parse};
use crate::pam_stack::walk::Ways;
use crate::pam_stack::{Configuration, Facility, Step};
use crate::words::printable;

/// The module.
pub(crate) const MODULE: &str = "pam_countersign.so";
/// `required` in full, and the stack ends there and then.
const CONTROL: &str = "[success=ok ignore=ignore default=die]";
/// Those that ask for a password.
const PASSWORDS: [&str; 7] = [
    "pam_unix.so",
    "pam_sss.so",
    "pam_ldap.so",
    "pam_krb5.so",
    "pam_winbind.so",
    "pam_systemd_home.so",
    "pam_pwdb.so",
];
/// Services that a program has for another way of being called.
const VARIANTS: [(&str, &str); 2] = [("sudo", "sudo-i"), ("su", "su-l")];

/// What is to be changed.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    /// The services that are asked in, as they were named.
    pub(crate) services: Vec<String>,
    /// What else to know.
    pub(crate) notes: Vec<String>,
    /// PAM's configuration as it will be.
    pub(crate) stage: Stage,
}

impl Plan {
    /// To have these services ask, beneath `root`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: where a line of ours would not do what it is for, and why.
    pub(crate) fn make(root: &Path, services: &[String], first: First) -> Result<Self, Error> {
        let mut plan = Self {
            changes: Vec::new(),
            services: Vec::new(),
            notes: Vec::new(),
            stage: Stage::of(root)?,
        };
        for service in services {
            if plan.services.contains(service) {
                continue;
            }
            if plan.add(root, service, service, first)? {
                plan.services.push(service.clone());
            }
            for (_, variant) in VARIANTS.iter().filter(|(of, _)| of == service) {
                if plan.stage.configuration().file_of(variant).is_some() {
                    plan.add(root, service, variant, first)?;
                }
            }
        }
        Ok(plan)
    }

    /// One file more; `false` if it asks already.
    fn add(&mut self, root: &Path, service: &str, name: &str, first: First) -> Result<bool, Error> {
        let path = Path::new("/").join(SERVICES).join(name);
        let old = self.read(root, name, &path)?;
        if self.asks_already(service, name, &old)? {
            return Ok(false);
        }
        need_followed(&self.stage.configuration(), name)?;
        let editing = Editing {
            configuration: self.stage.configuration(),
            path: &path,
            service,
            entries: parse(&String::from_utf8_lossy(&old)),
        };
        let mut blocks = Vec::from_iter(editing.guard(name));
        blocks.push(editing.auth(name, first)?);
        blocks.sort_by_key(|block| block.behind);
        let new = block::insert(&old, &blocks);
        self.stage.put(name, &new)?;
        check(&self.stage.configuration(), name)?;
        if name == sshd::SERVICE {
            self.changes.push(sshd::drop_in(root, first)?);
        }
        let before = read(&root.join(SERVICES).join(name))?;
        self.changes.push(Change {
            service: service.to_owned(),
            path,
            after: match &before {
                Some(before) => before.with(new),
                None => Snapshot::new(new),
            },
            before,
        });
        Ok(true)
    }

    /// The file as it is now.
    fn read(&self, root: &Path, name: &str, path: &Path) -> Result<Vec<u8>, Error> {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains('/');
        if !plain || self.stage.configuration().file_of(name).is_none() {
            return Err(Error::Refused(format!(
                "There is no service {0}: neither /etc/pam.d nor /usr/lib/pam.d has a file of that \
                 name. The services are:\n  {1}",
                printable(name),
                self.stage
                    .configuration()
                    .services()
                    .unwrap_or_default()
                    .join(" ")
            )));
        }
        let real = root.join(SERVICES).join(name);
        if fs::symlink_metadata(&real).is_ok_and(|about| about.is_symlink()) {
            let to = fs::read_link(&real).unwrap_or_default();
            return Err(Error::Refused(format!(
                "{} is a link to {}: whatever manages that would overwrite the change. How to do \
                 it there, says pam_countersign(8), \"Other systems\".",
                path.display(),
                to.display()
            )));
        }
        fs::read(self.stage.services().join(name)).map_err(|error| unreadable(path, &error))
    }

    fn asks_already(&mut self, service: &str, name: &str, old: &[u8]) -> Result<bool, Error> {
        if block::is_marked(old) {
            block::remove(old).map_err(|flaw| {
                Error::Refused(format!(
                    "Nothing was changed. Our marks in /etc/pam.d/{name} are not in order: {flaw}. \
                     Mend them, or take our lines out by hand."
                ))
            })?;
            self.notes.push(format!("{name} is protected already."));
            return Ok(true);
        }
        let stack = self.stage.configuration().own_stack(name, Facility::Auth);
        let Some((_, line, _)) = stack.asking(MODULE).next() else {
            return Ok(false);
        };
        // One that goes on with the other's file asks with it.
        if name == service {
            self.notes.push(format!(
                "{name} asks already, by a line that protect did not write: {}.",
                line.place
            ));
        }
        Ok(true)
    }
}

/// A service's file that is to be edited.
struct Editing<'a> {
    configuration: Configuration,
    path: &'a Path,
    service: &'a str,
    entries: Vec<Entry>,
}

impl Editing<'_> {
    /// Our line, below the last that asks for a first factor; where a key is that, in place of it.
    fn auth(&self, name: &str, first: First) -> Result<Block, Error> {
        if name == sshd::SERVICE && first == First::Key {
            return self.after_key();
        }
        let authenticating = || {
            self.entries
                .iter()
                .filter(|entry| self.has(entry, Facility::Auth))
        };
        let mut includes = authenticating().filter(|entry| is_include(entry));
        let Some(last) = includes.next_back().or(authenticating().next_back()) else {
            return Err(Error::Refused(format!(
                "{} has no auth line of its own: what /etc/pam.d/other says counts for it, and \
                 would not any more if it had one. Give it the lines it is to have first.",
                self.path.display()
            )));
        };
        Ok(self.block(
            "auth",
            last.last,
            0,
            vec![format!("auth {CONTROL} {MODULE}")],
        ))
    }

    /// In place of what asks for the password. That a key was shown is then PAM's to see too:
    /// sshd's own configuration alone does not make the code the only factor.
    fn after_key(&self) -> Result<Block, Error> {
        let asking: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| self.asks_password(entry))
            .collect();
        let [entry] = asking.as_slice() else {
            return Err(Error::Refused(format!(
                "{} asks for a password in {} lines, and not in one: which of them the key stands \
                 in place of, you know better. Write it by hand, as pam_countersign(8) shows.",
                self.path.display(),
                asking.len()
            )));
        };
        if entry.first != entry.last {
            return Err(Error::Refused(format!(
                "{}:{} goes on over several lines. Join them, and try again.",
                self.path.display(),
                entry.first
            )));
        }
        let lines = vec![
            sshd::KEY_WAS_SHOWN.to_owned(),
            format!("auth {CONTROL} {MODULE}"),
        ];
        Ok(self.block("auth", entry.first - 1, 1, lines))
    }

    /// The guard, where a login may come without having been asked anything. It stands first:
    /// below, an account line that ends the stack would spare it.
    fn guard(&self, name: &str) -> Option<Block> {
        let mut account = self
            .entries
            .iter()
            .filter(|entry| self.has(entry, Facility::Account));
        let first = account.next().filter(|_| name == sshd::SERVICE)?;
        let lines = vec![format!("account {CONTROL} {MODULE}")];
        Some(self.block("account", first.first - 1, 0, lines))
    }

    fn block(
        &self,
        name: &'static str,
        behind: usize,
        replaces: usize,
        lines: Vec<String>,
    ) -> Block {
        Block {
            name,
            by: format!("countersignctl unprotect {} takes this out", self.service),
            behind,
            replaces,
            lines,
        }
    }

    /// Whether the line, or what it includes, says anything of a facility.
    fn has(&self, entry: &Entry, facility: Facility) -> bool {
        match &entry.statement {
            Statement::Rule(rule) => rule.facility == facility,
            Statement::Include { facility: of, name } => {
                of.is_none_or(|of| of == facility) && self.includes(name, facility)
            }
            Statement::Substack { facility: of, name } => {
                *of == facility && self.includes(name, facility)
            }
            Statement::Wrong { .. } => false,
        }
    }

    fn includes(&self, name: &str, facility: Facility) -> bool {
        !self
            .configuration
            .own_stack(name, facility)
            .lines
            .is_empty()
    }

    fn asks_password(&self, entry: &Entry) -> bool {
        let asks = |module: &str| PASSWORDS.contains(&module);
        match &entry.statement {
            Statement::Rule(rule) => rule.facility == Facility::Auth && asks(rule.module.name()),
            Statement::Include { name, .. } | Statement::Substack { name, .. } => {
                let stack = self.configuration.own_stack(name, Facility::Auth);
                let mut modules = stack.lines.iter().filter_map(|line| line.module());
                self.has(entry, Facility::Auth) && modules.any(|module| asks(module.name()))
            }
            Statement::Wrong { .. } => false,
        }
    }
}

/// Whether the line goes on with another file.
fn is_include(entry: &Entry) -> bool {
    match entry.statement {
        Statement::Include { .. } | Statement::Substack { .. } => true,
        Statement::Rule(_) | Statement::Wrong { .. } => false,
    }
}

/// Whether libpam can read all of it.
fn need_followed(configuration: &Configuration, service: &str) -> Result<(), Error> {
    let stack = configuration.own_stack(service, Facility::Auth);
    if let Some(flaw) = stack.flaws.first() {
        return Err(Error::Refused(format!(
            "Nothing was changed: {} cannot be followed: {}. Mend it first.",
            flaw.place,
            printable(&flaw.what)
        )));
    }
    Ok(())
}

/// Whether a login through the service comes to our line, and something decides where it has no
/// say.
fn check(configuration: &Configuration, service: &str) -> Result<(), Error> {
    let stack = configuration.own_stack(service, Facility::Auth);
    let ways = Ways::of(&stack, MODULE);
    for index in ways.around() {
        let Some(line) = stack.lines.get(index) else {
            continue;
        };
        let name = match &line.step {
            Step::Module(module) => module.name(),
            Step::Substack => "",
        };
        // Root, who becomes somebody else by su.
        if name == "pam_rootok.so" {
            continue;
        }
        return Err(Error::Refused(format!(
            "Nothing was changed: {} ({}) lets a login in that never comes to Countersign's line, \
             without a code. If that line is in a file that /etc/pam.d/{service} takes in by \
             \"auth include\", write \"auth substack\" there: then only that file ends early. Else \
             give it a control that goes on, such as \"required\".",
            line.place,
            printable(name)
        )));
    }
    if ways.undecided() {
        return Err(Error::Refused(format!(
            "Nothing was changed: nothing in the auth lines of {service} would decide where the \
             policy asks for no code, and PAM would refuse the login. Add a line that decides, \
             such as the one for the password."
        )));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Option<Snapshot>, Error> {
    Snapshot::of(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Refused(format!(
        "{} cannot be read: {error}. Nothing was changed.",
        path.display()
    ))
}

/// The files of a service, where it may have marks: its own, and those of its variants.
pub(crate) fn files_of(service: &str) -> Vec<PathBuf> {
    let variants = VARIANTS
        .iter()
        .filter(|(of, _)| *of == service)
        .map(|(_, name)| *name);
    [service]
        .into_iter()
        .chain(variants)
        .map(|name| Path::new("/").join(SERVICES).join(name))
        .collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
