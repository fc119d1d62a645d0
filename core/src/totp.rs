//! Time-based one-time codes, RFC 6238.

use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::secret::Secret;
use crate::time::{Period, Skew, Step, Timestamp};

/// What an authenticator app and the verifier agree on.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Totp {
    #[n(0)]
    secret: Secret,
    #[n(1)]
    algorithm: Algorithm,
    #[n(2)]
    digits: Digits,
    #[n(3)]
    period: Period,
}

impl Totp {
    /// A credential's parameters around `secret`.
    pub const fn new(secret: Secret, algorithm: Algorithm, digits: Digits, period: Period) -> Self {
        Self {
            secret,
            algorithm,
            digits,
            period,
        }
    }

    /// What `codes`, typed one after the other, prove at `now`, if all steps up to `spent` are
    /// used up.
    ///
    /// Several codes prove something only if they belong to consecutive steps, the last of which
    /// is within the skew. Every step of the window is computed whether or not an earlier one
    /// matched, so that how long this takes says nothing about the codes.
    pub fn check(&self, codes: &[Code], now: Timestamp, spent: Option<Step>) -> Check {
        let generator = self.generator();
        let before = (codes.len() as u64).saturating_sub(1);

        Skew::DEFAULT
            .around(self.period.step_at(now))
            .filter_map(|last| Some((Step(last.0.checked_sub(before)?), last)))
            .fold(Check::Wrong, |found, (first, last)| {
                let matches = self.matches(&generator, codes, first);
                match (matches, spent.is_none_or(|spent| first > spent)) {
                    (false, _) => found,
                    (true, true) => Check::Fresh(last),
                    (true, false) => found.or_used(),
                }
            })
    }

    /// The code for `step`. For tests and for enrolling a device that cannot show one.
    #[must_use]
    pub fn code_at(&self, step: Step) -> String {
        self.code(&self.generator(), step).to_string()
    }

    /// RFC 6238's `X`.
    pub const fn period(&self) -> Period {
        self.period
    }

    /// How many digits its codes have.
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// The hash that its codes are made with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The secret, to be shown at enrolment.
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    fn matches(&self, generator: &totp_rs::Totp, codes: &[Code], first: Step) -> bool {
        (0..)
            .zip(codes)
            .map(|(place, code)| code.matches(&self.code(generator, first.later(place))))
            .fold(!codes.is_empty(), |all, one| all & one)
    }

    fn code(&self, generator: &totp_rs::Totp, step: Step) -> Zeroizing<String> {
        let seconds = step.0.saturating_mul(self.period.seconds());
        Zeroizing::new(generator.generate(seconds).to_string())
    }

    /// totp-rs's form of it. "Non-compliant", since imported secrets may have 80 bits only.
    fn generator(&self) -> totp_rs::Totp {
        totp_rs::Builder::new()
            .with_secret(self.secret.bytes())
            .with_algorithm(self.algorithm.into())
            .with_digits(self.digits.count())
            .with_step_duration(self.period.seconds())
            .build_noncompliant()
    }
}

/// What a response was found to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Check {
    /// Right, and later than all that was used before; up to this step it would be used up.
    Fresh(Step),
    /// Right, but used before, or older than what was.
    Used,
    /// Not right.
    Wrong,
}

