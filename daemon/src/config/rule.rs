//! A rule of the policy as it is written.

use std::fmt;

use countersign_core::pass::Remember;
use countersign_core::policy::{Conditions, Entry, Mode, Require, Rule, Unenrolled};
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

mod values;

use self::values::{
    Account, Deadline, List, Name, Network, NotEnrolled, Remembered, Service, Taken, Terminal,
    Times, Word, unwrapped,
};

/// All `[[rule]]` of a file.
#[derive(Debug, Default)]
pub(super) struct RuleTables(pub(super) Vec<Spanned<RuleTable>>);

struct RuleTablesReader;

impl<'de> Visitor<'de> for RuleTablesReader {
    type Value = RuleTables;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[[rule]]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, rules: A) -> Result<RuleTables, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(rules)).map(RuleTables)
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<RuleTables, A::Error> {
        Err(A::Error::custom(
            "rules are several, even if there is one: write [[rule]], with two brackets",
        ))
    }
}

impl<'de> Deserialize<'de> for RuleTables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleTablesReader)
    }
}

/// `[[rule]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleTable {
    name: Spanned<Name>,
    services: Option<List<Service>>,
    users: Option<List<Account>>,
    groups: Option<List<Account>>,
    from: Option<List<Network>>,
    terminals: Option<List<Terminal>>,
    hours: Option<List<Times>>,
    require: Option<Word<Require>>,
    factors: Option<Taken>,
    remember: Option<Remembered>,
    not_enrolled: Option<NotEnrolled>,
    enroll_by: Option<Spanned<Deadline>>,
    entry: Option<Spanned<Word<Entry>>>,
    mode: Option<Word<Mode>>,
}

impl RuleTable {
    /// Its name, and where in the file it is.
    pub(super) fn name(&self) -> (&str, usize) {
        (&self.name.get_ref().0, self.name.span().start)
    }

    /// The rule that it is.
    ///
    /// # Errors
    ///
    /// If its entries do not fit together: where in the file, and what to write instead.
    pub(super) fn rule(self) -> Result<Rule, (usize, &'static str)> {
        let unenrolled = self.unenrolled()?;
        let entry = self.entry(unenrolled)?;
        let strict = Rule::strict(&self.name.into_inner().0);
        Ok(Rule {
            when: Conditions {
                services: unwrapped(self.services, |Service(pattern)| pattern),
                users: unwrapped(self.users, |Account(name)| name),
                groups: unwrapped(self.groups, |Account(name)| name),
                from: unwrapped(self.from, |Network(network)| network),
                terminals: unwrapped(self.terminals, |Terminal(pattern)| pattern),
                hours: unwrapped(self.hours, |Times(hours)| hours),
            },
            require: self.require.map_or(strict.require, |Word(require)| require),
            factors: self
                .factors
                .map_or(strict.factors, |Taken(factors)| factors),
            remember: self.remember.map(Remember::from),
            unenrolled,
            entry,
            mode: self.mode.map_or(strict.mode, |Word(mode)| mode),
            ..strict
        })
    }

    fn entry(&self, unenrolled: Unenrolled) -> Result<Option<Entry>, (usize, &'static str)> {
        let Some(entry) = &self.entry else {
            return Ok(None);
        };
        match (entry.get_ref().0, unenrolled) {
            (Entry::Appended, Unenrolled::Enroll { .. }) => Err((
                entry.span().start,
                "`entry = \"appended\"` and `not-enrolled = \"enroll\"` do not go together: in one \
                 field the code is judged before the password, so anybody could enrol; write \
                 \"refuse\" or \"pass\" there, or leave `entry` out",
            )),
            (entry, _) => Ok(Some(entry)),
        }
    }

    fn unenrolled(&self) -> Result<Unenrolled, (usize, &'static str)> {
        match (self.not_enrolled, &self.enroll_by) {
            (Some(NotEnrolled::Enroll), by) => Ok(Unenrolled::Enroll {
                by: by.as_ref().map(|by| by.get_ref().0),
            }),
            (None | Some(NotEnrolled::Refuse | NotEnrolled::Pass), Some(by)) => Err((
                by.span().start,
                "`enroll-by` says until when one may enroll at a login; write `not-enrolled = \
                 \"enroll\"` beside it, or leave it out",
            )),
            (None | Some(NotEnrolled::Refuse), None) => Ok(Unenrolled::Refuse),
            (Some(NotEnrolled::Pass), None) => Ok(Unenrolled::Pass),
        }
    }
}
