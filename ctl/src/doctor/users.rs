//! People: who cannot answer what they are asked, and whose record is not theirs.

mod checks;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::checks::*;
use super::scene::{Course, Demand, Facts, Scene, place};
use super::{Group, Report, pam};
use crate::import::passwd::Entry;
use crate::report::UserStatus;
use crate::service::locker;
use crate::words::{count, date, printable};

/// So few recovery codes are few.
const FEW: u32 = 3;
/// So many people are named in a finding.
const NAMED: usize = 8;
const SHADOW: &str = "/etc/shadow";

pub(super) const GROUP: Group = Group {
    checks: &[
        &EMPTY_PASSWORD,
        &NOBODY_ENROLLED,
        &NOTHING_DEMANDED,
        &ROOT_NOT_ENROLLED,
        &NOT_ENROLLED,
        &NOT_ENROLLED_PASS,
        &ENROLL_BY_PASSED,
        &REPORT_MODE,
        &UNCONFIRMED,
        &RECOVERY_NONE,
        &RECOVERY_FEW,
        &THROTTLED,
        &RECORD_UNREADABLE,
        &RECORD_FOREIGN,
        &RECORD_STALE,
    ],
    examine,
};

/// What a user is called.
pub(super) fn name(user: &UserStatus) -> String {
    match &user.user {
        Some(name) => printable(name),
        None => format!("uid {}", user.uid),
    }
}

fn examine(scene: &Scene<'_>, report: &mut Report) {
    empty_passwords(scene, report);
    let (accounts, facts) = match (&scene.accounts, &scene.daemon) {
        (Ok(accounts), Ok(facts)) => (accounts, facts),
        (Err(why), _) | (_, Err(why)) => {
            // Only the daemon can tell all the others.
            let others = GROUP.checks.iter().copied();
            let others: Vec<_> = others
                .filter(|check| check.id != EMPTY_PASSWORD.id)
                .collect();
            return report.not_checked(&others, why);
        }
    };
    for user in &facts.users {
        record(user, accounts, report);
    }
    let asking = pam::asking(scene);
    if asking.is_empty() {
        return;
    }
    if !facts.users.iter().any(|user| user.enrolled) {
        let found = format!("{} ask for a code, and nobody has one.", joined(&asking));
        return report.find(
            NOBODY_ENROLLED
                .found(found)
                .fix("countersignctl enroll USER"),
        );
    }
    policy(facts, report);
    unenrolled(scene, facts, &asking, report);
    for user in &facts.users {
        means(user, report);
    }
}

/// Whose record it is.
fn record(user: &UserStatus, accounts: &[Entry], report: &mut Report) {
    let uid = user.uid;
    if let Some(problem) = &user.problem {
        let found = format!("{}: {problem}.", name(user));
        return report.find(
            RECORD_UNREADABLE
                .found(found)
                .fix(format!("countersignctl status {uid}")),
        );
    }
    let mut names = accounts
        .iter()
        .filter(|account| account.uid == uid)
        .map(|account| &account.name);
    let Some(enrolled) = &user.user else {
        return;
    };
    match names.next() {
        None => {
            let found = format!("{} (uid {uid}) has a record, and no account.", name(user));
            report.find(
                RECORD_STALE
                    .found(found)
                    .fix(format!("countersignctl reset {uid}")),
            );
        }
        // All names of one uid are one user.
        Some(first) if first != enrolled && !names.any(|name| name == enrolled) => {
            let found = format!(
                "uid {uid} is enrolled as {}, and is {first} now.",
                name(user)
            );
            report.find(
                RECORD_FOREIGN
                    .found(found)
                    .fix(format!("countersignctl reset {uid}")),
            );
        }
        Some(_) => {}
    }
}

