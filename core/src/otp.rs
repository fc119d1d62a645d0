//! What makes one-time codes: RFC 4226's HOTP(K, C), with RFC 6238's choice of hash.

use std::ops::RangeInclusive;

use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::number::kept_as_number;
use crate::secret::Secret;

/// What an authenticator and the verifier agree on, whatever moves the codes on.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Otp {
    #[n(0)]
    secret: Secret,
    #[n(1)]
    algorithm: Algorithm,
    #[n(2)]
    digits: Digits,
}

impl Otp {
    /// Codes of so many digits, made with a secret and a hash.
    pub const fn new(secret: Secret, algorithm: Algorithm, digits: Digits) -> Self {
        Self {
            secret,
            algorithm,
            digits,
        }
    }

    /// The code for a moving factor: a counter, or the number of a time step.
    #[must_use]
    pub fn code(&self, moving_factor: u64) -> Zeroizing<String> {
        code(&self.generator(), moving_factor)
    }

    /// The secret, to be shown at enrolment.
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The hash that the codes are made with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How many digits a code has.
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// Whether `codes`, typed one after the other, are those of consecutive moving factors of which
    /// the first is in `firsts`; they are used up unless it is `unused_from` or later.
    ///
    /// Every factor is computed whether or not an earlier one matched, so that how long this takes
    /// says nothing about the codes.
    pub(crate) fn search(
        &self,
        codes: &[Code],
        firsts: RangeInclusive<u64>,
        unused_from: u64,
    ) -> Check {
        let generator = self.generator();
        firsts.fold(Check::Wrong, |found, first| {
            let factors = (0..).map(|place: u64| first.saturating_add(place));
            let (matches, last) =
                factors
                    .zip(codes)
                    .fold((!codes.is_empty(), first), |(all, _), (factor, typed)| {
                        (all & typed.matches(&code(&generator, factor)), factor)
                    });
            match (matches, first >= unused_from) {
                (false, _) => found,
                (true, true) => Check::Fresh(last),
                (true, false) => found.or(Check::Used),
            }
        })
    }

    /// totp-rs's form of it, which counts seconds as we count codes. "Non-compliant", since
    /// imported secrets may have 80 bits only.
    fn generator(&self) -> totp_rs::Totp {
        totp_rs::Builder::new()
            .with_secret(self.secret.bytes())
            .with_algorithm(self.algorithm.into())
            .with_digits(self.digits.count())
            .with_step_duration(1)
            .build_noncompliant()
    }
}

fn code(generator: &totp_rs::Totp, moving_factor: u64) -> Zeroizing<String> {
    Zeroizing::new(generator.generate(moving_factor).to_string())
}

/// How far from where they should be codes are looked for.
///
/// The further, the longer a code that somebody saw, and that was never used, is worth half of two
/// in a row. So it is far only where few can be tried, or where more are needed: for an answer
/// together with the wrong one before it, or where three are demanded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// As far as people and devices usually stray.
    Near,
    /// As far as a device is ever found again.
    Far,
}

/// What codes were found to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Check {
    /// Right, and later than all that was used before. Up to this moving factor, the last one's,
    /// they would be used up.
    Fresh(u64),
    /// Right, but used before, or older than what was.
    Used,
    /// Not right.
    Wrong,
}

impl Check {
    /// The last moving factor, if they are right and unused.
    pub(crate) const fn fresh(self) -> Option<u64> {
        match self {
            Self::Fresh(last) => Some(last),
            Self::Used | Self::Wrong => None,
        }
    }

    /// The better of two.
    pub(crate) const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fresh(last), _) | (_, Self::Fresh(last)) => Self::Fresh(last),
            (Self::Used, Self::Used | Self::Wrong) | (Self::Wrong, Self::Used) => Self::Used,
            (Self::Wrong, Self::Wrong) => Self::Wrong,
        }
    }
}

/// The hash under the HMAC, RFC 6238 section 1.2.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
#[cbor(index_only)]
pub enum Algorithm {
    /// HMAC-SHA-1: what every app knows. HMAC does not rest on collision resistance.
    #[default]
    #[n(1)]
    Sha1,
    /// HMAC-SHA-256.
    #[n(2)]
    Sha256,
    /// HMAC-SHA-512.
    #[n(3)]
    Sha512,
}

