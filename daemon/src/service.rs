//! The D-Bus face: one interface a file. Each method says who asks, translates, and calls the
//! engine; there is no rule in here.

use std::sync::Arc;

use zbus::connection::Builder;
use zbus::message::Header;

use crate::authorize::Caller;
use crate::door::public::Doorman;
use crate::server::Server;
use crate::transactions::Transactions;
use countersign_bus::{Error, PATH};

mod admin;
mod bounded;
mod transaction;
mod user;
mod verifier;

pub use self::admin::Admin;
pub use self::bounded::Bounded;
pub use self::transaction::Transaction;
pub use self::user::User;
pub use self::verifier::Verifier;

/// How a door knows who stands before it.
#[derive(Clone)]
pub enum Door {
    /// The kernel said that it is root when the connection was made.
    Root,
    /// The bus is asked, each time.
    Public(Arc<Doorman>),
}

impl Door {
    /// Who sent a message.
    ///
    /// # Errors
    ///
    /// If the bus does not say, or that user asks more than the door lets through.
    pub async fn caller(&self, header: &Header<'_>) -> Result<Caller, Error> {
        match self {
            Self::Root => Ok(Caller::Root),
            Self::Public(doorman) => doorman.admit(header).await,
        }
    }
}

/// Puts the interfaces that belong on a door onto a connection that is yet to be made.
///
/// They are there before the first message is, so that no early one gets lost. Each handles one
/// message at a time: whoever sends more has to wait for its own.
pub fn serve<'a>(
    builder: Builder<'a>,
    door: &Door,
    server: &Arc<Server>,
    transactions: &Arc<Transactions>,
) -> Builder<'a> {
    let engine = || Arc::clone(&server.engine);
    let verifier = Verifier::new(door.clone(), engine(), Arc::clone(transactions));
    let builder = builder
        .serve_at(PATH, Bounded(verifier))
        .serve_at(PATH, Bounded(User::new(door.clone(), engine())));
    match door {
        Door::Root => builder.serve_at(PATH, Admin::new(Arc::clone(server))),
        Door::Public(_) => builder,
    }
}
