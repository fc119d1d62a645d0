//! The rule that a throttle follows, and what it asks of a login.

use std::time::Duration;

use super::bucket::Allowance;

/// The rule: how many wrong responses are evaluated, and how long they delay the next.
///
/// RFC 4226 section 7.3 asks for such a rule, and NIST SP 800-63B-4 section 3.2.2 for at most 100
/// consecutive failures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Backoff {
    /// Single codes, per pool.
    pub(super) singles: Allowance,
    /// Several codes in a row, per pool.
    pub(super) pairs: Allowance,
    /// Recovery codes and issued codes, per user.
    pub(super) recovery: Allowance,
    /// The longest delay after a wrong single code, in seconds.
    pub(super) longest_delay: u64,
    /// The longest delay after a wrong recovery or issued code, in seconds.
    pub(super) longest_recovery_delay: u64,
    /// How many consecutive failures from unknown origins close the single code to them.
    pub(super) closes_after: u32,
}

impl Backoff {
    /// Twenty single codes and four more a day: 1,480 a year from one pool.
    pub const DEFAULT: Self = Self {
        singles: Allowance {
            at_once: 20,
            a_day: 4,
        },
        pairs: Allowance {
            at_once: 100_000,
            a_day: 2_740,
        },
        recovery: Allowance {
            at_once: 100,
            a_day: 100,
        },
        longest_delay: 900,
        longest_recovery_delay: 30,
        closes_after: 100,
    };

    /// Ten single codes and one more a day: 375 a year from one pool.
    pub const STRICT: Self = Self {
        singles: Allowance {
            at_once: 10,
            a_day: 1,
        },
        ..Self::DEFAULT
    };

    /// The most single codes that one pool lets through to be evaluated in any 365 days.
    pub const fn singles_a_year(&self) -> u64 {
        self.singles.in_days(365)
    }

    /// The longest that a login which failed no more must wait for one code to do, in seconds.
    pub(super) const fn longest_wait(&self) -> u64 {
        longer(self.longest_delay, self.singles.longest_wait())
    }

    /// The longest that this rule itself makes a recovery or issued code wait, in seconds.
    pub(super) const fn longest_recovery_wait(&self) -> u64 {
        longer(self.longest_recovery_delay, self.recovery.longest_wait())
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How many consecutive codes a login must give, to be judged together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Demand {
    /// One code.
    One,
    /// This code and then the next one.
    Two {
        /// How long until one code will do again, if nobody fails meanwhile; `None` if only a
        /// login that succeeds brings that about.
        wait: Option<Duration>,
    },
    /// This code and then the next two.
    Three,
}

impl Demand {
    /// How many codes that is.
    pub const fn codes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two { .. } => 2,
            Self::Three => 3,
        }
    }
}

const fn longer(a: u64, b: u64) -> u64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_lets_1480_single_codes_through_by_default_and_375_when_strict() {
        assert_eq!(Backoff::DEFAULT.singles_a_year(), 1_480);
        assert_eq!(Backoff::STRICT.singles_a_year(), 375);
    }

    #[test]
    fn one_code_does_again_after_a_quarter_of_a_day_or_a_day_at_most() {
        assert_eq!(Backoff::DEFAULT.longest_wait(), 6 * 3600);
        assert_eq!(Backoff::STRICT.longest_wait(), 24 * 3600);
    }
}
