//! What the policy makes of a login. Logins, the guard and those who ask about logins all come
//! through here.

use std::time::Duration;

use countersign_bus::Error;
use countersign_core::judgement::Verified;
use countersign_core::pass::Moment;
use countersign_core::policy::{
    Course, Decision, Entry, GroupsNeeded, Mode, Policy, Require, Standing,
};
use countersign_core::record::Record;

use super::Engine;
use super::claim::Claim;
use crate::vault::Slot;

/// What the policy makes of a login.
pub(super) struct Ruling<'p> {
    /// By which rule.
    pub(super) decision: Decision<'p>,
    /// How the code is typed.
    pub(super) entry: Entry,
    /// What becomes of the login; or why nobody can tell, though the rule is known.
    pub(super) outcome: Result<Sentence, Error>,
}

/// What becomes of a login, if its rule is in force.
pub(super) struct Sentence {
    /// The course it takes.
    pub(super) course: Course,
    /// What is known of the user, where the rule depends on it.
    pub(super) known: Option<Known>,
    /// The earlier login that counts here, and how long ago it was.
    pub(super) pass: Option<(Verified, Duration)>,
}

/// What is known of a user.
pub(super) struct Known {
    /// As far as rules tell users apart.
    pub(super) standing: Standing,
    /// Their own record, if there is one.
    pub(super) record: Option<Record>,
    /// What an admin should know of it.
    pub(super) note: String,
}

impl Ruling<'_> {
    /// Whether the rule only reports.
    pub(super) fn is_reported(&self) -> bool {
        match self.decision.rule().mode {
            Mode::Report => true,
            Mode::Enforce => false,
        }
    }

    /// The rule's name.
    pub(super) fn rule(&self) -> &str {
        &self.decision.rule().name
    }
}

impl Engine {
    /// What `policy` makes of a login at a moment.
    ///
    /// The store is looked at only if the rule depends on the user, so that one which does not
    /// goes on without it.
    ///
    /// # Errors
    ///
    /// [`Error::GroupsNeeded`] if it depends on groups that were not said.
    pub(super) async fn ruling<'p>(
        &self,
        policy: &'p Policy,
        claim: &Claim<'_>,
        at: Moment,
    ) -> Result<Ruling<'p>, Error> {
        let subject = claim.subject(self.clock.week_minute(at.now));
        let decision = policy
            .decide(&subject)
            .map_err(|needed: GroupsNeeded| Error::GroupsNeeded(needed.to_string()))?;
        let rule = decision.rule();
        let known = match rule.require {
            Require::Nothing | Require::Refuse => Ok(None),
            Require::One => self.known(claim, &decision, at).await.map(Some),
        };
        let entry = claim.entry(rule);
        let outcome = known.map(|known| {
            // Without anything known of the user, the rule says the same of everybody.
            let standing = known
                .as_ref()
                .map_or(Standing::Unknown, |known| known.standing);
            let course = rule.course(standing, entry, at.now);
            let pass = match (course, rule.remember, known.as_ref()) {
                (Course::Ask, Some(remember), Some(known)) => {
                    known.record.as_ref().and_then(|record| {
                        record.recall(remember, &claim.whereabouts(), rule.factors, at)
                    })
                }
                (
                    Course::Ask
                    | Course::AskInVain
                    | Course::Enroll
                    | Course::Excuse
                    | Course::Refuse,
                    _,
                    _,
                ) => None,
            };
            Sentence {
                course,
                known,
                pass,
            }
        });
        Ok(Ruling {
            decision,
            entry,
            outcome,
        })
    }

    /// What is known of the user whose login it is.
    async fn known(
        &self,
        claim: &Claim<'_>,
        decision: &Decision<'_>,
        at: Moment,
    ) -> Result<Known, Error> {
        let nobody = |standing, note: &str| Known {
            standing,
            record: None,
            note: note.to_owned(),
        };
        let Some(uid) = claim.uid else {
            return Ok(nobody(Standing::Unknown, "no such user"));
        };
        let Some(record) = self.load(&Slot::User(uid)).await?.record else {
            return Ok(nobody(Standing::Unenrolled, "not enrolled"));
        };
        if let Err(foreign) = record.belongs_to(uid, claim.name) {
            return Ok(nobody(Standing::Foreign, &foreign.to_string()));
        }
        let (standing, note) = if record.is_answerable(decision.rule().factors, at.now) {
            (Standing::Answerable, "")
        } else if record.is_enrolled() {
            (Standing::Unfit, "holds no factor that the rule takes")
        } else {
            (Standing::Unenrolled, "not enrolled")
        };
        Ok(Known {
            standing,
            record: Some(record),
            note: note.to_owned(),
        })
    }
}

/// What would have come of a login if its rule had been in force, for an admin.
pub(super) fn foretold(outcome: &Result<Sentence, Error>) -> String {
    let sentence = match outcome {
        Ok(sentence) => sentence,
        Err(error) => return format!("would have been refused: {error}"),
    };
    let why = sentence.known.as_ref().map_or("", |known| &known.note);
    match (sentence.course, &sentence.pass) {
        (Course::Ask, Some((_, age))) => format!(
            "would have been let by: an earlier login counts, of {} s ago",
            age.as_secs()
        ),
        (Course::Ask, None) => "would have been asked, and can answer".to_owned(),
        (Course::AskInVain, _) => format!("would have been asked in vain: {why}"),
        (Course::Enroll, _) => "would have been walked through enrolment".to_owned(),
        (Course::Excuse, _) => match why {
            "" => "would not have been asked".to_owned(),
            why => format!("would not have been asked: {why}"),
        },
        (Course::Refuse, _) => "would have been refused".to_owned(),
    }
}
