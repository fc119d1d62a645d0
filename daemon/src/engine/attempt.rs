//! One attempt to log in: the core's transaction, its record in the store, and the log.

use std::sync::Arc;
use std::time::Duration;

use countersign_bus::Error;
use countersign_bus::types::{self, Login, Next};
use countersign_core::enrollment;
use countersign_core::factors::Factors;
use countersign_core::judgement::{Proof, Reason, Response, Verdict, Verified};
use countersign_core::record::Record;
use countersign_core::throttle::Origin;
use countersign_core::transaction::{Ask, Challenge, End, News, Outcome, Received, Transaction};
use zbus::OwnedFd;
use zeroize::Zeroizing;

use super::walk::{Step, Walk};
use super::{Engine, SaveError, busy};
use crate::audit::{Ending, LoginEvent};
use crate::authorize::Caller;
use crate::vault::Slot;

/// A login in progress.
pub struct Attempt {
    engine: Arc<Engine>,
    transaction: Transaction,
    slot: Slot,
    origin: Origin,
    waiting_since: Duration,
    /// The enrolment that takes the place of the questions.
    walk: Option<Walk>,
    /// What the log will say; taken when it is said.
    event: Option<LoginEvent>,
}

impl Attempt {
    /// Begins a login, and says what to ask first.
    ///
    /// Whoever is not enrolled, or not even there, gets a decoy: the same questions, judged at
    /// the same cost, to no avail.
    ///
    /// # Errors
    ///
    /// If the request makes no sense, or the store cannot be read.
    pub async fn begin(
        engine: &Arc<Engine>,
        caller: &Caller,
        login: &Login,
        id: &str,
    ) -> Result<(Self, Next), Error> {
        let name = login.user.as_deref().unwrap_or_default();
        if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
            return Err(Error::InvalidArgs("user: 1 to 256 printable bytes".into()));
        }
        let uid = match caller {
            Caller::Root => login.uid,
            Caller::User { uid, .. } => Some(*uid),
        };
        let origin = origin(caller, login);
        let mut event = LoginEvent::new(caller, uid, login, origin, id);

        let (slot, record) = match engine.subject(uid, name, &mut event).await {
            Ok(subject) => subject,
            Err(error) => {
                engine.tell(event.ended(Ending::Unavailable, engine.clock.now()));
                return Err(error);
            }
        };
        let config = engine.config();
        let recovery = matches!(caller, Caller::Root);
        let at = engine.circumstances(&config, origin);
        let (transaction, challenge) = Transaction::begin(&record, recovery, at);

