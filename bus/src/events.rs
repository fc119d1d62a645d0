//! The record of events, as it travels.

use zbus::{DeserializeDict, SerializeDict, Type};

/// Which events are asked for.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct EventOptions {
    /// Those that concern the user of this uid.
    pub uid: Option<u32>,
    /// Those that are not older than this, in seconds since the epoch.
    pub since: Option<u64>,
    /// At most this many, and 1,000.
    pub limit: Option<u32>,
}

/// A login that ended, or a change to what a user holds. What says nothing is absent.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Event {
    /// Its number: higher than that of every event before it, but not one more.
    pub sequence: Option<u64>,
    /// When, by the wall clock, in seconds since the epoch.
    pub at: Option<u64>,
    /// `login`, or `change`.
    pub kind: Option<String>,
    /// How the login ended: `accepted`, `rejected`, `throttled`, `abandoned`, `expired`,
    /// `unavailable`, `not-demanded`, `reported` or `refused`; or what was changed: `offered`,
    /// `enrolled`, `removed`, `recovery-codes`, `reset`, `unlocked` or `forgotten`. There may be
    /// others.
    pub outcome: Option<String>,
    /// Whom it concerns, as enrolled; `(unknown)` or `(uid 1000)` where no name is vouched for.
    pub user: Option<String>,
    /// Their uid, if they have one.
    pub uid: Option<u32>,
    /// Which door it came through: `root` or `public`.
    pub door: Option<String>,
    /// Who made a change: `root` or `uid 1000`.
    pub by: Option<String>,
    /// The PAM service logged in through.
    pub service: Option<String>,
    /// Where the login came from: `seat`, `locker`, `unknown`, or an address.
    pub origin: Option<String>,
    /// The terminal.
    pub tty: Option<String>,
    /// What proved the login: `code`, `recovery` or `pass`. There may be others.
    pub factor: Option<String>,
    /// How many answers were looked at and wrong.
    pub wrong: Option<u32>,
    /// How many were right, but used up.
    pub used: Option<u32>,
    /// How many the throttle did not admit.
    pub unjudged: Option<u32>,
    /// What else an admin should know of it.
    pub note: Option<String>,
    /// The transaction, as the journal has it.
    pub transaction: Option<String>,
    /// The rule of the policy that decided about a login.
    pub rule: Option<String>,
    /// In place of all else: why a part of the record is left out.
    pub problem: Option<String>,
}
