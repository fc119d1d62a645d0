//! Enrolment in the course of a login: the core's walk, its record in the store, what is shown.

use std::iter;

use countersign_bus::Error;
use countersign_bus::types::{EnrollOptions, Factor as Kind, News, Next, Offer};
use countersign_core::enrollment::{self, Confirmation, Enrolled, Received};
use countersign_core::otpauth::key_uri;
use countersign_core::time::Timestamp;
use countersign_qr::{Ink, LEAST_QUIET, Qr};
use zbus::OwnedFd;

use super::attempt::Step;
use super::change::Account;
use super::credentials::spelled;
use super::{Engine, SaveError, file};
use crate::audit::{Change, LoginEvent};
use crate::authorize::Caller;
use crate::store::Revision;
use crate::vault::Slot;

/// A user who is walked through enrolment.
pub(super) struct Walk {
    stage: Stage,
    uid: u32,
    name: String,
    /// The state of the record that is changed, or of there being none.
    revision: Revision,
    /// The engine's when it began.
    epoch: u64,
    terms: Terms,
}

/// What the policy says of an enrolment at a login.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// Whether a QR code may be drawn.
    pub(super) qr: bool,
    /// Until when one may begin.
    pub(super) until: Option<Timestamp>,
}

enum Stage {
    Offered(Box<enrollment::Walk>),
    Enrolled(Enrolled),
    Over,
}

impl Walk {
    /// Offers a new credential, which nobody else is shown, to a user who holds no factor.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the user has come to hold one, or if the store fails.
    pub(super) async fn begin(
        engine: &Engine,
        account: Account<'_>,
        terms: Terms,
    ) -> Result<(Self, Next), Error> {
        let epoch = engine.epoch();
        let (record, revision) = engine.account(&Caller::Root, account).await?;
        let factor = engine.new_factor(Kind::Totp, &EnrollOptions::default())?;
        let name = record.name().to_owned();
        let offer = enrollment::Walk::begin(record, factor).ok_or_else(overtaken)?;
        let next = terms.ask(&offer, None);
        let walk = Self {
            stage: Stage::Offered(Box::new(offer)),
            uid: account.0,
            name,
            revision,
            epoch,
            terms,
        };
        Ok((walk, next))
    }

    /// Takes an answer: the first code, and then whichever says that the recovery codes are kept.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] after the last wrong code, or if anything else changed what the user
    /// holds; [`Error::Unavailable`] if nobody can tell. Each ends it.
    pub(super) async fn respond(
        &mut self,
        engine: &Engine,
        typed: &str,
        event: &mut LoginEvent,
    ) -> Result<Step, Error> {
        let offer = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Offered(offer) => offer,
            Stage::Enrolled(enrolled) => return Ok(Step::Finish(enrolled.acknowledged())),
            Stage::Over => return Err(Error::Expired("the login is over".into())),
        };
        match offer.receive(typed, &*engine.random()?, engine.clock.now()) {
            Received::Right(confirmation) => {
                self.stage = Stage::Enrolled(self.settle(engine, confirmation, event).await?);
                Ok(Step::Ask(Next::Acknowledge))
            }
            Received::Wrong(offer) => {
                event.wrong += 1;
                let next = self.terms.ask(&offer, Some(News::Wrong));
                self.stage = Stage::Offered(Box::new(offer));
                Ok(Step::Ask(next))
            }
            Received::LastWrong => {
                event.wrong += 1;
                Err(Error::Rejected(String::new()))
            }
        }
    }

    /// Puts the enrolment on record, in place of what was there when the login began. Anything
    /// that happened to the user since then ends it, above all another enrolment.
    async fn settle(
        &self,
        engine: &Engine,
        confirmation: Confirmation,
        event: &mut LoginEvent,
    ) -> Result<Enrolled, Error> {
        let saved = confirmation
            .settle(async |record| {
                if engine.epoch() != self.epoch {
                    return Err(SaveError::Conflict);
                }
                let slot = Slot::User(self.uid);
                engine.save(&slot, &record, self.revision).await
            })
            .await;
        match saved {
            Ok(enrolled) => {
                let credential = format!("credential {}", enrolled.credential());
                let note = format!("{credential}, at a login through {}", event.place());
                let by = Caller::Root;
                let mut told =
                    Change::Enrolled.made(&by, (self.uid, &self.name), &note, engine.clock.now());
                told.event.by = format!("uid {}", self.uid);
                engine.tell(told);
                event.note(credential);
                Ok(enrolled)
            }
            Err(SaveError::Conflict) => {
                event.note("enrolled, or changed otherwise, since this login began".to_owned());
                Err(overtaken())
            }
            Err(SaveError::Failed(error)) => Err(error),
        }
    }

    /// A file with what is to be shown now: the key URI and its QR code, or the recovery codes.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if it is over, [`Error::Unavailable`] if there is no file to be had.
    pub(super) fn reveal(&self, engine: &Engine) -> Result<OwnedFd, Error> {
        match &self.stage {
            Stage::Offered(offer) => {
                let uri = key_uri(offer.offer(), &engine.config().issuer, &self.name);
                // A key too long for a QR code can be typed all the same.
                let qr = self.terms.qr.then(|| Qr::new(&uri).ok()).flatten();
                let picture = qr.map(|qr| qr.draw(LEAST_QUIET, Ink::Characters));
                let picture = picture.iter().flat_map(|picture| picture.lines());
                file::seal(iter::once(uri.as_str()).chain(picture))
            }
            Stage::Enrolled(enrolled) => {
                let codes = spelled(enrolled.recovery_codes());
                file::seal(codes.iter().map(|code| code.as_str()))
            }
            Stage::Over => Err(Error::NotPermitted("there is nothing to show".into())),
        }
    }
}

impl Terms {
    fn ask(self, offer: &enrollment::Walk, news: Option<News>) -> Next {
        Next::Enroll(Offer {
            tries: offer.tries(),
            lengths: vec![u32::from(offer.offer().otp().digits().count())],
            news,
            qr: self.qr,
            until: self.until.map(Timestamp::unix),
        })
    }
}

fn overtaken() -> Error {
    Error::Rejected("the user holds a factor by now, or was changed otherwise: log in again".into())
}
