//! The guard, which asks about logins that proved nothing; and those who ask what would be.

use countersign_bus::Error;
use countersign_bus::types::{About, ExplainOptions, Explanation, Login, PassedOver};
use countersign_core::pass::{Moment, Per};
use countersign_core::policy::{Condition, Course, Decision, Rule, Standing, Subject, Unenrolled};
use countersign_core::time::Timestamp;

use super::Engine;
use super::claim::{Claim, travelling};
use super::ruling::{Ruling, Sentence};
use crate::audit::{Ending, LoginEvent};
use crate::authorize::Caller;

impl Engine {
    /// The name of the rule by which no factor is demanded of a login that proved none. An earlier
    /// login does not count here: what counts is asked for when a login begins.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] if one is demanded; [`Error::GroupsNeeded`] if that depends on
    /// groups that were not said; if the request makes no sense, or the store cannot be read.
    pub async fn guard(&self, caller: &Caller, login: &Login) -> Result<String, Error> {
        let claim = Claim::new(caller, login)?;
        let config = self.config();
        let ruling = self.ruling(&config.policy, &claim, self.clock.moment());
        let ruling = ruling.await?;
        let mut event = LoginEvent::of_guard(caller, claim.uid, login, claim.origin());
        event.rule(ruling.rule());
        let (rule, reported) = (ruling.rule().to_owned(), ruling.is_reported());
        let (ending, answer) = match ruling.outcome {
            Ok(sentence) if may_go_on(&sentence) => (Ending::NotDemanded, Ok(())),
            Ok(_) => {
                let text = format!("the rule {rule:?} demands a factor, and none was proven");
                (Ending::Refused, Err(Error::NotPermitted(text)))
            }
            Err(error) => (Ending::Unavailable, Err(error)),
        };
        match (reported, answer) {
            (false, answer) => {
                self.close(event, ending);
                answer.map(|()| rule)
            }
            (true, answer) => {
                event.note(answer.map_or_else(
                    |error| format!("would have been refused: {error}"),
                    |()| "would not have been asked".to_owned(),
                ));
                self.close(event, Ending::Reported);
                Ok(rule)
            }
        }
    }

    /// What would become of a login, now or at another time, by the very code that decides.
    ///
    /// # Errors
    ///
    /// As [`guard`](Self::guard), but for [`Error::NotPermitted`].
    pub async fn explain(
        &self,
        login: &Login,
        options: &ExplainOptions,
    ) -> Result<Explanation, Error> {
        let claim = Claim::new(&Caller::Root, login)?;
        let config = self.config();
        let at = options.at.map(Timestamp::from_unix);
        let moment = at.map_or_else(|| self.clock.moment(), |at| self.moment_at(at));
        let ruling = self.ruling(&config.policy, &claim, moment).await?;
        let subject = claim.subject(self.clock.week_minute(moment.now));
        let sentence = ruling.outcome.as_ref().map_err(Clone::clone)?;
        Ok(explanation(&ruling, sentence, &subject))
    }

    /// Both clocks, as they will be or have been if nobody touches them.
    fn moment_at(&self, at: Timestamp) -> Moment {
        let now = self.clock.moment();
        let uptime = now.uptime.saturating_add(at.since(now.now).as_secs());
        Moment {
            now: at,
            uptime: uptime.saturating_sub(now.now.since(at).as_secs()),
        }
    }

    /// What can be told of this daemon, with what is wrong with the configuration's files.
    pub fn about(&self, config_problem: Option<String>) -> About {
        About {
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            now: Some(self.clock.now().unix()),
            started: Some(self.started.unix()),
            config_problem,
        }
    }
}

/// Whether a login that proved nothing may go on.
const fn may_go_on(sentence: &Sentence) -> bool {
    match sentence.course {
        Course::Excuse => true,
        Course::Ask | Course::AskInVain | Course::Enroll | Course::Refuse => false,
    }
}

fn explanation(ruling: &Ruling<'_>, sentence: &Sentence, subject: &Subject<'_>) -> Explanation {
    let rule = ruling.decision.rule();
    let may_go_on = ruling.is_reported() || may_go_on(sentence);
    Explanation {
        rule: Some(rule.name.clone()),
        course: Some(course(sentence).to_owned()),
        report: Some(ruling.is_reported()),
        guard: Some(if may_go_on { "not-demanded" } else { "refuse" }.to_owned()),
        standing: sentence
            .known
            .as_ref()
            .map(|known| standing(known.standing).to_owned()),
        factors: Some(
            rule.factors
                .kinds()
                .map(|kind| kind.name().to_owned())
                .collect(),
        ),
        entry: Some(travelling(ruling.entry).name().to_owned()),
        remember_seconds: rule.remember.map(|remember| remember.lasts.as_secs()),
        remember_per: rule.remember.map(|remember| per(remember.per).to_owned()),
        enroll_by: match rule.unenrolled {
            Unenrolled::Enroll { by } => by.map(Timestamp::unix),
            Unenrolled::Refuse | Unenrolled::Pass => None,
        },
        passed_over: Some(passed_over(&ruling.decision, subject)),
    }
}

fn passed_over(decision: &Decision<'_>, subject: &Subject<'_>) -> Vec<PassedOver> {
    let told = |(rule, condition): &(&Rule, Condition)| PassedOver {
        rule: Some(rule.name.clone()),
        condition: Some(condition.name().to_owned()),
        found: Some(subject.found(*condition)),
    };
    decision.passed_over().iter().map(told).collect()
}

const fn course(sentence: &Sentence) -> &'static str {
    match (sentence.course, &sentence.pass) {
        (Course::Ask, None) => "ask",
        (Course::Ask, Some(_)) => "remembered",
        (Course::AskInVain, _) => "ask-in-vain",
        (Course::Enroll, _) => "enroll",
        (Course::Excuse, _) => "not-demanded",
        (Course::Refuse, _) => "refuse",
    }
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Answerable => "answerable",
        Standing::Unfit => "unfit",
        Standing::Unenrolled => "unenrolled",
        Standing::Foreign => "foreign",
        Standing::Unknown => "unknown",
    }
}

const fn per(per: Per) -> &'static str {
    match per {
        Per::Origin => "origin",
        Per::LoginSession => "login-session",
    }
}
