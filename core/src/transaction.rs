//! One login, from the first question to its end.

use std::time::Duration;

use crate::code::Code;
use crate::factors::{Factors, Kind};
use crate::judgement::{Circumstances, Reason, Response, Row, Verdict, Verified};
use crate::record::Record;
use crate::throttle::Demand;

/// A login in progress: what has been asked, and how many answers it still takes.
///
/// It never knows what is right. [`receive`](Self::receive) turns what was typed into a
/// [`Response`] to judge; [`conclude`](Self::conclude) turns the settled verdict into what is
/// asked next, or into the end.
#[derive(Debug)]
pub struct Transaction {
    tries: u32,
    /// Whether recovery codes and issued codes are taken, as far as `factors` has them.
    recovery: bool,
    /// Which kinds of proof are taken.
    factors: Factors,
    recovery_only: bool,
    demanded: usize,
    row: Vec<Code>,
    /// The codes that are being judged.
    judged: Vec<Code>,
    /// The codes that were wrong just before.
    earlier: Vec<Code>,
}

impl Transaction {
    /// How many answers a login takes, if it can ask again.
    pub const TRIES: u32 = 3;
    /// How long a login waits for an answer.
    pub const PATIENCE: Duration = Duration::from_secs(120);
    /// A delay shorter than it takes a person to read and type is not asked about: an answer that
    /// comes sooner is not looked at.
    const TYPING: Duration = Duration::from_secs(2);

    /// Begins a login that takes so many answers, and says what to ask first. `recovery`: whether
    /// recovery codes and issued codes are taken here, as far as the circumstances have them.
    pub fn begin(
        record: &Record,
        recovery: bool,
        tries: u32,
        at: Circumstances<'_>,
    ) -> (Self, Challenge) {
        let mut transaction = Self {
            tries,
            recovery,
            factors: at.factors,
            recovery_only: false,
            demanded: 1,
            row: Vec::new(),
            judged: Vec::new(),
            earlier: Vec::new(),
        };
        let challenge = transaction.ask(None, record, at);
        (transaction, challenge)
    }

    /// Asks for a recovery code from here on; `None` where none is taken.
    pub fn choose_recovery(&mut self, record: &Record, at: Circumstances<'_>) -> Option<Challenge> {
        self.takes(Kind::Recovery).then(|| {
            self.recovery_only = true;
            self.ask(None, record, at)
        })
    }

    /// Takes what was typed.
    pub fn receive(&mut self, typed: &str) -> Received {
        if let Ok(code) = typed.parse()
            && !self.recovery_only
        {
            self.row.push(code);
            if self.row.len() < self.demanded {
                return Received::OneOfSeveral;
            }
            let row = Row {
                codes: std::mem::take(&mut self.row),
                earlier: std::mem::take(&mut self.earlier),
            };
            self.judged.clone_from(&row.codes);
            return Received::Judge(Response::Codes(row));
        }
        self.row.clear();
        self.judged.clear();
        self.earlier.clear();
        let recovery = typed.parse().map(Response::Recovery).ok();
        let issued = typed.parse().map(Response::Issued).ok();
        recovery
            .filter(|_| self.takes(Kind::Recovery))
            .or_else(|| issued.filter(|_| self.takes(Kind::Issued)))
            .map_or(Received::Malformed, Received::Judge)
    }

    /// The question between two codes of a row, for [`Received::OneOfSeveral`].
    pub fn ask_next_code(&self, record: &Record) -> Challenge {
        self.challenge(Ask::NextCode, None, record)
    }

    /// What follows from a verdict. `record` and `at` are those after it.
    pub fn conclude(
        &mut self,
        verdict: Verdict,
        record: &Record,
        at: Circumstances<'_>,
    ) -> Outcome {
        match verdict {
            Verdict::Accept(verified) => Outcome::Finish(verified),
            Verdict::Reject(reason) => self.count_down(reason, record, at),
        }
    }

    /// What follows from an answer that has the shape of nothing that was asked for. It is one of
    /// the three, but no guess.
    pub fn conclude_malformed(&mut self, record: &Record, at: Circumstances<'_>) -> Outcome {
        self.count_down(Reason::Wrong, record, at)
    }

