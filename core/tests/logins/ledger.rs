//! What must come of a response, worked out independently of how it is judged, and what has been
//! accepted so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use countersign_core::credential::{CredentialId, Factor};
use countersign_core::judgement::{Circumstances, Proof, Reason, Verdict};
use countersign_core::record::Record;
use countersign_core::recovery::RecoveryCode;
use countersign_core::time::{Step, Timestamp};

use crate::store::differences;
use crate::user::{Device, FIRST_COUNTER, Maker, NOBODY, devices};

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
    shown: RefCell<BTreeMap<(CredentialId, u64), String>>,
}

/// A well-formed answer, as it was typed.
#[derive(Clone, Debug)]
pub(crate) enum Typed {
    Codes(Row),
    Recovery(String),
}

/// Codes, and the single one that was wrong just before in the same login.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) codes: Vec<String>,
    pub(crate) earlier: Option<String>,
}

/// What must come of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Expected {
    NotLookedAt,
    Used,
    /// So many codes in a row were.
    Wrong(usize),
    /// These are used up: of one credential, unless others happen to show the same.
    Proven(Vec<Proven>),
    RecoveryWaits,
    WrongRecovery,
    /// The recovery code at this place.
    Recovery(usize),
}

/// Steps or counters of one credential.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Proven {
    pub(crate) id: CredentialId,
    pub(crate) numbers: RangeInclusive<u64>,
    /// Whether the first was typed as a single code, and was wrong by itself.
    pub(crate) found_again: bool,
}

impl Ledger {
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
            Typed::Recovery(typed) => {
                if record
                    .throttle()
                    .recovery_wait(at.rule, at.origin, at.now)
                    .is_some()
                {
                    return Expected::RecoveryWaits;
                }
                let typed: RecoveryCode = typed.parse().unwrap();
                let known = NOBODY
                    .1
                    .iter()
                    .position(|code| code.parse() == Ok(typed.clone()));
                known
                    .filter(|place| !self.recovery.contains(place) && record.is_enrolled())
                    .map_or(Expected::WrongRecovery, Expected::Recovery)
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
        let pair = match (&row.earlier, row.codes.as_slice()) {
            (Some(earlier), [code]) => Some([earlier.clone(), code.clone()]),
            _ => None,
        };
        let mut proven = Vec::new();
        for device in devices(record) {
            let alone = self.fitting(&device, &row.codes, at.now);
            let paired = pair
                .as_ref()
                .and_then(|pair| self.fitting(&device, pair, at.now));
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
        if proven.is_empty() {
            return Expected::Wrong(row.codes.len());
        }
        Expected::Proven(proven)
    }

    /// The steps or counters that have these codes: the latest, should there be several.
    fn fitting(
        &self,
        device: &Device,
        codes: &[String],
        now: Timestamp,
    ) -> Option<RangeInclusive<u64>> {
        self.lasts(device, codes.len(), now)
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
    fn lasts(&self, device: &Device, codes: usize, now: Timestamp) -> RangeInclusive<u64> {
        match &device.maker {
            Maker::App(totp) => {
                let now = now.unix() / totp.period().seconds();
                if codes > 1 {
                    return now.saturating_sub(20)..=now + 20;
                }
                // All steps that are at most the skew, or half a step more, from the middle.
                let middle = self.middle.get(&device.id).copied().unwrap_or_default();
                let reach = 2 * totp.skew().steps() as i64 + middle.rem_euclid(2);
                let earliest = now.saturating_add_signed((middle - reach) / 2);
                earliest..=now.saturating_add_signed((middle + reach) / 2)
            }
            Maker::Token(hotp) => {
                let unused = self.unused(device);
                let reach = match codes {
                    1 => hotp.look_ahead().counters(),
                    _ => 100,
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
        let changed_only = |places: &[&[usize]]| {
            let known = |place: &Vec<usize>| places.iter().any(|known| place.starts_with(known));
            assert!(
                changed.iter().all(known),
                "{expected:?} changed {changed:?}"
            );
        };
        match expected {
            Expected::NotLookedAt | Expected::Used | Expected::RecoveryWaits => {
                panic!("{expected:?} is nothing to save")
            }
            Expected::Wrong(codes) => {
                changed_only(&[&THROTTLE]);
                // Enough wrong rows fill what they are counted in, and threes are not counted.
                assert!(*codes > 1 || !changed.is_empty(), "a guess was not counted");
            }
            Expected::WrongRecovery => {
                changed_only(&[&THROTTLE]);
                assert!(!changed.is_empty(), "a guess was not counted");
            }
            Expected::Recovery(place) => {
                changed_only(&[&THROTTLE, &RECOVERY]);
                assert!(self.recovery.insert(*place), "{expected:?} again");
            }
            Expected::Proven(proven) => {
                let held = Record::decode(before).unwrap();
                let mut places: Vec<Vec<usize>> = vec![THROTTLE.to_vec()];
                for proven in proven {
                    let mut held = held.credentials().iter();
                    let place = held.position(|held| held.id() == proven.id);
                    let credential = [&CREDENTIALS[..], &[place.unwrap()]].concat();
                    places.push([&credential[..], &LAST_USED].concat());
                    places.push([&credential[..], &DRIFT].concat());
                    places.push([&credential[..], &USED].concat());
                    assert!(places.last().is_some_and(|used| changed.contains(used)));
                }
                let places: Vec<&[usize]> = places.iter().map(Vec::as_slice).collect();
                changed_only(&places);
                let after = Record::decode(after).unwrap();
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
                assert_eq!(
                    verified.recovery_left(),
                    NOBODY.1.len() - self.recovery.len()
                );
                match verified.proof() {
                    Proof::Code(id) => matches!(
                        expected,
                        Expected::Proven(proven) if proven.first().is_some_and(|it| it.id == id)
                    ),
                    Proof::Recovery => matches!(expected, Expected::Recovery(_)),
                    Proof::Scratch | Proof::Issued => false,
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

impl Expected {
    /// Whether there is anything to remember.
    pub(crate) const fn is_remembered(&self) -> bool {
        match self {
            Self::NotLookedAt | Self::Used | Self::RecoveryWaits => false,
            Self::Wrong(_) | Self::Proven(_) | Self::WrongRecovery | Self::Recovery(_) => true,
        }
    }
}

/// Places in a record's encoding.
const CREDENTIALS: [usize; 1] = [3];
const RECOVERY: [usize; 1] = [4];
const THROTTLE: [usize; 1] = [5];
/// Places in a credential's encoding.
const USED: [usize; 3] = [2, 1, 1];
const DRIFT: [usize; 3] = [2, 1, 2];
const LAST_USED: [usize; 1] = [5];