impl Check {
    const fn or_used(self) -> Self {
        match self {
            Self::Fresh(step) => Self::Fresh(step),
            Self::Used | Self::Wrong => Self::Used,
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

impl<C> Encode<C> for Digits {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.u8(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Digits {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        Self::new(decoder.u32()?)
            .map_err(|UnsupportedDigits(_)| minicbor::decode::Error::message("digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B: time, and the eight digits of each algorithm.
    const VECTORS: [(u64, &str, &str, &str); 6] = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];

    #[test]
    fn rfc_6238_vectors_hold_for_all_three_algorithms() {
        for (seconds, sha1, sha256, sha512) in VECTORS {
            for (algorithm, expected) in [
                (Algorithm::Sha1, sha1),
                (Algorithm::Sha256, sha256),
                (Algorithm::Sha512, sha512),
            ] {
                let totp = rfc(algorithm, 8);
                let now = Timestamp::from_unix(seconds);
                let step = Period::DEFAULT.step_at(now);
                assert_eq!(totp.code_at(step), expected, "{algorithm:?} at {seconds}");
                assert_eq!(totp.check(&[code(expected)], now, None), Check::Fresh(step));
            }
        }
    }

    #[test]
    fn rfc_4226_vectors_hold() {
        // Appendix D: counters 0 to 9, which a period of 30 s counts from the epoch on.
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, expected) in (0..).zip(expected) {
            assert_eq!(rfc(Algorithm::Sha1, 6).code_at(Step(counter)), expected);
        }
    }

    #[test]
    fn one_step_either_way_is_accepted_and_two_are_not() {
        for (offset, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let step = NOW_STEP.checked_add_signed(offset).map(Step).unwrap();
            let check = check(&[step], None);
            assert_eq!(check == Check::Fresh(step), accepted, "{offset}: {check:?}");
        }
    }

    #[test]
    fn a_step_that_is_spent_or_older_is_used() {
        let spent = Some(Step(NOW_STEP));
        assert_eq!(check(&[Step(NOW_STEP)], spent), Check::Used);
        assert_eq!(check(&[Step(NOW_STEP - 1)], spent), Check::Used);
        assert_eq!(
            check(&[Step(NOW_STEP + 1)], spent),
            Check::Fresh(Step(NOW_STEP + 1))
        );
    }

    #[test]
    fn codes_in_a_row_must_be_consecutive_in_order_and_end_in_the_window() {
        let step = |offset: i64| Step(NOW_STEP.checked_add_signed(offset).unwrap());
        for (offsets, accepted) in [
            (vec![-2, -1], true),
            (vec![-1, 0], true),
            (vec![0, 1], true),
            (vec![1, 2], false),
            (vec![-3, -2], false),
            (vec![1, 0], false),
            (vec![0, 0], false),
            (vec![-1, 1], false),
            (vec![-1, 0, 1], true),
            (vec![-3, -2, -1], true),
        ] {
            let steps: Vec<Step> = offsets.iter().copied().map(step).collect();
            let last = steps.last().copied().unwrap();
            assert_eq!(
                check(&steps, None) == Check::Fresh(last),
                accepted,
                "{offsets:?}"
            );
        }
    }

    #[test]
    fn codes_in_a_row_must_all_be_later_than_what_was_spent() {
        let row = [Step(NOW_STEP - 1), Step(NOW_STEP)];
        assert_eq!(check(&row, Some(Step(NOW_STEP - 1))), Check::Used);
        assert_eq!(
            check(&row, Some(Step(NOW_STEP - 2))),
            Check::Fresh(Step(NOW_STEP))
        );
    }

    #[test]
    fn no_code_at_all_proves_nothing() {
        assert_eq!(check(&[], None), Check::Wrong);
    }

    #[test]
    fn a_code_with_the_wrong_number_of_digits_is_wrong() {
        let now = Timestamp::from_unix(59);
        let six = rfc(Algorithm::Sha1, 6);
        assert_eq!(six.check(&[code("94287082")], now, None), Check::Wrong);
        assert_eq!(
            rfc(Algorithm::Sha1, 8).check(&[code("287082")], now, None),
            Check::Wrong
        );
    }

    #[test]
    fn the_first_and_the_last_moment_of_time_are_judged_without_a_panic() {
        for seconds in [0, 29, u64::MAX] {
            let check = rfc(Algorithm::Sha1, 6).check(
                &[code("000000"), code("000000")],
                Timestamp::from_unix(seconds),
                Some(Step(u64::MAX)),
            );
            assert_ne!(check, Check::Fresh(Step(0)));
        }
    }

    const NOW_STEP: u64 = 66_666_666;

    fn check(steps: &[Step], spent: Option<Step>) -> Check {
        let totp = rfc(Algorithm::Sha1, 6);
        let codes: Vec<Code> = steps.iter().map(|s| code(&totp.code_at(*s))).collect();
        totp.check(&codes, Timestamp::from_unix(NOW_STEP * 30 + 7), spent)
    }

    fn rfc(algorithm: Algorithm, digits: u32) -> Totp {
        let key: Vec<u8> = b"1234567890"
            .iter()
            .copied()
            .cycle()
            .take(algorithm.secret_bytes())
            .collect();
        let digits = Digits::new(digits).unwrap();
        Totp::new(
            Secret::from_entropy(&key),
            algorithm,
            digits,
            Period::DEFAULT,
        )
    }

    fn code(digits: &str) -> Code {
        digits.parse().unwrap()
    }
}
