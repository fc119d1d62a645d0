//! One user's logins, as a daemon goes through them: load, ask, judge, save, answer.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use countersign_core::code::Code;
use countersign_core::credential::Factor;
use countersign_core::factors::Factors;
use countersign_core::issued::IssuedCode;
use countersign_core::judgement::{Circumstances, Judgement, Response, Verdict};
use countersign_core::record::Record;
use countersign_core::throttle::{Backoff, Origin};
use countersign_core::time::Timestamp;
use countersign_core::transaction::{Outcome, Transaction};

use crate::attempt::{Attempt, Typing};
use crate::expected::{Expected, Typed};
use crate::history::{Act, Answer, Answered, Leap, Login, Rival};
use crate::ledger::Ledger;
use crate::store::{Fate, SaveError, Store};
use crate::user::{
    Device, FIRST_COUNTER, ISSUED, Kind, Maker, Moves, NOBODY, SCRATCH, START, devices, origin,
};

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) rule: Backoff,
    pub(crate) now: u64,
    /// The latest time that the clock ever showed.
    latest: u64,
    /// All codes ever typed.
    typed: Vec<String>,
    /// Which code of which device was typed last.
    last_shown: Option<(Device, u64)>,
    /// All codes ever issued.
    issued: Vec<String>,
    /// How many devices the user has had, at least.
    devices: u8,
    /// What came of each response that was judged.
    pub(crate) outcomes: Vec<Expected>,
}

/// A response that was judged, and what it was judged by.
struct Judged {
    before: Vec<u8>,
    revision: u64,
    expected: Expected,
    judgement: Judgement,
    /// Judged by the record as it was before it became bytes. Hashing a recovery code takes a while,
    /// so that a wrong one is hashed once only.
    twin: Option<Judgement>,
}

impl World {
    pub(crate) fn new(record: Record, rule: Backoff) -> Self {
        Self {
            ledger: Ledger::new(record.scratch_codes_left()),
            store: Store::new(record),
            issued: Vec::new(),
            rule,
            now: START,
            latest: START,
            typed: Vec::new(),
            last_shown: None,
            devices: 100,
            outcomes: Vec::new(),
        }
    }

    pub(crate) fn act(&mut self, act: &Act) {
        match act {
            Act::Leap(leap) => self.leap(*leap),
            Act::LogIn(login) => self.log_in(login),
            Act::Race(rivals) => self.race(rivals),
            Act::Enrol { device, offset } => self.enrol(*device, *offset),
            Act::Issue(seconds) => {
                self.issue(*seconds);
            }
            Act::Unlock => {
                let (record, revision) = self.store.load();
                self.store
                    .save(record.unlock(), revision, Fate::Saved)
                    .unwrap();
            }
        }
    }

    pub(crate) fn leap(&mut self, leap: Leap) {
        self.now = match leap {
            Leap::By(seconds) => self.now.saturating_add_signed(seconds),
            Leap::ToLatest => self.latest,
        };
        self.latest = self.latest.max(self.now);
    }

