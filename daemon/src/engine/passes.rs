//! Logins that are remembered: told, and forgotten.

use countersign_bus::Error;
use countersign_bus::types::PassStatus;
use countersign_core::pass::{Moment, Pass};
use countersign_core::record::Record;

use super::change::Account;
use super::{Engine, SaveError, busy};
use crate::audit::Change;
use crate::authorize::Caller;
use crate::vault::Slot;

impl Engine {
    /// Forgets which logins of a user are remembered. It takes no proof, since it only asks for
    /// more of them.
    ///
    /// # Errors
    ///
    /// If the caller may not, or the store fails.
    pub async fn forget(&self, caller: &Caller, account: Account<'_>) -> Result<(), Error> {
        caller.concerns(account.0)?;
        let slot = Slot::User(account.0);
        for _ in 0..Self::ROUNDS {
            let (record, revision) = self.account(caller, account).await?;
            let count = record.passes(self.clock.moment()).count();
            // What is over counts nowhere, and nothing is to be kept of whoever has no record.
            if count == 0 {
                return Ok(());
            }
            let name = record.name().to_owned();
            match self.save(&slot, &record.forget(), revision).await {
                Ok(()) => {
                    let note = format!("{count} remembered logins");
                    self.tell_change(caller, (account.0, &name), Change::Forgotten, &note);
                    return Ok(());
                }
                Err(SaveError::Conflict) => {}
                Err(SaveError::Failed(error)) => return Err(error),
            }
        }
        Err(busy())
    }
}

/// The remembered logins of a record that count somewhere.
pub(super) fn describe(record: &Record, at: Moment) -> Vec<PassStatus> {
    let told = |pass: &Pass| PassStatus {
        place: Some(pass.place().to_string()),
        credential: Some(pass.credential().to_string()),
        given: Some(pass.given().unix()),
        until: Some(pass.ends().unix()),
    };
    record.passes(at).map(told).collect()
}