/// Rules that do not ask yet, or nobody.
fn policy(facts: &Facts, report: &mut Report) {
    if let Some(why) = &facts.policy_unknown {
        let checks = [
            &NOTHING_DEMANDED,
            &REPORT_MODE,
            &NOT_ENROLLED_PASS,
            &ENROLL_BY_PASSED,
        ];
        let why = why.lines().next().unwrap_or_default();
        report.not_checked(
            &checks,
            format!("what the policy demands is not known of all: {why}"),
        );
    }
    let reported: BTreeSet<_> = facts
        .demands
        .values()
        .filter(|demand| demand.report)
        .map(|demand| &demand.rule)
        .collect();
    for rule in reported {
        let found = format!("The rule \"{rule}\" is in report mode.");
        report.find(REPORT_MODE.found(found).fix("countersignctl check-config"));
    }
    if !facts.demands.is_empty() && !facts.demands.values().any(Demand::is_enforced) {
        let found = "No rule demands a factor of anybody who can log in.";
        report.find(
            NOTHING_DEMANDED
                .found(found)
                .fix("countersignctl explain --user USER --service sshd"),
        );
    }
}

/// What becomes of those who hold nothing. A finding for each of them would hide the others.
#[derive(Default)]
struct Unenrolled<'a> {
    /// By name, at which services.
    refused: BTreeMap<&'a str, Vec<&'a str>>,
    /// By rule.
    passed: BTreeMap<String, BTreeSet<&'a str>>,
    /// By rule, and by when they had to enrol.
    late: BTreeMap<(String, u64), BTreeSet<&'a str>>,
}

/// Accounts that people log in to, and that hold nothing.
fn unenrolled(scene: &Scene<'_>, facts: &Facts, asking: &[String], report: &mut Report) {
    let enrolled = facts.users.iter().filter(|user| user.enrolled);
    let enrolled: BTreeSet<u32> = enrolled.map(|user| user.uid).collect();
    let mut people = Unenrolled::default();
    for account in scene.logins() {
        if enrolled.contains(&account.uid) || !may_log_in(scene, account) {
            continue;
        }
        for service in asking {
            let demand = scene.demand(&account.name, service);
            people.sort_in(&account.name, service, demand, (facts, scene.now));
        }
    }
    people.tell(report);
}

impl<'a> Unenrolled<'a> {
    fn sort_in(
        &mut self,
        name: &'a str,
        service: &'a str,
        demand: Demand,
        (facts, now): (&Facts, u64),
    ) {
        let rule = demand.rule;
        match (demand.course, demand.enroll_by) {
            (_, Some(by)) if by < now => {
                self.late.entry((rule, by)).or_default().insert(name);
            }
            (Course::Asked | Course::AskedInVain, _) if !demand.report => {
                self.refused.entry(name).or_default().push(service);
            }
            (Course::NotDemanded, _) if demands_of_others(facts, &rule) => {
                self.passed.entry(rule).or_default().insert(name);
            }
            (Course::Asked | Course::AskedInVain | Course::NotDemanded, _)
            | (Course::Enrolled | Course::Refused, _) => {}
        }
    }

    fn tell(self, report: &mut Report) {
        for (name, services) in self.refused {
            refusal(name, services, report);
        }
        for (rule, people) in self.passed {
            let found = format!("By the rule \"{rule}\": {}.", joined(people));
            report.find(
                NOT_ENROLLED_PASS
                    .found(found)
                    .fix("countersignctl enroll USER"),
            );
        }
        for ((rule, by), people) in self.late {
            let people = joined(people);
            let found = format!(
                "The rule \"{rule}\" let people enrol until {}: {people} did not.",
                date(by)
            );
            report.find(
                ENROLL_BY_PASSED
                    .found(found)
                    .fix("countersignctl enroll USER"),
            );
        }
    }
}

/// Whether somebody else who comes under this rule is asked by it.
fn demands_of_others(facts: &Facts, rule: &str) -> bool {
    facts
        .demands
        .values()
        .any(|demand| demand.rule == rule && demand.is_enforced())
}

