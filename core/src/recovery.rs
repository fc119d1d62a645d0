//! Recovery codes: NIST SP 800-63B-4's look-up secrets (section 3.1.2), numbered, hashed, and
//! good for one login each.

use std::fmt;
use std::str::FromStr;

use constant_time_eq::constant_time_eq;
use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crockford;
use crate::hash::{Hash, hash};

/// A recovery code: 80 random bits in Crockford's base 32 behind the number of its place in the
/// set, such as `3-ABCD-EFGH-JKMN-PQRS`.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode {
    number: u8,
    letters: String,
}

impl RecoveryCode {
    const LETTERS: usize = 16;

    fn new(number: u8, entropy: [u8; 10]) -> Self {
        let bits = entropy
            .iter()
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let letters = crockford::spell(bits, Self::LETTERS);
        Self { number, letters }
    }

    /// What is printed for the user to keep.
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(24));
        text.push_str(&self.number.to_string());
        crockford::group(&self.letters, &mut text);
        text
    }
}

impl FromStr for RecoveryCode {
    type Err = MalformedRecoveryCode;

    /// Reads a code as people copy it: in either case, with or without hyphens and spaces, with
    /// the letter O for 0 and I or L for 1.
    fn from_str(typed: &str) -> Result<Self, MalformedRecoveryCode> {
        let symbols = crockford::normalize(typed);
        let number_length = symbols
            .len()
            .checked_sub(Self::LETTERS)
            .filter(|length| (1..=2).contains(length) && symbols.is_ascii())
            .ok_or(MalformedRecoveryCode)?;
        let (number, letters) = symbols.split_at(number_length);

        match number.parse() {
            Ok(number @ 1..=RecoverySet::SIZE) if crockford::is_spelled(letters) => Ok(Self {
                number,
                letters: letters.to_owned(),
            }),
            Ok(_) | Err(_) => Err(MalformedRecoveryCode),
        }
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// What was typed cannot be a recovery code.
#[derive(Debug, Eq, Error, PartialEq)]
#[error("a recovery code is a number from 1 to 10 and sixteen letters or digits")]
pub struct MalformedRecoveryCode;

/// What is kept of a user's recovery codes: a salted hash of each that is not used.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct RecoverySet {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(1)]
    unused: Vec<Unused>,
}

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
struct Unused {
    #[n(0)]
    number: u8,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    hash: Hash,
}

impl RecoverySet {
    /// How many codes a new set has.
    pub const SIZE: u8 = 10;
    /// How many random bytes a new set takes: a salt, and ten times 80 bits.
    pub const ENTROPY: usize = 16 + 10 * Self::SIZE as usize;

    /// A new set out of random bytes, and its codes, which nothing keeps.
    pub fn from_entropy(entropy: &[u8; Self::ENTROPY]) -> (Self, Vec<RecoveryCode>) {
        let (salt, rest) = entropy.split_at(16);
        let mut set = Self::default();
        set.salt.copy_from_slice(salt);

        let codes: Vec<RecoveryCode> = (1..)
            .zip(rest.as_chunks::<10>().0)
            .map(|(number, bytes)| RecoveryCode::new(number, *bytes))
            .collect();
        set.unused = codes
            .iter()
            .filter_map(|code| {
                let hash = set.hash(code)?;
                Some(Unused {
                    number: code.number,
                    hash,
                })
            })
            .collect();
        (set, codes)
    }

    /// The set without `code`, if it is one of the unused ones.
    ///
    /// One hash is computed, whether or not a code of that number is left.
    #[must_use]
    pub fn spend(&self, code: &RecoveryCode) -> Option<Self> {
        let hash = self.hash(code)?;
        let is_it =
            |unused: &Unused| unused.number == code.number && constant_time_eq(&unused.hash, &hash);
        self.unused.iter().any(is_it).then(|| Self {
            salt: self.salt,
            unused: self
                .unused
                .iter()
                .filter(|unused| !is_it(unused))
                .cloned()
                .collect(),
        })
    }

