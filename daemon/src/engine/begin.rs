//! How a login begins: by what the policy makes of it.

use std::sync::Arc;
use std::time::Duration;

use countersign_bus::Error;
use countersign_bus::types::{self, Login, Next};
use countersign_core::judgement::Verified;
use countersign_core::pass::{Per, Remember};
use countersign_core::policy::{Course, Entry, Policy, Rule, Standing, Unenrolled};
use countersign_core::record::Record;

use super::Engine;
use super::attempt::{Attempt, Stage};
use super::claim::{Claim, travelling};
use super::questions::{Questions, Terms};
use super::ruling::{Known, foretold};
use super::walk::{self, Walk};
use crate::audit::{Ending, LoginEvent};
use crate::authorize::Caller;
use crate::config::{Config, Qr};
use crate::vault::Slot;

/// How a login has begun.
pub enum Begun {
    /// It takes answers, typed in this way; this is asked first.
    Asked(Box<Attempt>, types::Entry, Next),
    /// No factor is demanded, by the rule of this name.
    NotDemanded(String),
    /// An earlier login counts.
    Remembered(Remembered),
}

/// An earlier login that counts. It takes the proof to make one.
pub struct Remembered {
    rule: String,
    age: Duration,
}

impl Remembered {
    fn new(rule: &Rule, _proof: &Verified, age: Duration) -> Self {
        let rule = rule.name.clone();
        Self { rule, age }
    }

    /// The name of the rule by which it counts.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// How long ago it was.
    pub const fn age(&self) -> Duration {
        self.age
    }
}

impl Attempt {
    /// Begins a login, under the policy that is in force now, which then holds until its end.
    ///
    /// Whoever has nothing to answer with, or is not even there, gets a decoy: the same questions,
    /// judged at the same cost, to no avail.
    ///
    /// # Errors
    ///
    /// [`Error::GroupsNeeded`] if the policy depends on groups that were not said,
    /// [`Error::NotPermitted`] if a rule refuses the login; if the request makes no sense, or the
    /// store cannot be read.
    pub async fn begin(
        engine: &Arc<Engine>,
        caller: &Caller,
        login: &Login,
        id: &str,
    ) -> Result<Begun, Error> {
        let claim = Claim::new(caller, login)?;
        let config = engine.config();
        let ruling = engine.ruling(&config.policy, &claim, engine.clock.moment());
        let ruling = ruling.await?;
        let mut beginning = Beginning {
            engine,
            config: &config,
            rule: ruling.decision.rule(),
            entry: ruling.entry,
            event: LoginEvent::new(caller, claim.uid, login, claim.origin(), id),
            claim,
        };
        beginning.event.rule(ruling.rule());
        if ruling.is_reported() {
            beginning.event.note(foretold(&ruling.outcome));
            return Ok(beginning.leave(Ending::Reported));
        }
        let sentence = match ruling.outcome {
            Ok(sentence) => sentence,
            Err(error) => return Err(beginning.refuse(Ending::Unavailable, error)),
        };
        beginning.event.know(sentence.known.as_ref());
        match sentence.course {
            Course::Ask => match sentence.pass {
                Some((proof, age)) => Ok(beginning.recall(&proof, age)),
                None => beginning.ask(sentence.known).await,
            },
            Course::AskInVain => beginning.ask(None).await,
            Course::Enroll => beginning.enroll().await,
            Course::Excuse => Ok(beginning.leave(Ending::NotDemanded)),
            Course::Refuse => {
                let text = format!("refused by the rule {:?}", beginning.rule.name);
                Err(beginning.refuse(Ending::Refused, Error::NotPermitted(text)))
            }
        }
    }
}

/// A login whose rule is known.
struct Beginning<'a> {
    engine: &'a Arc<Engine>,
    config: &'a Arc<Config>,
    rule: &'a Rule,
    entry: Entry,
    claim: Claim<'a>,
    event: LoginEvent,
}