fn refusal(name: &str, mut services: Vec<&str>, report: &mut Report) {
    // It stands for programs that have no file of their own. Of lockers there is a check.
    services.retain(|service| *service != "other" && locker(service).is_none());
    if services.is_empty() {
        return;
    }
    let found = format!(
        "{name} is asked by {}, and has no factor.",
        joined(services)
    );
    let check = match name {
        "root" => &ROOT_NOT_ENROLLED,
        _ => &NOT_ENROLLED,
    };
    report.find(
        check
            .found(found)
            .fix(format!("countersignctl enroll {name}")),
    );
}

/// Whether an account can be logged in to at all: it has a password that is not locked, or keys.
pub(super) fn may_log_in(scene: &Scene<'_>, account: &Entry) -> bool {
    let keys = format!("{}/.ssh/authorized_keys", account.home);
    if scene.files.stat(&keys).is_ok_and(|stat| stat.length > 0) {
        return true;
    }
    let Ok(shadow) = scene.files.text(SHADOW) else {
        return true;
    };
    let password = |line: &str| {
        let mut fields = line.split(':');
        (fields.next() == Some(account.name.as_str()))
            .then(|| fields.next().unwrap_or_default().to_owned())
    };
    // Who is not there has their password elsewhere, in a directory service.
    let password = shadow.lines().find_map(password);
    password.is_none_or(|password| !password.starts_with(['!', '*']))
}

/// What those who are enrolled have left.
fn means(user: &UserStatus, report: &mut Report) {
    let name = name(user);
    let recovery_codes = format!("countersignctl recovery-codes {name}");
    if !user.enrolled
        && user
            .credentials
            .iter()
            .any(|credential| !credential.confirmed)
    {
        let found = format!("{name} never gave the first code.");
        report.find(
            UNCONFIRMED
                .found(found)
                .fix(format!("countersignctl confirm {name}")),
        );
    }
    if !user.enrolled {
        return;
    }
    match user.recovery_left {
        0 => report.find(
            RECOVERY_NONE
                .found(format!("{name} has none left."))
                .fix(recovery_codes),
        ),
        1..=FEW => {
            let left = count(user.recovery_left as usize, "recovery code");
            report.find(
                RECOVERY_FEW
                    .found(format!("{name} has {left} left."))
                    .fix(recovery_codes),
            );
        }
        _ => {}
    }
    if user.codes_demanded > 1 || user.places.iter().any(|place| place.codes > 1) {
        let found = format!("{name} gives more than one code in a row for now.");
        report.find(
            THROTTLED
                .found(found)
                .fix(format!("countersignctl status {name}")),
        );
    }
}

/// Accounts with no password at all, where a password is asked for.
fn empty_passwords(scene: &Scene<'_>, report: &mut Report) {
    let text = match scene.files.text_if_there(SHADOW) {
        Ok(Some(text)) => text,
        Ok(None) => return,
        Err(error) => {
            return report.not_checked(
                &[&EMPTY_PASSWORD],
                format!("{SHADOW} cannot be read: {error}"),
            );
        }
    };
    for (number, line) in (1..).zip(text.lines()) {
        let mut fields = line.split(':');
        if let (Some(name), Some("")) =
            (fields.next().filter(|name| !name.is_empty()), fields.next())
        {
            let finding = EMPTY_PASSWORD.found(format!("{name} has an empty password."));
            report.find(
                finding
                    .at(&place(SHADOW, number))
                    .fix(format!("passwd -l {name}")),
            );
        }
    }
}

/// Names, the first few of them.
fn joined(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<_> = names
        .into_iter()
        .map(|name| printable(name.as_ref()))
        .collect();
    match names.get(..NAMED) {
        Some(first) if names.len() > NAMED => {
            format!("{} and {} more", first.join(", "), names.len() - NAMED)
        }
        Some(_) | None => names.join(", "),
    }
}
