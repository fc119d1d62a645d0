//! Scratch codes that another verifier handed out: eight digits, good for one login each.

use constant_time_eq::constant_time_eq;
use minicbor::{Decode, Encode};

use crate::code::Code;
use crate::hash::{Hash, hash};

/// What is kept of a user's scratch codes: a salted hash of each, also of those that are used, so
/// that importing them again makes none of them new.
///
/// They are of 26 bits only, so they are judged as any other code, and as rarely.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct ScratchSet {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(1)]
    codes: Vec<Scratch>,
}

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
struct Scratch {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    hash: Hash,
    #[n(1)]
    used: bool,
}

impl ScratchSet {
    /// How many digits one has.
    pub const DIGITS: usize = 8;
    /// The most codes that are remembered of a user, used ones among them.
    pub const MOST: usize = 32;

    /// How many codes are left.
    pub fn left(&self) -> usize {
        self.codes.iter().filter(|code| !code.used).count()
    }

    /// The set with those of `codes` that were never in it, and how many that were; `salt` is used
    /// if it has none yet. `None` if they are too many, or one is not of eight digits.
    pub(crate) fn with(mut self, codes: &[Code], salt: [u8; 16]) -> Option<(Self, usize)> {
        if self.codes.is_empty() {
            self.salt = salt;
        }
        let before = self.codes.len();
        for code in codes {
            let hash = self.hash(code)?;
            if !self
                .codes
                .iter()
                .any(|held| constant_time_eq(&held.hash, &hash))
            {
                self.codes.push(Scratch { hash, used: false });
            }
        }
        let new = self.codes.len() - before;
        (self.codes.len() <= Self::MOST).then_some((self, new))
    }

    /// The set with `code` used, if it is one of those that are left. No hash is computed where no
    /// code is left: only whoever has scratch codes waits for it.
    pub(crate) fn spend(&self, code: &Code) -> Option<Self> {
        if self.left() == 0 {
            return None;
        }
        let hash = self.hash(code)?;
        let mut after = self.clone();
        let is_it = |held: &&mut Scratch| !held.used && constant_time_eq(&held.hash, &hash);
        after.codes.iter_mut().find(is_it)?.used = true;
        Some(after)
    }

    /// The set with all of them used that are used, or unknown, in `other`.
    pub(crate) fn left_of_both(mut self, other: &Self) -> Self {
        for code in &mut self.codes {
            let left = |held: &Scratch| !held.used && held.hash == code.hash;
            code.used |= self.salt != other.salt || !other.codes.iter().any(left);
        }
        self
    }

    /// The set with all of them used.
    pub(crate) fn void(mut self) -> Self {
        for code in &mut self.codes {
            code.used = true;
        }
        self
    }

    fn hash(&self, code: &Code) -> Option<Hash> {
        let digits = code.expose();
        (digits.len() == Self::DIGITS)
            .then(|| hash(digits, &self.salt))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_can_be_spent_once_and_only_it() {
        let (set, _) = set();
        assert_eq!(set.left(), 2);
        let after = set.spend(&code("12345678")).unwrap();
        assert_eq!(after.left(), 1);
        assert_eq!(after.spend(&code("12345678")), None);
        assert_eq!(after.spend(&code("23456780")), None);
        assert_eq!(after.spend(&code("23456789")).unwrap().left(), 0);
    }

    #[test]
    fn importing_them_again_makes_no_used_one_new() {
        let (set, _) = set();
        let used = set.spend(&code("12345678")).unwrap();
        let (again, new) = used.with(&codes(), [9; 16]).unwrap();
        assert_eq!((again.left(), new), (1, 0));
        let (voided, new) = again.void().with(&codes(), [9; 16]).unwrap();
        assert_eq!((voided.left(), new), (0, 0));
    }

    #[test]
    fn what_is_no_scratch_code_is_not_taken() {
        for digits in ["123456", "1234567"] {
            let set = ScratchSet::default().with(&[code(digits)], [1; 16]);
            assert_eq!(set, None, "{digits}");
        }
        let many: Vec<Code> = (0..33)
            .map(|n| code(&format!("{}", 10_000_000 + n)))
            .collect();
        assert_eq!(ScratchSet::default().with(&many, [1; 16]), None);
        assert!(set().0.spend(&code("123456")).is_none());
    }

    #[test]
    fn of_two_states_of_a_set_only_what_is_left_of_both_is_left() {
        let (older, _) = set();
        let used = |digits| older.spend(&code(digits)).unwrap();
        let left = |one: &ScratchSet, other: &ScratchSet| one.clone().left_of_both(other).left();
        assert_eq!(left(&older, &older), 2);
        assert_eq!(left(&older, &used("12345678")), 1);
        assert_eq!(left(&used("12345678"), &used("23456789")), 0);
        assert_eq!(left(&older, &ScratchSet::default()), 0);
        let (other, _) = ScratchSet::default().with(&codes(), [2; 16]).unwrap();
        assert_eq!(left(&older, &other), 0);
    }

    #[test]
    fn an_empty_set_accepts_nothing() {
        assert_eq!(ScratchSet::default().spend(&code("12345678")), None);
    }

    fn set() -> (ScratchSet, usize) {
        ScratchSet::default().with(&codes(), [1; 16]).unwrap()
    }

    fn codes() -> [Code; 2] {
        ["12345678", "23456789"].map(code)
    }

    fn code(digits: &str) -> Code {
        digits.parse().unwrap()
    }
}
