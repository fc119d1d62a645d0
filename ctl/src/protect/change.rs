//! Changes made, confirmed and undone; killed between any two steps, either nothing was changed,
//! or the ledger says how to put it back.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::block;
use super::file::{Snapshot, sweep, take_away};
use super::ledger::{Change, Ledger, Pending, Store};
use crate::error::Error;

/// Where sshd's configuration is.
const SSHD: &str = "/etc/ssh";

/// What happens outside of the files.
pub(crate) trait Outside {
    /// Has systemd undo the change in so long.
    fn arm(&self, after: Duration) -> Result<(), Error>;
    /// Has it let that be.
    fn disarm(&self);
    /// Says whether all that was written is in force as it was meant.
    fn check(&self, changes: &[Change]) -> Result<(), Error>;
    /// Has sshd read its configuration again, if it runs; nobody's login is disturbed by it.
    fn reload_sshd(&self) -> Result<(), Error>;
    /// Ends what the services remember of earlier logins, such as sudo's five minutes.
    fn forget_logins(&self, changes: &[Change]);
    /// Clock ticks since the machine started.
    fn ticks(&self) -> u64;
}

/// How a file was put back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PutBack {
    /// To what it was, byte for byte.
    Whole(PathBuf),
    /// It was edited since, and only our lines were taken out.
    BlockOnly(PathBuf),
    /// It was edited since so that our lines cannot be told from others. It is as it was before the
    /// change, and how it was edited is kept there.
    Aside(PathBuf, PathBuf),
}

/// Makes changes beneath a root.
pub(crate) struct Changer<'a> {
    pub(crate) root: &'a Path,
    pub(crate) store: &'a Store,
    pub(crate) outside: &'a dyn Outside,
}

