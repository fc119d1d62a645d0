//! The key that an authenticator and the verifier share.

use std::fmt;

use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// RFC 4226's `K`: the shared secret of one credential. Wiped when dropped, and never shown.
#[derive(Clone, Decode, Encode, Zeroize, ZeroizeOnDrop)]
#[cbor(transparent)]
pub struct Secret(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    Vec<u8>,
);

impl Secret {
    /// The fewest bytes an imported secret may have: the 80 bits that older apps handed out.
    pub const SHORTEST: usize = 10;
    /// The most bytes a secret may have: more than a hash block adds nothing.
    pub const LONGEST: usize = 128;

    /// A secret out of random bytes. A new one has at least the 160 bits that RFC 4226 section 4,
    /// R6 recommends.
    pub fn from_entropy(entropy: &[u8]) -> Self {
        Self(entropy.to_vec())
    }

    /// Reads a secret in base 32, RFC 4648 section 6, in either case, with or without padding,
    /// blanks and hyphens.
    ///
    /// # Errors
    ///
    /// If it is not base 32, or is too short or too long. The error says nothing of the text.
    pub fn from_base32(text: &str) -> Result<Self, MalformedSecret> {
        let mut letters = Zeroizing::new(String::with_capacity(text.len()));
        letters.extend(
            text.chars()
                .filter(|c| !matches!(c, ' ' | '-' | '=' | '\n' | '\r' | '\t'))
                .map(|c| c.to_ascii_uppercase()),
        );
        let secret = totp_rs::Secret::try_from_base32(letters.as_str())
            .map_err(|_| MalformedSecret::NotBase32)?;
        match secret.as_bytes() {
            short if short.len() < Self::SHORTEST => Err(MalformedSecret::TooShort),
            long if long.len() > Self::LONGEST => Err(MalformedSecret::TooLong),
            bytes => Ok(Self(bytes.to_vec())),
        }
    }

    /// The secret in base 32 without padding, as apps and key URIs write it.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(totp_rs::Secret::from(self.0.as_slice()).to_base32())
    }

    /// Whether both are the same, compared in constant time.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        constant_time_eq::constant_time_eq(&self.0, &other.0)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A text is not a secret.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum MalformedSecret {
    /// It is not base 32.
    #[error("the secret is not base 32 (letters A to Z and digits 2 to 7)")]
    NotBase32,
    /// It has fewer than 80 bits.
    #[error("the secret is shorter than 80 bits (16 letters)")]
    TooShort,
    /// It has more than 1024 bits.
    #[error("the secret is longer than 1024 bits")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_read_as_people_write_it() {
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ====\n",
        ] {
            let secret = Secret::from_base32(text).unwrap();
            assert_eq!(secret.bytes(), b"12345678901234567890");
            assert_eq!(*secret.to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_without_quoting_it() {
        for (text, error) in [
            ("not base 32!", MalformedSecret::NotBase32),
            ("GEZDGNBV01", MalformedSecret::NotBase32),
            ("", MalformedSecret::TooShort),
            ("GEZDGNBVGY3TQOI", MalformedSecret::TooShort),
        ] {
            assert_eq!(Secret::from_base32(text).unwrap_err(), error, "{text:?}");
        }
        let long = "A".repeat(1024);
        assert_eq!(
            Secret::from_base32(&long).unwrap_err(),
            MalformedSecret::TooLong
        );
    }

    #[test]
    fn an_80_bit_secret_can_be_imported() {
        assert_eq!(
            Secret::from_base32("GEZDGNBVGY3TQOJQ")
                .unwrap()
                .bytes()
                .len(),
            10
        );
    }

    #[test]
    fn debug_output_does_not_show_the_secret() {
        assert_eq!(
            format!("{:?}", Secret::from_entropy(b"12345678901234567890")),
            "Secret(..)"
        );
    }
}
