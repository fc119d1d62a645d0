//! Changes of what a user holds: who may make them, and how they are made.

use countersign_bus::Error;
use countersign_core::judgement::{Reason, Response, Row, Verdict};
use countersign_core::record::Record;
use countersign_core::throttle::Origin;

use super::{Engine, SaveError, busy};
use crate::audit::Change;
use crate::authorize::Caller;
use crate::config::SelfService;
use crate::store::Revision;
use crate::vault::Slot;

/// A user, as whoever asks names them.
pub(super) type Account<'a> = (u32, &'a str);

/// What a change takes of somebody who is not root.
#[derive(Clone, Copy)]
pub(super) enum Demanded<'a> {
    /// Nothing: the change itself takes a proof.
    Nothing,
    /// A fresh proof of a factor of the user's, or what the policy demands for a first one.
    Proof(Option<&'a str>),
}

impl Engine {
    /// Changes a record, again and again until nobody else's change got in between. Answers with
    /// the account's name.
    ///
    /// A proof is judged by the very record that is changed, and used up with the change or, if
    /// that cannot be made, without it: so it is good for one change, of what it was a proof of.
    pub(super) async fn change(
        &self,
        caller: &Caller,
        account: Account<'_>,
        demanded: Demanded<'_>,
        mut change: impl FnMut(&Self, Record) -> Result<Record, Error>,
    ) -> Result<String, Error> {
        let slot = Slot::User(account.0);
        for _ in 0..Self::ROUNDS {
            let (record, revision) = self.account(caller, account).await?;
            let name = record.name().to_owned();
            let saved = match self.proof(caller, &record, demanded)? {
                None => self.save(&slot, &change(self, record)?, revision).await,
                Some(proof) => {
                    let config = self.config();
                    let at = self.circumstances(&config, Origin::Locker);
                    let judgement = record.judge(&proof, at);
                    let (judgement, failure) = judgement.amend(|record| change(self, record));
                    let verdict = judgement
                        .settle(async |record| self.save(&slot, &record, revision).await)
                        .await;
                    match (verdict, failure) {
                        (Ok(Verdict::Accept(_)), None) => Ok(()),
                        (Ok(Verdict::Accept(_)), Some(failure)) => return Err(failure),
                        (Ok(Verdict::Reject(reason)), _) => {
                            let note = "a change was refused for want of a right proof";
                            self.tell_change(caller, (account.0, &name), Change::Refused, note);
                            return Err(refusal(reason));
                        }
                        (Err(error), _) => Err(error),
                    }
                }
            };
            match saved {
                Ok(()) => return Ok(name),
                Err(SaveError::Conflict) => {}
                Err(SaveError::Failed(error)) => return Err(error),
            }
        }
        Err(busy())
    }

    /// The record of an account, blank if there is none. On the public door, where only the uid
    /// is vouched for, an enrolled name stands.
    pub(super) async fn account(
        &self,
        caller: &Caller,
        (uid, name): Account<'_>,
    ) -> Result<(Record, Revision), Error> {
        let plain = !name.is_empty() && name.len() <= 256 && !name.chars().any(char::is_control);
        let loaded = self.load(&Slot::User(uid)).await?;
        match loaded.record {
            Some(record) => {
                if *caller == Caller::Root && !name.is_empty() {
                    record
                        .belongs_to(uid, name)
                        .map_err(|foreign| Error::NotPermitted(foreign.to_string()))?;
                }
                Ok((record, loaded.revision))
            }
            None if plain => Ok((Record::new(uid, name), loaded.revision)),
            None => Err(Error::InvalidArgs("name: 1 to 256 printable bytes".into())),
        }
    }

    /// The proof that a change of `record` takes, if it takes one. Root's take none; others' as
    /// the policy says for a first factor, and always after that.
    fn proof(
        &self,
        caller: &Caller,
        record: &Record,
        demanded: Demanded<'_>,
    ) -> Result<Option<Response>, Error> {
        let given = match (caller, demanded) {
            (Caller::Root, _) | (_, Demanded::Nothing) => return Ok(None),
            (Caller::User { .. }, Demanded::Proof(given)) => given,
        };
        if record.is_enrolled() {
            let given = given.ok_or_else(|| {
                Error::NotPermitted("this takes a code of a factor you hold".into())
            })?;
            return response(given).map(Some);
        }
        match self.config().self_service {
            SelfService::Open => Ok(None),
            SelfService::Off => Err(Error::NotPermitted(
                "a first factor is the admin's to enrol here".into(),
            )),
            SelfService::Ticket => match given.map(response).transpose()? {
                Some(ticket @ Response::Issued(_)) => Ok(Some(ticket)),
                Some(Response::Codes(_) | Response::Recovery(_)) => {
                    Err(Error::Rejected("that is no code from your admin".into()))
                }
                None => Err(Error::NotPermitted(
                    "a first factor takes a code from your admin".into(),
                )),
            },
        }
    }
}

fn response(proof: &str) -> Result<Response, Error> {
    let code = proof
        .parse()
        .map(|code| Response::Codes(Row::of(vec![code])));
    code.ok()
        .or_else(|| proof.parse().map(Response::Recovery).ok())
        .or_else(|| proof.parse().map(Response::Issued).ok())
        .ok_or_else(|| Error::Rejected("the proof is not a code".into()))
}

pub(super) fn refusal(reason: Reason) -> Error {
    match reason {
        Reason::SeveralDemanded | Reason::RecoveryWait(_) => {
            Error::Throttled("too many wrong codes: wait, or ask your admin".into())
        }
        Reason::Wrong | Reason::Used | Reason::WrongRecovery => {
            Error::Rejected("the proof is not right, or was used before".into())
        }
    }
}

pub(super) fn invalid(error: impl std::error::Error) -> Error {
    Error::InvalidArgs(error.to_string())
}
