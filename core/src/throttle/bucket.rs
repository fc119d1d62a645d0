//! A leaky bucket of failures, and the delay that they cause.

use minicbor::{Decode, Encode};

use crate::time::Timestamp;

/// So many at once, and so many more each day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Allowance {
    pub(super) at_once: u32,
    pub(super) a_day: u32,
}

impl Allowance {
    /// The most that any so many days let through.
    pub(super) const fn in_days(self, days: u32) -> u64 {
        self.at_once as u64 + self.a_day as u64 * days as u64
    }

    /// How long a full bucket takes to make room for one failure, in seconds.
    pub(super) const fn longest_wait(self) -> u64 {
        self.seconds_to_leak(FAILURE)
    }

    const fn capacity(self) -> u64 {
        self.at_once as u64 * FAILURE
    }

    /// What `seconds` leak: see [`FAILURE`].
    const fn leak(self, seconds: u64) -> u64 {
        seconds.saturating_mul(self.a_day as u64)
    }

    const fn seconds_to_leak(self, level: u64) -> u64 {
        match self.a_day {
            0 => u64::MAX,
            a_day => level.div_ceil(a_day as u64),
        }
    }
}

/// A leaky bucket: each failure pours one in, and only time lets anything out.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub(super) struct Bucket {
    /// What was in it at `at`, in parts of a [`FAILURE`].
    #[n(0)]
    #[cbor(default)]
    level: u64,
    /// The latest time at which something was poured in.
    #[n(1)]
    #[cbor(default)]
    at: Timestamp,
}

impl Bucket {
    /// How long until there is room for one more failure, in seconds; 0 if there is.
    pub(super) fn wait(self, allowance: Allowance, now: Timestamp) -> u64 {
        // The level of `at`, as if nothing had leaked since: the clock may have been set back.
        let excess = self.capped(allowance) + FAILURE;
        match excess.saturating_sub(allowance.capacity()) {
            0 => 0,
            excess => {
                let room = allowance.seconds_to_leak(excess);
                self.at
                    .unix()
                    .saturating_add(room)
                    .saturating_sub(now.unix())
            }
        }
    }

    /// With one more failure in it.
    pub(super) fn poured(self, allowance: Allowance, now: Timestamp) -> Self {
        let level = self.level_at(allowance, now) + FAILURE;
        Self {
            level: level.min(allowance.capacity()),
            at: self.at.max(now),
        }
    }

    /// As full as the fuller of the two.
    pub(super) fn fuller(self, other: Self, allowance: Allowance, now: Timestamp) -> Self {
        let level = self.level_at(allowance, now);
        Self {
            level: level.max(other.level_at(allowance, now)),
            at: self.at.max(other.at).max(now),
        }
    }

    /// The same level, leaking from `now` on at the latest.
    pub(super) fn rewound(self, now: Timestamp) -> Self {
        Self {
            at: self.at.min(now),
            ..self
        }
    }

    fn level_at(self, allowance: Allowance, now: Timestamp) -> u64 {
        let elapsed = now.since(self.at).as_secs();
        self.capped(allowance)
            .saturating_sub(allowance.leak(elapsed))
    }

    /// Never above the rim, though an earlier rule's may have been higher.
    fn capped(self, allowance: Allowance) -> u64 {
        self.level.min(allowance.capacity())
    }
}

/// The delay after a failure, which grows with each that follows: 1 s, 1 s, 5 s, 10 s, 20 s …
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub(super) struct Delay {
    /// How many failures there were since the last success.
    #[n(0)]
    #[cbor(default)]
    streak: u32,
    /// When the delay is over.
    #[n(1)]
    #[cbor(default)]
    until: Timestamp,
}

impl Delay {
    /// What remains of it, in seconds.
    pub(super) fn wait(self, now: Timestamp) -> u64 {
        self.until.since(now).as_secs()
    }

    /// After one more failure; `longest` is in seconds.
    pub(super) fn lengthened(self, longest: u64, now: Timestamp) -> Self {
        let streak = self.streak.saturating_add(1);
        let seconds = match streak.checked_sub(3) {
            None => 1,
            Some(doublings) => 2_u64.saturating_pow(doublings).saturating_mul(5),
        };
        let until = now.unix().saturating_add(seconds.min(longest));
        Self {
            streak,
            until: self.until.max(Timestamp::from_unix(until)),
        }
    }

    /// Over in `longest` seconds at the latest.
    pub(super) fn rewound(self, longest: u64, now: Timestamp) -> Self {
        let latest = Timestamp::from_unix(now.unix().saturating_add(longest));
        Self {
            until: self.until.min(latest),
            ..self
        }
    }
}

/// One failure, as a bucket counts it: then what leaks in a second is what may fail in a day, and
/// nothing is ever rounded.
const FAILURE: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Allowance = Allowance {
        at_once: 2,
        a_day: 4,
    };

    #[test]
    fn a_bucket_takes_what_it_holds_and_then_what_leaks() {
        let bucket = Bucket::default().poured(TWO, at(0));
        assert_eq!(bucket.wait(TWO, at(0)), 0);
        let full = bucket.poured(TWO, at(0));
        assert_eq!(full.wait(TWO, at(0)), 21_600);
        assert_eq!(full.wait(TWO, at(21_599)), 1);
        assert_eq!(full.wait(TWO, at(21_600)), 0);
    }

    #[test]
    fn pouring_loses_nothing_that_has_not_leaked() {
        let bucket = Bucket::default().poured(TWO, at(0)).poured(TWO, at(10_800));
        assert_eq!(bucket.wait(TWO, at(10_800)), 10_800);
    }

    #[test]
    fn a_clock_set_back_leaks_nothing() {
        let full = (0..2).fold(Bucket::default(), |bucket, _| bucket.poured(TWO, at(DAY)));
        assert_eq!(full.wait(TWO, at(0)), DAY + 21_600);
        assert_eq!(full.poured(TWO, at(0)).wait(TWO, at(DAY)), 21_600);
        assert_eq!(full.rewound(at(0)).wait(TWO, at(0)), 21_600);
    }

    #[test]
    fn a_rule_with_a_lower_rim_makes_nobody_wait_longer_than_it_would_itself() {
        let full = (0..2).fold(Bucket::default(), |bucket, _| bucket.poured(TWO, at(0)));
        let lower = Allowance {
            at_once: 1,
            a_day: 1,
        };
        assert_eq!(full.wait(lower, at(0)), lower.longest_wait());
    }

    #[test]
    fn delays_grow_from_a_second_to_the_longest() {
        let mut delay = Delay::default();
        let mut delays = Vec::new();
        for _ in 0..13 {
            delay = delay.lengthened(900, at(0)).rewound(900, at(0));
            delays.push(delay.wait(at(0)));
        }
        assert_eq!(
            delays,
            [1, 1, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
        );
    }

    #[test]
    fn a_clock_set_back_shortens_no_delay() {
        let delay = Delay::default().lengthened(900, at(1_000));
        assert_eq!(delay.wait(at(10)), 991);
        assert_eq!(delay.lengthened(900, at(10)).wait(at(10)), 991);
    }

    const DAY: u64 = 86_400;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }
}
