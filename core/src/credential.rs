//! One enrolled factor of one user.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::time::{Step, Timestamp};
use crate::totp::Totp;

/// A credential: a factor, what the user calls it, and what has been used of it.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Credential {
    #[n(0)]
    pub(crate) id: CredentialId,
    #[n(1)]
    pub(crate) label: String,
    #[n(2)]
    pub(crate) factor: Factor,
    #[n(3)]
    pub(crate) confirmed: bool,
    #[n(4)]
    pub(crate) created: Timestamp,
    #[n(5)]
    pub(crate) last_used: Option<Timestamp>,
}

impl Credential {
    /// Names it among the user's.
    pub const fn id(&self) -> CredentialId {
        self.id
    }

    /// What the user calls it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What kind it is.
    pub const fn factor(&self) -> &Factor {
        &self.factor
    }

    /// Whether a first code has confirmed it. Until then it proves nothing.
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// When it was made.
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// When it last proved something.
    pub const fn last_used(&self) -> Option<Timestamp> {
        self.last_used
    }
}

/// A kind of credential, with what must be remembered of its use.
#[derive(Clone, Debug, Decode, Encode)]
pub enum Factor {
    /// Time-based codes.
    #[n(1)]
    Totp {
        /// What the app and the verifier agree on.
        #[n(0)]
        totp: Totp,
        /// The last step that was accepted; all up to it are used up.
        #[n(1)]
        spent: Option<Step>,
    },
}

impl Factor {
    /// Whether it has the secret of `other`.
    pub(crate) fn is_about(&self, other: &Totp) -> bool {
        match self {
            Self::Totp { totp, .. } => totp.secret().is_same(other.secret()),
        }
    }
}

/// Names a credential among a user's; never given twice while the user's record lasts.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Ord, PartialEq, PartialOrd)]
#[cbor(transparent)]
pub struct CredentialId(#[n(0)] pub(crate) u32);

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CredentialId {
    type Err = UnknownCredential;

    fn from_str(text: &str) -> Result<Self, UnknownCredential> {
        text.parse().map(Self).map_err(|_| UnknownCredential)
    }
}

/// The user has no credential of that id.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the user has no such credential")]
pub struct UnknownCredential;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::time::Period;
    use crate::totp::{Algorithm, Digits};

    #[test]
    fn all_that_is_known_of_a_credential_survives_being_kept() {
        let secret = Secret::from_entropy(&[7; 20]);
        let digits = Digits::new(8).unwrap();
        let period = Period::from_seconds(60).unwrap();
        let held = Credential {
            id: CredentialId(3),
            label: "phone".to_owned(),
            factor: Factor::Totp {
                totp: Totp::new(secret, Algorithm::Sha512, digits, period),
                spent: Some(Step(29_166_666)),
            },
            confirmed: true,
            created: Timestamp::from_unix(1_740_000_000),
            last_used: Some(Timestamp::from_unix(1_750_000_007)),
        };
        let bytes = minicbor::to_vec(&held).unwrap();
        let kept: Credential = minicbor::decode(&bytes).unwrap();
        // Debug output shows all but the secret.
        assert_eq!(format!("{kept:?}"), format!("{held:?}"));
        let [
            Factor::Totp { totp: kept, .. },
            Factor::Totp { totp: held, .. },
        ] = [kept.factor(), held.factor()];
        assert_eq!(kept.secret().to_base32(), held.secret().to_base32());
    }

    #[test]
    fn an_id_is_read_as_it_is_shown() {
        for id in [0, 1, 16, u32::MAX].map(CredentialId) {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn what_is_not_a_number_names_no_credential() {
        for text in [
            "",
            " 1",
            "1 ",
            "-1",
            "1.0",
            "0x1",
            "phone",
            "4294967296",
            "１",
        ] {
            let id = text.parse::<CredentialId>();
            assert_eq!(id, Err(UnknownCredential), "{text:?}");
        }
    }
}
