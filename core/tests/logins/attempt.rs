//! A login in progress, and what was typed in it, as it was typed.

use countersign_core::judgement::{Circumstances, Reason, Response, Verdict};
use countersign_core::record::Record;
use countersign_core::transaction::{Challenge, Outcome, Received, Transaction};

use crate::expected::{Row, Typed};

pub(crate) struct Attempt {
    transaction: Transaction,
    /// The codes of a row that is not complete.
    row: Vec<String>,
    /// The codes that were wrong just before.
    wrong: Vec<String>,
}

/// What became of something typed.
pub(crate) enum Typing {
    Malformed,
    OneOfSeveral,
    Complete(Typed, Response),
}

impl Attempt {
    pub(crate) fn begin(
        record: &Record,
        recovery: bool,
        at: Circumstances<'_>,
    ) -> (Self, Challenge) {
        let (transaction, challenge) = Transaction::begin(record, recovery, Transaction::TRIES, at);
        let attempt = Self {
            transaction,
            row: Vec::new(),
            wrong: Vec::new(),
        };
        (attempt, challenge)
    }

    pub(crate) fn choose_recovery(
        &mut self,
        record: &Record,
        at: Circumstances<'_>,
    ) -> Option<Challenge> {
        self.row.clear();
        self.transaction.choose_recovery(record, at)
    }

    /// Types a line.
    pub(crate) fn receive(&mut self, text: String) -> Typing {
        let received = self.transaction.receive(&text);
        self.row.push(text);
        let response = match received {
            Received::OneOfSeveral => return Typing::OneOfSeveral,
            Received::Malformed => {
                self.row.clear();
                self.wrong.clear();
                return Typing::Malformed;
            }
            Received::Judge(response) => response,
        };
        let mut codes = std::mem::take(&mut self.row);
        let earlier = std::mem::take(&mut self.wrong);
        let typed = match &response {
            Response::Codes(row) => {
                assert_eq!(row.codes.len(), codes.len());
                assert_eq!(row.earlier.len(), earlier.len());
                Typed::Codes(Row { codes, earlier })
            }
            Response::Recovery(_) => Typed::Recovery(codes.pop().unwrap()),
            Response::Issued(_) => Typed::Issued(codes.pop().unwrap()),
        };
        Typing::Complete(typed, response)
    }

    pub(crate) fn conclude(
        &mut self,
        verdict: Verdict,
        typed: Typed,
        record: &Record,
        at: Circumstances<'_>,
    ) -> Outcome {
        self.wrong = match (&verdict, typed) {
            (Verdict::Reject(Reason::Wrong), Typed::Codes(row)) => row.codes,
            _ => Vec::new(),
        };
        self.transaction.conclude(verdict, record, at)
    }

    pub(crate) fn conclude_malformed(&mut self, record: &Record, at: Circumstances<'_>) -> Outcome {
        self.transaction.conclude_malformed(record, at)
    }
}
