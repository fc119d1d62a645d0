//! The owner, who types what a device shows and takes the time that people take.

use countersign_core::judgement::{Reason, Response, Verdict};
use countersign_core::throttle::Origin;
use countersign_core::transaction::Outcome;

use crate::attempt::{Attempt, Typing};
use crate::expected::{Expected, Row, Typed};
use crate::history::Leap;
use crate::store::Fate;
use crate::user::{Device, Maker, devices};
use crate::world::World;

/// A device in the owner's hand.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) device: Device,
    /// How many steps an app's clock is ahead.
    pub(crate) ahead: i64,
    /// The counter that a token shows next.
    pub(crate) counter: u64,
}

impl Held {
    /// Whether no step is taken but the one in which its code is expected.
    pub(crate) fn is_exact(&self) -> bool {
        match &self.device.maker {
            Maker::App(totp) => totp.skew().steps() == 0,
            Maker::Token(_) => false,
        }
    }
}

/// How a login of the owner went.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Went {
    /// It took so many answers.
    In(u32),
    Out,
    /// The app shows no code that is not used up, since a clock was ahead.
    NoCode,
}

impl Went {
    /// Whether the first answer did, or the next one where a code that was typed while it changed
    /// is out of its window.
    pub(crate) fn is_at_once(&self, held: &Held) -> bool {
        *self == Self::In(1) || held.is_exact() && *self == Self::In(2)
    }
}

/// How long it takes to type a code, in seconds.
const TYPING: u64 = 2;

impl World {
    /// Logs in with each device in turn, at the present time, with as many codes as are asked for.
    pub(crate) fn owner_gets_in(&mut self, origin: Origin) {
        for mut held in self.devices_as_last_seen() {
            let went = self.owner_logs_in(&mut held, origin, |_| {});
            let excused = went == Went::NoCode && self.is_behind(&held);
            assert!(went.is_at_once(&held) || excused, "{went:?} with {held:?}");
        }
    }

    /// All devices, as they were when they were last accepted.
    pub(crate) fn devices_as_last_seen(&self) -> Vec<Held> {
        let devices = devices(&self.store.load().0);
        let held = devices.into_iter().map(|device| Held {
            ahead: self.ledger.ahead(device.id),
            counter: self.ledger.unused(&device),
            device,
        });
        held.collect()
    }

    /// Logs in with a recovery code, if there is one left.
    pub(crate) fn owner_recovers(&mut self, origin: Origin) {
        let Some(code) = self.ledger.unused_recovery_code() else {
            return;
        };
        self.wait_for_recovery(origin);
        let response = Response::Recovery(code.parse().unwrap());
        let typed = Typed::Recovery(code.clone());
        let verdict = self.answer(&typed, &response, origin, Fate::Saved);
        assert!(matches!(verdict, Ok(Verdict::Accept(_))), "{verdict:?}");
    }

    /// Logs in with a code that is issued now, and tries to do so again.
    pub(crate) fn owner_is_helped(&mut self, origin: Origin) {
        let code = self.issue(3_600);
        self.wait_for_recovery(origin);
        let response = Response::Issued(code.parse().unwrap());
        let typed = Typed::Issued(code);
        let verdict = self.answer(&typed, &response, origin, Fate::Saved);
        assert!(matches!(verdict, Ok(Verdict::Accept(_))), "{verdict:?}");
        self.wait_for_recovery(origin);
        let again = self.answer(&typed, &response, origin, Fate::Saved);
        assert!(
            matches!(again, Ok(Verdict::Reject(Reason::WrongRecovery))),
            "{again:?}"
        );
    }

    fn wait_for_recovery(&mut self, origin: Origin) {
        let (record, _) = self.store.load();
        let at = self.at(origin);
        let wait = record.throttle().recovery_wait(at.rule, at.origin, at.now);
        let wait = wait.unwrap_or_default().as_secs();
        assert!(wait <= 1_800, "{wait}");
        self.wait(wait);
    }

