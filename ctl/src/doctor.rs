//! Looks a system over for every way around the second factor, and every way to be locked out.
//!
//! What is looked at is a value, [`Scene`]: the checks ask nobody anything, and the same ones run
//! over a machine and over files that a test has planted.

mod bus_policy;
mod clock;
mod desktop;
mod files;
mod finding;
mod module;
mod pam;
pub(crate) mod scene;
mod ssh;
mod sudo;
mod units;
mod users;

use std::collections::BTreeSet;

pub(crate) use self::finding::{Check, Finding, Severity, Unchecked};
use self::scene::Scene;

/// Checks that look at the same things.
pub(crate) struct Group {
    checks: &'static [&'static Check],
    examine: fn(&Scene<'_>, &mut Report),
}

/// All of them, in the order of the manual page.
const GROUPS: [Group; 10] = [
    pam::GROUP,
    module::GROUP,
    ssh::GROUP,
    sudo::GROUP,
    desktop::GROUP,
    users::GROUP,
    clock::GROUP,
    files::GROUP,
    units::GROUP,
    bus_policy::GROUP,
];

/// Every check there is.
pub(crate) fn checks() -> impl Iterator<Item = &'static Check> {
    GROUPS.iter().flat_map(|group| group.checks).copied()
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The worst first.
    pub(crate) findings: Vec<Finding>,
    /// What could not be looked at.
    pub(crate) unchecked: Vec<Unchecked>,
}

impl Report {
    fn find(&mut self, finding: Finding) {
        // One line may be read by several services.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// What these checks look for was not looked for, or not everywhere.
    fn not_checked(&mut self, checks: &[&'static Check], why: impl Into<String>) {
        let why = why.into();
        for check in checks {
            let unchecked = Unchecked {
                id: check.id,
                why: why.clone(),
            };
            if !self.unchecked.contains(&unchecked) {
                self.unchecked.push(unchecked);
            }
        }
    }

    /// The severity of the worst finding.
    pub(crate) fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }

    /// How many findings there are of a severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// Whether this check found something.
    pub(crate) fn has(&self, check: &Check) -> bool {
        self.findings.iter().any(|finding| finding.id == check.id)
    }

    /// How many checks looked at all that they look at.
    pub(crate) fn complete(&self) -> usize {
        let unchecked: BTreeSet<_> = self
            .unchecked
            .iter()
            .map(|unchecked| unchecked.id)
            .collect();
        checks()
            .filter(|check| !unchecked.contains(check.id))
            .count()
    }
}

/// Runs every check.
pub(crate) fn examine(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for group in &GROUPS {
        (group.examine)(scene, &mut report);
    }
    report.findings.sort_by_key(|finding| finding.severity);
    report
}

/// Whether every danger comes of a daemon that does not answer.
pub(crate) fn is_about_the_daemon(report: &Report) -> bool {
    let mut dangers = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Danger);
    dangers.all(|finding| units::AWAY.iter().any(|check| check.id == finding.id))
        && report.has(&units::UNREACHABLE)
}

#[cfg(test)]
pub(crate) mod planted;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_says_what_it_is_about() {
        let ids: Vec<_> = checks().map(|check| check.id).collect();
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!(once.len(), ids.len());
        assert!(ids.len() >= 25, "{}", ids.len());
        for check in checks() {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit();
            assert!(check.id.chars().all(plain), "{}", check.id);
            for text in [check.finds, check.means, check.mends] {
                assert!(text.len() > 5 && text.is_ascii(), "{}: {text}", check.id);
            }
        }
    }

    #[test]
    fn what_was_not_looked_at_is_no_check_that_ran() {
        let mut report = Report::default();
        let all = report.complete();
        assert_eq!(all, checks().count());
        report.not_checked(&[&units::UNREACHABLE], "because");
        report.not_checked(&[&units::UNREACHABLE], "because");
        assert_eq!(report.complete(), all - 1);
        assert_eq!(report.unchecked.len(), 1);
    }
}