impl Changer<'_> {
    /// Makes the changes. Those that are to `undo` themselves do so in that time; without it they
    /// are kept at once.
    ///
    /// # Errors
    ///
    /// Why nothing was changed: what had been is put back.
    pub(crate) fn make(
        &self,
        changes: Vec<Change>,
        undo: Option<Duration>,
        now: u64,
    ) -> Result<Pending, Error> {
        let mut ledger = self.store.read()?;
        let mut pending = Pending {
            until: now + undo.map_or(0, |after| after.as_secs()),
            since: None,
            changes,
        };
        ledger.pending = Some(pending.clone());
        self.store.write(&ledger)?;
        if let Err(error) = self.carry_out(&pending.changes, undo) {
            let state = match self.undo(&mut ledger) {
                Ok(_) => "Nothing is changed: everything is as it was.".to_owned(),
                Err(error) => format!(
                    "It could not all be put back: {error}\nTry again:\n  \
                     countersignctl unprotect --pending"
                ),
            };
            return Err(error.leaving(state));
        }
        pending.since = Some(self.outside.ticks());
        match undo {
            Some(_) => ledger.pending = Some(pending.clone()),
            None => keep(&mut ledger),
        }
        self.store.write(&ledger)?;
        Ok(pending)
    }

    fn carry_out(&self, changes: &[Change], undo: Option<Duration>) -> Result<(), Error> {
        if let Some(after) = undo {
            self.outside.arm(after)?;
        }
        for change in changes {
            let path = self.beneath_root(&change.path);
            let put = change.after.put(&path);
            put.map_err(|error| unwritable(&change.path, &error))?;
        }
        self.outside.check(changes)?;
        if concern_sshd(changes) {
            self.outside.reload_sshd()?;
        }
        self.outside.forget_logins(changes);
        Ok(())
    }

    /// The pending change counts from now on.
    pub(crate) fn confirm(&self, ledger: &mut Ledger) -> Result<(), Error> {
        keep(ledger);
        self.store.write(ledger)?;
        self.outside.disarm();
        Ok(())
    }

    /// Puts back what is pending. Done again, or by two, it comes to the same.
    pub(crate) fn undo(&self, ledger: &mut Ledger) -> Result<Vec<PutBack>, Error> {
        let Some(pending) = ledger.pending.clone() else {
            return Ok(Vec::new());
        };
        let done = self.put_back(&pending.changes)?;
        ledger.pending = None;
        self.store.write(ledger)?;
        self.outside.disarm();
        Ok(done)
    }

    /// Puts back what was changed for a service and is confirmed.
    pub(crate) fn unprotect(
        &self,
        ledger: &mut Ledger,
        service: &str,
    ) -> Result<Vec<PutBack>, Error> {
        let (ours, others): (Vec<_>, Vec<_>) = ledger
            .kept
            .drain(..)
            .partition(|change| change.service == service);
        ledger.kept = others;
        for change in &ours {
            self.need_marks_in_order(change)?;
        }
        let done = self.put_back(&ours)?;
        self.store.write(ledger)?;
        Ok(done)
    }

    /// The last first, so that sshd's own configuration changes when PAM's has.
    fn put_back(&self, changes: &[Change]) -> Result<Vec<PutBack>, Error> {
        let mut done = Vec::new();
        for change in changes.iter().rev() {
            let path = self.beneath_root(&change.path);
            if let Some(directory) = path.parent() {
                sweep(directory);
            }
            let put = self.put_back_one(change, &path);
            done.extend(put.map_err(|error| unwritable(&change.path, &error))?);
        }
        if concern_sshd(changes) {
            self.outside.reload_sshd()?;
        }
        Ok(done)
    }

    fn put_back_one(&self, change: &Change, path: &Path) -> io::Result<Option<PutBack>> {
        let Some(current) = Snapshot::of(path)? else {
            if let Some(before) = &change.before {
                before.put(path)?;
            }
            return Ok(Some(PutBack::Whole(change.path.clone())));
        };
        if Some(&current) == change.before.as_ref() {
            return Ok(None);
        }
        if current.content == change.after.content {
            return self.restore(change, path);
        }
        match block::remove(current.content.bytes()) {
            Ok(rest) if change.before.is_none() && rest.trim_ascii().is_empty() => {
                self.restore(change, path)
            }
            Ok(rest) => {
                current.with(rest).put(path)?;
                Ok(Some(PutBack::BlockOnly(change.path.clone())))
            }
            Err(_) => {
                let aside = self.store.beside(&change.path);
                current.put(&aside)?;
                self.restore(change, path)?;
                Ok(Some(PutBack::Aside(change.path.clone(), aside)))
            }
        }
    }

    fn restore(&self, change: &Change, path: &Path) -> io::Result<Option<PutBack>> {
        match &change.before {
            Some(before) => before.put(path)?,
            None => take_away(path)?,
        }
        Ok(Some(PutBack::Whole(change.path.clone())))
    }

    /// Where nobody is locked out, a file whose marks were broken by hand is for a person to mend.
    fn need_marks_in_order(&self, change: &Change) -> Result<(), Error> {
        let current = Snapshot::of(&self.beneath_root(&change.path));
        let current = current.map_err(|error| unwritable(&change.path, &error))?;
        let Some(current) = current.filter(|now| now.content != change.after.content) else {
            return Ok(());
        };
        block::remove(current.content.bytes()).map(drop).map_err(|flaw| {
            Error::Refused(format!(
                "Nothing was changed. {} was edited by hand, and its marks are not in order any \
                 more: {flaw}. Mend them, or take our lines out by hand.",
                change.path.display()
            ))
        })
    }

    fn beneath_root(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

/// What is pending is kept. A file that was changed before, and unprotected by hand, is known by
/// its latest change.
fn keep(ledger: &mut Ledger) {
    let Some(pending) = ledger.pending.take() else {
        return;
    };
    ledger
        .kept
        .retain(|kept| pending.changes.iter().all(|new| new.path != kept.path));
    ledger.kept.extend(pending.changes);
}

fn concern_sshd(changes: &[Change]) -> bool {
    changes.iter().any(|change| change.path.starts_with(SSHD))
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::Refused(format!("{} cannot be changed: {error}.", path.display()))
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
