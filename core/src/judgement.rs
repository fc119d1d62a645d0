//! Whether a response proves a factor, and why nobody can know before it is on record.

use std::time::Duration;

use crate::code::Code;
use crate::credential::CredentialId;
use crate::factors::{Factors, Kind};
use crate::issued::{Issued, IssuedCode};
use crate::otp::{Check, Reach};
use crate::pass::{Moment, Remember, Whereabouts};
use crate::record::Record;
use crate::recovery::RecoveryCode;
use crate::throttle::{Backoff, Origin};
use crate::time::Timestamp;

/// What a claimant answered, well formed.
#[derive(Clone, Debug)]
pub enum Response {
    /// Codes.
    Codes(Row),
    /// A recovery code.
    Recovery(RecoveryCode),
    /// A code that an admin issued.
    Issued(IssuedCode),
}

/// Codes, typed one after the other.
#[derive(Clone, Debug)]
pub struct Row {
    /// One, unless several are demanded.
    pub codes: Vec<Code>,
    /// Those of the answer just before in the same login, if that was wrong. If the device went
    /// astray, all together find it again (RFC 4226 section 7.4, RFC 6238 section 6).
    pub earlier: Vec<Code>,
}

impl Row {
    /// Codes that nothing went before.
    pub const fn of(codes: Vec<Code>) -> Self {
        Self {
            codes,
            earlier: Vec::new(),
        }
    }

    /// All that was typed in two answers, if it is more than one code. Whoever begins the second
    /// with the code that the device still shows does not break the row.
    fn joined(&self) -> Option<Vec<Code>> {
        let (last, first) = (self.earlier.last()?, self.codes.first()?);
        let repeated = usize::from(last.matches(first.expose()));
        let codes = self.codes.iter().skip(repeated);
        let joined: Vec<Code> = self.earlier.iter().chain(codes).cloned().collect();
        (joined.len() > 1).then_some(joined)
    }
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
    /// Which kinds of proof are taken.
    pub factors: Factors,
}

impl Record {
    /// Judges a response.
    ///
    /// A right one uses up what it proves, a wrong one counts against the throttle and changes
    /// nothing else, and one that the throttle does not admit is not looked at.
    pub fn judge(self, response: &Response, at: Circumstances<'_>) -> Judgement {
        match response {
            Response::Codes(row) => self.judge_codes(row, at),
            Response::Recovery(code) => self.judge_recovery(code, at),
            Response::Issued(code) => self.judge_issued(code, at),
        }
    }

    fn judge_codes(mut self, row: &Row, at: Circumstances<'_>) -> Judgement {
        let demand = self.throttle.demand(at.rule, at.origin, at.now);
        if row.codes.len() < demand.codes() {
            return Judgement::unjudged(Reason::SeveralDemanded);
        }

        match self.spend(row, at) {
            Spent::By(proof) => self.accept(at, proof),
            Spent::Before => Judgement::unjudged(Reason::Used),
            Spent::Not => {
                let judged = row.codes.len();
                self.throttle = self
                    .throttle
                    .after_failure(at.rule, at.origin, at.now, judged);
                Judgement::reject(self, Reason::Wrong)
            }
        }
    }

    /// Tries the codes against every confirmed credential of a kind that is taken and the scratch
    /// codes, and uses up what they prove.
    ///
    /// All are tried, whichever fits, so that how long it takes does not tell which one did. What
    /// is used up for one is used up for all: should two ever share a secret, no code of theirs is
    /// good twice.
    fn spend(&mut self, row: &Row, at: Circumstances<'_>) -> Spent {
        let decoy = self.is_decoy();
        let joined = row.joined();
        let reach = match row.codes.len() {
            0..=2 => Reach::Near,
            3.. => Reach::Far,
        };
        let mut outcome = Spent::Not;
        let now = at.now;
        let confirmed = self.credentials.iter_mut().filter(|held| held.confirmed);
        for credential in confirmed.filter(|held| held.is_among(at.factors)) {
            let (mut check, mut after) = credential.factor.check(&row.codes, now, reach);
            if let Some(joined) = &joined {
                let (found, then) = credential.factor.check(joined, now, Reach::Far);
                check = check.or(found);
                after = after.or(then);
            }
            let after = after.filter(|_| !decoy);
            outcome = match (outcome, check, &after) {
                (Spent::Before, _, _) | (_, Check::Used, _) if !decoy => Spent::Before,
                (Spent::Not, Check::Fresh(_), Some(_)) => Spent::By(Proof::Code(credential.id)),
                (outcome, Check::Fresh(_) | Check::Used | Check::Wrong, _) => outcome,
            };
            if let Some(after) = after {
                credential.factor = after;
                credential.last_used = Some(now);
            }
        }
        match (outcome, row.codes.as_slice()) {
            (Spent::Not, [code]) if !decoy && at.factors.allow(Kind::Recovery) => {
                self.spend_scratch(code)
            }
            (outcome, _) => outcome,
        }
    }

    fn spend_scratch(&mut self, code: &Code) -> Spent {
        match self.scratch.spend(code) {
            Some(rest) if self.is_enrolled() => {
                self.scratch = rest;
                Spent::By(Proof::Scratch)
            }
            Some(_) | None => Spent::Not,
        }
    }

    fn judge_recovery(mut self, code: &RecoveryCode, at: Circumstances<'_>) -> Judgement {
        if let Some(wait) = self.throttle.recovery_wait(at.rule, at.origin, at.now) {
            return Judgement::unjudged(Reason::RecoveryWait(wait));
        }
        // Computed for everybody: a hash takes long enough to tell who is enrolled.
        let rest = self.recovery.spend(code);
        let taken = self.is_enrolled() && at.factors.allow(Kind::Recovery);
        match rest.filter(|_| taken) {
            Some(rest) => {
                self.recovery = rest;
                self.accept_recovery(at, Proof::Recovery)
            }
            None => self.reject_recovery(at),
        }
    }

