//! What must come of a response, worked out independently of how it is judged, and what has been
//! accepted so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

use countersign_core::credential::{CredentialId, Factor};
use countersign_core::judgement::{Circumstances, Proof, Reason, Verdict};
use countersign_core::record::Record;
use countersign_core::recovery::RecoveryCode;
use countersign_core::time::{Step, Timestamp};

use crate::expected::{Expected, Proven, Row, Typed};
use crate::store::differences;
use crate::user::{Device, FIRST_COUNTER, Maker, NOBODY, SCRATCH, devices};

/// Everything that was ever accepted.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Steps and counters.
    used: BTreeMap<CredentialId, BTreeSet<u64>>,
    /// How many steps an app was ahead of the clock when it was last accepted.
    ahead: BTreeMap<CredentialId, i64>,
    /// Where its codes are looked for, in half steps ahead of the clock.
    middle: BTreeMap<CredentialId, i64>,
    recovery: BTreeSet<usize>,
    scratch: BTreeSet<usize>,
    /// How many of the scratch codes the user has had.
    scratch_codes: usize,
    /// The code that was issued last and not used.
    issued: Option<Issued>,
    shown: RefCell<BTreeMap<(CredentialId, u64), String>>,
}

/// A code that was issued, and when it is good.
struct Issued {
    code: String,
    good: Range<u64>,
}

impl Ledger {
    /// Nothing was accepted yet of a user who has so many of the scratch codes.
    pub(crate) fn new(scratch_codes: usize) -> Self {
        Self {
            scratch_codes,
            ..Self::default()
        }
    }

    /// The code that a device shows in a step or at a counter.
    pub(crate) fn shown(&self, device: &Device, number: u64) -> String {
        let mut shown = self.shown.borrow_mut();
        let code = shown.entry((device.id, number));
        code.or_insert_with(|| device.code(number)).clone()
    }

    /// The first step or counter that is not used up.
    pub(crate) fn unused(&self, device: &Device) -> u64 {
        let used = self.used.get(&device.id);
        match (used.and_then(|used| used.last()), &device.maker) {
            (Some(latest), _) => latest + 1,
            (None, Maker::App(_)) => 0,
            (None, Maker::Token(_)) => FIRST_COUNTER,
        }
    }

    /// How many steps an app was ahead of the clock when it was last accepted.
    pub(crate) fn ahead(&self, id: CredentialId) -> i64 {
        self.ahead.get(&id).copied().unwrap_or_default()
    }

