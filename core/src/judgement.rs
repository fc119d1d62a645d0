//! Whether a response proves a factor, and why nobody can know before it is on record.

use std::time::Duration;

use crate::code::Code;
use crate::credential::Factor;
use crate::record::Record;
use crate::recovery::RecoveryCode;
use crate::throttle::{Backoff, Origin};
use crate::time::Timestamp;
use crate::totp::Check;

/// What a claimant answered, well formed.
#[derive(Clone, Debug)]
pub enum Response {
    /// Codes, typed one after the other; one, unless several are demanded.
    Codes(Vec<Code>),
    /// A recovery code.
    Recovery(RecoveryCode),
}

/// Under which circumstances a response is judged.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// How wrong responses are slowed down.
    pub rule: &'a Backoff,
    /// Where the login comes from.
    pub origin: Origin,
    /// When.
    pub now: Timestamp,
}

impl Record {
    /// Judges a response.
    ///
    /// A right one uses up what it proves, a wrong one counts against the throttle and changes
    /// nothing else, and one that the throttle does not admit is not looked at.
    pub fn judge(self, response: &Response, at: Circumstances<'_>) -> Judgement {
        match response {
            Response::Codes(codes) => self.judge_codes(codes, at),
            Response::Recovery(code) => self.judge_recovery(code, at),
        }
    }

    fn judge_codes(mut self, codes: &[Code], at: Circumstances<'_>) -> Judgement {
        let demand = self.throttle.demand(at.rule, at.origin, at.now);
        if codes.len() < demand.codes() {
            return Judgement::unjudged(Reason::SeveralDemanded);
        }

        match self.spend(codes, at.now) {
            Check::Fresh(_) => self.accept(at, Proof::Code),
            Check::Used => Judgement::unjudged(Reason::Used),
            Check::Wrong => {
                let judged = codes.len();
                self.throttle = self
                    .throttle
                    .after_failure(at.rule, at.origin, at.now, judged);
                Judgement::reject(self, Reason::Wrong)
            }
        }
    }

    /// Tries the codes against every confirmed credential, and uses up what they prove.
    ///
    /// All are tried, whichever fits, so that how long it takes does not tell which one did. What
    /// is used up for one is used up for all: should two ever share a secret, no code of theirs is
    /// good twice.
    fn spend(&mut self, codes: &[Code], now: Timestamp) -> Check {
        let decoy = self.is_decoy();
        let mut outcome = Check::Wrong;
        for credential in self.credentials.iter_mut().filter(|held| held.confirmed) {
            let Factor::Totp { totp, spent } = &mut credential.factor;
            let check = totp.check(codes, now, *spent);
            let check = if decoy { Check::Wrong } else { check };
            if let Check::Fresh(step) = check {
                *spent = Some(step);
                credential.last_used = Some(now);
            }
            outcome = match (outcome, check) {
                (Check::Used, _) | (_, Check::Used) => Check::Used,
                (Check::Fresh(step), _) | (Check::Wrong, Check::Fresh(step)) => Check::Fresh(step),
                (Check::Wrong, Check::Wrong) => Check::Wrong,
            };
        }
        outcome
    }

    fn judge_recovery(mut self, code: &RecoveryCode, at: Circumstances<'_>) -> Judgement {
        if let Some(wait) = self.throttle.recovery_wait(at.rule, at.now) {
            return Judgement::unjudged(Reason::RecoveryWait(wait));
        }
        // Computed for everybody: a hash takes long enough to tell who is enrolled.
        let rest = self.recovery.spend(code);
        match rest.filter(|_| self.is_enrolled()) {
            Some(rest) => {
                self.recovery = rest;
                self.throttle = self.throttle.after_recovery_success(at.rule, at.now);
                self.accept(at, Proof::Recovery)
            }
            None => {
                self.throttle = self.throttle.after_recovery_failure(at.rule, at.now);
                Judgement::reject(self, Reason::WrongRecovery)
            }
        }
    }

    fn accept(mut self, at: Circumstances<'_>, proof: Proof) -> Judgement {
        self.throttle = self.throttle.after_success(at.rule, at.origin, at.now);
        let recovery_left = self.recovery_codes_left();
        Judgement {
            record: Some(self),
            verdict: Verdict::Accept(Verified {
                proof,
                recovery_left,
            }),
        }
    }
}

/// A verdict that nobody may know yet, because nothing would remember it after a crash.
#[derive(Debug)]
#[must_use]
pub struct Judgement {
    /// What is to be remembered, if it differs from what is.
    record: Option<Record>,
    verdict: Verdict,
}

impl Judgement {
    /// The verdict, once `save` has made the record durable.
    ///
    /// This is the only way to it. A right code is therefore used up before it opens anything,
    /// and a wrong one is counted before the next is looked at. `save` is called unless there is
    /// nothing new to remember; a login is never accepted without it.
    ///
    /// # Errors
    ///
    /// Whatever `save` fails with; nobody learns the verdict then.
    pub async fn settle<E, F>(self, save: impl FnOnce(Record) -> F) -> Result<Verdict, E>
    where
        F: Future<Output = Result<(), E>>,
    {
        if let Some(record) = self.record {
            save(record).await?;
        }
        Ok(self.verdict)
    }

    const fn unjudged(reason: Reason) -> Self {
        Self {
            record: None,
            verdict: Verdict::Reject(reason),
        }
    }

    const fn reject(record: Record, reason: Reason) -> Self {
        Self {
            record: Some(record),
            verdict: Verdict::Reject(reason),
        }
    }
}

/// What came of a response.
#[derive(Debug)]
#[must_use]
pub enum Verdict {
    /// It proves a factor.
    Accept(Verified),
    /// It does not, or was not looked at.
    Reject(Reason),
}

/// Why a response proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// It is not right.
    Wrong,
    /// It was right, but is used up. Not counted as a guess.
    Used,
    /// It was not looked at: the throttle demands more codes in a row.
    SeveralDemanded,
    /// It is no recovery code that is left.
    WrongRecovery,
    /// It was not looked at: recovery codes must wait so long.
    RecoveryWait(Duration),
}

/// Proof that a right response was given, and that it cannot be given again.
///
/// Its fields are private and it cannot be copied, so that [`Judgement::settle`] is the only
/// source of one, and a login can succeed only by holding it.
#[derive(Debug)]
#[must_use]
pub struct Verified {
    proof: Proof,
    recovery_left: usize,
}

impl Verified {
    /// What proved it.
    pub const fn proof(&self) -> Proof {
        self.proof
    }

    /// How many recovery codes are left afterwards.
    pub const fn recovery_left(&self) -> usize {
        self.recovery_left
    }
}

/// What proved a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// A code, or several in a row.
    Code,
    /// A recovery code.
    Recovery,
}

#[cfg(test)]
mod tests;
