//! The owner, who types what the app shows and takes the time that people take.

use countersign_core::credential::CredentialId;
use countersign_core::judgement::{Response, Verdict};
use countersign_core::throttle::Origin;
use countersign_core::totp::Totp;
use countersign_core::transaction::{Outcome, Received, Transaction};

use crate::history::Leap;
use crate::ledger::{Expected, Typed};
use crate::store::Fate;
use crate::user::confirmed;
use crate::world::World;

/// How a login of the owner went.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Went {
    /// It took so many answers.
    In(u32),
    Out,
    /// The app shows no code that is not used up, since the clock was ahead.
    NoCode,
}

/// How long it takes to type a code, in seconds.
const TYPING: u64 = 2;

impl World {
    /// Logs in with each app in turn, at the present time, with as many codes as are asked for.
    pub(crate) fn owner_gets_in(&mut self, origin: Origin) {
        for held in confirmed(&self.store.load().0) {
            let went = self.owner_logs_in(&held, origin, |_| {});
            let excused = went == Went::NoCode && self.is_behind(&held);
            assert!(went == Went::In(1) || excused, "{went:?} with {held:?}");
        }
    }

    /// Logs in with a recovery code, if there is one left.
    pub(crate) fn owner_recovers(&mut self, origin: Origin) {
        let Some(code) = self.ledger.unused_recovery_code() else {
            return;
        };
        let (record, _) = self.store.load();
        let at = self.at(origin);
        let wait = record.throttle().recovery_wait(at.rule, at.origin, at.now);
        let wait = wait.unwrap_or_default().as_secs();
        assert!(wait <= 1_800, "{wait}");
        self.wait(wait);
        let response = Response::Recovery(code.parse().unwrap());
        let verdict = self.answer(
            &Typed::Recovery(code.clone()),
            &response,
            origin,
            Fate::Saved,
        );
        assert!(matches!(verdict, Ok(Verdict::Accept(_))), "{verdict:?}");
    }

    /// One login of the owner's, while `meanwhile` happens before each answer is sent.
    pub(crate) fn owner_logs_in(
        &mut self,
        held: &(CredentialId, Totp),
        origin: Origin,
        mut meanwhile: impl FnMut(&mut Self),
    ) -> Went {
        if !self.has_unused_code(held) {
            return Went::NoCode;
        }
        let (record, _) = self.store.load();
        let (mut login, mut challenge) = Transaction::begin(&record, false, self.at(origin));
        for answers in 1.. {
            let response = self.owner_types(&mut login, held, &mut meanwhile);
            let (typed, response) = response;
            assert_eq!(typed.len(), challenge.codes);
            let verdict = self
                .answer(&Typed::Codes(typed), &response, origin, Fate::Saved)
                .unwrap();
            let (record, _) = self.store.load();
            match login.conclude(verdict, &record, self.at(origin)) {
                Outcome::Ask(next) => challenge = next,
                Outcome::Finish(_) => return Went::In(answers),
                Outcome::End(_) => break,
            }
        }
        Went::Out
    }

    /// Types one code after the other, each when the app shows it, until nothing more is asked.
    fn owner_types(
        &mut self,
        login: &mut Transaction,
        held: &(CredentialId, Totp),
        meanwhile: &mut impl FnMut(&mut Self),
    ) -> (Vec<String>, Response) {
        let period = held.1.period().seconds();
        let mut typed = Vec::new();
        let mut step = self.now / period;
        loop {
            let code = self.ledger.shown(held, step);
            self.wait(TYPING);
            meanwhile(self);
            typed.push(code.clone());
            match login.receive(&code) {
                Received::Judge(response) => return (typed, response),
                Received::OneOfSeveral => step += 1,
                Received::Malformed => panic!("a code is well formed"),
            }
            self.wait((step * period).saturating_sub(self.now));
        }
    }

    /// Waits for the next code if the present one is used up. It does not come soon if the clock
    /// was ahead when it was used.
    fn has_unused_code(&mut self, held: &(CredentialId, Totp)) -> bool {
        let period = held.1.period().seconds();
        let fresh = self.ledger.latest(held.0).map_or(0, |latest| latest + 1);
        let wait = (fresh * period).saturating_sub(self.now);
        if wait > 2 * period {
            return false;
        }
        self.wait(wait);
        // Another app may happen to have shown the same code.
        let code = self.ledger.shown(held, self.now / period);
        let (record, _) = self.store.load();
        let expected = self
            .ledger
            .expected_of_codes(&record, &[code], self.at(Origin::Seat));
        if expected == Expected::Used {
            self.wait(period);
        }
        true
    }

    /// Whether the clock is behind the time at which an app was last used.
    fn is_behind(&self, held: &(CredentialId, Totp)) -> bool {
        let now = self.now / held.1.period().seconds();
        self.ledger
            .latest(held.0)
            .is_some_and(|latest| latest > now + 1)
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.leap(Leap::By(i64::try_from(seconds).unwrap()));
    }
}
