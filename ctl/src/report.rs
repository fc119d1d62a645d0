//! What is reported, as JSON has it.

use countersign_bus::types::{CredentialStatus, Factor, Status};
use serde::Serialize;

use crate::account::Account;

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
#[derive(Serialize)]
pub(crate) struct UserStatus {
    pub(crate) user: Option<String>,
    pub(crate) uid: u32,
    pub(crate) enrolled: bool,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) recovery_left: u32,
    /// How many codes in a row a login asks for.
    pub(crate) codes_demanded: u32,
    /// Seconds until one code will do again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait: Option<u64>,
    pub(crate) known_origins: Vec<String>,
    /// Why nothing more is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

/// One credential of a user.
#[derive(Serialize)]
pub(crate) struct Credential {
    pub(crate) id: String,
    /// `None` for a kind that a newer daemon has.
    pub(crate) factor: Option<Factor>,
    pub(crate) label: Option<String>,
    pub(crate) confirmed: bool,
    pub(crate) created: Option<u64>,
    pub(crate) last_used: Option<u64>,
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
        Self {
            user: status.user,
            uid: status.uid.unwrap_or(u32::MAX),
            enrolled: status.enrolled.unwrap_or_default(),
            credentials: credentials.into_iter().map(Credential::from).collect(),
            recovery_left: status.recovery_left.unwrap_or_default(),
            codes_demanded: status.codes_demanded.unwrap_or(1),
            wait: status.wait.filter(|wait| *wait > 0),
            known_origins: status.known_origins.unwrap_or_default(),
            problem: status.problem,
        }
    }
}

impl Credential {
    /// When it last proved something.
    pub(crate) fn used(&self) -> Option<u64> {
        self.last_used
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
