//! Counter-based one-time codes, RFC 4226.

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::code::Code;
use crate::number::kept_as_number;
use crate::otp::{Algorithm, Check, Digits, Otp, Reach};
use crate::secret::Secret;

/// What a token and the verifier agree on.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Hotp {
    #[n(0)]
    otp: Otp,
    #[n(1)]
    look_ahead: LookAhead,
}

impl Hotp {
    /// How far ahead a token is ever found again: one that was played with.
    const RESYNCHRONIZATION: u64 = 100;
    const FURTHER_IN_A_ROW: u64 = 10;
    /// How far back a code is recognised as one that was used.
    const MEMORY: u64 = 10;

    /// A credential's parameters around `secret`, with the usual look-ahead.
    pub const fn new(secret: Secret, algorithm: Algorithm, digits: Digits) -> Self {
        Self {
            otp: Otp::new(secret, algorithm, digits),
            look_ahead: LookAhead::DEFAULT,
        }
    }

    /// The same, with another look-ahead.
    #[must_use]
    pub fn with_look_ahead(self, look_ahead: LookAhead) -> Self {
        Self { look_ahead, ..self }
    }

    /// What `codes`, typed one after the other, prove, if all counters below `next` are used up.
    ///
    /// A single code may be as far ahead as the look-ahead says (RFC 4226 section 7.2); several in
    /// a row prove so much more that they are looked for further, and with [`Reach::Far`] as far as
    /// a token is ever found again (section 7.4).
    pub fn check(&self, codes: &[Code], next: Counter, reach: Reach) -> Check {
        let Counter(next) = next;
        let reach = match (reach, codes.len()) {
            (Reach::Near, 0 | 1) => self.look_ahead.counters(),
            (Reach::Near, _) => self.look_ahead.counters() + Self::FURTHER_IN_A_ROW,
            (Reach::Far, _) => Self::RESYNCHRONIZATION,
        };
        let firsts = next.saturating_sub(Self::MEMORY)..=next.saturating_add(reach);
        self.otp.search(codes, firsts, next)
    }

    /// The code for `counter`. For tests and for enrolling a device that cannot show one.
    #[must_use]
    pub fn code_at(&self, counter: Counter) -> String {
        self.otp.code(counter.0).to_string()
    }

    /// What makes its codes.
    pub const fn otp(&self) -> &Otp {
        &self.otp
    }

    /// How many unused codes are skipped over.
    pub const fn look_ahead(&self) -> LookAhead {
        self.look_ahead
    }
}

/// RFC 4226's `C`: the moving factor of a counter-based code.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Counter(u64);

impl Counter {
    /// The counter `value`.
    ///
    /// # Errors
    ///
    /// If it is 2^63 or more: no token gets there, and one must be able to go on.
    pub const fn new(value: u64) -> Result<Self, CounterTooLarge> {
        if value < 1 << 63 {
            Ok(Self(value))
        } else {
            Err(CounterTooLarge(value))
        }
    }

    /// Its value.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The one after the moving factor `last`, which was used.
    pub(crate) const fn after(last: u64) -> Self {
        Self(last.saturating_add(1))
    }
}

// Of the last that may be set, the next one is kept too.
kept_as_number!(Counter, Counter::value, |value| Ok::<_, CounterTooLarge>(
    Counter(value)
));

/// No token counts so far.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a counter of {0} is not supported: no token gets there")]
pub struct CounterTooLarge(u64);

/// RFC 4226 section 7.2's `s`: how many unused codes may be skipped over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LookAhead(u8);

impl LookAhead {
    /// Five: a button pressed in a pocket a few times.
    pub const DEFAULT: Self = Self(5);
    /// The most that is ever kept of another verifier's window: each counter more is another code
    /// that a guess may hit.
    pub const MOST: Self = Self(10);

    /// So many counters.
    ///
    /// # Errors
    ///
    /// If they are more than [`MOST`](Self::MOST).
    pub fn new(counters: u64) -> Result<Self, UnsupportedLookAhead> {
        u8::try_from(counters)
            .ok()
            .filter(|counters| *counters <= Self::MOST.0)
            .map(Self)
            .ok_or(UnsupportedLookAhead(counters))
    }

    /// How many counters.
    pub const fn counters(self) -> u64 {
        self.0 as u64
    }
}

kept_as_number!(LookAhead, LookAhead::counters, LookAhead::new);

/// A look-ahead too far to be safe.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a look-ahead of {0} is not supported: use 10 at most")]
pub struct UnsupportedLookAhead(u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_accepted_as_far_ahead_as_the_look_ahead_says() {
        for (counter, check) in [
            (89, Check::Wrong),
            (90, Check::Used),
            (99, Check::Used),
            (100, Check::Fresh(100)),
            (105, Check::Fresh(105)),
            (106, Check::Wrong),
        ] {
            assert_eq!(
                hotp().check(&codes(&[counter]), NEXT, Reach::Near),
                check,
                "{counter}"
            );
        }
        let none = hotp().with_look_ahead(LookAhead::new(0).unwrap());
        assert_eq!(none.check(&codes(&[101]), NEXT, Reach::Near), Check::Wrong);
    }

    #[test]
    fn two_in_a_row_are_found_further_ahead_and_much_further_where_few_are_tried() {
        for (row, near, far) in [
            ([106, 107], Check::Fresh(107), Check::Fresh(107)),
            ([115, 116], Check::Fresh(116), Check::Fresh(116)),
            ([116, 117], Check::Wrong, Check::Fresh(117)),
            ([200, 201], Check::Wrong, Check::Fresh(201)),
            ([201, 202], Check::Wrong, Check::Wrong),
            ([110, 112], Check::Wrong, Check::Wrong),
            ([111, 110], Check::Wrong, Check::Wrong),
        ] {
            let check = |reach| hotp().check(&codes(&row), NEXT, reach);
            assert_eq!(
                (check(Reach::Near), check(Reach::Far)),
                (near, far),
                "{row:?}"
            );
        }
    }

    #[test]
    fn a_row_that_begins_with_a_used_code_is_used() {
        assert_eq!(
            hotp().check(&codes(&[99, 100]), NEXT, Reach::Near),
            Check::Used
        );
    }

    #[test]
    fn no_code_at_all_proves_nothing() {
        assert_eq!(hotp().check(&[], NEXT, Reach::Near), Check::Wrong);
    }

    #[test]
    fn a_counter_that_cannot_go_on_is_refused() {
        assert!(Counter::new((1 << 63) - 1).is_ok());
        assert!(Counter::new(1 << 63).is_err());
        assert!(Counter::new(u64::MAX).is_err());
        assert_eq!(Counter::after(u64::MAX).value(), u64::MAX);
    }

    #[test]
    fn a_look_ahead_is_at_most_ten() {
        assert_eq!(LookAhead::new(10), Ok(LookAhead::MOST));
        assert!(LookAhead::new(11).is_err());
        assert!(LookAhead::new(u64::MAX).is_err());
    }

    const NEXT: Counter = Counter(100);

    fn hotp() -> Hotp {
        let secret = Secret::from_entropy(&[7; 20]);
        Hotp::new(secret, Algorithm::Sha1, Digits::DEFAULT)
    }

    fn codes(counters: &[u64]) -> Vec<Code> {
        let code = |counter: &u64| hotp().code_at(Counter(*counter)).parse().unwrap();
        counters.iter().map(code).collect()
    }
}
