//! The questions of a login: the core's transaction, and its record in the store.

use std::sync::Arc;

use countersign_bus::Error;
use countersign_bus::types::{self, Next};
use countersign_core::factors::Factors;
use countersign_core::judgement::{Circumstances, Judgement, Reason, Response, Verdict};
use countersign_core::pass::{Moment, Remember};
use countersign_core::policy::Entry;
use countersign_core::record::Record;
use countersign_core::throttle::Origin;
use countersign_core::time::Timestamp;
use countersign_core::transaction::{Ask, Challenge, End, News, Outcome, Received, Transaction};
use zeroize::Zeroizing;

use super::attempt::Step;
use super::claim::Destination;
use super::{Engine, SaveError, busy};
use crate::audit::LoginEvent;
use crate::config::Config;
use crate::vault::Slot;

/// What a login is asked for a factor by.
pub(super) struct Questions {
    transaction: Transaction,
    terms: Terms,
}

/// What holds for a login from its beginning to its end, whatever is configured meanwhile.
pub(super) struct Terms {
    /// The settings when it began.
    pub(super) config: Arc<Config>,
    /// Whose record it is judged by.
    pub(super) slot: Slot,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// Which kinds of proof are taken.
    pub(super) factors: Factors,
    /// How the code is typed.
    pub(super) entry: Entry,
    /// For how long it counts, and where, if a code proves it.
    pub(super) remembered: Vec<Remember>,
    /// Where that is.
    pub(super) destination: Destination,
}

impl Terms {
    fn circumstances(&self, now: Timestamp) -> Circumstances<'_> {
        Circumstances {
            rule: &self.config.backoff,
            origin: self.origin,
            now,
            factors: self.factors,
        }
    }

    /// Judges a response; a right code leaves a pass wherever the policy says so.
    fn judge(&self, record: Record, response: &Response, moment: Moment) -> Judgement {
        let judgement = record.judge(response, self.circumstances(moment.now));
        let remember = |judgement: Judgement, remember: &Remember| {
            judgement.remember(&self.destination.whereabouts(), *remember, moment)
        };
        self.remembered.iter().fold(judgement, remember)
    }
}

impl Questions {
    /// Asks for a factor of the user whose record is in the slot that the terms name. `recovery`:
    /// whether recovery codes and issued codes are taken here.
    pub(super) fn begin(
        terms: Terms,
        record: &Record,
        recovery: bool,
        now: Timestamp,
    ) -> (Self, Next) {
        let at = terms.circumstances(now);
        let tries = match terms.entry {
            Entry::Separate => Transaction::TRIES,
            // One field is filled in once. Whoever is refused is asked for both again, by the
            // program.
            Entry::Appended => 1,
        };
        let (transaction, challenge) = Transaction::begin(record, recovery, tries, at);
        (Self { transaction, terms }, ask(challenge))
    }

    /// Takes an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] or [`Error::Throttled`] after the last answer, or if the store fails.
    pub(super) async fn respond(
        &mut self,
        engine: &Engine,
        typed: &str,
        event: &mut LoginEvent,
    ) -> Result<Step, Error> {
        let Self { transaction, terms } = self;
        let response = match transaction.receive(typed) {
            Received::Judge(response) => response,
            Received::OneOfSeveral => {
                let record = engine.record(&terms.slot).await?;
                return Ok(Step::Ask(ask(transaction.ask_next_code(&record))));
            }
            Received::Malformed => {
                let record = engine.record(&terms.slot).await?;
                let at = terms.circumstances(engine.clock.now());
                return follow(transaction.conclude_malformed(&record, at));
            }
        };
        let judge = |record, moment| terms.judge(record, &response, moment);
        let (verdict, record) = engine.judge(&terms.slot, judge).await?;
        if let Verdict::Reject(reason) = &verdict {
            event.count(*reason);
        }
        let at = terms.circumstances(engine.clock.now());
        follow(transaction.conclude(verdict, &record, at))
    }

