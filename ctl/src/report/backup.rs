//! What is reported of a backup, and of one restored.

use std::path::Path;

use countersign_bus::types::{BackupReport, Problem, RestoreReport};
use serde::Serialize;

use crate::words::printable;

/// A backup that was made.
#[derive(Serialize)]
pub(crate) struct Backed<'a> {
    pub(crate) file: &'a Path,
    pub(crate) users: u32,
    pub(crate) skipped: u32,
    pub(crate) bytes: u64,
    pub(crate) problems: Vec<Trouble>,
}

/// A backup that was restored, or would be.
#[derive(Serialize)]
pub(crate) struct Restored {
    pub(crate) created: Option<u64>,
    pub(crate) restored: u32,
    pub(crate) kept: u32,
    pub(crate) merged: u32,
    pub(crate) refused: u32,
    pub(crate) skipped: u32,
    pub(crate) without_recovery_codes: u32,
    pub(crate) unsynchronized: u32,
    pub(crate) problems: Vec<Trouble>,
    /// Of a dry run only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mismatches: Option<Vec<Mismatch>>,
}

/// A user whose account is another one on this machine, or none.
#[derive(Serialize)]
pub(crate) struct Mismatch {
    pub(crate) uid: u32,
    pub(crate) user: String,
    pub(crate) account: Option<String>,
}

/// A user of whom something could not be done.
#[derive(Serialize)]
pub(crate) struct Trouble {
    uid: Option<u32>,
    user: Option<String>,
    problem: Option<String>,
}

impl<'a> Backed<'a> {
    /// In `file`, as the daemon reports it.
    pub(crate) fn new(file: &'a Path, report: &BackupReport) -> Self {
        Self {
            file,
            users: report.users.unwrap_or_default(),
            skipped: report.skipped.unwrap_or_default(),
            bytes: report.bytes.unwrap_or_default(),
            problems: troubles(report.problems.as_deref()),
        }
    }
}

impl Restored {
    /// As the daemon reports it.
    pub(crate) fn new(report: &RestoreReport, mismatches: Option<Vec<Mismatch>>) -> Self {
        Self {
            created: report.created,
            restored: report.restored.unwrap_or_default(),
            kept: report.kept.unwrap_or_default(),
            merged: report.merged.unwrap_or_default(),
            refused: report.refused.unwrap_or_default(),
            skipped: report.skipped.unwrap_or_default(),
            without_recovery_codes: report.without_recovery_codes.unwrap_or_default(),
            unsynchronized: report.unsynchronized.unwrap_or_default(),
            problems: troubles(report.problems.as_deref()),
            mismatches,
        }
    }
}

fn troubles(problems: Option<&[Problem]>) -> Vec<Trouble> {
    let problems = problems.unwrap_or_default().iter();
    problems
        .map(|problem| Trouble {
            uid: problem.uid,
            user: problem.user.clone(),
            problem: problem.problem.clone(),
        })
        .collect()
}

/// A line for each problem that is named, of `total` that there are.
pub(crate) fn problems(named: Option<&[Problem]>, total: u32) -> String {
    let named = named.unwrap_or_default();
    let mut lines: Vec<String> = named
        .iter()
        .map(|problem| {
            let user = problem.user.as_deref().map(printable);
            format!(
                "  uid {}{}: {}",
                problem.uid.unwrap_or_default(),
                user.map_or(String::new(), |user| format!(" ({user})")),
                printable(problem.problem.as_deref().unwrap_or("no reason was given")),
            )
        })
        .collect();
    let unnamed = (total as usize).saturating_sub(named.len());
    if unnamed > 0 {
        lines.push(format!("  and {unnamed} more"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_not_named_are_counted_and_names_cannot_steer_the_terminal() {
        let problem = Problem {
            uid: Some(1000),
            user: Some("al\x1b[2Jice".to_owned()),
            problem: Some("it is damaged".to_owned()),
        };
        assert_eq!(
            problems(Some(&[problem]), 3),
            "  uid 1000 (al[2Jice): it is damaged\n  and 2 more"
        );
    }
}
