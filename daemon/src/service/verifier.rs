//! `org.countersign.Countersign1.Verifier`: begins logins.

use std::sync::Arc;

use countersign_bus::types::{BeginReply, Details, Login};
use countersign_bus::{Error, TRANSACTION_PATH};
use zbus::message::Header;
use zbus::{ObjectPath, ObjectServer, OwnedObjectPath};

use super::{Bounded, Door, Transaction};
use crate::engine::{Attempt, Begun, Engine};
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
        let language = Some(self.engine.config().language.to_owned());
        let begun = Attempt::begin(&self.engine, &caller, &login, &id).await?;
        let (attempt, entry, next) = match begun {
            Begun::Asked(attempt, entry, next) => (*attempt, entry, next),
            Begun::NotDemanded(rule) => return Ok(settled(rule, None, language)),
            Begun::Remembered(pass) => {
                let rule = pass.rule().to_owned();
                return Ok(settled(rule, Some(pass.age().as_secs()), language));
            }
        };

        let path = OwnedObjectPath::try_from(format!("{TRANSACTION_PATH}{id}"))
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let open = place.take(attempt, path.clone());
        let transaction = Transaction::new(self.door.clone(), caller, open);
        server.at(path.clone(), Bounded(transaction)).await?;

        let (challenge, details) = next.into_wire();
        let details = Details {
            language,
            entry: Some(entry as u32),
            ..details
        };
        Ok((path, challenge, details))
    }

    /// Asks about a login that proved no factor: a reply says by which rule none is demanded.
    #[zbus(out_args("rule"))]
    async fn guard(
        &self,
        login: Login,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        let caller = self.door.caller(&header).await?;
        self.engine.guard(&caller, &login).await
    }
}

/// What is answered to a login that is over as it begins.
fn settled(rule: String, remembered: Option<u64>, language: Option<String>) -> BeginReply {
    let details = Details {
        language,
        rule: Some(rule),
        remembered,
        ..Details::default()
    };
    (
        ObjectPath::from_static_str_unchecked("/").into(),
        0,
        details,
    )
}
