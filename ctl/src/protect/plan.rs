//! What is to be changed so that a service asks for a second factor.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_bus::types::Entry;

use super::block;
use super::check::{self, MODULE};
use super::edit::Editing;
use super::file::Snapshot;
use super::ledger::Change;
use super::policy::Policy;
use super::sshd::{self, First};
use super::stage::{SERVICES, Stage};
use crate::error::Error;
use crate::pam_stack::Facility;
use crate::service::{Kind, kind};
use crate::words::printable;

/// Services that a program has for another way of being called.
const VARIANTS: [(&str, &str); 2] = [("sudo", "sudo-i"), ("su", "su-l")];

/// What is to be changed.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    /// The services that are asked in, as they were named, and how their people type a code.
    pub(crate) services: Vec<(String, Entry)>,
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
    pub(crate) fn make(
        root: &Path,
        services: &[String],
        first: First,
        policy: &mut dyn Policy,
    ) -> Result<Self, Error> {
        let mut plan = Self {
            changes: Vec::new(),
            services: Vec::new(),
            notes: Vec::new(),
            stage: Stage::of(root)?,
        };
        for service in services {
            if plan.services.iter().any(|(planned, _)| planned == service) {
                continue;
            }
            check::need_answerable(service)?;
            plan.need_file(service)?;
            let entry = policy.says(service)?.entry;
            if plan.add(root, (service, service), first, entry)? {
                plan.services.push((service.clone(), entry));
            }
            for (_, variant) in VARIANTS.iter().filter(|(of, _)| of == service) {
                if plan.stage.configuration().file_of(variant).is_some() {
                    let entry = policy.says(variant)?.entry;
                    plan.add(root, (service, variant), first, entry)?;
                }
            }
        }
        plan.look_at_others(root, services, policy)?;
        Ok(plan)
    }

    /// The names of the services that are asked in.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|(name, _)| name.as_str())
    }

    /// Services that are not named, and take in a file of one that is.
    fn look_at_others(
        &mut self,
        root: &Path,
        named: &[String],
        policy: &mut dyn Policy,
    ) -> Result<(), Error> {
        let names = self.changes.iter().filter_map(|change| {
            let name = change.path.file_name()?.to_str()?;
            Some(name.to_owned())
        });
        let services = self.changes.iter().map(|change| change.service.as_str());
        let variants = services.flat_map(|service| [service, variant_of(service)]);
        let changed: BTreeSet<_> = names.chain(variants.map(str::to_owned)).collect();
        let configuration = self.stage.configuration();
        let asking = check::need_others_sound(root, &configuration, (named, &changed), policy)?;
        if !asking.is_empty() {
            self.notes.push(format!(
                "Asked for a code too from then on, as they take in a file of these: {}.",
                asking.join(", ")
            ));
        }
        Ok(())
    }

    /// One file more, of a service or its variant; `false` if it asks already.
    fn add(
        &mut self,
        root: &Path,
        (service, name): (&str, &str),
        first: First,
        entry: Entry,
    ) -> Result<bool, Error> {
        let path = Path::new("/").join(SERVICES).join(name);
        let old = self.read(root, name, &path)?;
        if self.asks_already((service, name), &old, entry)? {
            return Ok(false);
        }
        check::need_followed(&self.stage.configuration(), name)?;
        let editing = Editing::of(&self.stage, &path, service, &old);
        let new = block::insert(&old, &editing.blocks(name, first, entry)?);
        self.stage.put(name, &new)?;
        check::need_sound(&self.stage.configuration(), name, entry)?;
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

    /// Whether there is a service of that name.
    fn need_file(&self, name: &str) -> Result<(), Error> {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains('/');
        let configuration = self.stage.configuration();
        if plain && configuration.file_of(name).is_some() {
            return Ok(());
        }
        let known = match kind(name) {
            Kind::Login | Kind::Locker => true,
            Kind::Greeter | Kind::Autologin | Kind::Job | Kind::Tool | Kind::Unknown => false,
        };
        if plain && known && configuration.file_of("other").is_some() {
            return Err(Error::Refused(format!(
                "Nothing was changed: {name} has no file of its own, and does what /etc/pam.d/other \
                 says. Give it one with the lines of that, but for ours, and try again; in Debian:\n  printf \
                 '@include common-auth\\n@include common-account\\n' >/etc/pam.d/{name}"
            )));
        }
        Err(Error::Refused(format!(
            "There is no service {0}: neither /etc/pam.d nor /usr/lib/pam.d has a file of that \
             name. The services are:\n  {1}",
            printable(name),
            configuration.services().unwrap_or_default().join(" ")
        )))
    }

    /// The file as it is now.
    fn read(&self, root: &Path, name: &str, path: &Path) -> Result<Vec<u8>, Error> {
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
        self.stage.read(name)
    }

    /// Whether there is a line of ours that a login through this service can answer.
    fn asks_already(
        &mut self,
        (service, name): (&str, &str),
        old: &[u8],
        entry: Entry,
    ) -> Result<bool, Error> {
        let stack = self.stage.configuration().own_stack(name, Facility::Auth);
        let unanswerable = check::unanswerable(&stack, name, entry);
        if block::is_marked(old) {
            block::remove(old).map_err(|flaw| {
                Error::Refused(format!(
                    "Nothing was changed. Our marks in /etc/pam.d/{name} are not in order: {flaw}. \
                     Mend them, or take our lines out by hand."
                ))
            })?;
            if let Some(why) = unanswerable {
                return Err(Error::Refused(format!(
                    "{name} is protected already, and cannot be answered: {why} If the policy has \
                     changed since, have it done anew:\n  countersignctl unprotect {service}\n  \
                     countersignctl protect {service}"
                )));
            }
            self.notes.push(format!("{name} is protected already."));
            return Ok(true);
        }
        let Some((_, line, _)) = stack.asking(MODULE).next() else {
            return Ok(false);
        };
        let own = line.place.file.file_name().is_some_and(|file| file == name);
        match unanswerable {
            // The line is in a file that it takes in, and that may be written out here.
            Some(_) if !own && entry == Entry::Appended => return Ok(false),
            Some(why) => return Err(Error::Refused(format!("Nothing was changed: {why}"))),
            None => {}
        }
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

fn read(path: &Path) -> Result<Option<Snapshot>, Error> {
    Snapshot::of(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Refused(format!(
        "{} cannot be read: {error}. Nothing was changed.",
        path.display()
    ))
}

/// The other way of calling a service's program; itself, if there is none.
fn variant_of(service: &str) -> &str {
    let mut variants = VARIANTS.iter().filter(|(of, _)| *of == service);
    variants.next().map_or(service, |(_, name)| name)
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

#[cfg(test)]
#[path = "plan_desktop_tests.rs"]
mod desktop_tests;