    pub(crate) const fn at(&self, origin: Origin) -> Circumstances<'_> {
        Circumstances {
            rule: &self.rule,
            origin,
            now: Timestamp::from_unix(self.now),
            factors: Factors::ALL,
        }
    }

    /// One login, up to three answers, as long as it takes them.
    fn log_in(&mut self, login: &Login) {
        let origin = origin(login.from);
        let (record, _) = self.store.load();
        let (mut attempt, challenge) = Attempt::begin(&record, login.recovery, self.at(origin));
        let mut tries = challenge.tries;
        assert_eq!(tries, Transaction::TRIES);

        for answered in &login.answers {
            self.leap(Leap::By(i64::from(answered.pause)));
            if answered.answer == Answer::ChooseRecovery {
                let (record, _) = self.store.load();
                let chosen = attempt.choose_recovery(&record, self.at(origin));
                assert_eq!(chosen.is_some(), login.recovery);
                continue;
            }
            match self.step(&mut attempt, answered, origin) {
                Some(Outcome::Ask(next)) => {
                    assert_eq!(next.tries, tries - 1);
                    tries = next.tries;
                }
                Some(Outcome::End(_)) => {
                    assert_eq!(tries, 1);
                    return;
                }
                Some(Outcome::Finish(_)) | None => return,
            }
        }
    }

    /// What follows from one answer; `None` if its verdict never became known.
    fn step(
        &mut self,
        attempt: &mut Attempt,
        answered: &Answered,
        origin: Origin,
    ) -> Option<Outcome> {
        let typed = self.type_in(attempt, &answered.answer, answered.pause);
        let verdict = match &typed {
            None => None,
            Some((typed, response)) => {
                Some(self.answer(typed, response, origin, answered.fate).ok()?)
            }
        };
        let (record, _) = self.store.load();
        let at = self.at(origin);
        Some(match (verdict, typed) {
            (Some(verdict), Some((typed, _))) => attempt.conclude(verdict, typed, &record, at),
            (None, _) | (_, None) => attempt.conclude_malformed(&record, at),
        })
    }

    /// Types an answer until it is complete; `None` if it turns out to be malformed.
    pub(crate) fn type_in(
        &mut self,
        attempt: &mut Attempt,
        answer: &Answer,
        pause: u16,
    ) -> Option<(Typed, Response)> {
        let begun = self.now;
        for place in 0.. {
            let text = self.text(answer, begun, place);
            if text.parse::<Code>().is_ok() {
                self.typed.push(text.clone());
            }
            match attempt.receive(text) {
                Typing::Malformed => break,
                Typing::OneOfSeveral => self.leap(Leap::By(i64::from(pause))),
                Typing::Complete(typed, response) => return Some((typed, response)),
            }
        }
        None
    }

    /// What is typed at the so many-th place of a row that was begun at that time.
    fn text(&mut self, answer: &Answer, begun: u64, place: usize) -> String {
        match answer {
            Answer::Shown { credential, offset } => {
                let devices = devices(&self.store.load().0);
                let Some(device) = devices.iter().cycle().nth(*credential).cloned() else {
                    return "454545".to_owned();
                };
                let number = match &device.maker {
                    Maker::App(totp) => begun / totp.period().seconds(),
                    Maker::Token(_) => self.ledger.unused(&device),
                };
                let number = number.saturating_add_signed(*offset) + place as u64;
                self.show(device, number)
            }
            Answer::Following => match self.last_shown.take() {
                Some((device, number)) => self.show(device, number + 1),
                None => "434343".to_owned(),
            },
            Answer::Again(back) if !self.typed.is_empty() => {
                let first = self.typed.len() - 1 - back % self.typed.len();
                let again = (first + place) % self.typed.len();
                self.typed[again].clone()
            }
            Answer::Again(_) => "424242".to_owned(),
            Answer::Guess(digits) => digits.clone(),
            Answer::Recovery(number) => NOBODY.1[*number].clone(),
            Answer::Scratch(place) => SCRATCH[*place].to_owned(),
            Answer::Issued(back) => match self.issued.iter().rev().nth(*back) {
                Some(code) => code.clone(),
                None => ISSUED.1.clone(),
            },
            Answer::WrongIssued => "0-0000-0000".to_owned(),
            Answer::WrongRecovery(number) => format!("{number}-0000-0000-0000-0000"),
            Answer::Nonsense | Answer::ChooseRecovery => "let me in".to_owned(),
        }
    }

    fn show(&mut self, device: Device, number: u64) -> String {
        let code = self.ledger.shown(&device, number);
        self.last_shown = Some((device, number));
        code
    }

    /// How often this came of a response.
    pub(crate) fn count(&self, outcome: &Expected) -> usize {
        self.outcomes.iter().filter(|came| *came == outcome).count()
    }

    /// How many responses were accepted.
    pub(crate) fn accepted(&self) -> usize {
        let accepted = self.outcomes.iter().filter(|came| came.is_accepted());
        accepted.count()
    }

    /// Judges a response, saves what is to be remembered, and tells what came of it. Whoever is
    /// overtaken starts over.
    pub(crate) fn answer(
        &mut self,
        typed: &Typed,
        response: &Response,
        origin: Origin,
        fate: Fate,
    ) -> Result<Verdict, SaveError> {
        let judged = self.judge(typed, response, origin);
        self.settle(judged, fate)
    }

    /// All are judged by the same revision, and then saved in the order of their ranks. Those that
    /// were overtaken start over.
    pub(crate) fn race(&mut self, rivals: &[Rival]) {
        let mut running = Vec::new();
        for rival in rivals {
            let (record, _) = self.store.load();
            let at = self.at(origin(rival.from));
            let (mut attempt, _) = Attempt::begin(&record, true, at);
            if let Some((typed, response)) = self.type_in(&mut attempt, &rival.answer, 0) {
                running.push((rival, typed, response));
            }
        }
        let mut round = 0;
        while !running.is_empty() {
            running.sort_by_key(|(rival, ..)| rival.rank.rotate_left(round));
            round += 8;
            let judged: Vec<Judged> = running
                .iter()
                .map(|(rival, typed, response)| self.judge(typed, response, origin(rival.from)))
                .collect();
            let contenders = running.len();
            let settled = judged
                .into_iter()
                .zip(running)
                .map(|(judged, rival)| (self.settle(judged, rival.0.fate), rival));
            running = settled
                .filter(|(settled, _)| matches!(settled, Err(SaveError::Conflict)))
                .map(|(_, rival)| rival)
                .collect();
            assert!(running.len() < contenders, "each round has a winner");
        }
    }

    fn judge(&self, typed: &Typed, response: &Response, origin: Origin) -> Judged {
        let (record, revision) = self.store.load();
        let at = self.at(origin);
        let expected = self.ledger.expected(&record, typed, at);
        let twin = (expected != Expected::WrongRecovery)
            .then(|| self.store.original().judge(response, at));
        Judged {
            before: self.store.bytes().to_vec(),
            revision,
            expected,
            judgement: record.judge(response, at),
            twin,
        }
    }

    /// Settles a judgement, and checks what became known against what was saved.
    fn settle(&mut self, judged: Judged, fate: Fate) -> Result<Verdict, SaveError> {
        let expected = judged.expected;
        let mut kept = None;
        let store = &mut self.store;
        let settled = ready(judged.judgement.settle(|record| {
            kept = Some(record.encode().unwrap().to_vec());
            let saved = store.save(record, judged.revision, fate);
            async { saved }
        }));
        assert_eq!(kept.is_some(), expected.is_remembered(), "{expected:?}");
        if let Some(twin) = judged.twin {
            let (verdict, kept_by_twin) = settled_at_once(twin);
            assert_eq!(kept_by_twin, kept);
            if let Ok(settled) = &settled {
                assert_eq!(format!("{settled:?}"), format!("{verdict:?}"));
            }
        }

        let saved = self.store.revision() == judged.revision + 1
            && kept.is_some()
            && !matches!(settled, Err(SaveError::Conflict));
        if saved {
            let (before, after) = (&judged.before, self.store.bytes());
            let now = Timestamp::from_unix(self.now);
            self.ledger.saved(&expected, before, after, now);
        }
        if let Ok(verdict) = &settled {
            self.ledger.check(&expected, verdict);
            assert_eq!(saved, expected.is_remembered(), "known before it was saved");
            assert!(saved || !matches!(verdict, Verdict::Accept(_)));
        }
        if saved || settled.is_ok() {
            self.outcomes.push(expected);
        }
        settled
    }

    /// Issues a code that is good for so many seconds.
    pub(crate) fn issue(&mut self, seconds: u64) -> String {
        let (record, revision) = self.store.load();
        let good = self.now..self.now.saturating_add(seconds);
        let [from, expires] = [good.start, good.end].map(Timestamp::from_unix);
        let number = u8::try_from(self.issued.len()).unwrap();
        let entropy = [number; IssuedCode::ENTROPY];
        let (record, code) = record.issue(&entropy, from, expires).unwrap();
        self.store.save(record, revision, Fate::Saved).unwrap();
        let code = code.expose().to_string();
        self.issued.push(code.clone());
        self.ledger.issued(code.clone(), good);
        code
    }

    /// Enrols one more device, confirmed by the code that it shows.
    fn enrol(&mut self, kind: Kind, offset: i64) {
        let (record, revision) = self.store.load();
        let now = Timestamp::from_unix(self.now);
        // No secret is enrolled twice.
        self.devices = self.devices.saturating_add(1);
        let Ok((offered, id)) = record.offer(kind.factor(self.devices), "", now) else {
            return;
        };
        let device = Device::of(offered.credentials().last().unwrap());
        let (number, reach) = match kind.moves {
            Moves::Clock { period, skew } => (self.now / period, skew),
            Moves::Button { look_ahead } => (FIRST_COUNTER, look_ahead),
        };
        let is_near = offset.unsigned_abs() <= reach && (offset >= 0 || kind.is_app());
        let code = self.show(device.clone(), number.saturating_add_signed(offset));
        let confirmed = offered.clone().confirm(id, &code.parse().unwrap(), now);
        assert!(confirmed.is_ok() || !is_near, "{offset}");
        self.typed.push(code.clone());
        if let Ok(record) = &confirmed {
            let used = match record.credentials().last().unwrap().factor() {
                Factor::Totp { spent, .. } => spent.unwrap().number(),
                Factor::Hotp { next, .. } => next.value() - 1,
            };
            assert_eq!(self.ledger.shown(&device, used), code);
            self.ledger.use_up(record, id, used..=used, now);
        }
        let record = confirmed.unwrap_or(offered);
        self.store.save(record, revision, Fate::Saved).unwrap();
    }
}

/// The verdict and what was saved for it, by a store in which nothing goes wrong.
fn settled_at_once(judgement: Judgement) -> (Verdict, Option<Vec<u8>>) {
    let mut kept = None;
    let verdict = ready(judgement.settle(|record| {
        kept = Some(record.encode().unwrap().to_vec());
        async { Ok::<(), ()>(()) }
    }));
    (verdict.unwrap(), kept)
}

pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}
