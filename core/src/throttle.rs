//! Throttling of wrong responses (RFC 4226 section 7.3): guessing is bounded, nobody is locked out.
//!
//! A single code is *evaluated* only while a leaky bucket has room for one more failure, and not
//! during the delay after one. Otherwise a login is not refused: it must give two consecutive codes
//! (RFC 4226 section 7.4), and three when too many pairs were wrong too. A guess at a pair is right
//! about ten times in 10¹², so an attacker makes a login slower, never impossible.
//!
//! ```text
//! demand   no room in the pool's bucket of pairs (100,000, leaking 2,740 a day)       three
//!          unknown origin, and 100 wrong single codes from such since the last success  two
//!          no room in the pool's bucket of single codes (20, leaking 4 a day), or delay  two
//!          else                                                                          one
//! failure  of one code:   one into the bucket; delay 1, 1, 5, 10, 20 … 900 s by the streak
//!          of two codes:  one into the bucket of pairs
//!          of three:      nothing
//! success  the pool's delay and streak and the count of 100 start afresh; no bucket is emptied
//! ```
//!
//! A user has [seven pools](Throttle::POOLS): all unknown origins share one, the seat and the
//! public door have one each, and so have the four addresses that last had a success. A failure in
//! one asks nothing more of a login in another; so nobody elsewhere slows the owner on a known
//! address, and no local process, which reaches the public door and by su or sudo the seat, slows
//! the owner over sshd. Only failures from unknown origins count towards the hundred, and only
//! these are affected by it.
//! When an address's pool is given up, its levels are held against the unknown origins; an address
//! that becomes known begins with theirs. So coming and going makes no room: in all pools together
//! it grows by what leaks and by nothing else.
//!
//! # What that comes to
//!
//! Evaluated single codes in 365 days, at most: what a bucket holds and 365 times what leaks in a
//! day, 1,480 for each pool that the attacker can use (strict: 375). With six digits and three codes
//! valid at a time, `n` of them are right with the chance `1 − (1 − 3/10⁶)ⁿ`; with eight digits it
//! is a hundredth of that. Pairs add 0.001 percentage points, threes nothing that can be measured. A
//! clock half a step off makes it four codes, a token six: the chance grows in proportion.
//!
//! | The attacker is | at most | chance | strict | chance |
//! |---|---|---|---|---|
//! | elsewhere | 1,480 | 0.44 % | 375 | 0.11 % |
//! | elsewhere, and on one of the owner's addresses | 2,960 | 0.88 % | 750 | 0.22 % |
//! | wherever the owner is, and elsewhere | 10,360 | 3.1 % | 2,625 | 0.78 % |
//!
//! Simulated (`core/tests/throttle`): one guess a second, always with the fewest codes that will do,
//! while the owner logs in ten times a day; the worst of an owner with a typo a day and with none,
//! and of one to twelve addresses that the owner uses in turn.
//!
//! | The attacker is | Evaluated | strict | Owner's logins with two codes |
//! |---|---|---|---|
//! | elsewhere; the owner on a known address or at the seat | 1,479 | 374 | none of 3,649 |
//! | elsewhere; the owner on a new address each time | 1,479 | 374 | all |
//! | elsewhere; the owner away all year | 100 | 100 | |
//! | on the owner's one address | 1,479 | 374 | all |
//! | on one of the owner's addresses | 1,479 | 374 | 2,678 |
//! | on one of the owner's addresses, and elsewhere | 2,958 | 748 | 3,648 |
//! | on all of the owner's addresses | 7,395 | 1,870 | all |
//! | on all of them, elsewhere, at the seat and the public door | 10,353 | 2,618 | all |
//!
//! Guessing pairs too, from the owner's one address, fills its bucket of pairs in a day and a half;
//! then the owner gives three codes at most logins (3,275 of 3,649). One from elsewhere changes
//! nothing for an owner who is on a known address.
//!
//! # Clocks
//!
//! Times are wall-clock times, since they must outlast a reboot. A clock set back shortens no wait
//! and leaks nothing: what was stored stays ahead until the clock has caught up, or until a login
//! succeeds, which by its code shows the clock to be right; from then on all waits are what the rule
//! makes them. So a clock that was once years ahead costs one login with two codes. A clock set
//! forward leaks what that time would have; whoever sets it is root already.
//!
//! # Recovery and issued codes
//!
//! They have no next code, so they do wait: by a bucket (100, leaking 100 a day) and a delay (30 s
//! at most) of their own, which only their own failures fill. Both are lenient, since such codes
//! have 80 bits or live for minutes, and since an attacker who has the password can keep them busy;
//! an admin can then clear the throttle. Here a wait that only a clock set back can have made, more
//! than twice the rule's longest, lets one response through, and that starts the wait afresh: else
//! nothing would ever end it.

mod backoff;
mod bucket;
mod origin;
mod pool;

use std::time::Duration;

use minicbor::{Decode, Encode};

pub use self::backoff::{Backoff, Demand};
pub use self::origin::{Network, Origin, peer_address};
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
    /// The same for the public door, where any program of the user's can guess.
    #[n(6)]
    #[cbor(default)]
    locker_recovery: Recovery,
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
    /// It is never more than half an hour, and only wrong ones of these codes lead to it: those
    /// from the public door only there.
    pub fn recovery_wait(
        &self,
        rule: &Backoff,
        origin: Origin,
        now: Timestamp,
    ) -> Option<Duration> {
        self.recovery(origin).wait(rule, now)
    }

    /// The state after a wrong recovery code or issued code.
    #[must_use]
    pub fn after_recovery_failure(
        mut self,
        rule: &Backoff,
        origin: Origin,
        now: Timestamp,
    ) -> Self {
        let recovery = self.recovery_mut(origin);
        *recovery = recovery.failed(rule, now);
        self
    }

    /// The state after a right recovery code or issued code.
    #[must_use]
    pub fn after_recovery_success(
        mut self,
        rule: &Backoff,
        origin: Origin,
        now: Timestamp,
    ) -> Self {
        let recovery = self.recovery_mut(origin);
        *recovery = recovery.succeeded(rule, now);
        self
    }

    const fn recovery(&self, origin: Origin) -> &Recovery {
        match origin {
            Origin::Locker => &self.locker_recovery,
            Origin::Seat | Origin::Unknown | Origin::Address(_) => &self.recovery,
        }
    }

    const fn recovery_mut(&mut self, origin: Origin) -> &mut Recovery {
        match origin {
            Origin::Locker => &mut self.locker_recovery,
            Origin::Seat | Origin::Unknown | Origin::Address(_) => &mut self.recovery,
        }
    }

    /// What is demanded of each origin that is told apart.
    pub fn demands(&self, rule: &Backoff, now: Timestamp) -> Vec<(Origin, Demand)> {
        [Origin::Unknown, Origin::Seat, Origin::Locker]
            .into_iter()
            .chain(self.known_origins())
            .map(|origin| (origin, self.demand(rule, origin, now)))
            .collect()
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

#[cfg(test)]
mod tests;