    pub(crate) fn unused_recovery_code(&self) -> Option<&'static String> {
        let places = (0..NOBODY.1.len()).find(|place| !self.recovery.contains(place));
        places.and_then(|place| NOBODY.1.get(place))
    }

    pub(crate) fn expected(
        &self,
        record: &Record,
        typed: &Typed,
        at: Circumstances<'_>,
    ) -> Expected {
        match typed {
            Typed::Codes(row) => {
                let demand = record.throttle().demand(at.rule, at.origin, at.now);
                if row.codes.len() < demand.codes() {
                    return Expected::NotLookedAt;
                }
                self.expected_of_codes(record, row, at)
            }
            Typed::Recovery(_) | Typed::Issued(_)
                if record
                    .throttle()
                    .recovery_wait(at.rule, at.origin, at.now)
                    .is_some() =>
            {
                Expected::RecoveryWaits
            }
            Typed::Recovery(typed) => {
                let typed: RecoveryCode = typed.parse().unwrap();
                let mut known = NOBODY.1.iter();
                let known = known.position(|code| code.parse() == Ok(typed.clone()));
                known
                    .filter(|place| !self.recovery.contains(place) && record.is_enrolled())
                    .map_or(Expected::WrongRecovery, Expected::Recovery)
            }
            Typed::Issued(typed) => {
                let is_it = |issued: &&Issued| {
                    issued.code == *typed && issued.good.contains(&at.now.unix())
                };
                let issued = self.issued.as_ref().filter(is_it);
                issued.map_or(Expected::WrongRecovery, |_| Expected::Issued)
            }
        }
    }

    /// Of codes that are looked at.
    pub(crate) fn expected_of_codes(
        &self,
        record: &Record,
        row: &Row,
        at: Circumstances<'_>,
    ) -> Expected {
        if !record.is_enrolled() {
            return Expected::Wrong(row.codes.len());
        }
        // A code that ends one answer and begins the next is one.
        let repeated = row.earlier.last() == row.codes.first();
        let joined = [&row.earlier[..], &row.codes[usize::from(repeated)..]].concat();
        let is_joined = !row.earlier.is_empty() && joined.len() > 1;
        let mut proven = Vec::new();
        for device in devices(record) {
            let alone = self.fitting(&device, &row.codes, at.now, row.codes.len() > 2);
            let paired = is_joined
                .then(|| self.fitting(&device, &joined, at.now, true))
                .flatten();
            let fits: Vec<(bool, RangeInclusive<u64>)> = [(false, alone), (true, paired)]
                .into_iter()
                .filter_map(|(found_again, numbers)| Some((found_again, numbers?)))
                .collect();
            let unused = self.unused(&device);
            match fits.iter().find(|(_, fit)| *fit.start() >= unused) {
                Some((found_again, numbers)) => proven.push(Proven {
                    id: device.id,
                    numbers: numbers.clone(),
                    found_again: *found_again,
                }),
                None if fits.is_empty() => {}
                None => return Expected::Used,
            }
        }
        if !proven.is_empty() {
            return Expected::Proven(proven);
        }
        let scratch = match row.codes.as_slice() {
            [code] => SCRATCH.iter().position(|scratch| scratch == code),
            _ => None,
        };
        scratch
            .filter(|place| *place < self.scratch_codes && !self.scratch.contains(place))
            .map_or(Expected::Wrong(row.codes.len()), Expected::Scratch)
    }

    /// Takes down that a code was issued, which voids the one before.
    pub(crate) fn issued(&mut self, code: String, good: Range<u64>) {
        self.issued = Some(Issued { code, good });
    }

    /// The steps or counters that have these codes: the latest, should there be several.
    fn fitting(
        &self,
        device: &Device,
        codes: &[String],
        now: Timestamp,
        far: bool,
    ) -> Option<RangeInclusive<u64>> {
        self.lasts(device, codes.len(), now, far)
            .rev()
            .filter_map(|last| Some((last + 1).checked_sub(codes.len() as u64)?..=last))
            .find(|numbers| {
                numbers
                    .clone()
                    .zip(codes)
                    .all(|(number, code)| self.shown(device, number) == *code)
            })
    }

    /// Where the last of so many codes is looked for.
    fn lasts(
        &self,
        device: &Device,
        codes: usize,
        now: Timestamp,
        far: bool,
    ) -> RangeInclusive<u64> {
        match &device.maker {
            Maker::App(totp) => {
                let now = now.unix() / totp.period().seconds();
                if far {
                    return now.saturating_sub(20)..=now + 20;
                }
                // All steps that are at most the skew, or half a step more, from the middle.
                let middle = self.middle.get(&device.id).copied().unwrap_or_default();
                let further = if codes > 1 { 2 } else { 0 };
                let reach = 2 * (totp.skew().steps() as i64 + further) + middle.rem_euclid(2);
                let earliest = now.saturating_add_signed((middle - reach) / 2);
                earliest..=now.saturating_add_signed((middle + reach) / 2)
            }
            Maker::Token(hotp) => {
                let unused = self.unused(device);
                let reach = match (far, codes) {
                    (true, _) => 100,
                    (false, 1) => hotp.look_ahead().counters(),
                    (false, _) => hotp.look_ahead().counters() + 10,
                };
                let before = codes as u64 - 1;
                unused.saturating_sub(10) + before..=unused + reach + before
            }
        }
    }

    /// Takes down what a record that was saved has in it.
    pub(crate) fn saved(
        &mut self,
        expected: &Expected,
        before: &[u8],
        after: &[u8],
        now: Timestamp,
    ) {
        let changed = differences(before, after);
        let places = may_change(expected, &Record::decode(before).unwrap());
        let known = |place: &Vec<usize>| places.iter().any(|known| place.starts_with(known));
        assert!(
            changed.iter().all(known),
            "{expected:?} changed {changed:?}"
        );
        let after = Record::decode(after).unwrap();
        match expected {
            Expected::NotLookedAt | Expected::Used | Expected::RecoveryWaits => {
                panic!("{expected:?} is nothing to save")
            }
            // Enough wrong rows fill what they are counted in, and threes are not counted.
            Expected::Wrong(codes) => {
                assert!(*codes > 1 || !changed.is_empty(), "a guess was not counted");
            }
            Expected::WrongRecovery => assert!(!changed.is_empty(), "a guess was not counted"),
            Expected::Recovery(place) => {
                assert!(self.recovery.insert(*place), "{expected:?} again");
            }
            Expected::Scratch(place) => {
                assert!(self.scratch.insert(*place), "{expected:?} again");
                let left = self.scratch_codes - self.scratch.len();
                assert_eq!(after.scratch_codes_left(), left);
            }
            Expected::Issued => {
                assert!(self.issued.take().is_some(), "{expected:?} again");
                assert!(after.issued_code(now).is_none());
            }
            Expected::Proven(proven) => {
                for proven in proven {
                    self.use_up(&after, proven.id, proven.numbers.clone(), now);
                }
            }
        }
    }

    /// Takes down that steps or counters were accepted: none twice, and none after a later one.
    pub(crate) fn use_up(
        &mut self,
        after: &Record,
        id: CredentialId,
        numbers: RangeInclusive<u64>,
        now: Timestamp,
    ) {
        let held = after.credentials().iter().find(|held| held.id() == id);
        let held = held.unwrap();
        let device = Device::of(held);
        let row = numbers.end() > numbers.start();
        for number in numbers {
            let unused = self.unused(&device);
            assert!(number >= unused, "{number} before {unused}");
            self.used.entry(id).or_default().insert(number);
        }
        let unused = self.unused(&device);
        match held.factor() {
            Factor::Totp { totp, spent, drift } => {
                let now = now.unix() / totp.period().seconds();
                let ahead = i64::try_from(unused - 1).unwrap() - i64::try_from(now).unwrap();
                self.ahead.insert(id, ahead.clamp(-20, 20));
                let middle = self.middle.entry(id).or_default();
                let off = 2 * ahead - *middle;
                if row {
                    *middle = 2 * ahead;
                } else if off.unsigned_abs() >= 2 * totp.skew().steps() {
                    *middle += off.signum();
                }
                *middle = (*middle).clamp(-40, 40);
                assert_eq!(spent.map(Step::number), Some(unused - 1));
                assert_eq!(drift.steps(), *middle / 2);
            }
            Factor::Hotp { next, .. } => assert_eq!(next.value(), unused),
        }
        assert_eq!(held.last_used(), Some(now));
    }

    /// Whether a verdict is what was to come of it.
    pub(crate) fn check(&self, expected: &Expected, verdict: &Verdict) {
        let as_expected = match verdict {
            Verdict::Accept(verified) => {
                let recovery_codes = NOBODY.1.len() - self.recovery.len();
                let scratch_codes = self.scratch_codes - self.scratch.len();
                assert_eq!(verified.recovery_left(), recovery_codes + scratch_codes);
                match verified.proof() {
                    Proof::Code(id) => matches!(
                        expected,
                        Expected::Proven(proven) if proven.first().is_some_and(|it| it.id == id)
                    ),
                    Proof::Recovery => matches!(expected, Expected::Recovery(_)),
                    Proof::Scratch => matches!(expected, Expected::Scratch(_)),
                    Proof::Issued => *expected == Expected::Issued,
                    Proof::Pass(_) | Proof::Enrollment(_) => false,
                }
            }
            Verdict::Reject(Reason::Wrong) => matches!(expected, Expected::Wrong(_)),
            Verdict::Reject(Reason::Used) => *expected == Expected::Used,
            Verdict::Reject(Reason::SeveralDemanded) => *expected == Expected::NotLookedAt,
            Verdict::Reject(Reason::WrongRecovery) => *expected == Expected::WrongRecovery,
            Verdict::Reject(Reason::RecoveryWait(_)) => *expected == Expected::RecoveryWaits,
        };
        assert!(as_expected, "{verdict:?} instead of {expected:?}");
    }
}

