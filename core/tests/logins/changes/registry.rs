//! A store in which one user's record is changed, beside what must come of it.

use std::collections::BTreeMap;

use countersign_core::credential::{CredentialId, Factor};
use countersign_core::factors::Factors;
use countersign_core::hotp::{Counter, Hotp};
use countersign_core::import::Imported;
use countersign_core::issued::IssuedCode;
use countersign_core::judgement::{Circumstances, Response, Row, Verdict};
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::record::Record;
use countersign_core::recovery::RecoverySet;
use countersign_core::restore::Unaccounted;
use countersign_core::secret::Secret;
use countersign_core::throttle::{Backoff, Origin};
use countersign_core::time::{Period, Step, Timestamp};
use countersign_core::totp::{Drift, Totp};

use super::act::{By, Change, Name, What, Which};
use super::model::{Edition, Held, Model, is_app, never_used, number};
use super::passes::{Clocks, Stay};
use crate::store::{Fate, SaveError, Store};
use crate::user::{SCRATCH, START};
use crate::world::ready;

pub(super) struct Registry {
    pub(super) store: Store,
    pub(super) model: Model,
    clocks: Clocks,
    /// In how many places a login was open without a code.
    pub(super) recalled: usize,
    /// How often codes were handed out: each time others.
    handed_out: Edition,
    /// All recovery codes that were ever handed out.
    recovery: BTreeMap<Edition, Vec<String>>,
    issued: Option<String>,
    /// The record that is restored, and what must be in it.
    backup: (Vec<u8>, Model),
}

/// What a change makes of a record, and what it hands out.
struct Made {
    record: Record,
    recovery: Option<Vec<String>>,
    issued: Option<String>,
}

impl From<Record> for Made {
    fn from(record: Record) -> Self {
        Self {
            record,
            recovery: None,
            issued: None,
        }
    }
}

impl Registry {
    pub(super) fn new() -> Self {
        let store = Store::new(Record::new(1000, "alice"));
        let none = vec!["1-0000-0000-0000-0000".to_owned(); 10];
        Self {
            backup: (store.bytes().to_vec(), Model::new()),
            store,
            model: Model::new(),
            clocks: Clocks {
                now: START,
                uptime: 9_000,
            },
            recalled: 0,
            handed_out: 0,
            recovery: BTreeMap::from([(0, none)]),
            issued: None,
        }
    }

    /// Makes a change, and checks what there is afterwards. Whether it was made, rather than
    /// refused, whatever befell it then.
    pub(super) fn make(&mut self, change: &Change) -> bool {
        self.clocks = self.clocks.when(change);
        let (record, revision) = self.store.load();
        if change.overtaken {
            let (record, revision) = self.store.load();
            self.store.save(record, revision, Fate::Saved).unwrap();
        }
        let before = self.store.bytes().to_vec();
        let made = self.made(record, &change.what);
        let expected = self.expected(&change.what);
        assert_eq!(made.is_some(), expected.is_some(), "{change:?}");
        let (Some(made), Some(expected)) = (made, expected) else {
            self.check();
            return false;
        };

        let saved = self.store.save(made.record, revision, change.fate);
        let is_there = match saved {
            Ok(()) => true,
            Err(SaveError::Conflict) => false,
            Err(SaveError::Broken) => change.fate == Fate::AnswerLost,
        };
        assert_eq!(is_there, !change.overtaken && change.fate != Fate::Fails);
        if is_there {
            self.model = expected;
            let handed_out = made.recovery.map(|codes| (self.handed_out, codes));
            self.recovery.extend(handed_out);
            self.issued = made.issued.or_else(|| self.issued.clone());
        } else {
            assert_eq!(self.store.bytes(), before);
        }
        self.check();
        true
    }

    /// What must come of a change.
    fn expected(&self, what: &What) -> Option<Model> {
        let after = self.model.after(what, self.handed_out, self.clocks)?;
        let What::Restore { lost, trusted } = what else {
            return Some(after);
        };
        let present = (!lost).then_some(&after);
        let backup = self.backup.1.clone();
        Some(backup.restored(present, *trusted, self.clocks.now))
    }

    /// All changes of a table, each saved. Whether each was made.
    pub(super) fn make_all(&mut self, changes: &[What]) -> Vec<bool> {
        let changes = changes.iter().cloned().map(Change::of);
        changes.map(|change| self.make(&change)).collect()
    }

