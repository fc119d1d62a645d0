//! `org.countersign.Countersign1.Admin`: what only root may do. Served on the root door only.

use std::sync::Arc;

use countersign_bus::Error;
use countersign_bus::events::{Event, EventOptions};
use countersign_bus::import::{ImportOptions, ImportOutcome};
use countersign_bus::types::{
    About, BackupOptions, BackupReport, ExplainOptions, Explanation, IssueOptions, Login,
    RestoreOptions, RestoreReport, Status,
};
use zbus::OwnedFd;

use crate::server::Server;

/// What only root may do.
pub struct Admin {
    server: Arc<Server>,
}

impl Admin {
    /// The interface.
    pub const fn new(server: Arc<Server>) -> Self {
        Self { server }
    }
}

#[zbus::interface(name = "org.countersign.Countersign1.Admin", spawn = false)]
impl Admin {
    /// Up to `limit` users with a uid above `after`, in order; from the first one on if `after` is
    /// 4294967295.
    #[zbus(out_args("users"))]
    async fn list(&self, after: u32, limit: u32) -> Result<Vec<Status>, Error> {
        self.server.engine.list(after, limit).await
    }

    /// Logins and changes with a number above `after`, the first of them first; the latest, if it
    /// is 0. `upto` is what to give as `after` to learn of what comes next. One without a number
    /// tells that a part of the record is left out.
    #[zbus(out_args("events", "upto"))]
    async fn events(&self, after: u64, options: EventOptions) -> Result<(Vec<Event>, u64), Error> {
        self.server.engine.read_events(after, &options).await
    }

    /// Forgets a user altogether.
    async fn reset(&self, uid: u32) -> Result<(), Error> {
        self.server.engine.reset(uid).await
    }

    /// Forgets a user's wrong answers.
    async fn unlock(&self, uid: u32) -> Result<(), Error> {
        self.server.engine.unlock(uid).await
    }

    /// Writes all that is kept of all users, sealed, to a regular file with nothing in it.
    #[zbus(out_args("report"))]
    async fn backup(&self, file: OwnedFd, options: BackupOptions) -> Result<BackupReport, Error> {
        Arc::clone(&self.server.engine).backup(file, options).await
    }

    /// Restores users from such a file, once all of it was found to be whole.
    #[zbus(out_args("report"))]
    async fn restore(
        &self,
        file: OwnedFd,
        options: RestoreOptions,
    ) -> Result<RestoreReport, Error> {
        Arc::clone(&self.server.engine).restore(file, options).await
    }

    /// Issues a code that is good for one login: a sealed file with it, and until when it is good,
    /// in seconds since the epoch.
    #[zbus(out_args("code", "expires"))]
    async fn issue_code(
        &self,
        uid: u32,
        name: &str,
        options: IssueOptions,
    ) -> Result<(OwnedFd, u64), Error> {
        self.server.engine.issue_code((uid, name), &options).await
    }

    /// Takes over what other modules kept of users: from a sealed file with an array of
    /// dictionaries. What came of each, in their order.
    #[zbus(out_args("outcomes"))]
    async fn import(
        &self,
        users: OwnedFd,
        options: ImportOptions,
    ) -> Result<Vec<ImportOutcome>, Error> {
        self.server.engine.import(&users, &options).await
    }

    /// What would become of a login, by the code that decides about logins.
    #[zbus(out_args("explanation"))]
    async fn explain(&self, login: Login, options: ExplainOptions) -> Result<Explanation, Error> {
        self.server.engine.explain(&login, &options).await
    }

    /// What can be told of the daemon.
    #[zbus(out_args("about"))]
    async fn about(&self) -> About {
        let problem = self.server.config_problem();
        self.server.engine.about(problem)
    }

    /// Reads the configuration again; a bad one leaves the old one in force, and is told.
    async fn reload(&self) -> Result<(), Error> {
        self.server.reload().map_err(Error::InvalidArgs)
    }
}