impl Algorithm {
    /// As key URIs and configurations write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// The algorithm that `name` names.
    ///
    /// # Errors
    ///
    /// If none has that name.
    pub fn named(name: &str) -> Result<Self, UnsupportedAlgorithm> {
        match name {
            "SHA1" => Ok(Self::Sha1),
            "SHA256" => Ok(Self::Sha256),
            "SHA512" => Ok(Self::Sha512),
            _ => Err(UnsupportedAlgorithm),
        }
    }

    /// How many random bytes a new secret has: as many as the hash, RFC 6238 section 5.1.
    pub const fn secret_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl From<Algorithm> for totp_rs::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::SHA1,
            Algorithm::Sha256 => Self::SHA256,
            Algorithm::Sha512 => Self::SHA512,
        }
    }
}

/// No algorithm of that name is supported.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the algorithm must be SHA1, SHA256 or SHA512 (most apps know SHA1 only)")]
pub struct UnsupportedAlgorithm;

/// How many digits a code has, RFC 4226 section 5.3: six to eight.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Digits(u8);

impl Digits {
    /// Six, which every app knows.
    pub const DEFAULT: Self = Self(6);

    /// `count` digits.
    ///
    /// # Errors
    ///
    /// If it is not six to eight.
    pub const fn new(count: u32) -> Result<Self, UnsupportedDigits> {
        match count {
            6 => Ok(Self(6)),
            7 => Ok(Self(7)),
            8 => Ok(Self(8)),
            _ => Err(UnsupportedDigits(count)),
        }
    }

    /// The number of digits.
    pub const fn count(self) -> u8 {
        self.0
    }
}

/// No code has that many digits.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a code of {0} digits is not supported: use 6, 7 or 8 (most apps know 6 only)")]
pub struct UnsupportedDigits(u32);

kept_as_number!(Digits, |digits| digits.count().into(), |count| {
    Digits::new(u32::try_from(count).unwrap_or(u32::MAX))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4226_vectors_hold() {
        // Appendix D: counters 0 to 9.
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, expected) in (0..).zip(expected) {
            assert_eq!(*otp().code(counter), expected);
        }
    }

    #[test]
    fn codes_are_searched_for_where_they_may_be_and_nowhere_else() {
        for (first, found) in [
            (2, Check::Wrong),
            (3, Check::Used),
            (4, Check::Used),
            (5, Check::Fresh(5)),
            (8, Check::Fresh(8)),
            (9, Check::Wrong),
        ] {
            assert_eq!(otp().search(&codes(&[first]), 3..=8, 5), found, "{first}");
        }
    }

    #[test]
    fn codes_in_a_row_must_be_consecutive_and_in_order() {
        assert_eq!(otp().search(&codes(&[6, 7]), 5..=8, 5), Check::Fresh(7));
        assert_eq!(otp().search(&codes(&[6, 7, 8]), 5..=8, 5), Check::Fresh(8));
        for row in [[7, 6], [6, 6], [6, 8], [4, 5]] {
            assert_eq!(
                otp().search(&codes(&row), 5..=8, 5),
                Check::Wrong,
                "{row:?}"
            );
        }
        assert_eq!(otp().search(&codes(&[4, 5]), 3..=8, 5), Check::Used);
    }

    #[test]
    fn no_code_at_all_proves_nothing() {
        assert_eq!(otp().search(&[], 0..=8, 0), Check::Wrong);
    }

    #[test]
    fn the_last_moving_factor_of_all_is_searched_without_a_panic() {
        let row = codes(&[u64::MAX, u64::MAX]);
        let check = otp().search(&row, u64::MAX - 1..=u64::MAX, 0);
        assert_eq!(check, Check::Fresh(u64::MAX));
    }

    fn otp() -> Otp {
        let secret = Secret::from_entropy(b"12345678901234567890");
        Otp::new(secret, Algorithm::Sha1, Digits::DEFAULT)
    }

    fn codes(factors: &[u64]) -> Vec<Code> {
        let code = |factor: &u64| otp().code(*factor).parse().unwrap();
        factors.iter().map(code).collect()
    }
}