    /// Asks for a recovery code instead.
    ///
    /// # Errors
    ///
    /// If none is taken here, or the store cannot be read.
    pub(super) async fn choose_recovery(&mut self, engine: &Engine) -> Result<Next, Error> {
        let record = engine.record(&self.terms.slot).await?;
        let at = self.terms.circumstances(engine.clock.now());
        self.transaction
            .choose_recovery(&record, at)
            .map(ask)
            .ok_or_else(|| Error::NotPermitted("no recovery codes are taken here".into()))
    }
}

fn follow(outcome: Outcome) -> Result<Step, Error> {
    match outcome {
        Outcome::Ask(challenge) => Ok(Step::Ask(ask(challenge))),
        Outcome::Finish(verified) => Ok(Step::Finish(verified)),
        Outcome::End(End::Rejected) => Err(Error::Rejected(String::new())),
        Outcome::End(End::Throttled) => Err(Error::Throttled(String::new())),
    }
}

impl Engine {
    /// The record in `slot`; a new decoy where there is none.
    pub(super) async fn record(&self, slot: &Slot) -> Result<Record, Error> {
        self.present(slot, self.load(slot).await?.record)
    }

    fn present(&self, slot: &Slot, record: Option<Record>) -> Result<Record, Error> {
        match (record, slot) {
            (Some(record), _) => Ok(record),
            (None, Slot::Decoy(_)) => {
                let entropy: Zeroizing<[u8; 20]> = self.random()?;
                Ok(Record::decoy(&entropy))
            }
            // Reset while the login went on; and nobody logs in by a place for events.
            (None, Slot::User(_) | Slot::Events(..)) => Err(Error::Rejected(String::new())),
        }
    }

    /// Has a response judged, and remembers what came of it before saying so. Also answers with
    /// the record as it is afterwards.
    pub(super) async fn judge(
        &self,
        slot: &Slot,
        judge: impl Fn(Record, Moment) -> Judgement,
    ) -> Result<(Verdict, Record), Error> {
        for _ in 0..Self::ROUNDS {
            let loaded = self.load(slot).await?;
            let record = self.present(slot, loaded.record)?;
            let mut after = record.clone();

            let settled = judge(record, self.clock.moment())
                .settle(async |record| {
                    self.save(slot, &record, loaded.revision).await?;
                    after = record;
                    Ok(())
                })
                .await;
            match settled {
                Ok(verdict) => return Ok((verdict, after)),
                Err(SaveError::Conflict) => {}
                Err(SaveError::Failed(error)) => return Err(error),
            }
        }
        Err(busy())
    }
}

fn ask(challenge: Challenge) -> Next {
    let (news, wait) = match challenge.news {
        None => (None, None),
        Some(News::Wrong) => (Some(types::News::Wrong), None),
        Some(News::Used) => (Some(types::News::Used), None),
        Some(News::SeveralCodes { wait }) => (Some(types::News::SeveralCodes), wait),
        Some(News::WrongRecovery) => (Some(types::News::WrongRecovery), None),
        Some(News::RecoveryWait(wait)) => (Some(types::News::RecoveryWait), Some(wait)),
    };
    Next::Ask(types::Challenge {
        ask: match challenge.ask {
            Ask::Code => types::Ask::Code,
            Ask::FirstCode => types::Ask::FirstCode,
            Ask::NextCode => types::Ask::NextCode,
            Ask::RecoveryCode => types::Ask::RecoveryCode,
        },
        codes: u32::try_from(challenge.codes).unwrap_or(u32::MAX),
        tries: challenge.tries,
        lengths: challenge.lengths,
        recovery: challenge.recovery,
        news,
        wait: wait.map(|wait| wait.as_secs()),
    })
}

impl LoginEvent {
    /// Counts an answer that proved nothing.
    fn count(&mut self, reason: Reason) {
        match reason {
            Reason::Wrong | Reason::WrongRecovery => self.wrong += 1,
            Reason::Used => self.used += 1,
            Reason::SeveralDemanded | Reason::RecoveryWait(_) => self.unjudged += 1,
        }
    }
}