        let attempt = Self {
            engine: Arc::clone(engine),
            transaction,
            slot,
            origin,
            waiting_since: engine.uptime(),
            walk: None,
            event: Some(event),
        };
        Ok((attempt, ask(challenge)))
    }

    /// Takes an answer. An `Ok` means that the login goes on or has succeeded.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] or [`Error::Throttled`] after the last answer, [`Error::Expired`] once
    /// the login is over, [`Error::Unavailable`] if nobody can tell. Each of them ends it.
    pub async fn respond(&mut self, typed: &str) -> Result<Next, Error> {
        self.check_patience()?;
        let outcome = self.answer(typed).await;
        self.waiting_since = self.engine.uptime();
        match outcome {
            Ok(next) => Ok(next),
            Err(error) => {
                self.end(match &error {
                    Error::Rejected(_) => Ending::Rejected,
                    Error::Throttled(_) => Ending::Throttled,
                    Error::GroupsNeeded(_)
                    | Error::InvalidArgs(_)
                    | Error::NotPermitted(_)
                    | Error::NotEnrolled(_)
                    | Error::Expired(_)
                    | Error::Busy(_)
                    | Error::Unavailable(_)
                    | Error::Transport(_) => Ending::Unavailable,
                });
                Err(error)
            }
        }
    }

    /// Asks for a recovery code instead.
    ///
    /// # Errors
    ///
    /// If none is taken here, or the store cannot be read.
    pub async fn choose_recovery(&mut self) -> Result<Next, Error> {
        self.check_patience()?;
        if self.walk.is_some() {
            return Err(Error::NotPermitted("nobody has recovery codes yet".into()));
        }
        let record = self.engine.record(&self.slot).await?;
        let config = self.engine.config();
        let at = self.engine.circumstances(&config, self.origin);
        self.transaction
            .choose_recovery(&record, at)
            .map(ask)
            .ok_or_else(|| Error::NotPermitted("no recovery codes are taken here".into()))
    }

    /// A file with what is to be shown with the question that was asked last.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if there is nothing to show, [`Error::Expired`] once the login is
    /// over.
    pub fn reveal(&mut self) -> Result<OwnedFd, Error> {
        self.check_patience()?;
        let walk = self.walk.as_ref();
        walk.ok_or_else(|| Error::NotPermitted("there is nothing to show".into()))?
            .reveal(&self.engine)
    }

    /// Ends a login that will not be finished.
    pub fn cancel(&mut self) {
        self.end(Ending::Abandoned);
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.event.is_none()
    }

    /// Ends it if no answer has come for too long. Says whether it is over.
    pub fn expire(&mut self) -> bool {
        let waited = self.engine.uptime().saturating_sub(self.waiting_since);
        let patience = match self.walk {
            Some(_) => enrollment::Walk::PATIENCE,
            None => Transaction::PATIENCE,
        };
        if waited > patience {
            self.end(Ending::Expired);
        }
        self.is_over()
    }

    fn check_patience(&mut self) -> Result<(), Error> {
        if self.expire() {
            return Err(Error::Expired("the login is over: begin a new one".into()));
        }
        Ok(())
    }

    async fn answer(&mut self, typed: &str) -> Result<Next, Error> {
        if let (Some(walk), Some(event)) = (&mut self.walk, &mut self.event) {
            return match walk.respond(&self.engine, typed, event).await? {
                Step::Ask(next) => Ok(next),
                Step::Finish(verified) => Ok(self.finish(&verified)),
            };
        }
        let response = match self.transaction.receive(typed) {
            Received::Judge(response) => response,
            Received::OneOfSeveral => {
                let record = self.engine.record(&self.slot).await?;
                return Ok(ask(self.transaction.ask_next_code(&record)));
            }
            Received::Malformed => {
                let record = self.engine.record(&self.slot).await?;
                let config = self.engine.config();
                let at = self.engine.circumstances(&config, self.origin);
                let outcome = self.transaction.conclude_malformed(&record, at);
                return self.follow(outcome);
            }
        };
        let (verdict, record) = self
            .engine
            .judge(&self.slot, &response, self.origin)
            .await?;
        if let (Verdict::Reject(reason), Some(event)) = (&verdict, &mut self.event) {
            event.count(*reason);
        }
        let config = self.engine.config();
        let at = self.engine.circumstances(&config, self.origin);
        let outcome = self.transaction.conclude(verdict, &record, at);
        self.follow(outcome)
    }

    fn follow(&mut self, outcome: Outcome) -> Result<Next, Error> {
        match outcome {
            Outcome::Ask(challenge) => Ok(ask(challenge)),
            Outcome::Finish(verified) => Ok(self.finish(&verified)),
            Outcome::End(End::Rejected) => Err(Error::Rejected(String::new())),
            Outcome::End(End::Throttled) => Err(Error::Throttled(String::new())),
        }
    }

    /// The only way to tell anybody that a login succeeded. It takes the proof that it did.
    fn finish(&mut self, verified: &Verified) -> Next {
        self.end(Ending::Accepted(verified.proof()));
        let left = u32::try_from(verified.recovery_left()).unwrap_or(u32::MAX);
        let tell = match verified.proof() {
            Proof::Recovery => true,
            Proof::Code(_) | Proof::Scratch | Proof::Issued => left <= 3,
            Proof::Pass(_) | Proof::Enrollment(_) => false,
        };
        Next::Finished {
            recovery_left: tell.then_some(left),
        }
    }

    fn end(&mut self, ending: Ending) {
        if let Some(event) = self.event.take() {
            let now = self.engine.clock.now();
            self.engine.tell(event.ended(ending, now));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.end(Ending::Abandoned);
    }
}

impl Engine {
    /// Whose record a login is judged by.
    async fn subject(
        &self,
        uid: Option<u32>,
        name: &str,
        event: &mut LoginEvent,
    ) -> Result<(Slot, Record), Error> {
        if let Some(uid) = uid {
            let slot = Slot::User(uid);
            let record = self.load(&slot).await?.record;
            match record.map(|record| record.belongs_to(uid, name).map(|()| record)) {
                Some(Ok(record)) if record.is_answerable(Factors::ALL, self.clock.now()) => {
                    event.identify(record.name());
                    return Ok((slot, record));
                }
                Some(Ok(_)) | None => event.note("not enrolled".to_owned()),
                Some(Err(foreign)) => event.note(foreign.to_string()),
            }
        } else {
            event.note("no such user".to_owned());
        }
        let index = self.vault.index("decoy", name.as_bytes()).await;
        let slot = Slot::decoy(index.map_err(super::unavailable)?);
        let record = self.record(&slot).await?;
        Ok((slot, record))
    }

    /// The record in `slot`; a new decoy where there is none.
    async fn record(&self, slot: &Slot) -> Result<Record, Error> {
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

    /// Judges a response and remembers what came of it before saying so. Also answers with the
    /// record as it is afterwards.
    pub(super) async fn judge(
        &self,
        slot: &Slot,
        response: &Response,
        origin: Origin,
    ) -> Result<(Verdict, Record), Error> {
        let config = self.config();
        for _ in 0..Self::ROUNDS {
            let loaded = self.load(slot).await?;
            let record = self.present(slot, loaded.record)?;
            let mut after = record.clone();

            let settled = record
                .judge(response, self.circumstances(&config, origin))
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

/// Where a login comes from, as the throttle sees it.
fn origin(caller: &Caller, login: &Login) -> Origin {
    match caller {
        Caller::Root => Origin::from_rhost(login.rhost.as_deref().unwrap_or_default()),
        Caller::User { .. } => Origin::Locker,
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
