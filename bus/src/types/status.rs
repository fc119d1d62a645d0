//! What can be told of a user.

use zbus::{DeserializeDict, SerializeDict, Type};

/// What is known of a user; nothing of it is secret to the user or to root.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Status {
    /// The account.
    pub uid: Option<u32>,
    /// Its name, as enrolled.
    pub user: Option<String>,
    /// Whether a confirmed credential is there.
    pub enrolled: Option<bool>,
    /// What the user holds.
    pub credentials: Option<Vec<CredentialStatus>>,
    /// How many recovery codes are left.
    pub recovery_left: Option<u32>,
    /// How many scratch codes are left of the verifier that the user came from.
    pub scratch_left: Option<u32>,
    /// Until when a code that an admin issued is good, in seconds since the epoch.
    pub issued_until: Option<u64>,
    /// Seconds until recovery codes and issued codes are looked at again.
    pub recovery_wait: Option<u64>,
    /// What is demanded in each place that is told apart.
    pub places: Option<Vec<PlaceStatus>>,
    /// How many consecutive codes a login from a new place has to give now: 1, 2 or 3.
    pub codes_demanded: Option<u32>,
    /// Seconds until one code will do again.
    pub wait: Option<u64>,
    /// The places whose logins are throttled apart from everyone else's.
    pub known_origins: Option<Vec<String>>,
    /// The logins that are remembered.
    pub passes: Option<Vec<PassStatus>>,
    /// Why nothing more can be told of this user.
    pub problem: Option<String>,
}

/// What is demanded of logins from one place.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct PlaceStatus {
    /// `unknown`, `seat`, `locker`, or an address that a login from has succeeded.
    pub place: Option<String>,
    /// How many consecutive codes a login has to give: 1, 2 or 3.
    pub codes: Option<u32>,
    /// Seconds until one code will do again, if that can be told.
    pub wait: Option<u64>,
}

/// A remembered login: where no code is asked for, as far as the policy says so.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct PassStatus {
    /// Where it counts: a service and an address, as in `sshd from 192.0.2.7`, or a login session
    /// by the process that leads it, as in `session of process 4711`.
    pub place: Option<String>,
    /// The credential that was proven.
    pub credential: Option<String>,
    /// When it was, in seconds since the epoch.
    pub given: Option<u64>,
    /// Until when it counts at most, in seconds since the epoch.
    pub until: Option<u64>,
}

/// One credential of a user.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct CredentialStatus {
    /// Names it among the user's.
    pub id: Option<String>,
    /// Its [`Factor`].
    pub factor: Option<u32>,
    /// What the user calls it.
    pub label: Option<String>,
    /// Whether a first code has confirmed it.
    pub confirmed: Option<bool>,
    /// When it was made, in seconds since the epoch.
    pub created: Option<u64>,
    /// When it last proved something, in seconds since the epoch.
    pub last_used: Option<u64>,
    /// How many digits its codes have.
    pub digits: Option<u32>,
    /// `SHA1`, `SHA256` or `SHA512`.
    pub algorithm: Option<String>,
    /// How many seconds a time-based code lasts.
    pub period: Option<u32>,
    /// How many steps the device's clock was ahead when it was last used, or, below zero, behind.
    pub drift: Option<i32>,
    /// The counter of the next counter-based code.
    pub counter: Option<u64>,
    /// Whether it takes two codes in a row before one is accepted, since the counter may be behind.
    pub uncertain: Option<bool>,
}
