//! Throttling of wrong responses (RFC 4226 section 7.3): guessing is bounded, nobody is locked out.
//!
//! A single code is evaluated only while a leaky bucket has room; without it, a login must give
//! several codes in a row.

mod backoff;
mod bucket;
mod origin;
mod pool;

use std::time::Duration;

use minicbor::{Decode, Encode};

pub use self::backoff::{Backoff, Demand};
pub use self::origin::{Network, Origin};
use self::pool::{Known, Pool, Recovery};
use crate::time::Timestamp;

/// What a user's wrong responses have led to so far.
///
/// It is part of the user's record. Of a login, the state is loaded, [`demand`](Self::demand) read,
/// the response judged, and the state after it saved before anything is answered.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct Throttle {
    #[n(0)]
    #[cbor(default)]
    unknown: Pool,
    #[n(1)]
    #[cbor(default)]
    seat: Pool,
    #[n(2)]
    #[cbor(default)]
    locker: Pool,
    /// The one whose last success is the longest ago comes first.
    #[n(3)]
    #[cbor(default)]
    known: Vec<Known>,
    /// Wrong single codes from unknown origins since the last success from anywhere.
    #[n(4)]
    #[cbor(default)]
    strangers: u32,
    #[n(5)]
    #[cbor(default)]
    recovery: Recovery,
}

impl Throttle {
    /// How many pools a user's failures are counted in: one for all unknown origins, one for the
    /// seat, one for the public door, and one for each of [`KNOWN`](Self::KNOWN) addresses.
    pub const POOLS: usize = 3 + Self::KNOWN;

    /// How many addresses have a pool of their own.
    pub const KNOWN: usize = 4;

    /// How many consecutive codes a login from `origin` must give.
    ///
    /// A response with fewer must not be evaluated.
    pub fn demand(&self, rule: &Backoff, origin: Origin, now: Timestamp) -> Demand {
        let demand = self.pool(origin).demand(rule, now);
        match demand {
            Demand::One | Demand::Two { .. } if self.is_closed_to(rule, origin) => {
                Demand::Two { wait: None }
            }
            Demand::One | Demand::Two { .. } | Demand::Three => demand,
        }
    }

    /// The state after a wrong response of `judged` consecutive codes.
    ///
    /// It counts once, however many credentials the response was tried against. A response of no
    /// code at all should not come here; it is counted as one of one code.
    #[must_use]
    pub fn after_failure(
        mut self,
        rule: &Backoff,
        origin: Origin,
        now: Timestamp,
        judged: usize,
    ) -> Self {
        if judged < 2 && self.is_stranger(origin) {
            self.strangers = self.strangers.saturating_add(1);
        }
        let pool = self.pool_mut(origin);
        *pool = pool.failed(rule, now, judged);
        self
    }

    /// The state after a right response, which makes an address a known one.
    ///
    /// It ends the delay of its own pool, reopens the single code to unknown origins, and empties
    /// no bucket.
    #[must_use]
    pub fn after_success(mut self, rule: &Backoff, origin: Origin, now: Timestamp) -> Self {
        self.strangers = 0;
        for pool in self.pools_mut() {
            *pool = pool.rewound(rule, now);
        }
        let pool = self.pool_mut(origin);
        *pool = pool.succeeded();
        match origin {
            Origin::Address(network) => self.with_known(network, rule, now),
            Origin::Locker | Origin::Seat | Origin::Unknown => self,
        }
    }

    /// How long a recovery code or an issued code must wait before it may be evaluated.
    ///
    /// It is never more than half an hour, and only wrong ones of these codes lead to it.
    pub fn recovery_wait(&self, rule: &Backoff, now: Timestamp) -> Option<Duration> {
        self.recovery.wait(rule, now)
    }

    /// The state after a wrong recovery code or issued code.
    #[must_use]
    pub fn after_recovery_failure(self, rule: &Backoff, now: Timestamp) -> Self {
        Self {
            recovery: self.recovery.failed(rule, now),
            ..self
        }
    }

    /// The state after a right recovery code or issued code.
    #[must_use]
    pub fn after_recovery_success(self, rule: &Backoff, now: Timestamp) -> Self {
        Self {
            recovery: self.recovery.succeeded(rule, now),
            ..self
        }
    }

    /// The addresses that are throttled apart from all others, the last to succeed first.
    pub fn known_origins(&self) -> impl Iterator<Item = Origin> {
        let networks = self.known.iter().rev().map(|known| known.network);
        networks.map(Origin::Address)
    }

    /// With a pool for `network`, which is the last to be given up.
    ///
    /// What a pool held that is given up is held against the unknown origins from then on, and what
    /// is held against them also against a network that becomes known. Without that, whoever can
    /// make pools come and go could guess without end.
    fn with_known(mut self, network: Network, rule: &Backoff, now: Timestamp) -> Self {
        let place = self.known.iter().position(|known| known.network == network);
        let known = place.map(|place| self.known.remove(place));
        while self.known.len() >= Self::KNOWN {
            let given_up = self.known.remove(0);
            self.unknown = self.unknown.joined(given_up.pool, rule, now);
        }
        self.known.push(known.unwrap_or(Known {
            network,
            pool: self.unknown,
        }));
        self
    }

    /// Whether single codes from `origin` are not evaluated, whatever the buckets hold.
    fn is_closed_to(&self, rule: &Backoff, origin: Origin) -> bool {
        self.strangers >= rule.closes_after && self.is_stranger(origin)
    }

    fn is_stranger(&self, origin: Origin) -> bool {
        match origin {
            Origin::Address(network) => self.known.iter().all(|known| known.network != network),
            Origin::Locker | Origin::Seat => false,
            Origin::Unknown => true,
        }
    }

    fn pool(&self, origin: Origin) -> &Pool {
        match origin {
            Origin::Address(network) => self
                .known
                .iter()
                .find(|known| known.network == network)
                .map_or(&self.unknown, |known| &known.pool),
            Origin::Locker => &self.locker,
            Origin::Seat => &self.seat,
            Origin::Unknown => &self.unknown,
        }
    }

    fn pool_mut(&mut self, origin: Origin) -> &mut Pool {
        match origin {
            Origin::Address(network) => self
                .known
                .iter_mut()
                .find(|known| known.network == network)
                .map_or(&mut self.unknown, |known| &mut known.pool),
            Origin::Locker => &mut self.locker,
            Origin::Seat => &mut self.seat,
            Origin::Unknown => &mut self.unknown,
        }
    }

    fn pools_mut(&mut self) -> impl Iterator<Item = &mut Pool> {
        let known = self.known.iter_mut().map(|known| &mut known.pool);
        [&mut self.unknown, &mut self.seat, &mut self.locker]
            .into_iter()
            .chain(known)
    }
}
