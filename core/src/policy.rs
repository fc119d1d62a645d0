//! Policy: of which login a factor is demanded, and what becomes of those who have none.
//!
//! An ordered list of rules. The first one whose conditions a login meets decides; behind the last
//! there is one that every login meets, and that is strict. Nothing here knows whether a response
//! is right: a policy says what is asked, and [`judgement`](crate::judgement) whether it was proven.

use thiserror::Error;

use crate::factors::{Factors, Kind};
use crate::pass::{Per, Remember};
use crate::time::Timestamp;

mod cidr;
mod conditions;
mod hours;
mod pattern;

pub use self::cidr::{BadCidr, Cidr};
pub use self::conditions::{Condition, Conditions, Subject};
pub use self::hours::{BadHours, Hours, WeekMinute};
pub use self::pattern::{BadPattern, Pattern};

/// The rules, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    rules: Vec<Rule>,
    end: Rule,
}

impl Policy {
    /// The name of the rule behind the last one.
    pub const END: &str = "(end)";

    /// A policy of these rules, and the strict one behind them.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            end: Rule::strict(Self::END),
        }
    }

    /// The rules, without the one behind the last.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Which rule decides a login.
    ///
    /// # Errors
    ///
    /// If that depends on the account's groups, and they are not known.
    pub fn decide(&self, subject: &Subject<'_>) -> Result<Decision<'_>, GroupsNeeded> {
        let mut passed_over = Vec::new();
        for rule in &self.rules {
            match rule.when.mismatch(subject)? {
                None => return Ok(Decision { rule, passed_over }),
                Some(condition) => passed_over.push((rule, condition)),
            }
        }
        let rule = &self.end;
        Ok(Decision { rule, passed_over })
    }

    /// For how long a login is remembered at most by rules that remember `per` this; `None` if none
    /// does.
    pub fn remembers(&self, per: Per) -> Option<std::time::Duration> {
        let remembered = self.rules.iter().filter_map(|rule| rule.remember);
        let lasting = remembered.filter(|remember| remember.per == per);
        lasting.map(|remember| remember.lasts).max()
    }

    /// Pairs of rules of which the later one can never decide, or decides less than it says.
    ///
    /// A rule that several others together leave nothing to is not found.
    pub fn overlaps(&self) -> Vec<Overlap<'_>> {
        let mut overlaps = Vec::new();
        for (place, later) in self.rules.iter().enumerate() {
            let earlier = self.rules.iter().take(place);
            let covering = earlier.clone().find(|rule| rule.when.cover(&later.when));
            if let Some(earlier) = covering {
                overlaps.push(Overlap {
                    earlier,
                    later,
                    whole: true,
                });
                continue;
            }
            let crossing = earlier.filter(|rule| {
                rule.when.meet(&later.when) && !later.when.cover(&rule.when) && !rule.says_as(later)
            });
            overlaps.extend(crossing.map(|earlier| Overlap {
                earlier,
                later,
                whole: false,
            }));
        }
        overlaps
    }
}

impl Default for Policy {
    /// No rules: the strict one alone.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

/// Two rules that some logins both meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Overlap<'p> {
    /// The one that decides such a login.
    pub earlier: &'p Rule,
    /// The one that does not.
    pub later: &'p Rule,
    /// Whether all logins of the later one are such, so that it never decides.
    pub whole: bool,
}

/// Which rule decides a login, and why none before it does.
#[derive(Clone, Debug)]
pub struct Decision<'p> {
    rule: &'p Rule,
    passed_over: Vec<(&'p Rule, Condition)>,
}

impl<'p> Decision<'p> {
    /// The rule that decides.
    pub const fn rule(&self) -> &'p Rule {
        self.rule
    }

    /// The rules before it, each with the first of its conditions that the login does not meet.
    pub fn passed_over(&self) -> &[(&'p Rule, Condition)] {
        &self.passed_over
    }
}