    /// One login of the owner's, while `meanwhile` happens before each answer is sent.
    pub(crate) fn owner_logs_in(
        &mut self,
        held: &mut Held,
        origin: Origin,
        mut meanwhile: impl FnMut(&mut Self),
    ) -> Went {
        if !self.has_unused_code(held) {
            return Went::NoCode;
        }
        let (record, _) = self.store.load();
        let (mut login, mut challenge) = Attempt::begin(&record, false, self.at(origin));
        let mut next = self.showing(held);
        for answers in 1.. {
            let (typed, response) = self.owner_types(&mut login, held, &mut next, &mut meanwhile);
            let Typed::Codes(row) = &typed else {
                panic!("codes were typed");
            };
            assert_eq!(row.codes.len(), challenge.codes);
            let verdict = self.answer(&typed, &response, origin, Fate::Saved).unwrap();
            let (record, _) = self.store.load();
            match login.conclude(verdict, typed, &record, self.at(origin)) {
                Outcome::Ask(next) => challenge = next,
                Outcome::Finish(_) => return Went::In(answers),
                Outcome::End(_) => break,
            }
        }
        Went::Out
    }

    /// Types one code after the other from the `next` on, each when the device shows it, until
    /// nothing more is asked. Nobody types a code again that was not taken.
    fn owner_types(
        &mut self,
        login: &mut Attempt,
        held: &mut Held,
        next: &mut u64,
        meanwhile: &mut impl FnMut(&mut Self),
    ) -> (Typed, Response) {
        *next = self.showing(held).max(*next);
        loop {
            self.wait(self.until_shown(held, *next));
            let code = self.ledger.shown(&held.device, *next);
            *next += 1;
            held.counter = *next;
            self.wait(TYPING);
            meanwhile(self);
            match login.receive(code) {
                Typing::Complete(typed, response) => return (typed, response),
                Typing::OneOfSeveral => {}
                Typing::Malformed => panic!("a code is well formed"),
            }
        }
    }

    /// The step or the counter of the code that is shown now.
    fn showing(&self, held: &Held) -> u64 {
        match &held.device.maker {
            Maker::App(totp) => {
                let now = self.now / totp.period().seconds();
                now.saturating_add_signed(held.ahead)
            }
            Maker::Token(_) => held.counter,
        }
    }

    /// How long it takes until the code of a step is shown. A token shows one at once.
    fn until_shown(&self, held: &Held, number: u64) -> u64 {
        match &held.device.maker {
            Maker::App(totp) => {
                let step = number.saturating_add_signed(-held.ahead);
                (step * totp.period().seconds()).saturating_sub(self.now)
            }
            Maker::Token(_) => 0,
        }
    }

    /// Waits for the next code if the present one is used up. It does not come soon if the clock
    /// was ahead when it was used.
    fn has_unused_code(&mut self, held: &mut Held) -> bool {
        let fresh = self.ledger.unused(&held.device).max(self.showing(held));
        let period = match &held.device.maker {
            Maker::App(totp) => totp.period().seconds(),
            Maker::Token(_) => 0,
        };
        let wait = self.until_shown(held, fresh);
        if wait > 2 * period {
            return false;
        }
        self.wait(wait);
        // Another device may happen to have shown the same code.
        let row = Row {
            codes: vec![self.ledger.shown(&held.device, self.showing(held))],
            earlier: Vec::new(),
        };
        let (record, _) = self.store.load();
        let at = self.at(Origin::Seat);
        if self.ledger.expected_of_codes(&record, &row, at) == Expected::Used {
            self.wait(period);
            held.counter += 1;
        }
        true
    }

    /// Whether an app shows what is used up, since a clock is behind that was ahead when the app
    /// was last used.
    pub(crate) fn is_behind(&self, held: &Held) -> bool {
        self.ledger.unused(&held.device) > self.showing(held) + 2
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.leap(Leap::By(i64::try_from(seconds).unwrap()));
    }
}
