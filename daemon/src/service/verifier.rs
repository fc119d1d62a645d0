//! `org.countersign.Countersign1.Verifier`: begins logins.

use std::sync::Arc;

use countersign_bus::types::{Details, Login};
use countersign_bus::{Error, TRANSACTION_PATH};
use zbus::message::Header;
use zbus::{ObjectServer, OwnedObjectPath};

use super::{Bounded, Door, Transaction};
use crate::engine::{Attempt, Engine};
use crate::transactions::Transactions;

/// Begins logins.
pub struct Verifier {
    door: Door,
    engine: Arc<Engine>,
    transactions: Arc<Transactions>,
}

impl Verifier {
    /// The interface on a door.
    pub const fn new(door: Door, engine: Arc<Engine>, transactions: Arc<Transactions>) -> Self {
        Self {
            door,
            engine,
            transactions,
        }
    }
}

#[zbus::interface(name = "org.countersign.Countersign1.Verifier", spawn = false)]
impl Verifier {
    /// Begins a login: an object that takes the answers, and what to ask first.
    #[zbus(out_args("transaction", "challenge", "details"))]
    async fn begin(
        &self,
        login: Login,
        #[zbus(header)] header: Header<'_>,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> Result<(OwnedObjectPath, u32, Details), Error> {
        let caller = self.door.caller(&header).await?;
        let place = self.transactions.reserve(&caller, login.uid)?;
        let id = self.engine.transaction_id()?;
        let (attempt, next) = Attempt::begin(&self.engine, &caller, &login, &id).await?;

        let path = OwnedObjectPath::try_from(format!("{TRANSACTION_PATH}{id}"))
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let open = place.take(attempt, path.clone());
        let transaction = Transaction::new(self.door.clone(), caller, open);
        server.at(path.clone(), Bounded(transaction)).await?;

        let (challenge, details) = next.into_wire();
        let details = Details {
            language: Some(self.engine.config().language.to_owned()),
            ..details
        };
        Ok((path, challenge, details))
    }
}
