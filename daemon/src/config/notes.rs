//! What an admin should know of a configuration that is usable.

use std::fmt;
use std::time::Duration;

use countersign_bus::Profile;
use countersign_core::factors::{Factors, Kind};
use countersign_core::pass::Per;
use countersign_core::policy::{
    Conditions, Entry, Mode, Overlap, Pattern, Require, Rule, Unenrolled,
};
use countersign_core::time::Timestamp;

use super::{Config, Place};

/// Something that an admin should know of a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// Whether it is hardly meant so.
    pub warning: bool,
    place: Option<Place>,
    text: String,
}

/// `countersign.toml:12: warning: the rule "office" ...`.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        let kind = if self.warning { "warning" } else { "note" };
        write!(f, "{kind}: {}", self.text)
    }
}

/// Services that name no address, as they are for people who sit at this machine.
const LOCAL: [&str; 10] = [
    "sudo",
    "sudo-i",
    "su",
    "su-l",
    "login",
    "cron",
    "polkit-1",
    "gdm-password",
    "lightdm",
    "greetd",
];
/// Whoever is remembered for longer is hardly asked.
const LONG: Duration = Duration::from_secs(7 * 86_400);

/// Notes on the policy of `config`, whose rules are at `places`, at `now`.
pub fn notes(config: &Config, places: &[Place], now: Timestamp) -> Vec<Note> {
    let rules = config.policy.rules();
    let place = |rule: &Rule| {
        let index = rules.iter().position(|other| other.name == rule.name);
        index.and_then(|index| places.get(index)).cloned()
    };
    let mut notes = Vec::new();
    for rule in rules {
        let mut findings = of_rule(rule);
        findings.extend(of_enrolment(rule, now));
        notes.extend(findings.into_iter().map(|(warning, text)| Note {
            warning,
            place: place(rule),
            text: format!("the rule {:?} {text}", rule.name),
        }));
    }
    for Overlap {
        earlier,
        later,
        whole,
    } in config.policy.overlaps()
    {
        let at = place(earlier).map(|at| format!(" ({at})"));
        let before = format!("{:?}{}", earlier.name, at.unwrap_or_default());
        notes.push(Note {
            warning: whole,
            place: place(later),
            text: match whole {
                true => format!(
                    "the rule {:?} never decides: {before} before it meets every login that it \
                     could; put it in front of that, or take it out",
                    later.name
                ),
                false => format!(
                    "the rule {:?} does not decide about logins that also meet {before}, which is \
                     before it",
                    later.name
                ),
            },
        });
    }
    notes
}

/// Whether it is a warning, and what is to be said after the rule's name.
type Finding = (bool, &'static str);

fn of_rule(rule: &Rule) -> Vec<Finding> {
    let mut findings = Vec::new();
    let everywhere = rule.when == Conditions::default();
    let demands = match rule.require {
        Require::One => true,
        Require::Nothing => {
            if everywhere {
                findings.push((
                    true,
                    "has no condition and demands nothing: no login that comes to it takes a factor",
                ));
            }
            false
        }
        Require::Refuse => {
            if everywhere {
                findings.push((
                    true,
                    "has no condition and refuses: nobody whose login comes to it gets in, nor root",
                ));
            }
            false
        }
    };
    let says_how = rule.factors != Factors::ALL
        || rule.remember.is_some()
        || rule.unenrolled != Unenrolled::Refuse
        || rule.entry.is_some();
    if !demands && says_how {
        findings.push((
            false,
            "asks nobody, so its factors, remember, not-enrolled and entry mean nothing",
        ));
    }
    let spares = rule.factors.allow(Kind::Recovery) || rule.factors.allow(Kind::Issued);
    if demands && !spares {
        findings.push((
            false,
            "takes neither recovery codes nor codes from root: whoever loses their device is shut \
             out where it decides",
        ));
    }
    match rule.mode {
        Mode::Report => findings.push((false, "only reports: it asks nothing and refuses nobody")),
        Mode::Enforce => {}
    }
    if demands {
        findings.extend(of_entry(rule));
    }
    findings.extend(of_places(rule));
    findings
}

/// Of rules whose services have one field, in which the code stands behind the password.
fn of_entry(rule: &Rule) -> Option<Finding> {
    let one_field = |pattern: &Pattern| {
        let entry = Profile::of(&pattern.to_string()).entry();
        entry == countersign_bus::types::Entry::Appended
    };
    let services = &rule.when.services;
    match (rule.entry, rule.unenrolled) {
        (Some(Entry::Separate), _) if services.iter().any(one_field) => Some((
            true,
            "asks for the code by itself in a service that has one field and answers that with the \
             password, so that nobody gets in: take its entry out, or the service",
        )),
        (None, Unenrolled::Enroll { .. })
            if !services.is_empty() && services.iter().all(one_field) =>
        {
            Some((
                true,
                "enrols nobody: where there is one field, users without a factor are refused",
            ))
        }
        (Some(Entry::Separate | Entry::Appended) | None, _) => None,
    }
}

/// Of rules that go by what their services do not say.
fn of_places(rule: &Rule) -> Vec<Finding> {
    let mut findings = Vec::new();
    let local = only(&rule.when.services, &LOCAL);
    if local && !rule.when.from.is_empty() {
        findings.push((
            true,
            "never decides: its services are used at this machine, and none of their logins comes \
             from a network",
        ));
    }
    let Some(remember) = rule.remember else {
        return findings;
    };
    match remember.per {
        Per::Origin if local => findings.push((
            true,
            "remembers nothing: its services name no address; write per = \"login-session\"",
        )),
        Per::LoginSession if only(&rule.when.services, &["sshd"]) => findings.push((
            false,
            "counts no earlier login: one through sshd begins a session, and is in none; it does \
             make such logins count elsewhere",
        )),
        Per::Origin | Per::LoginSession => {}
    }
    if remember.lasts > LONG {
        findings.push((
            false,
            "remembers for more than a week: so long, whoever gets hold of that place and the \
             password needs no factor",
        ));
    }
    findings
}

fn of_enrolment(rule: &Rule, now: Timestamp) -> Option<Finding> {
    match (rule.require, rule.unenrolled) {
        (Require::One, Unenrolled::Enroll { by: _ }) if !rule.factors.allow(Kind::Totp) => Some((
            true,
            "enrols nobody, as its factors leave out totp, and that is what a login offers: users \
             without a factor are refused",
        )),
        (Require::One, Unenrolled::Enroll { by: None }) => Some((
            false,
            "has no enroll-by: whoever learns the password of a user without a factor can enrol \
             their own, at any time",
        )),
        (Require::One, Unenrolled::Enroll { by: Some(by) }) if by <= now => Some((
            true,
            "lets nobody enrol any more, as enroll-by is over: users without a factor are refused",
        )),
        (Require::One | Require::Nothing | Require::Refuse, _) => None,
    }
}

/// Whether a list names something, and nothing but what is among `names`.
fn only(patterns: &[Pattern], names: &[&str]) -> bool {
    let named = |pattern: &Pattern| names.contains(&pattern.to_string().as_str());
    !patterns.is_empty() && patterns.iter().all(named)
}
