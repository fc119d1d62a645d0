//! What can be told of the policy, and of the daemon.

use zbus::{DeserializeDict, SerializeDict, Type};

/// `Explain`'s options.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct ExplainOptions {
    /// When the login would be, in seconds since the epoch; now, if it is absent.
    pub at: Option<u64>,
}

/// What would become of a login, and by which rule.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Explanation {
    /// The rule that decides; `(end)` if none of the configuration's matches.
    pub rule: Option<String>,
    /// What becomes of the login: `ask`, `remembered`, `enroll`, `not-demanded`, `refuse`, or
    /// `ask-in-vain` of somebody who has nothing to answer with.
    pub course: Option<String>,
    /// Whether it is only reported, and the login left to the rest of the stack.
    pub report: Option<bool>,
    /// What the guard says to a login that proved no factor: `refuse` or `not-demanded`.
    pub guard: Option<String>,
    /// What is known of the user, if the rule depends on it: `answerable`, `unfit` (holds no factor
    /// that the rule takes), `unenrolled`, `foreign` or `unknown`.
    pub standing: Option<String>,
    /// The kinds of factors that the rule takes.
    pub factors: Option<Vec<String>>,
    /// `separate` or `appended`.
    pub entry: Option<String>,
    /// For how many seconds the rule has logins remembered.
    pub remember_seconds: Option<u64>,
    /// `origin` or `login-session`.
    pub remember_per: Option<String>,
    /// Until when one may enroll at a login, in seconds since the epoch.
    pub enroll_by: Option<u64>,
    /// The rules before it, in order, with what each does not match by.
    pub passed_over: Option<Vec<PassedOver>>,
}

/// A rule that does not match a login.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct PassedOver {
    /// Its name.
    pub rule: Option<String>,
    /// The first of its conditions that the login does not meet: `services`, `users`, `from`,
    /// `terminals`, `hours` or `groups`.
    pub condition: Option<String>,
    /// What the login has there; empty if it has nothing.
    pub found: Option<String>,
}

/// What can be told of the daemon.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct About {
    /// Its version.
    pub version: Option<String>,
    /// The time by its clock, in seconds since the epoch.
    pub now: Option<u64>,
    /// Since when it runs, in seconds since the epoch.
    pub started: Option<u64>,
    /// Why the configuration that is in the files now is not in force, if it is not.
    pub config_problem: Option<String>,
}
