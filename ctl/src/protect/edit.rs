//! Where our lines go in a service's file.

use std::path::Path;

use countersign_bus::types::Entry as Typed;

use super::block::{self, Block};
use super::check::MODULE;
use super::sshd::{self, First};
use super::stage::Stage;
use crate::error::Error;
use crate::pam_stack::file::{Entry, Statement, parse};
use crate::pam_stack::{Configuration, Facility};
use crate::service::{Kind, kind};

/// `required` in full, and the stack ends there and then.
const CONTROL: &str = "[success=ok ignore=ignore default=die]";

/// A service's file that is to be edited.
pub(super) struct Editing<'a> {
    stage: &'a Stage,
    configuration: Configuration,
    path: &'a Path,
    /// Who undoes it.
    service: &'a str,
    entries: Vec<Entry>,
}

impl<'a> Editing<'a> {
    /// `old` is what is in the file at `path`.
    pub(super) fn of(stage: &'a Stage, path: &'a Path, service: &'a str, old: &[u8]) -> Self {
        Self {
            stage,
            configuration: stage.configuration(),
            path,
            service,
            entries: parse(&String::from_utf8_lossy(old)),
        }
    }

    /// All that is to be put in, in the order of the file.
    pub(super) fn blocks(
        &self,
        name: &str,
        first: First,
        typed: Typed,
    ) -> Result<Vec<Block>, Error> {
        let mut blocks = Vec::from_iter(self.guard(name));
        match typed {
            _ if name == sshd::SERVICE && first == First::Key => blocks.push(self.after_key()?),
            Typed::Separate => blocks.push(self.behind_password()?),
            Typed::Appended => {
                blocks.push(self.before_password()?);
                blocks.extend(self.without_others()?);
            }
        }
        blocks.sort_by_key(|block| block.behind);
        Ok(blocks)
    }

    /// Our line, below the last that asks for a first factor.
    fn behind_password(&self) -> Result<Block, Error> {
        let mut includes = self.authenticating().filter(|entry| is_include(entry));
        let last = includes.next_back().or(self.authenticating().next_back());
        let last = last.ok_or_else(|| self.not_its_own())?;
        Ok(self.block("auth", last.last, 0, vec![self.line()]))
    }

    /// Our line, before all others: it takes the code off what was typed, and hands on the rest.
    fn before_password(&self) -> Result<Block, Error> {
        let first = self.authenticating().next();
        let first = first.ok_or_else(|| self.not_its_own())?;
        Ok(self.block("auth", first.first - 1, 0, vec![self.line()]))
    }

    /// In place of the file of another service, its lines without ours: that one asks, or will, and
    /// what has one field cannot be asked a second time.
    fn without_others(&self) -> Result<Option<Block>, Error> {
        let mut logins = self.authenticating().filter_map(|entry| {
            let name = included(entry)?;
            (kind(name) == Kind::Login).then_some((entry, name))
        });
        let Some((entry, name)) = logins.next() else {
            return Ok(None);
        };
        let facility = match &entry.statement {
            Statement::Include { facility, .. } => *facility,
            Statement::Substack { .. } | Statement::Rule(_) | Statement::Wrong { .. } => {
                return Err(self.refused(&format!(
                    "takes in the lines of {name} as a substack. Write in its place what it is to \
                     ask, as \"@include common-auth\""
                )));
            }
        };
        if logins.next().is_some() || entry.first != entry.last {
            return Err(self.refused(
                "takes in the files of other services by more than one line. Write in their place \
                 what it is to ask, as \"@include common-auth\"",
            ));
        }
        let lines = self.lines_of(name, facility)?;
        Ok(Some(self.block("include", entry.first - 1, 1, lines)))
    }

    /// What another service's file says of a facility, or of all, without our lines.
    fn lines_of(&self, name: &str, facility: Option<Facility>) -> Result<Vec<String>, Error> {
        let text = self.stage.read(name)?;
        let text = block::remove(&text).map_err(|flaw| {
            self.refused(&format!(
                "takes in /etc/pam.d/{name}, in which our marks are not in order: {flaw}. Mend them"
            ))
        })?;
        let text = String::from_utf8_lossy(&text);
        let mut lines = Vec::new();
        for entry in parse(&text) {
            let raw = || {
                let lines = text.lines().skip(entry.first - 1);
                lines.take(entry.last - entry.first + 1).map(str::to_owned)
            };
            match (&entry.statement, facility) {
                (Statement::Rule(rule), _) if rule.module.is(MODULE) => {}
                (Statement::Rule(rule), Some(facility)) if rule.facility != facility => {}
                (
                    Statement::Include {
                        facility: None,
                        name,
                    },
                    Some(facility),
                ) => {
                    if self.includes(name, facility) {
                        lines.push(format!("{facility} include {name}"));
                    }
                }
                (
                    Statement::Include {
                        facility: Some(of), ..
                    }
                    | Statement::Substack { facility: of, .. },
                    Some(facility),
                ) if *of != facility => {}
                (
                    Statement::Rule(_)
                    | Statement::Include { .. }
                    | Statement::Substack { .. }
                    | Statement::Wrong { .. },
                    _,
                ) => lines.extend(raw()),
            }
        }
        Ok(lines)
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
        let lines = vec![sshd::KEY_WAS_SHOWN.to_owned(), self.line()];
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

    fn line(&self) -> String {
        format!("auth {CONTROL} {MODULE}")
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

    /// The lines that say, or take in, anything of who it is.
    fn authenticating(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        let entries = self.entries.iter();
        entries.filter(|entry| self.has(entry, Facility::Auth))
    }

    fn not_its_own(&self) -> Error {
        Error::Refused(format!(
            "{} has no auth line of its own: what /etc/pam.d/other says counts for it, and would \
             not any more if it had one. Give it the lines it is to have first.",
            self.path.display()
        ))
    }

    fn refused(&self, what: &str) -> Error {
        let path = self.path.display();
        Error::Refused(format!(
            "Nothing was changed: {path} {what}, and try again."
        ))
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
        match &entry.statement {
            Statement::Rule(rule) => {
                rule.facility == Facility::Auth && rule.module.checks_password()
            }
            Statement::Include { name, .. } | Statement::Substack { name, .. } => {
                let stack = self.configuration.own_stack(name, Facility::Auth);
                self.has(entry, Facility::Auth) && stack.checking_password().next().is_some()
            }
            Statement::Wrong { .. } => false,
        }
    }
}

/// The file that the line goes on with.
fn included(entry: &Entry) -> Option<&str> {
    match &entry.statement {
        Statement::Include { name, .. } | Statement::Substack { name, .. } => Some(name),
        Statement::Rule(_) | Statement::Wrong { .. } => None,
    }
}

/// Whether the line goes on with another file.
fn is_include(entry: &Entry) -> bool {
    included(entry).is_some()
}
