//! Points in time, as values. Nothing here reads a clock.

use std::time::Duration;

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::number::kept_as_number;

/// A point in wall-clock time: whole seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, Ord, PartialEq, PartialOrd)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] u64);

impl Timestamp {
    /// The given number of seconds after the epoch.
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn unix(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is, or nothing if the clock was set back in between.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// The point in time `wait` later, in whole seconds.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait.as_secs()))
    }
}

/// RFC 6238's `X`: how many seconds one step lasts, 15 to 120.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period(u64);

impl Period {
    /// The thirty seconds that RFC 6238 section 5.2 recommends.
    pub const DEFAULT: Self = Self(30);

    /// A period of `seconds`.
    ///
    /// # Errors
    ///
    /// If it is not 15 to 120 seconds.
    pub const fn from_seconds(seconds: u64) -> Result<Self, UnsupportedPeriod> {
        match seconds {
            15..=120 => Ok(Self(seconds)),
            _ => Err(UnsupportedPeriod(seconds)),
        }
    }

    /// How long one step lasts, in seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The step that `now` falls in.
    pub const fn step_at(self, now: Timestamp) -> Step {
        Step(now.0 / self.0)
    }
}

kept_as_number!(Period, Period::seconds, Period::from_seconds);

/// A period that no authenticator app shows codes for.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a period of {0} s is not supported: use 15 to 120 s (apps know 30)")]
pub struct UnsupportedPeriod(u64);

/// RFC 6238's `T`: the moving factor of a time-based code.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Ord, PartialEq, PartialOrd)]
#[cbor(transparent)]
pub struct Step(#[n(0)] pub(crate) u64);

impl Step {
    /// The step of this number, counted from the epoch.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Its number, counted from the epoch.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// How many steps to either side of the current one are also accepted: RFC 6238 section 5.2's
/// allowance for transmission delay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Skew(u8);

impl Skew {
    /// One step either way, as RFC 6238 section 5.2 recommends.
    pub const DEFAULT: Self = Self(1);
    /// The most that is ever kept of another verifier's window: each step more is another code
    /// that a guess may hit.
    pub const MOST: Self = Self(2);

    /// So many steps either way.
    ///
    /// # Errors
    ///
    /// If they are more than [`MOST`](Self::MOST).
    pub const fn new(steps: u64) -> Result<Self, UnsupportedSkew> {
        match steps {
            0 => Ok(Self(0)),
            1 => Ok(Self(1)),
            2 => Ok(Self(2)),
            _ => Err(UnsupportedSkew(steps)),
        }
    }

    /// How many steps either way.
    pub const fn steps(self) -> u64 {
        self.0 as u64
    }
}

kept_as_number!(Skew, Skew::steps, Skew::new);

/// A window too wide to be safe.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{0} steps either way are not supported: use 2 at most")]
pub struct UnsupportedSkew(u64);