/// Where a record's encoding may change by what came of a response.
fn may_change(expected: &Expected, before: &Record) -> Vec<Vec<usize>> {
    let mut places = vec![THROTTLE.to_vec()];
    match expected {
        Expected::NotLookedAt
        | Expected::Used
        | Expected::RecoveryWaits
        | Expected::Wrong(_)
        | Expected::WrongRecovery => {}
        Expected::Recovery(_) => places.push(RECOVERY.to_vec()),
        Expected::Scratch(_) => places.push(SCRATCH_CODES.to_vec()),
        Expected::Issued => places.push(ISSUED.to_vec()),
        Expected::Proven(proven) => {
            for proven in proven {
                let mut held = before.credentials().iter();
                let place = held.position(|held| held.id() == proven.id);
                let credential = [&CREDENTIALS[..], &[place.unwrap()]].concat();
                for within in [&LAST_USED[..], &USED, &DRIFT] {
                    places.push([&credential[..], within].concat());
                }
            }
        }
    }
    places
}

/// Places in a record's encoding.
const CREDENTIALS: [usize; 1] = [3];
const RECOVERY: [usize; 1] = [4];
const THROTTLE: [usize; 1] = [5];
const SCRATCH_CODES: [usize; 1] = [7];
const ISSUED: [usize; 1] = [8];
/// Places in a credential's encoding.
const USED: [usize; 3] = [2, 1, 1];
const DRIFT: [usize; 3] = [2, 1, 2];
const LAST_USED: [usize; 1] = [5];
