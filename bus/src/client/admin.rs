//! What only root may do, over the bus.

use std::os::fd::BorrowedFd;

use zbus::{Fd, OwnedFd};

use super::{Account, Client};
use crate::error::Error;
use crate::events::{Event, EventOptions};
use crate::types::{
    About, BackupOptions, BackupReport, ExplainOptions, Explanation, IssueOptions, Login,
    RestoreOptions, RestoreReport, Status,
};
use crate::{ADMIN, PATH};

impl Client {
    /// Up to `limit` users with a uid above `after` (from the first one on, without it), in order.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn list(&mut self, after: Option<u32>, limit: u32) -> Result<Vec<Status>, Error> {
        // On the wire 2^32 - 1, which is nobody's uid, stands for "from the first one on".
        self.call(PATH, ADMIN, "List", &(after.unwrap_or(u32::MAX), limit))
    }

    /// Logins and changes with a number above `after`, the first of them first; with 0, the latest.
    /// And what to give as `after` to learn of what comes next.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn events(
        &mut self,
        after: u64,
        options: &EventOptions,
    ) -> Result<(Vec<Event>, u64), Error> {
        self.call(PATH, ADMIN, "Events", &(after, options))
    }

    /// Forgets a user altogether.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn reset(&mut self, uid: u32) -> Result<(), Error> {
        self.call(PATH, ADMIN, "Reset", &(uid,))
    }

    /// Forgets a user's wrong answers.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn unlock(&mut self, uid: u32) -> Result<(), Error> {
        self.call(PATH, ADMIN, "Unlock", &(uid,))
    }

    /// Issues a code that is good for one login: a file with it, and until when it is good, in
    /// seconds since the epoch.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn issue_code(
        &mut self,
        (uid, name): Account<'_>,
        options: &IssueOptions,
    ) -> Result<(OwnedFd, u64), Error> {
        self.call(PATH, ADMIN, "IssueCode", &(uid, name, options))
    }

    /// What would become of a login, and by which rule of the policy.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn explain(
        &mut self,
        login: &Login,
        options: &ExplainOptions,
    ) -> Result<Explanation, Error> {
        self.call(PATH, ADMIN, "Explain", &(login, options))
    }

    /// What can be told of the daemon.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn about(&mut self) -> Result<About, Error> {
        self.call(PATH, ADMIN, "About", &())
    }

    /// Has the configuration read again.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn reload(&mut self) -> Result<(), Error> {
        self.call(PATH, ADMIN, "Reload", &())
    }

    /// Writes all that is kept of all users, sealed, to `file`: a regular file with nothing in it.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn backup(
        &mut self,
        file: BorrowedFd<'_>,
        options: &BackupOptions,
    ) -> Result<BackupReport, Error> {
        self.unhurried(|client| client.call(PATH, ADMIN, "Backup", &(Fd::from(file), options)))
    }

    /// Restores what [`backup`](Self::backup) wrote to `file`, which is read from its beginning.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn restore(
        &mut self,
        file: BorrowedFd<'_>,
        options: &RestoreOptions,
    ) -> Result<RestoreReport, Error> {
        self.unhurried(|client| client.call(PATH, ADMIN, "Restore", &(Fd::from(file), options)))
    }
}
