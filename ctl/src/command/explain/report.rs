//! An explanation, as JSON has it.

use countersign_bus::types::{Explanation, PassedOver};
use serde::Serialize;

use super::Explain;
use crate::account::Account;

/// What becomes of a login, and why.
#[derive(Debug, Default, Serialize)]
pub(super) struct Explained<'a> {
    pub(super) user: &'a str,
    /// Absent of a name that is no account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<u32>,
    pub(super) service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tty: Option<&'a str>,
    /// In seconds since the epoch; absent for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<u64>,
    pub(super) rule: String,
    pub(super) course: String,
    /// Whether the rule only reports.
    pub(super) report: bool,
    /// What the guard says to a login that proved no factor.
    pub(super) guard: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standing: Option<String>,
    pub(super) factors: Vec<String>,
    pub(super) entry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remember_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remember_per: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enroll_by: Option<u64>,
    pub(super) passed_over: Vec<Passed>,
}

/// A rule that does not match.
#[derive(Debug, Serialize)]
pub(super) struct Passed {
    pub(super) rule: String,
    /// The condition that the login does not meet.
    pub(super) condition: String,
    /// What the login has there.
    pub(super) found: String,
}

impl<'a> Explained<'a> {
    pub(super) fn of(
        arguments: &'a Explain,
        account: Option<&'a Account>,
        at: Option<u64>,
        explanation: Explanation,
    ) -> Self {
        let passed_over = explanation.passed_over.unwrap_or_default();
        Self {
            user: account.map_or(&arguments.user, |account| &account.name),
            uid: account.map(|account| account.uid),
            service: &arguments.service,
            from: arguments.from.map(|address| address.to_string()),
            tty: arguments.tty.as_deref(),
            at,
            rule: explanation.rule.unwrap_or_default(),
            course: explanation.course.unwrap_or_default(),
            report: explanation.report.unwrap_or_default(),
            guard: explanation.guard.unwrap_or_default(),
            standing: explanation.standing,
            factors: explanation.factors.unwrap_or_default(),
            entry: explanation.entry.unwrap_or_default(),
            remember_seconds: explanation.remember_seconds,
            remember_per: explanation.remember_per,
            enroll_by: explanation.enroll_by,
            passed_over: passed_over.into_iter().map(Passed::from).collect(),
        }
    }
}

impl From<PassedOver> for Passed {
    fn from(passed: PassedOver) -> Self {
        Self {
            rule: passed.rule.unwrap_or_default(),
            condition: passed.condition.unwrap_or_default(),
            found: passed.found.unwrap_or_default(),
        }
    }
}