    fn count_down(&mut self, reason: Reason, record: &Record, at: Circumstances<'_>) -> Outcome {
        self.tries = self.tries.saturating_sub(1);
        let judged = std::mem::take(&mut self.judged);
        self.earlier = match reason {
            Reason::Wrong => judged,
            Reason::Used
            | Reason::SeveralDemanded
            | Reason::WrongRecovery
            | Reason::RecoveryWait(_) => Vec::new(),
        };
        match (self.tries, reason) {
            (0, Reason::SeveralDemanded | Reason::RecoveryWait(_)) => Outcome::End(End::Throttled),
            (0, Reason::Wrong | Reason::Used | Reason::WrongRecovery) => {
                Outcome::End(End::Rejected)
            }
            (_, reason) => Outcome::Ask(self.ask(Some(reason), record, at)),
        }
    }

    fn ask(&mut self, reason: Option<Reason>, record: &Record, at: Circumstances<'_>) -> Challenge {
        self.row.clear();
        if self.recovery_only {
            return self.challenge(Ask::RecoveryCode, reason.map(News::from), record);
        }
        // Whoever answered before a person could have is asked for what was demanded then.
        let answered_at = match reason {
            Some(Reason::SeveralDemanded) => at.now,
            Some(
                Reason::Wrong | Reason::Used | Reason::WrongRecovery | Reason::RecoveryWait(_),
            )
            | None => at.now.after(Self::TYPING),
        };
        let demand = record.throttle().demand(at.rule, at.origin, answered_at);
        self.demanded = demand.codes();
        match demand {
            Demand::One => self.challenge(Ask::Code, reason.map(News::from), record),
            Demand::Two { wait } => {
                let news = News::SeveralCodes { wait };
                self.challenge(Ask::FirstCode, Some(news), record)
            }
            Demand::Three => {
                let news = News::SeveralCodes { wait: None };
                self.challenge(Ask::FirstCode, Some(news), record)
            }
        }
    }

    /// Whether recovery codes, or issued ones, are taken.
    const fn takes(&self, kind: Kind) -> bool {
        self.recovery && self.factors.allow(kind)
    }

    fn challenge(&self, ask: Ask, news: Option<News>, record: &Record) -> Challenge {
        Challenge {
            ask,
            codes: self.demanded,
            tries: self.tries,
            lengths: record.code_lengths(self.factors),
            recovery: self.takes(Kind::Recovery),
            news,
        }
    }
}

/// What was typed, taken apart.
#[derive(Debug)]
#[must_use]
pub enum Received {
    /// It is complete, and to be judged.
    Judge(Response),
    /// It is one of several codes in a row; the next is to be asked for.
    OneOfSeveral,
    /// It has the shape of nothing that was asked for.
    Malformed,
}

/// What to ask the claimant for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// What is asked for.
    pub ask: Ask,
    /// How many codes in a row are demanded.
    pub codes: usize,
    /// How many answers are still taken, this one included.
    pub tries: u32,
    /// How many digits a code may have.
    pub lengths: Vec<u32>,
    /// Whether a recovery code is taken instead.
    pub recovery: bool,
    /// Why it is asked again.
    pub news: Option<News>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ask {
    /// One code.
    Code,
    /// The first of several consecutive codes.
    FirstCode,
    /// The code that follows the one just given.
    NextCode,
    /// A recovery code.
    RecoveryCode,
}

/// Why it is asked again, or in another way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum News {
    /// The answer was wrong.
    Wrong,
    /// The code was right, but had been used before.
    Used,
    /// After too many wrong codes several in a row are demanded, for so long.
    SeveralCodes {
        /// How long, if that can be told.
        wait: Option<Duration>,
    },
    /// The recovery code was wrong.
    WrongRecovery,
    /// After too many wrong recovery codes they are not looked at for so long.
    RecoveryWait(Duration),
}

impl From<Reason> for News {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Wrong => Self::Wrong,
            Reason::Used => Self::Used,
            Reason::SeveralDemanded => Self::SeveralCodes { wait: None },
            Reason::WrongRecovery => Self::WrongRecovery,
            Reason::RecoveryWait(wait) => Self::RecoveryWait(wait),
        }
    }
}

/// What follows from an answer.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// This is asked next.
    Ask(Challenge),
    /// The factor is proven. Only a settled verdict leads here.
    Finish(Verified),
    /// No further answer is taken.
    End(End),
}

/// How a login ends that did not succeed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// Its last answer was wrong.
    Rejected,
    /// Its last answer was not looked at, because of earlier wrong ones.
    Throttled,
}

#[cfg(test)]
mod tests;