impl Beginning<'_> {
    /// Demands no factor.
    fn leave(self, ending: Ending) -> Begun {
        self.engine.close(self.event, ending);
        Begun::NotDemanded(self.rule.name.clone())
    }

    /// Lets an earlier login count.
    fn recall(self, proof: &Verified, age: Duration) -> Begun {
        let mut event = self.event;
        event.note(format!(
            "an earlier login counts, of {} s ago",
            age.as_secs()
        ));
        self.engine.close(event, Ending::Accepted(proof.proof()));
        Begun::Remembered(Remembered::new(self.rule, proof, age))
    }

    /// Ends it with an error.
    fn refuse(self, ending: Ending, error: Error) -> Error {
        self.engine.close(self.event, ending);
        error
    }

    /// Asks for a factor: of the user who is known, or of a decoy.
    async fn ask(self, known: Option<Known>) -> Result<Begun, Error> {
        let record = known.and_then(|known| known.record);
        let (slot, record) = match self.engine.whose(&self.claim, record).await {
            Ok(whose) => whose,
            Err(error) => return Err(self.refuse(Ending::Unavailable, error)),
        };
        let terms = Terms {
            config: Arc::clone(self.config),
            slot,
            origin: self.claim.origin(),
            factors: self.rule.factors,
            entry: self.entry,
            remembered: match self.claim.is_vouched_for() {
                true => remembered(&self.config.policy, self.rule),
                false => Vec::new(),
            },
            destination: self.claim.destination(),
        };
        let (recovery, now) = (self.claim.is_vouched_for(), self.engine.clock.now());
        let (questions, next) = Questions::begin(terms, &record, recovery, now);
        Ok(self.begun(Stage::Questions(Box::new(questions)), next))
    }

    /// Walks the user through enrolment. Only at the root door, where the first factor was asked
    /// for: on the public one anybody who finds a session open could enroll.
    async fn enroll(self) -> Result<Begun, Error> {
        let (true, Some(uid)) = (self.claim.is_vouched_for(), self.claim.uid) else {
            return self.ask(None).await;
        };
        let terms = walk::Terms {
            qr: match self.config.qr {
                Qr::LocalTerminal => true,
                Qr::Never => false,
            },
            until: match self.rule.unenrolled {
                Unenrolled::Enroll { by } => by,
                Unenrolled::Refuse | Unenrolled::Pass => None,
            },
        };
        match Walk::begin(self.engine, (uid, self.claim.name), terms).await {
            Ok((walk, next)) => Ok(self.begun(Stage::Walk(Box::new(walk)), next)),
            // Enrolled since the record was read, a moment ago.
            Err(Error::Rejected(_)) => self.ask(None).await,
            Err(error) => Err(self.refuse(Ending::Unavailable, error)),
        }
    }

    fn begun(self, stage: Stage, next: Next) -> Begun {
        let attempt = Attempt::new(self.engine, stage, self.event);
        Begun::Asked(Box::new(attempt), travelling(self.entry), next)
    }
}

/// For how long a login counts, and where, if a code proves it. That sudo has a rule which counts
/// the login one is in must be enough, so every login session is remembered if any rule does.
fn remembered(policy: &Policy, rule: &Rule) -> Vec<Remember> {
    let origin = rule.remember.filter(|remember| match remember.per {
        Per::Origin => true,
        Per::LoginSession => false,
    });
    let session = policy.remembers(Per::LoginSession).map(|lasts| Remember {
        lasts,
        per: Per::LoginSession,
    });
    origin.into_iter().chain(session).collect()
}

impl Engine {
    /// Whose record a login is judged by: the user's own, or a decoy's.
    async fn whose(
        &self,
        claim: &Claim<'_>,
        record: Option<Record>,
    ) -> Result<(Slot, Record), Error> {
        if let (Some(record), Some(uid)) = (record, claim.uid) {
            return Ok((Slot::User(uid), record));
        }
        let index = self.vault.index("decoy", claim.name.as_bytes()).await;
        let slot = Slot::decoy(index.map_err(super::unavailable)?);
        let record = self.record(&slot).await?;
        Ok((slot, record))
    }

    /// Tells how a login ended.
    pub(super) fn close(&self, event: LoginEvent, ending: Ending) {
        self.tell(event.ended(ending, self.clock.now()));
    }
}

impl LoginEvent {
    /// Names the user, if their own record is looked at; else says why it is not.
    pub(super) fn know(&mut self, known: Option<&Known>) {
        match known {
            Some(Known {
                standing: Standing::Answerable,
                record: Some(record),
                ..
            }) => self.identify(record.name()),
            Some(known) => self.note(known.note.clone()),
            None => {}
        }
    }
}