    const fn at(&self) -> Circumstances<'static> {
        Circumstances {
            rule: &Backoff::DEFAULT,
            origin: Origin::Seat,
            now: Timestamp::from_unix(self.clocks.now),
            factors: Factors::ALL,
        }
    }

    /// What a change makes of a record; `None` if it is refused.
    fn made(&mut self, record: Record, what: &What) -> Option<Made> {
        let now = self.at().now;
        self.handed_out = self.handed_out.wrapping_add(1);
        let made = match what {
            What::Offer(name) => {
                let factor = factor(*name, never_used(*name));
                record.offer(factor, "offered", now).ok()?.0
            }
            What::Confirm { which, offset } => self.confirm(record, *which, *offset)?,
            What::Trust(which) => record.trust(self.credential(*which)).ok()?,
            What::Rename(which, label) => record.rename(self.credential(*which), label).ok()?,
            What::Remove(which) => record.remove(self.credential(*which)).ok()?,
            What::Reset => Record::new(1000, "alice"),
            What::Unlock => record.unlock(),
            What::Issue(seconds) => return self.issue(record, *seconds),
            What::RenewRecoveryCodes => {
                let entropy = [self.handed_out; RecoverySet::ENTROPY];
                let (record, codes) = record.renew_recovery_codes(&entropy);
                let codes = codes.iter().map(|code| code.expose().to_string());
                return Some(Made {
                    recovery: Some(codes.collect()),
                    ..Made::from(record)
                });
            }
            What::Import {
                credentials,
                scratch_codes,
            } => self.import(record, credentials, scratch_codes)?,
            What::BackUp => {
                self.backup = (self.store.bytes().to_vec(), self.model.clone());
                record
            }
            What::Restore { lost, trusted } => {
                let unaccounted = if *trusted {
                    Unaccounted::Trusted
                } else {
                    Unaccounted::Void
                };
                let present = (!lost).then_some(&record);
                let backup = Record::decode(&self.backup.0).unwrap();
                backup.restore(present, now, unaccounted)
            }
            What::Forget => record.forget(),
            What::Reboot { .. } | What::SetClock(_) => record,
            What::LogIn(by, stay) => self.logged_in(record, &self.response(by)?, *stay)?,
        };
        Some(Made::from(made))
    }

    fn credential(&self, which: Which) -> CredentialId {
        self.model.id(which).to_string().parse().unwrap()
    }

    fn confirm(&self, record: Record, which: Which, offset: i64) -> Option<Record> {
        let id = self.model.id(which);
        let mut held = self.model.credentials.iter();
        let held = held.find(|held| held.id == id);
        let (name, unused) = held.map_or((0, 0), |held| (held.name, held.unused));
        let code = code(name, number(name, unused, offset, self.clocks.now));
        let code = code.parse().unwrap();
        record
            .confirm(self.credential(which), &code, self.at().now)
            .ok()
    }

    fn issue(&self, record: Record, seconds: u64) -> Option<Made> {
        let now = self.at().now;
        let expires = Timestamp::from_unix(self.clocks.now + seconds);
        let entropy = [self.handed_out; IssuedCode::ENTROPY];
        let (record, code) = record.issue(&entropy, now, expires)?;
        Some(Made {
            issued: Some(code.expose().to_string()),
            ..Made::from(record)
        })
    }

    fn import(
        &self,
        record: Record,
        credentials: &[(Name, i64)],
        scratch_codes: &[usize],
    ) -> Option<Record> {
        let credentials: Vec<Imported> = credentials
            .iter()
            .map(|(name, used)| Imported {
                factor: factor(
                    *name,
                    number(*name, never_used(*name), *used, self.clocks.now),
                ),
                label: "imported".to_owned(),
            })
            .collect();
        let scratch_codes: Vec<_> = scratch_codes
            .iter()
            .map(|place| SCRATCH[*place].parse().unwrap())
            .collect();
        let salt = [self.handed_out; 16];
        let imported = record.import(&credentials, &scratch_codes, salt, self.at().now);
        imported.ok().map(|(record, _)| record)
    }

    /// What is answered in a login; `None` if no code was issued to answer with.
    fn response(&self, by: &By) -> Option<Response> {
        Some(match by {
            By::Codes { name, offset } => {
                let first = number(*name, self.model.unused(*name), *offset, self.clocks.now);
                pair(*name, first)
            }
            By::ScratchCode(place) => {
                Response::Codes(Row::of(vec![SCRATCH[*place].parse().unwrap()]))
            }
            By::IssuedCode => Response::Issued(self.issued.as_ref()?.parse().unwrap()),
            By::RecoveryCode(place) => {
                let codes = &self.recovery[&self.model.recovery.0];
                Response::Recovery(codes[*place].parse().unwrap())
            }
        })
    }

    /// The record after a login; `None` if that is refused.
    fn logged_in(&self, record: Record, response: &Response, stay: Option<Stay>) -> Option<Record> {
        let mut after = None;
        let mut judgement = record.judge(response, self.at());
        if let Some(stay) = stay {
            let moment = self.clocks.moment();
            judgement = stay.told(|login, remember| judgement.remember(login, remember, moment));
        }
        let verdict = ready(judgement.settle(|record| {
            after = Some(record);
            async { Ok::<(), ()>(()) }
        }));
        match verdict.unwrap() {
            Verdict::Accept(_) => after,
            Verdict::Reject(_) => None,
        }
    }

    /// Checks that the record is what it must be, also to whoever has not read it from its bytes,
    /// and that it opens for what it must and for nothing else.
    fn check(&mut self) {
        let (record, _) = self.store.load();
        self.recalled += self.model.check_passes(&record, self.clocks);
        assert_eq!(*record.encode().unwrap(), *self.store.bytes());
        assert_eq!(
            format!("{:?}", self.store.original()),
            format!("{record:?}")
        );
        let held: Vec<Held> = record.credentials().iter().map(held).collect();
        let in_whole_steps = |held: &Held| Held {
            ahead: held.ahead / 2,
            ..held.clone()
        };
        let expected = self.model.credentials.iter().map(in_whole_steps);
        assert_eq!(held, expected.collect::<Vec<_>>());
        assert_eq!(record.is_enrolled(), self.model.is_enrolled());
        assert_eq!(record.recovery_codes_left(), self.model.recovery.1.len());
        let good = self.model.scratch.1.iter().filter(|(_, good)| *good);
        assert_eq!(record.scratch_codes_left(), good.count());
        let issued = self.model.is_issued_code_good(self.clocks.now);
        assert_eq!(record.issued_code(self.at().now).is_some(), issued);
        assert_eq!(
            record.is_answerable(Factors::ALL, self.at().now),
            issued || record.is_enrolled()
        );

        let opens = |response: &Response| self.logged_in(record.clone(), response, None).is_some();
        for name in 0..3 {
            let first = number(name, self.model.unused(name), 0, self.clocks.now);
            let first = first.max(self.model.unused(name));
            let expected = self.model.opens(name, first, self.clocks.now);
            assert_eq!(opens(&pair(name, first)), expected, "{name}");
            let single = Response::Codes(Row::of(vec![code(name, first).parse().unwrap()]));
            let is_known = |held: &Held| !is_app(name) && !held.uncertain;
            let expected = self.model.confirmed(name).is_some_and(is_known);
            assert!(is_app(name) || opens(&single) == expected, "{name} alone");
        }
        // Hashing takes a while: one of each kind.
        let place = usize::from(self.handed_out) % SCRATCH.len();
        let response = self.response(&By::ScratchCode(place)).unwrap();
        let expected = self.model.is_scratch_code_good(place);
        assert_eq!(opens(&response), expected, "scratch code {place}");
        if let Some(response) = self.response(&By::IssuedCode) {
            assert_eq!(opens(&response), issued, "issued code");
        }
        let editions = self.recovery.len();
        let (edition, codes) = self.recovery.iter().nth(place % editions).unwrap();
        let response = Response::Recovery(codes[place].parse().unwrap());
        let expected = self.model.is_recovery_code_good(*edition, place);
        assert_eq!(opens(&response), expected, "recovery code {place}");
    }
}

