//! What must come of a response, worked out independently of how it is judged, and what has been
//! accepted so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use countersign_core::credential::CredentialId;
use countersign_core::judgement::{Circumstances, Proof, Reason, Verdict};
use countersign_core::record::Record;
use countersign_core::recovery::RecoveryCode;
use countersign_core::time::Timestamp;
use countersign_core::totp::Totp;

use crate::store::differences;
use crate::user::{NOBODY, confirmed, step};

/// Everything that was ever accepted.
#[derive(Default)]
pub(crate) struct Ledger {
    steps: BTreeMap<CredentialId, BTreeSet<u64>>,
    recovery: BTreeSet<usize>,
    shown: RefCell<BTreeMap<(CredentialId, u64), String>>,
}

/// A well-formed answer, as it was typed.
#[derive(Clone, Debug)]
pub(crate) enum Typed {
    Codes(Vec<String>),
    Recovery(String),
}

/// What must come of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Expected {
    NotLookedAt,
    Used,
    /// So many codes in a row were.
    Wrong(usize),
    /// These are used up: of one credential, unless others happen to show the same.
    Steps(Vec<(CredentialId, RangeInclusive<u64>)>),
    RecoveryWaits,
    WrongRecovery,
    /// The recovery code at this place.
    Recovery(usize),
}

impl Ledger {
    /// The code that an app shows in a step.
    pub(crate) fn shown(&self, (id, totp): &(CredentialId, Totp), number: u64) -> String {
        let mut shown = self.shown.borrow_mut();
        let code = shown.entry((*id, number));
        code.or_insert_with(|| totp.code_at(step(totp, number)))
            .clone()
    }

    /// The last step of a credential that was accepted.
    pub(crate) fn latest(&self, id: CredentialId) -> Option<u64> {
        self.steps.get(&id)?.last().copied()
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
            Typed::Codes(codes) => {
                let demand = record.throttle().demand(at.rule, at.origin, at.now);
                if codes.len() < demand.codes() {
                    return Expected::NotLookedAt;
                }
                self.expected_of_codes(record, codes, at)
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
        codes: &[String],
        at: Circumstances<'_>,
    ) -> Expected {
        if !record.is_enrolled() {
            return Expected::Wrong(codes.len());
        }
        let mut fresh = Vec::new();
        for held in confirmed(record) {
            let Some(steps) = self.fitting(&held, codes, at.now) else {
                continue;
            };
            if self
                .latest(held.0)
                .is_some_and(|latest| *steps.start() <= latest)
            {
                return Expected::Used;
            }
            fresh.push((held.0, steps));
        }
        if fresh.is_empty() {
            return Expected::Wrong(codes.len());
        }
        Expected::Steps(fresh)
    }

    /// The steps that have these codes: the latest, should there be several.
    fn fitting(
        &self,
        held: &(CredentialId, Totp),
        codes: &[String],
        now: Timestamp,
    ) -> Option<RangeInclusive<u64>> {
        let now = now.unix() / held.1.period().seconds();
        (now.saturating_sub(1)..=now + 1)
            .rev()
            .filter_map(|last| Some((last + 1).checked_sub(codes.len() as u64)?..=last))
            .find(|steps| {
                steps
                    .clone()
                    .zip(codes)
                    .all(|(step, code)| self.shown(held, step) == *code)
            })
    }

    /// Takes down what a record that was saved has in it.
    pub(crate) fn saved(&mut self, expected: &Expected, before: &[u8], after: &[u8]) {
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
            Expected::Steps(steps) => {
                let held = Record::decode(before).unwrap();
                let mut places: Vec<Vec<usize>> = vec![THROTTLE.to_vec()];
                for (id, steps) in steps {
                    let place = held.credentials().iter().position(|held| held.id() == *id);
                    let credential = [&CREDENTIALS[..], &[place.unwrap()]].concat();
                    places.push([&credential[..], &LAST_USED].concat());
                    places.push([&credential[..], &SPENT].concat());
                    assert!(places.last().is_some_and(|spent| changed.contains(spent)));
                    self.use_up(*id, steps.clone());
                }
                let places: Vec<&[usize]> = places.iter().map(Vec::as_slice).collect();
                changed_only(&places);
            }
        }
    }

    /// Takes down that steps were accepted: no step twice, and none after a later one.
    pub(crate) fn use_up(&mut self, id: CredentialId, steps: RangeInclusive<u64>) {
        for step in steps {
            let latest = self.latest(id);
            assert!(
                latest.is_none_or(|latest| step > latest),
                "{step} after {latest:?}"
            );
            self.steps.entry(id).or_default().insert(step);
        }
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
                    Proof::Code => matches!(expected, Expected::Steps(..)),
                    Proof::Recovery => matches!(expected, Expected::Recovery(_)),
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
            Self::Wrong(_) | Self::Steps(..) | Self::WrongRecovery | Self::Recovery(_) => true,
        }
    }
}

/// Places in a record's encoding.
const CREDENTIALS: [usize; 1] = [3];
const RECOVERY: [usize; 1] = [4];
const THROTTLE: [usize; 1] = [5];
/// Places in a credential's encoding.
const SPENT: [usize; 3] = [2, 1, 1];
const LAST_USED: [usize; 1] = [5];