    /// An issued code is good also for somebody who holds no factor yet, or none any more.
    fn judge_issued(mut self, code: &IssuedCode, at: Circumstances<'_>) -> Judgement {
        if let Some(wait) = self.throttle.recovery_wait(at.rule, at.origin, at.now) {
            return Judgement::unjudged(Reason::RecoveryWait(wait));
        }
        let taken = !self.is_decoy() && at.factors.allow(Kind::Issued);
        if Issued::is_right(self.issued.as_ref(), code, at.now) && taken {
            self.issued = None;
            self.accept_recovery(at, Proof::Issued)
        } else {
            self.reject_recovery(at)
        }
    }

    fn accept_recovery(mut self, at: Circumstances<'_>, proof: Proof) -> Judgement {
        self.throttle = self
            .throttle
            .after_recovery_success(at.rule, at.origin, at.now);
        self.accept(at, proof)
    }

    fn reject_recovery(mut self, at: Circumstances<'_>) -> Judgement {
        self.throttle = self
            .throttle
            .after_recovery_failure(at.rule, at.origin, at.now);
        Judgement::reject(self, Reason::WrongRecovery)
    }

    fn accept(mut self, at: Circumstances<'_>, proof: Proof) -> Judgement {
        self.throttle = self.throttle.after_success(at.rule, at.origin, at.now);
        match proof {
            Proof::Code(_) | Proof::Pass(_) | Proof::Enrollment(_) => {}
            // Whoever needs one of these may have lost the device that the passes are owed to.
            Proof::Recovery | Proof::Scratch | Proof::Issued => self.passes.clear(),
        }
        let recovery_left = self.recovery_codes_left() + self.scratch_codes_left();
        Judgement {
            record: Some(self),
            verdict: Verdict::Accept(Verified {
                proof,
                recovery_left,
            }),
        }
    }
}

/// What codes used up.
enum Spent {
    /// Something, which is proven now.
    By(Proof),
    /// Nothing: they had been used before.
    Before,
    /// Nothing: they are wrong.
    Not,
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

    /// With a change of the record that only a right response allows, to be remembered with it or
    /// not at all. A change that fails is told beside; the response is used up all the same.
    ///
    /// Whether the change was tried is no secret, but nothing may be told of it before this is
    /// settled.
    pub fn amend<E>(self, change: impl FnOnce(Record) -> Result<Record, E>) -> (Self, Option<E>) {
        match (self.record, self.verdict) {
            (Some(record), Verdict::Accept(verified)) => {
                let (record, failure) = match change(record.clone()) {
                    Ok(changed) => (changed, None),
                    Err(failure) => (record, Some(failure)),
                };
                let amended = Self {
                    record: Some(record),
                    verdict: Verdict::Accept(verified),
                };
                (amended, failure)
            }
            (record, verdict) => (Self { record, verdict }, None),
        }
    }

    /// With the login remembered, should it be right: a pass that is durable with the record, or
    /// not at all. Only a code gives one.
    pub fn remember(self, login: &Whereabouts<'_>, remember: Remember, at: Moment) -> Self {
        match (self.record, self.verdict) {
            (Some(record), Verdict::Accept(verified)) => Self {
                record: Some(record.remember(verified.proof, login, remember, at)),
                verdict: Verdict::Accept(verified),
            },
            (record, verdict) => Self { record, verdict },
        }
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
    /// It is no recovery code that is left, and no issued code that is good.
    WrongRecovery,
    /// It was not looked at: recovery codes and issued codes must wait so long.
    RecoveryWait(Duration),
}

/// Proof that a right response was given, and that it cannot be given again.
///
/// Its fields are private and it cannot be copied, so that [`Judgement::settle`] is the only
/// source of one beside [`Record::recall`], which finds the proof of an earlier login on record, and
/// [`Enrolled`](crate::enrollment::Enrolled), whose first code is on record; a login can succeed
/// only by holding it.
#[derive(Debug)]
#[must_use]
pub struct Verified {
    proof: Proof,
    recovery_left: usize,
}

impl Verified {
    /// What a remembered login proves.
    pub(crate) fn remembered(credential: CredentialId, record: &Record) -> Self {
        Self {
            proof: Proof::Pass(credential),
            recovery_left: record.recovery_codes_left() + record.scratch_codes_left(),
        }
    }

    /// What a first code proves.
    pub(crate) fn enrolled(credential: CredentialId, record: &Record) -> Self {
        Self {
            proof: Proof::Enrollment(credential),
            recovery_left: record.recovery_codes_left(),
        }
    }

    /// What proved it.
    pub const fn proof(&self) -> Proof {
        self.proof
    }

    /// How many recovery codes are left afterwards, scratch codes from elsewhere among them.
    pub const fn recovery_left(&self) -> usize {
        self.recovery_left
    }
}

/// What proved a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// A code, or several in a row, of this credential.
    Code(CredentialId),
    /// A recovery code.
    Recovery,
    /// A scratch code of the verifier that the user came from.
    Scratch,
    /// A code that an admin issued.
    Issued,
    /// An earlier login, which was proven by a code of this credential.
    Pass(CredentialId),
    /// The first code of this credential, which the login itself had offered.
    Enrollment(CredentialId),
}

#[cfg(test)]
mod tests;