fn pair(name: Name, first: u64) -> Response {
    let codes = [first, first + 1].map(|number| code(name, number).parse().unwrap());
    Response::Codes(Row::of(codes.to_vec()))
}

fn code(name: Name, number: u64) -> String {
    match factor(name, 0) {
        Factor::Totp { totp, .. } => totp.code_at(Step::from_number(number)),
        Factor::Hotp { hotp, .. } => hotp.code_at(Counter::new(number).unwrap()),
    }
}

/// A credential of which all before `unused` is used up. Eight digits, so that no two are alike by
/// chance.
fn factor(name: Name, unused: u64) -> Factor {
    let secret = Secret::from_entropy(&[name; 20]);
    let digits = Digits::new(8).unwrap();
    if is_app(name) {
        return Factor::Totp {
            totp: Totp::new(secret, Algorithm::Sha1, digits, Period::DEFAULT),
            spent: unused.checked_sub(1).map(Step::from_number),
            drift: Drift::NONE,
        };
    }
    let hotp = Hotp::new(secret, Algorithm::Sha1, digits);
    Factor::hotp(hotp, Counter::new(unused).unwrap())
}

/// A credential as it is to be compared.
fn held(credential: &countersign_core::credential::Credential) -> Held {
    let otp = credential.factor().otp();
    let name =
        (0..4).find(|name| otp.secret().to_base32() == factor(*name, 0).otp().secret().to_base32());
    let (unused, ahead, uncertain) = match credential.factor() {
        Factor::Totp { spent, drift, .. } => {
            let unused = spent.map_or(0, |spent| spent.number() + 1);
            (unused, drift.steps(), false)
        }
        Factor::Hotp {
            next, uncertain, ..
        } => (next.value(), 0, *uncertain),
    };
    Held {
        id: credential.id().to_string().parse().unwrap(),
        name: name.unwrap(),
        label: credential.label().to_owned(),
        confirmed: credential.is_confirmed(),
        created: credential.created().unix(),
        last_used: credential.last_used().map(Timestamp::unix),
        unused,
        ahead,
        uncertain,
    }
}