    /// What is left of `present`, without what is no longer left of this, if it is the same set.
    /// Another set than the one in force is void.
    pub(crate) fn left_of_both(&self, present: &Self) -> Self {
        let mut left = present.clone();
        if self.salt == present.salt {
            left.unused.retain(|unused| self.unused.contains(unused));
        }
        left
    }

    /// The set with none of it left.
    pub(crate) fn void(mut self) -> Self {
        self.unused.clear();
        self
    }

    /// How many codes are left.
    pub const fn left(&self) -> usize {
        self.unused.len()
    }

    fn hash(&self, code: &RecoveryCode) -> Option<Hash> {
        hash(&code.expose(), &self.salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_printed_as_documented_and_read_back() {
        let code = RecoveryCode::new(
            3,
            [0x52, 0xd8, 0xc7, 0x3a, 0x10, 0x9c, 0xa5, 0x63, 0x1e, 0xff],
        );
        let text = code.expose();
        assert_eq!(text.len(), "3-ABCD-EFGH-JKMN-PQRS".len());
        assert_eq!(text.parse::<RecoveryCode>().unwrap(), code);
    }

    #[test]
    fn a_code_is_read_as_people_copy_it() {
        let code: RecoveryCode = "3-ABCD-EFGH-0110-PQRS".parse().unwrap();
        for typed in [
            "3 abcd efgh oilo pqrs",
            "3abcdefgh0110pqrs",
            "3-ABCD-EFGH-OLIO-PQRS",
        ] {
            assert_eq!(typed.parse::<RecoveryCode>().unwrap(), code, "{typed:?}");
        }
        assert!("10-ABCD-EFGH-0110-PQRS".parse::<RecoveryCode>().is_ok());
    }

    #[test]
    fn anything_else_is_malformed() {
        for typed in [
            "",
            "123456",
            "ABCD-EFGH-JKMN-PQRS",
            "0-ABCD-EFGH-JKMN-PQRS",
            "11-ABCD-EFGH-JKMN-PQRS",
            "3-ABCD-EFGH-JKMN-PQR",
            "3-ABCD-EFGH-JKMN-PQRU",
            "3-ABCD-EFGH-JKMN-PQRS-T",
            "é-ABCD-EFGH-JKMN-PQRS",
            "3-ABCD-EFGH-JKMN-PQRé",
        ] {
            assert!(typed.parse::<RecoveryCode>().is_err(), "{typed:?}");
        }
    }

    #[test]
    fn each_code_can_be_spent_once_and_only_it() {
        let (set, codes) = set();
        let after = set.spend(&codes[2]).unwrap();
        assert_eq!(after.left(), 9);
        assert_eq!(after.spend(&codes[2]), None);
        assert_eq!(after.spend(&codes[3]).unwrap().left(), 8);
    }

    #[test]
    fn a_code_under_another_number_or_salt_is_wrong() {
        let (set, codes) = set();
        let mut moved = codes[0].clone();
        moved.number = 2;
        assert_eq!(set.spend(&moved), None);

        let other = RecoverySet {
            salt: [9; 16],
            ..set
        };
        assert_eq!(other.spend(&codes[0]), None);
    }

    #[test]
    fn an_empty_set_accepts_nothing() {
        assert_eq!(RecoverySet::default().spend(&set().1[0]), None);
    }

    #[test]
    fn debug_output_does_not_show_the_code() {
        assert_eq!(format!("{:?}", set().1[0]), "RecoveryCode(..)");
    }

    fn set() -> (RecoverySet, Vec<RecoveryCode>) {
        let mut entropy = [0; RecoverySet::ENTROPY];
        for (place, byte) in entropy.iter_mut().enumerate() {
            *byte = (place * 37 % 251) as u8;
        }
        RecoverySet::from_entropy(&entropy)
    }
}
