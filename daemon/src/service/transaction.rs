//! `org.countersign.Countersign1.Transaction`: one login in progress.

use std::sync::Arc;

use countersign_bus::Error;
use countersign_bus::types::{Details, Factor, Next};
use zbus::message::Header;
use zbus::{ObjectServer, OwnedFd};
use zruntime::lock::Mutex;

use super::Door;
use crate::authorize::Caller;
use crate::engine::Attempt;
use crate::transactions::Open;

/// One login in progress, which answers only the connection that began it.
pub struct Transaction {
    door: Door,
    owner: Caller,
    open: Open,
}

impl Transaction {
    /// A login of `owner`.
    pub const fn new(door: Door, owner: Caller, open: Open) -> Self {
        Self { door, owner, open }
    }

    async fn check_owner(&self, header: &Header<'_>) -> Result<Arc<Mutex<Attempt>>, Error> {
        if self.door.caller(header).await? == self.owner {
            Ok(self.open.attempt())
        } else {
            Err(Error::NotPermitted(
                "that is another one's login".to_owned(),
            ))
        }
    }
}

#[zbus::interface(name = "org.countersign.Countersign1.Transaction", spawn = false)]
impl Transaction {
    /// Answers the challenge. Challenge 0 in the reply: it is finished, and the factor proven.
    #[zbus(out_args("challenge", "details"))]
    async fn respond(
        &self,
        answer: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> Result<(u32, Details), Error> {
        let attempt = self.check_owner(&header).await?;
        let mut attempt = attempt.lock().await;
        let reply = attempt.respond(answer).await.map(Next::into_wire);
        if attempt.is_over() {
            self.open.close(server).await;
        }
        reply
    }

    /// A sealed file with what is to be shown with the challenge that was asked last: with 5, the
    /// key URI of a new secret, and the lines of its QR code, if one may be drawn; with 6, recovery
    /// codes, one a line.
    #[zbus(out_args("shown"))]
    async fn reveal(&self, #[zbus(header)] header: Header<'_>) -> Result<OwnedFd, Error> {
        let attempt = self.check_owner(&header).await?;
        attempt.lock().await.reveal()
    }

    /// Asks to prove another factor instead.
    #[zbus(out_args("challenge", "details"))]
    async fn choose(
        &self,
        factor: u32,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(u32, Details), Error> {
        let attempt = self.check_owner(&header).await?;
        match Factor::try_from(factor)? {
            Factor::Recovery => {
                let next = attempt.lock().await.choose_recovery().await?;
                Ok(next.into_wire())
            }
            Factor::Totp | Factor::Hotp => {
                Err(Error::InvalidArgs("codes are asked for as it is".into()))
            }
        }
    }

    /// Ends a login that will not be finished.
    async fn cancel(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> Result<(), Error> {
        let attempt = self.check_owner(&header).await?;
        attempt.lock().await.cancel();
        self.open.close(server).await;
        Ok(())
    }
}
