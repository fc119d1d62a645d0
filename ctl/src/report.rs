//! What is reported, as JSON has it.

use countersign_bus::types::{CredentialStatus, Factor, PassStatus, PlaceStatus, Status};
use serde::Serialize;

use crate::account::Account;
use crate::words::printable;

pub(crate) mod backup;

/// A credential that was just set up, with its key.
#[derive(Serialize)]
pub(crate) struct Enrolled<'a> {
    pub(crate) user: &'a str,
    pub(crate) uid: u32,
    pub(crate) credential: &'a str,
    pub(crate) factor: Factor,
    pub(crate) confirmed: bool,
    pub(crate) secret: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) recovery_codes: Vec<&'a str>,
}

/// A credential that a first code has just confirmed.
#[derive(Serialize)]
pub(crate) struct Confirmed<'a> {
    pub(crate) user: &'a str,
    pub(crate) uid: u32,
    pub(crate) credential: &'a str,
    pub(crate) confirmed: bool,
    pub(crate) recovery_codes: Vec<&'a str>,
}

/// New recovery codes.
#[derive(Serialize)]
pub(crate) struct RecoveryCodes<'a> {
    pub(crate) user: &'a str,
    pub(crate) uid: u32,
    pub(crate) recovery_codes: Vec<&'a str>,
}

/// A code that was just issued.
#[derive(Serialize)]
pub(crate) struct IssuedCode<'a> {
    pub(crate) user: &'a str,
    pub(crate) uid: u32,
    pub(crate) code: &'a str,
    /// Until when it is good, in seconds since the epoch.
    pub(crate) expires: u64,
}

/// A device that was just found again.
#[derive(Serialize)]
pub(crate) struct Resynchronized<'a> {
    pub(crate) user: &'a str,
    pub(crate) uid: u32,
    pub(crate) credential: &'a str,
}

/// What came of a login that was only gone through.
#[derive(Serialize)]
pub(crate) struct Tested<'a> {
    pub(crate) user: &'a str,
    pub(crate) uid: u32,
    pub(crate) service: &'a str,
    pub(crate) outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_left: Option<u32>,
}

/// What is known of a user.
#[derive(Default, Serialize)]
pub(crate) struct UserStatus {
    pub(crate) user: Option<String>,
    pub(crate) uid: u32,
    pub(crate) enrolled: bool,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) recovery_left: u32,
    /// Scratch codes of the verifier that the user came from.
    pub(crate) scratch_left: u32,
    /// Until when a code from an admin is good, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_until: Option<u64>,
    /// Seconds until recovery codes and codes from an admin are looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_wait: Option<u64>,
    /// How many codes in a row a login from a new place asks for.
    pub(crate) codes_demanded: u32,
    /// Seconds until one code will do again there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait: Option<u64>,
    pub(crate) known_origins: Vec<String>,
    /// What each place asks for.
    pub(crate) places: Vec<Place>,
    /// The logins that are remembered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) passes: Vec<Pass>,
    /// Why nothing more is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

/// What logins from one place are asked for.
#[derive(Serialize)]
pub(crate) struct Place {
    /// `unknown`, `seat`, `locker` or an address.
    pub(crate) place: String,
    /// How many codes in a row.
    pub(crate) codes: u32,
    /// Seconds until one will do again, if that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait: Option<u64>,
}

/// A remembered login.
#[derive(Serialize)]
pub(crate) struct Pass {
    /// Where it counts: a service and an address, or a login session.
    pub(crate) place: String,
    /// What was proven.
    pub(crate) credential: String,
    /// When, in seconds since the epoch.
    pub(crate) given: u64,
    /// Until when it counts at most, likewise.
    pub(crate) until: u64,
}

/// One credential of a user.
#[derive(Default, Serialize)]
pub(crate) struct Credential {
    pub(crate) id: String,
    /// `None` for a kind that a newer daemon has.
    pub(crate) factor: Option<Factor>,
    pub(crate) label: Option<String>,
    pub(crate) confirmed: bool,
    pub(crate) created: Option<u64>,
    pub(crate) last_used: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digits: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) algorithm: Option<String>,
    /// How many seconds a time-based code lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period: Option<u32>,
    /// How many periods the device's clock is ahead or, below zero, behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drift: Option<i32>,
    /// The counter of the next counter-based code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counter: Option<u64>,
    /// Whether two codes in a row have to find its counter first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) uncertain: bool,
}

