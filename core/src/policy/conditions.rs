//! Which logins a rule is about.

use std::net::IpAddr;

use super::{Cidr, GroupsNeeded, Hours, Pattern, WeekMinute};

/// What a policy looks at in a login.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `PAM_SERVICE`.
    pub service: &'a str,
    /// The account's canonical name; `None` if the name stands for nobody, who is in no list.
    pub user: Option<&'a str>,
    /// The names of the account's groups, if they were looked up.
    pub groups: Option<&'a [String]>,
    /// The peer's address, if the service says a numeric one: a host name is whatever the peer's
    /// name server says.
    pub address: Option<IpAddr>,
    /// `PAM_TTY`, with or without `/dev/`.
    pub terminal: &'a str,
    /// When, in local time.
    pub moment: WeekMinute,
}

impl Subject<'_> {
    /// What the login has where a condition looks; empty if it has nothing.
    pub fn found(&self, condition: Condition) -> String {
        match condition {
            Condition::Services => self.service.to_owned(),
            Condition::Users => self.user.unwrap_or_default().to_owned(),
            Condition::From => self.address.map(|at| at.to_string()).unwrap_or_default(),
            Condition::Terminals => self.terminal().to_owned(),
            Condition::Hours => self.moment.to_string(),
            Condition::Groups => self.groups.unwrap_or_default().join(", "),
        }
    }

    fn terminal(&self) -> &str {
        self.terminal.strip_prefix("/dev/").unwrap_or(self.terminal)
    }
}

/// The conditions of a rule. All of them must be met; of each, one entry. An empty list is met by
/// every login.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conditions {
    /// Services.
    pub services: Vec<Pattern>,
    /// Names of accounts.
    pub users: Vec<String>,
    /// Names of groups.
    pub groups: Vec<String>,
    /// Where the login comes from.
    pub from: Vec<Cidr>,
    /// Terminals, without `/dev/`.
    pub terminals: Vec<Pattern>,
    /// When.
    pub hours: Vec<Hours>,
}

/// A condition of a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// Of the service.
    Services,
    /// Of the account's name.
    Users,
    /// Of the peer's address.
    From,
    /// Of the terminal.
    Terminals,
    /// Of the time.
    Hours,
    /// Of the account's groups.
    Groups,
}

impl Condition {
    /// All, in the order in which they are looked at: groups come last, as they cost a lookup.
    pub const ALL: [Self; 6] = [
        Self::Services,
        Self::Users,
        Self::From,
        Self::Terminals,
        Self::Hours,
        Self::Groups,
    ];

    /// As the configuration calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Users => "users",
            Self::From => "from",
            Self::Terminals => "terminals",
            Self::Hours => "hours",
            Self::Groups => "groups",
        }
    }
}

impl Conditions {
    /// The first condition that the login does not meet, if there is one.
    ///
    /// # Errors
    ///
    /// If it depends on the groups, and they are not known.
    pub fn mismatch(&self, subject: &Subject<'_>) -> Result<Option<Condition>, GroupsNeeded> {
        for condition in Condition::ALL {
            if !self.meets(condition, subject)? {
                return Ok(Some(condition));
            }
        }
        Ok(None)
    }

    fn meets(&self, condition: Condition, subject: &Subject<'_>) -> Result<bool, GroupsNeeded> {
        let named = |names: &[String], name: &str| names.iter().any(|named| named == name);
        let (unconditional, met) = match condition {
            Condition::Services => (
                self.services.is_empty(),
                self.services
                    .iter()
                    .any(|service| service.matches(subject.service)),
            ),
            Condition::Users => (
                self.users.is_empty(),
                subject.user.is_some_and(|user| named(&self.users, user)),
            ),
            Condition::From => (
                self.from.is_empty(),
                subject.address.is_some_and(|address| {
                    self.from.iter().any(|network| network.contains(address))
                }),
            ),
            Condition::Terminals => (
                self.terminals.is_empty(),
                self.terminals
                    .iter()
                    .any(|terminal| terminal.matches(subject.terminal())),
            ),
            Condition::Hours => (
                self.hours.is_empty(),
                self.hours.iter().any(|hours| hours.contain(subject.moment)),
            ),
            Condition::Groups => match (self.groups.is_empty(), subject.user, subject.groups) {
                (true, _, _) => (true, true),
                (false, None, _) => (false, false),
                (false, Some(_), None) => return Err(GroupsNeeded),
                (false, Some(_), Some(groups)) => {
                    (false, groups.iter().any(|group| named(&self.groups, group)))
                }
            },
        };
        Ok(unconditional || met)
    }

    /// Whether every login that meets `other` meets these.
    pub(super) fn cover(&self, other: &Self) -> bool {
        let among = |names: &[String], name: &String| names.contains(name);
        let named =
            |patterns: &[Pattern], name: &Pattern| patterns.iter().any(|by| by.covers(name));
        let all_named = |patterns: &[Pattern]| patterns.iter().any(Pattern::means_all);
        (all_named(&self.services) || covered(&other.services, &self.services, named))
            && covered(&other.users, &self.users, among)
            && covered(&other.groups, &self.groups, among)
            && covered(&other.from, &self.from, |networks, one| {
                one.is_within(networks)
            })
            && (all_named(&self.terminals) || covered(&other.terminals, &self.terminals, named))
            && (self.hours.is_empty() || WeekMinute::all().all(|at| !other.at(at) || self.at(at)))
    }

    /// Whether a login could meet both for certain: whether two groups have members in common, or
    /// a user is in a group, nobody knows here.
    pub(super) fn meet(&self, other: &Self) -> bool {
        let apart = |names: &Self, groups: &Self| {
            !names.users.is_empty() && !groups.groups.is_empty() && names.groups.is_empty()
        };
        common(&self.services, &other.services, |a, b| {
            a.covers(b) || b.covers(a)
        }) && common(&self.users, &other.users, |a, b| a == b)
            && common(&self.groups, &other.groups, |a, b| a == b)
            && common(&self.from, &other.from, |a, b| a.covers(b) || b.covers(a))
            && common(&self.terminals, &other.terminals, |a, b| {
                a.covers(b) || b.covers(a)
            })
            && WeekMinute::all().any(|at| self.at(at) && other.at(at))
            && !apart(self, other)
            && !apart(other, self)
    }

    fn at(&self, moment: WeekMinute) -> bool {
        self.hours.is_empty() || self.hours.iter().any(|hours| hours.contain(moment))
    }
}

/// Whether `outer` covers each of `inner`; an empty list means everything.
fn covered<T>(inner: &[T], outer: &[T], covers: impl Fn(&[T], &T) -> bool) -> bool {
    let each = || inner.iter().all(|one| covers(outer, one));
    outer.is_empty() || !inner.is_empty() && each()
}

/// Whether the lists have something in common; an empty list means everything.
fn common<T>(one: &[T], other: &[T], meet: impl Fn(&T, &T) -> bool) -> bool {
    let some = || one.iter().any(|a| other.iter().any(|b| meet(a, b)));
    one.is_empty() || other.is_empty() || some()
}
