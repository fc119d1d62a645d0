//! `org.countersign.Countersign1.User`: what a user holds.

use std::sync::Arc;

use countersign_bus::Error;
use countersign_bus::types::{ChangeOptions, EnrollOptions, Status};
use zbus::OwnedFd;
use zbus::message::Header;

use super::Door;
use crate::engine::Engine;

/// What a user holds: on the root door any user, on the public one the caller.
pub struct User {
    door: Door,
    engine: Arc<Engine>,
}

impl User {
    /// The interface on a door.
    pub const fn new(door: Door, engine: Arc<Engine>) -> Self {
        Self { door, engine }
    }
}

#[zbus::interface(name = "org.countersign.Countersign1.User", spawn = false)]
impl User {
    /// What is known of a user.
    #[zbus(out_args("status"))]
    async fn status(
        &self,
        uid: u32,
        name: &str,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Status, Error> {
        let caller = self.door.caller(&header).await?;
        self.engine.status(&caller, (uid, name)).await
    }

    /// Forgets which logins are remembered.
    async fn forget(
        &self,
        uid: u32,
        name: &str,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let caller = self.door.caller(&header).await?;
        self.engine.forget(&caller, (uid, name)).await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the header is none of the caller's"
    )]
    /// Offers a credential: its id, and a sealed file with its key URI in the first line and
    /// recovery codes, if any were made, in the others.
    #[zbus(out_args("credential", "secret"))]
    async fn enroll(
        &self,
        uid: u32,
        name: &str,
        factor: u32,
        options: EnrollOptions,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, OwnedFd), Error> {
        let caller = self.door.caller(&header).await?;
        self.engine
            .enroll(&caller, (uid, name), factor, &options)
            .await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the header is none of the caller's"
    )]
    /// Confirms a credential by its first code: a sealed file with recovery codes, if any were
    /// made.
    #[zbus(out_args("recovery_codes"))]
    async fn confirm(
        &self,
        uid: u32,
        name: &str,
        credential: &str,
        code: &str,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedFd, Error> {
        let caller = self.door.caller(&header).await?;
        self.engine
            .confirm(&caller, (uid, name), credential, code)
            .await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the header is none of the caller's"
    )]
    /// Takes a credential away.
    async fn remove(
        &self,
        uid: u32,
        name: &str,
        credential: &str,
        options: ChangeOptions,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let caller = self.door.caller(&header).await?;
        self.engine
            .remove(&caller, (uid, name), credential, &options)
            .await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the header is none of the caller's"
    )]
    /// Calls a credential otherwise.
    async fn rename(
        &self,
        uid: u32,
        name: &str,
        credential: &str,
        label: &str,
        options: ChangeOptions,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let caller = self.door.caller(&header).await?;
        self.engine
            .rename(&caller, (uid, name), (credential, label), &options)
            .await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the header is none of the caller's"
    )]
    /// Finds a device again by two codes in a row: the id of the credential that they are of.
    #[zbus(out_args("credential"))]
    async fn resynchronize(
        &self,
        uid: u32,
        name: &str,
        code: &str,
        next_code: &str,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        let caller = self.door.caller(&header).await?;
        self.engine
            .resynchronize(&caller, (uid, name), [code, next_code])
            .await
    }

    /// Makes new recovery codes, and the old ones void: a sealed file with them.
    #[zbus(out_args("recovery_codes"))]
    async fn renew_recovery_codes(
        &self,
        uid: u32,
        name: &str,
        options: ChangeOptions,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedFd, Error> {
        let caller = self.door.caller(&header).await?;
        self.engine
            .renew_recovery_codes(&caller, (uid, name), &options)
            .await
    }
}
