//! A user of another module, in this one's terms.

use countersign_bus::Error;
use countersign_bus::import::{Hidden, ImportCredential, ImportNote, ImportUser};
use countersign_core::code::Code;
use countersign_core::credential::Factor;
use countersign_core::hotp::{Counter, Hotp, LookAhead};
use countersign_core::import::Imported;
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::secret::Secret;
use countersign_core::time::{Period, Skew, Step, Timestamp};
use countersign_core::totp::{Drift, Totp};

use super::super::change::invalid;
use super::super::credentials::label;

/// How many steps around its time the last code is looked for, at least.
const REACH: u64 = 20;

/// What is to be taken over of a user.
pub(super) struct Takeover {
    pub(super) credentials: Vec<Imported>,
    pub(super) scratch: Vec<Code>,
    /// What comes over in another form than it was: of which credential, an [`ImportNote`].
    pub(super) notes: Vec<(u32, u32)>,
}

impl Takeover {
    /// What `user` brings.
    pub(super) fn of(user: &ImportUser, now: Timestamp) -> Result<Self, Error> {
        let mut this = Self {
            credentials: Vec::new(),
            scratch: Vec::new(),
            notes: Vec::new(),
        };
        for credential in user.credentials.iter().flatten() {
            let factor = match credential.counter {
                Some(counter) => this.hotp(credential, counter)?,
                None => this.totp(credential, now)?,
            };
            this.credentials.push(Imported {
                factor,
                label: label(credential.label.as_deref())?,
            });
        }
        for code in user.scratch.iter().flatten() {
            this.scratch.push(self::code(code)?);
        }
        Ok(this)
    }

    fn hotp(&mut self, credential: &ImportCredential, counter: u64) -> Result<Factor, Error> {
        let look_ahead = match credential.look_ahead {
            None => LookAhead::DEFAULT,
            Some(counters) => LookAhead::new(u64::from(counters)).unwrap_or_else(|_| {
                self.note(ImportNote::Narrowed);
                LookAhead::MOST
            }),
        };
        let (secret, algorithm, digits) = otp(credential)?;
        let hotp = Hotp::new(secret, algorithm, digits).with_look_ahead(look_ahead);
        Ok(Factor::hotp(hotp, Counter::new(counter).map_err(invalid)?))
    }

    fn totp(&mut self, credential: &ImportCredential, now: Timestamp) -> Result<Factor, Error> {
        let skew = match credential.skew {
            None => Skew::DEFAULT,
            Some(steps) => Skew::new(u64::from(steps)).unwrap_or_else(|_| {
                self.note(ImportNote::Narrowed);
                Skew::MOST
            }),
        };
        let period = u64::from(credential.period.unwrap_or(30));
        let period = Period::from_seconds(period).map_err(invalid)?;
        let (secret, algorithm, digits) = otp(credential)?;
        let totp = Totp::new(secret, algorithm, digits, period).with_skew(skew);
        let last = credential.last_code.as_ref().map(code).transpose()?;
        let last = last.map(|code| Last::of(&code, &totp, credential, now));
        let spent = credential.spent.map(Step::from_number);
        let spent = spent.max(last.as_ref().map(|last| last.step));
        if spent.is_some_and(|spent| spent > latest(period, now)) {
            return Err(Error::InvalidArgs(
                "the last code used is of a time that is still to come: if this machine's clock \
                 is right, enrol this user anew"
                    .into(),
            ));
        }
        Ok(Factor::Totp {
            spent,
            drift: self.drift(credential.drift.or(last.and_then(|last| last.drift))),
            totp,
        })
    }

    /// Of the credential that comes next.
    fn note(&mut self, note: ImportNote) {
        let place = u32::try_from(self.credentials.len()).unwrap_or(u32::MAX);
        self.notes.push((place, note as u32));
    }

    fn drift(&mut self, steps: Option<i64>) -> Drift {
        let steps = steps.unwrap_or_default();
        let most = i64::from(Drift::MOST);
        if steps.abs() > most {
            self.note(ImportNote::DriftCapped);
        }
        Drift::from_steps(steps.clamp(-most, most)).unwrap_or(Drift::NONE)
    }
}

/// The last code that was accepted.
struct Last {
    /// The step it was of; if that cannot be found, the one that it was accepted in.
    step: Step,
    /// By how much the device was ahead, if that is more than the skew covers.
    drift: Option<i64>,
}

impl Last {
    fn of(code: &Code, totp: &Totp, credential: &ImportCredential, now: Timestamp) -> Self {
        let at = credential.last_time.map_or(now, Timestamp::from_unix);
        let accepted_in = totp.period().step_at(at);
        let reach = REACH.max(u64::from(credential.skew.unwrap_or_default()));
        let Some(step) = totp.step_of(code, at, reach) else {
            return Self {
                step: accepted_in,
                drift: None,
            };
        };
        let ahead = step.number().cast_signed() - accepted_in.number().cast_signed();
        let covered = totp.skew().steps().cast_signed();
        Self {
            step,
            drift: (ahead.abs() > covered).then_some(ahead),
        }
    }
}

/// The latest step that a code can be of at `now`, with whatever clock.
fn latest(period: Period, now: Timestamp) -> Step {
    let ahead = u64::from(Drift::MOST.unsigned_abs()) + Skew::MOST.steps();
    Step::from_number(period.step_at(now).number().saturating_add(ahead))
}

fn otp(credential: &ImportCredential) -> Result<(Secret, Algorithm, Digits), Error> {
    let secret = credential.secret.as_ref().map(Hidden::expose);
    let secret = secret
        .filter(|bytes| (Secret::SHORTEST..=Secret::LONGEST).contains(&bytes.len()))
        .ok_or_else(|| Error::InvalidArgs("the secret is not of 80 to 1024 bits".into()))?;
    let algorithm = match credential.algorithm.as_deref() {
        Some(name) => Algorithm::named(name).map_err(invalid)?,
        None => Algorithm::Sha1,
    };
    let digits = Digits::new(credential.digits.unwrap_or(6)).map_err(invalid)?;
    Ok((Secret::from_entropy(secret), algorithm, digits))
}

fn code(hidden: &Hidden) -> Result<Code, Error> {
    std::str::from_utf8(hidden.expose())
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Error::InvalidArgs("a code is not of 6 to 8 digits".into()))
}

#[cfg(test)]
#[path = "takeover_tests.rs"]
mod tests;
