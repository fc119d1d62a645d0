//! One attempt to log in, from what is asked first to its end.

use std::sync::Arc;
use std::time::Duration;

use countersign_bus::Error;
use countersign_bus::types::Next;
use countersign_core::enrollment;
use countersign_core::judgement::{Proof, Verified};
use countersign_core::transaction::Transaction;
use zbus::OwnedFd;

use super::Engine;
use super::questions::Questions;
use super::walk::Walk;
use crate::audit::{Ending, LoginEvent};

/// A login in progress.
pub struct Attempt {
    engine: Arc<Engine>,
    stage: Stage,
    waiting_since: Duration,
    /// What the log will say; taken when it is said.
    event: Option<LoginEvent>,
}

/// What a login in progress asks.
pub(super) enum Stage {
    /// For a factor.
    Questions(Box<Questions>),
    /// For the first code of a new one.
    Walk(Box<Walk>),
}

/// What follows from an answer.
pub(super) enum Step {
    /// The login goes on.
    Ask(Next),
    /// The factor is proven.
    Finish(Verified),
}

impl Attempt {
    /// A login that has been asked something.
    pub(super) fn new(engine: &Arc<Engine>, stage: Stage, event: LoginEvent) -> Self {
        Self {
            engine: Arc::clone(engine),
            stage,
            waiting_since: engine.uptime(),
            event: Some(event),
        }
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
            Ok(Step::Ask(next)) => Ok(next),
            Ok(Step::Finish(verified)) => Ok(self.finish(&verified)),
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

    async fn answer(&mut self, typed: &str) -> Result<Step, Error> {
        let Some(event) = &mut self.event else {
            return Err(over());
        };
        match &mut self.stage {
            Stage::Questions(questions) => questions.respond(&self.engine, typed, event).await,
            Stage::Walk(walk) => walk.respond(&self.engine, typed, event).await,
        }
    }

    /// Asks for a recovery code instead.
    ///
    /// # Errors
    ///
    /// If none is taken here, or the store cannot be read.
    pub async fn choose_recovery(&mut self) -> Result<Next, Error> {
        self.check_patience()?;
        match &mut self.stage {
            Stage::Questions(questions) => questions.choose_recovery(&self.engine).await,
            Stage::Walk(_) => Err(Error::NotPermitted("nobody has recovery codes yet".into())),
        }
    }

    /// A file with what is to be shown with the question that was asked last.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if there is nothing to show, [`Error::Expired`] once the login is
    /// over.
    pub fn reveal(&mut self) -> Result<OwnedFd, Error> {
        self.check_patience()?;
        match &self.stage {
            Stage::Questions(_) => Err(Error::NotPermitted("there is nothing to show".into())),
            Stage::Walk(walk) => walk.reveal(&self.engine),
        }
    }

    /// Ends a login that will not be finished.
    pub fn cancel(&mut self) {
        self.end(Ending::Abandoned);
    }

    /// Whether it is over.
    pub const fn is_over(&self) -> bool {
        self.event.is_none()
    }

    /// Ends it if no answer has come for too long. Says whether it is over.
    pub fn expire(&mut self) -> bool {
        let waited = self.engine.uptime().saturating_sub(self.waiting_since);
        let patience = match self.stage {
            Stage::Questions(_) => Transaction::PATIENCE,
            Stage::Walk(_) => enrollment::Walk::PATIENCE,
        };
        if waited > patience {
            self.end(Ending::Expired);
        }
        self.is_over()
    }

    fn check_patience(&mut self) -> Result<(), Error> {
        if self.expire() {
            return Err(over());
        }
        Ok(())
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
            self.engine.close(event, ending);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.end(Ending::Abandoned);
    }
}

fn over() -> Error {
    Error::Expired("the login is over: begin a new one".into())
}