/// One rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// What logs and people call it.
    pub name: String,
    /// The logins that it is about.
    pub when: Conditions,
    /// What it demands.
    pub require: Require,
    /// Which kinds of proof it takes.
    pub factors: Factors,
    /// Whether an earlier login counts.
    pub remember: Option<Remember>,
    /// What becomes of those who have no factor.
    pub unenrolled: Unenrolled,
    /// How the code is typed; `None`: as the service has it.
    pub entry: Option<Entry>,
    /// Whether it is in force.
    pub mode: Mode,
}

impl Rule {
    /// The rule that demands a factor of every login.
    pub fn strict(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            when: Conditions::default(),
            require: Require::One,
            factors: Factors::ALL,
            remember: None,
            unenrolled: Unenrolled::Refuse,
            entry: None,
            mode: Mode::Enforce,
        }
    }

    /// What it makes of a login of a user of this standing, whose code is typed in this way, at
    /// `now`; the mode is not looked at.
    pub fn course(&self, standing: Standing, entry: Entry, now: Timestamp) -> Course {
        match (self.require, standing) {
            (Require::Nothing, _) => Course::Excuse,
            (Require::Refuse, _) => Course::Refuse,
            (Require::One, Standing::Answerable) => Course::Ask,
            (Require::One, Standing::Foreign | Standing::Unfit) => Course::AskInVain,
            (Require::One, Standing::Unenrolled) => match self.unenrolled {
                Unenrolled::Pass => Course::Excuse,
                // What a login offers is a time-based factor, and to whoever gave the password:
                // with both in one field that is looked at last.
                Unenrolled::Enroll { by }
                    if by.is_none_or(|by| now < by)
                        && self.factors.allow(Kind::Totp)
                        && entry == Entry::Separate =>
                {
                    Course::Enroll
                }
                Unenrolled::Enroll { .. } | Unenrolled::Refuse => Course::AskInVain,
            },
            (Require::One, Standing::Unknown) => match self.unenrolled {
                Unenrolled::Pass => Course::Excuse,
                // Nobody can be enrolled who is not there.
                Unenrolled::Enroll { .. } | Unenrolled::Refuse => Course::AskInVain,
            },
        }
    }

    /// Whether it says the same as `other`, of whatever logins.
    fn says_as(&self, other: &Self) -> bool {
        let unnamed = |rule: &Self| Self {
            name: String::new(),
            when: Conditions::default(),
            ..rule.clone()
        };
        unnamed(self) == unnamed(other)
    }
}

/// What a rule demands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Require {
    /// One factor.
    One,
    /// None.
    Nothing,
    /// What nobody can give: it refuses the login.
    Refuse,
}

/// What becomes of those who have no factor where one is demanded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unenrolled {
    /// They are asked as others are, and refused.
    Refuse,
    /// None is demanded of them.
    Pass,
    /// They are walked through enrolment.
    Enroll {
        /// Until just before then; from then on they are refused.
        by: Option<Timestamp>,
    },
}

/// How the code is typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    /// At a prompt of its own, when the password was given.
    Separate,
    /// In the password's field, behind it; the code is judged first.
    Appended,
}

/// Whether a rule is in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// It is.
    Enforce,
    /// What would have come of it is recorded, and nothing is asked or refused.
    Report,
}

/// What is known of who logs in, as far as a policy tells people apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// A user who holds something to answer with that the rule takes.
    Answerable,
    /// A user who holds a factor, but none that the rule takes.
    Unfit,
    /// A user who holds no factor.
    Unenrolled,
    /// A user whose uid was enrolled by somebody of another name.
    Foreign,
    /// Nobody: the name is no account's.
    Unknown,
}

/// What becomes of a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Course {
    /// A factor is asked for.
    Ask,
    /// A factor is asked for, and no answer is accepted.
    AskInVain,
    /// The user is walked through enrolment, which proves the new factor.
    Enroll,
    /// No factor is demanded.
    Excuse,
    /// It is refused.
    Refuse,
}

/// Which rule decides depends on the account's groups, which were not said.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the policy depends on the account's groups")]
pub struct GroupsNeeded;

#[cfg(test)]
mod tests;