impl UserStatus {
    /// Of an account.
    pub(crate) fn of(account: &Account, status: Status) -> Self {
        Self {
            user: Some(account.name.clone()),
            uid: account.uid,
            ..Self::from(status)
        }
    }

    /// The credentials that count.
    pub(crate) fn confirmed(&self) -> usize {
        self.credentials.iter().filter(|c| c.confirmed).count()
    }
}

impl From<Status> for UserStatus {
    fn from(status: Status) -> Self {
        let credentials = status.credentials.unwrap_or_default();
        let places = status.places.unwrap_or_default();
        let passes = status.passes.unwrap_or_default();
        Self {
            user: status.user,
            uid: status.uid.unwrap_or(u32::MAX),
            enrolled: status.enrolled.unwrap_or_default(),
            credentials: credentials.into_iter().map(Credential::from).collect(),
            recovery_left: status.recovery_left.unwrap_or_default(),
            scratch_left: status.scratch_left.unwrap_or_default(),
            issued_until: status.issued_until,
            recovery_wait: status.recovery_wait.filter(|wait| *wait > 0),
            codes_demanded: status.codes_demanded.unwrap_or(1),
            wait: status.wait.filter(|wait| *wait > 0),
            known_origins: status.known_origins.unwrap_or_default(),
            places: places.into_iter().map(Place::from).collect(),
            passes: passes.into_iter().map(Pass::from).collect(),
            problem: status.problem,
        }
    }
}

impl From<PlaceStatus> for Place {
    fn from(status: PlaceStatus) -> Self {
        Self {
            place: status.place.unwrap_or_default(),
            codes: status.codes.unwrap_or(1),
            wait: status.wait.filter(|wait| *wait > 0),
        }
    }
}

impl From<PassStatus> for Pass {
    fn from(status: PassStatus) -> Self {
        Self {
            place: status.place.unwrap_or_default(),
            credential: status.credential.unwrap_or_default(),
            given: status.given.unwrap_or_default(),
            until: status.until.unwrap_or_default(),
        }
    }
}

impl Credential {
    /// What it is called in a sentence.
    pub(crate) fn named(&self) -> String {
        let id = printable(&self.id);
        match &self.label {
            Some(label) => format!("Credential {id} (\"{}\")", printable(label)),
            None => format!("Credential {id}"),
        }
    }
}

impl From<CredentialStatus> for Credential {
    fn from(status: CredentialStatus) -> Self {
        Self {
            id: status.id.unwrap_or_default(),
            factor: status
                .factor
                .and_then(|number| Factor::try_from(number).ok()),
            label: status.label.filter(|label| !label.is_empty()),
            confirmed: status.confirmed.unwrap_or_default(),
            created: status.created,
            last_used: status.last_used,
            digits: status.digits,
            algorithm: status.algorithm,
            period: status.period,
            drift: status.drift,
            counter: status.counter,
            uncertain: status.uncertain.unwrap_or_default(),
        }
    }
}

/// A factor's name, as JSON has it too.
pub(crate) fn factor_name(factor: Option<Factor>) -> &'static str {
    match factor {
        Some(Factor::Totp) => "totp",
        Some(Factor::Recovery) => "recovery",
        Some(Factor::Hotp) => "hotp",
        None => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_provisioning_scripts_rely_on_is_there() {
        let text = serde_json::to_string(&Enrolled {
            user: "alice",
            uid: 1000,
            credential: "7f3a",
            factor: Factor::Totp,
            confirmed: true,
            secret: "JBSWY3DP",
            uri: "otpauth://totp/alice?secret=JBSWY3DP",
            recovery_codes: vec!["1-AAAA"],
        })
        .unwrap();
        assert_eq!(
            text,
            r#"{"user":"alice","uid":1000,"credential":"7f3a","factor":"totp","confirmed":true,"secret":"JBSWY3DP","uri":"otpauth://totp/alice?secret=JBSWY3DP","recovery_codes":["1-AAAA"]}"#
        );
    }

    #[test]
    fn a_factor_has_one_name() {
        for factor in [Factor::Totp, Factor::Recovery] {
            assert_eq!(
                serde_json::to_string(&factor).unwrap(),
                format!("\"{}\"", factor_name(Some(factor)))
            );
        }
    }

    #[test]
    fn a_user_that_the_daemon_says_nothing_of_has_nothing() {
        let status = UserStatus::from(Status::default());
        assert!(!status.enrolled);
        assert_eq!(status.codes_demanded, 1);
        assert_eq!(status.confirmed(), 0);
    }
}
