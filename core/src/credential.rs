//! One enrolled factor of one user.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::code::Code;
use crate::factors::{Factors, Kind};
use crate::hotp::{Counter, Hotp};
use crate::otp::{Check, Otp, Reach};
use crate::time::{Step, Timestamp};
use crate::totp::{Drift, Totp};

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

    /// Whether it is of one of these kinds.
    pub(crate) const fn is_among(&self, factors: Factors) -> bool {
        factors.allow(match self.factor {
            Factor::Totp { .. } => Kind::Totp,
            Factor::Hotp { .. } => Kind::Hotp,
        })
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
        /// How far the device's clock was off then.
        #[n(2)]
        drift: Drift,
    },
    /// Counter-based codes.
    #[n(2)]
    Hotp {
        /// What the token and the verifier agree on.
        #[n(0)]
        hotp: Hotp,
        /// The counter after the last one that was accepted; all below it are used up.
        #[n(1)]
        next: Counter,
        /// Whether `next` may be behind what was used, as after a restored backup: a single code
        /// then proves nothing until two in a row did.
        #[n(2)]
        uncertain: bool,
    },
}

impl Factor {
    /// Time-based codes, none of which was used.
    pub const fn totp(totp: Totp) -> Self {
        Self::Totp {
            totp,
            spent: None,
            drift: Drift::NONE,
        }
    }

    /// Counter-based codes, those from `next` on being unused.
    pub const fn hotp(hotp: Hotp, next: Counter) -> Self {
        Self::Hotp {
            hotp,
            next,
            uncertain: false,
        }
    }

    /// What makes its codes.
    pub const fn otp(&self) -> &Otp {
        match self {
            Self::Totp { totp, .. } => totp.otp(),
            Self::Hotp { hotp, .. } => hotp.otp(),
        }
    }

    /// What `codes`, typed one after the other, prove at `now`; and, if they are fresh, the factor
    /// with them used up and the device followed to where it is.
    pub(crate) fn check(
        &self,
        codes: &[Code],
        now: Timestamp,
        reach: Reach,
    ) -> (Check, Option<Self>) {
        match self {
            Self::Totp { totp, spent, drift } => {
                let check = totp.check(codes, now, (*spent, *drift), reach);
                let now = totp.period().step_at(now);
                let after = check.fresh().map(|last| Self::Totp {
                    totp: totp.clone(),
                    spent: Some(Step(last)),
                    drift: match codes.len() {
                        0 | 1 => drift.followed(Step(last), now, totp.skew()),
                        _ => Drift::found(Step(last), now),
                    },
                });
                (check, after)
            }
            Self::Hotp {
                hotp,
                next,
                uncertain,
            } => {
                let check = match hotp.check(codes, *next, reach) {
                    Check::Fresh(_) if *uncertain && codes.len() < 2 => Check::Wrong,
                    check @ (Check::Fresh(_) | Check::Used | Check::Wrong) => check,
                };
                let after = check
                    .fresh()
                    .map(|last| Self::hotp(hotp.clone(), Counter::after(last)));
                (check, after)
            }
        }
    }

    /// Whether it has the secret of `other`.
    pub(crate) fn is_about(&self, other: &Self) -> bool {
        self.otp().secret().is_same(other.otp().secret())
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
    use crate::otp::{Algorithm, Digits};
    use crate::secret::Secret;
    use crate::time::Period;

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
                drift: Drift::from_steps(-3).unwrap(),
            },
            confirmed: true,
            created: Timestamp::from_unix(1_740_000_000),
            last_used: Some(Timestamp::from_unix(1_750_000_007)),
        };
        let bytes = minicbor::to_vec(&held).unwrap();
        let kept: Credential = minicbor::decode(&bytes).unwrap();
        // Debug output shows all but the secret.
        assert_eq!(format!("{kept:?}"), format!("{held:?}"));
        let secret = |credential: &Credential| credential.factor().otp().secret().to_base32();
        assert_eq!(secret(&kept), secret(&held));
    }

    #[test]
    fn a_token_is_followed_to_where_it_is() {
        let token = token(7, false);
        let (check, after) = token.check(&codes(&[9]), NOW, Reach::Near);
        assert_eq!(check, Check::Fresh(9));
        let after = after.unwrap();
        assert_eq!(after.check(&codes(&[9]), NOW, Reach::Near).0, Check::Used);
        assert_eq!(
            after.check(&codes(&[10]), NOW, Reach::Near).0,
            Check::Fresh(10)
        );
        assert!(token.check(&codes(&[6]), NOW, Reach::Near).1.is_none());
    }

    #[test]
    fn a_counter_that_may_be_behind_takes_two_in_a_row_to_be_sure_of() {
        let token = token(7, true);
        assert_eq!(token.check(&codes(&[7]), NOW, Reach::Near).0, Check::Wrong);
        assert_eq!(
            token.check(&codes(&[6, 7]), NOW, Reach::Near).0,
            Check::Used
        );
        let (check, after) = token.check(&codes(&[7, 8]), NOW, Reach::Near);
        assert_eq!(check, Check::Fresh(8));
        assert_eq!(
            after.unwrap().check(&codes(&[9]), NOW, Reach::Near).0,
            Check::Fresh(9)
        );
    }

    #[test]
    fn a_clock_is_followed_to_where_it_is() {
        let totp = Totp::new(
            Secret::from_entropy(&[7; 20]),
            Algorithm::Sha1,
            Digits::DEFAULT,
            Period::DEFAULT,
        );
        let Step(now) = Period::DEFAULT.step_at(NOW);
        let code = |step: u64| totp.code_at(Step(step)).parse::<Code>().unwrap();
        let held = Factor::totp(totp.clone());

        // A step ahead, then two: within the skew of where it was seen last.
        let (_, after) = held.check(&[code(now + 1)], NOW, Reach::Near);
        let (check, after) = after.unwrap().check(&[code(now + 2)], NOW, Reach::Near);
        assert_eq!(check, Check::Fresh(now + 2));
        // And far behind, by two in a row.
        let later = NOW.after(std::time::Duration::from_secs(600));
        let after = after.unwrap();
        let (check, after) = after.check(&[code(now + 9), code(now + 10)], later, Reach::Far);
        assert_eq!(check, Check::Fresh(now + 10));
        let (check, _) = after.unwrap().check(&[code(now + 11)], later, Reach::Far);
        assert_eq!(check, Check::Fresh(now + 11));
    }

    const NOW: Timestamp = Timestamp::from_unix(1_750_000_007);

    fn hotp() -> Hotp {
        let secret = Secret::from_entropy(&[7; 20]);
        Hotp::new(secret, Algorithm::Sha1, Digits::DEFAULT)
    }

    fn token(next: u64, uncertain: bool) -> Factor {
        Factor::Hotp {
            hotp: hotp(),
            next: Counter::new(next).unwrap(),
            uncertain,
        }
    }

    fn codes(counters: &[u64]) -> Vec<Code> {
        let code = |counter: &u64| {
            let counter = Counter::new(*counter).unwrap();
            hotp().code_at(counter).parse().unwrap()
        };
        counters.iter().map(code).collect()
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
