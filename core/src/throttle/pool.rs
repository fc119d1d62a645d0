//! What failures from one place, or by recovery codes, have led to.

use std::time::Duration;

use minicbor::{Decode, Encode};

use super::backoff::{Backoff, Demand};
use super::bucket::{Bucket, Delay};
use super::origin::Network;
use crate::time::Timestamp;

/// The failures of the origins that are throttled together.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub(super) struct Pool {
    #[n(0)]
    #[cbor(default)]
    singles: Bucket,
    #[n(1)]
    #[cbor(default)]
    pairs: Bucket,
    #[n(2)]
    #[cbor(default)]
    delay: Delay,
}

impl Pool {
    pub(super) fn demand(&self, rule: &Backoff, now: Timestamp) -> Demand {
        if self.pairs.wait(rule.pairs, now) > 0 {
            return Demand::Three;
        }
        let room = self.singles.wait(rule.singles, now);
        match room.max(self.delay.wait(now)) {
            0 => Demand::One,
            wait => Demand::Two {
                wait: plausible(wait, rule.longest_wait()),
            },
        }
    }

    /// Nothing is counted for three codes and more: a guess at them is hopeless.
    pub(super) fn failed(self, rule: &Backoff, now: Timestamp, judged: usize) -> Self {
        match judged {
            0 | 1 => Self {
                singles: self.singles.poured(rule.singles, now),
                delay: self.delay.lengthened(rule.longest_delay, now),
                ..self
            },
            2 => Self {
                pairs: self.pairs.poured(rule.pairs, now),
                ..self
            },
            3.. => self,
        }
    }

    /// The delay is over; what the buckets hold, they keep.
    pub(super) fn succeeded(self) -> Self {
        Self {
            delay: Delay::default(),
            ..self
        }
    }

    /// With what another pool's buckets hold, where that is more.
    pub(super) fn joined(self, other: Self, rule: &Backoff, now: Timestamp) -> Self {
        Self {
            singles: self.singles.fuller(other.singles, rule.singles, now),
            pairs: self.pairs.fuller(other.pairs, rule.pairs, now),
            ..self
        }
    }

    /// Without what only a clock that was ahead can have stored.
    pub(super) fn rewound(self, rule: &Backoff, now: Timestamp) -> Self {
        Self {
            singles: self.singles.rewound(now),
            pairs: self.pairs.rewound(now),
            delay: self.delay.rewound(rule.longest_delay, now),
        }
    }
}

/// A network from which a login has succeeded.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub(super) struct Known {
    #[n(0)]
    pub(super) network: Network,
    #[n(1)]
    pub(super) pool: Pool,
}

/// The failures of recovery codes and issued codes, from wherever.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub(super) struct Recovery {
    #[n(0)]
    #[cbor(default)]
    bucket: Bucket,
    #[n(1)]
    #[cbor(default)]
    delay: Delay,
}

impl Recovery {
    pub(super) fn wait(&self, rule: &Backoff, now: Timestamp) -> Option<Duration> {
        let wait = self.seconds_to_wait(rule, now);
        plausible(wait, rule.longest_recovery_wait()).filter(|wait| !wait.is_zero())
    }

    pub(super) fn failed(self, rule: &Backoff, now: Timestamp) -> Self {
        let wait = self.seconds_to_wait(rule, now);
        let before = match plausible(wait, rule.longest_recovery_wait()) {
            Some(_) => self,
            None => self.rewound(rule, now),
        };
        Self {
            bucket: before.bucket.poured(rule.recovery, now),
            delay: before.delay.lengthened(rule.longest_recovery_delay, now),
        }
    }

    pub(super) fn succeeded(self, rule: &Backoff, now: Timestamp) -> Self {
        Self {
            delay: Delay::default(),
            ..self.rewound(rule, now)
        }
    }

    fn rewound(self, rule: &Backoff, now: Timestamp) -> Self {
        Self {
            bucket: self.bucket.rewound(now),
            delay: self.delay.rewound(rule.longest_recovery_delay, now),
        }
    }

    fn seconds_to_wait(&self, rule: &Backoff, now: Timestamp) -> u64 {
        let room = self.bucket.wait(rule.recovery, now);
        room.max(self.delay.wait(now))
    }
}

/// `wait` in seconds, unless it is more than twice the longest that a rule makes: then it was the
/// clock that made it, by having been set back a long way.
fn plausible(wait: u64, longest: u64) -> Option<Duration> {
    (wait <= longest.saturating_mul(2)).then_some(Duration::from_secs(wait))
}
