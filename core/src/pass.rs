//! Passes: remembered logins, where no factor is asked for again for a while.
//!
//! They are part of the user's record, so that none can outlive a change that makes it void. Where
//! one counts and for how long, the policy says; what it can never do is laid down here:
//!
//! * only a code gives one, never a recovery code, a scratch code, an issued code or an enrolment;
//! * it is good for the user, and the place, that it was given for;
//! * it goes with what it was given for: when a credential comes or goes, or is used in another
//!   way than by a code, all passes go;
//! * it lasts as long as it says by the time since the machine was started, which nobody can set,
//!   and only while the wall clock runs along. A clock set back, and a reboot, end it. (A machine
//!   that is up again within a minute of its last start is taken for one that was not down.)

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use minicbor::{Decode, Encode};

use crate::credential::CredentialId;
use crate::factors::Factors;
use crate::judgement::{Proof, Verified};
use crate::record::Record;
use crate::time::Timestamp;

/// For how long a login counts, and where.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Remember {
    /// For how long.
    pub lasts: Duration,
    /// Where.
    pub per: Per,
}

/// What must be the same for an earlier login to count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Per {
    /// The user, the service and the peer's address.
    Origin,
    /// The user and the login session.
    LoginSession,
}

/// The process that leads a login session: the one that opened it.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Leader {
    /// Its pid.
    #[n(0)]
    pub pid: u32,
    /// When it started, in clock ticks since the machine was: with it, a pid is no other process's.
    #[n(1)]
    pub started: u64,
}

/// A point in time by both clocks.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Moment {
    /// By the wall clock, which anybody may set who is root.
    #[n(0)]
    pub now: Timestamp,
    /// Seconds since the machine was started, sleep included.
    #[n(1)]
    pub uptime: u64,
}

impl Moment {
    /// How far apart the two clocks may say that the machine was started, in seconds: what time
    /// synchronisation corrects in a running machine is less.
    const TOLERANCE: u64 = 60;

    /// How long after `earlier` this is; `None` if the machine or the wall clock was set anew.
    fn since(&self, earlier: &Self) -> Option<Duration> {
        let elapsed = self.uptime.checked_sub(earlier.uptime)?;
        let expected = earlier.now.unix().saturating_add(elapsed);
        let apart = expected.abs_diff(self.now.unix());
        (apart < Self::TOLERANCE).then(|| Duration::from_secs(elapsed))
    }
}

/// Where a login is, as far as passes tell places apart.
#[derive(Clone, Copy, Debug)]
pub struct Whereabouts<'a> {
    /// `PAM_SERVICE`.
    pub service: &'a str,
    /// The peer's address, if it is a numeric one.
    pub address: Option<IpAddr>,
    /// What leads the login session that the login is in, such as sudo's.
    pub session: Option<Leader>,
    /// The processes of which one will lead the login session that the login begins, such as
    /// sshd's; at most two are kept. A pass can be given to them, and is never owed to them: a
    /// process that lets many people in may be among them.
    pub leaders: &'a [Leader],
}

impl Whereabouts<'_> {
    /// The place that a pass `per` this must be good for to be used here; `None` where none is.
    fn here(&self, per: Per) -> Option<Place> {
        match per {
            Per::Origin => self.address.map(|address| Place::Origin {
                service: self.service.to_owned(),
                address: address.to_canonical(),
            }),
            Per::LoginSession => self.session.map(|leader| Place::Session {
                leaders: vec![leader],
            }),
        }
    }

    /// The place that a pass `per` this is given for here; `None` where none is.
    fn given(&self, per: Per) -> Option<Place> {
        self.here(per).or_else(|| match per {
            Per::Origin => None,
            Per::LoginSession => (!self.leaders.is_empty()).then(|| Place::Session {
                leaders: self.leaders.iter().copied().take(2).collect(),
            }),
        })
    }
}

/// A place that a pass is good for.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Place {
    /// A service, from an address.
    #[n(1)]
    Origin {
        /// `PAM_SERVICE`.
        #[n(0)]
        service: String,
        /// The peer.
        #[n(1)]
        address: IpAddr,
    },
    /// A login session.
    #[n(2)]
    Session {
        /// One of these leads it.
        #[n(0)]
        leaders: Vec<Leader>,
    },
}

impl Place {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Origin { .. }, Self::Origin { .. }) => self == other,
            (Self::Session { leaders }, Self::Session { leaders: others }) => {
                leaders.iter().any(|leader| others.contains(leader))
            }
            (Self::Origin { .. }, Self::Session { .. })
            | (Self::Session { .. }, Self::Origin { .. }) => false,
        }
    }

    /// Whether a later pass for `other` says all that one for this says: that of a session whose
    /// leader has become known, but not that of another which may have the same leader as well,
    /// such as sshd's listener.
    fn is_told_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Origin { .. }, Self::Origin { .. }) => self == other,
            (Self::Session { leaders }, Self::Session { leaders: others }) => {
                others.iter().all(|leader| leaders.contains(leader))
            }
            (Self::Origin { .. }, Self::Session { .. })
            | (Self::Session { .. }, Self::Origin { .. }) => false,
        }
    }
}

/// As people read it: `sshd from 192.0.2.7`, `session of process 4711`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin { service, address } => write!(f, "{service} from {address}"),
            Self::Session { leaders } => {
                let pids: Vec<String> = leaders.iter().map(|at| at.pid.to_string()).collect();
                write!(f, "session of process {}", pids.join(" or "))
            }
        }
    }
}

/// A remembered login.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Pass {
    #[n(0)]
    place: Place,
    #[n(1)]
    credential: CredentialId,
    #[n(2)]
    given: Moment,
    #[n(3)]
    lasts: u64,
}

impl Pass {
    /// Where it is good.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What was proven.
    pub const fn credential(&self) -> CredentialId {
        self.credential
    }

    /// When.
    pub const fn given(&self) -> Timestamp {
        self.given.now
    }

    /// When it ends, unless something ends it before.
    pub fn ends(&self) -> Timestamp {
        self.given.now.after(Duration::from_secs(self.lasts))
    }

    /// How old it is, if it is good for one that lasts so long.
    fn age(&self, lasts: Duration, at: Moment) -> Option<Duration> {
        let most = lasts.min(Duration::from_secs(self.lasts));
        at.since(&self.given).filter(|age| *age < most)
    }

    fn is_live(&self, at: Moment) -> bool {
        self.age(Duration::MAX, at).is_some()
    }
}

impl Record {
    /// How many logins of a user are remembered at most; the oldest makes room.
    pub const MOST_PASSES: usize = 32;

    /// The passes that are good somewhere now.
    pub fn passes(&self, at: Moment) -> impl Iterator<Item = &Pass> {
        self.passes.iter().filter(move |pass| pass.is_live(at))
    }

    /// The proof that an earlier login gives of this one, and how long ago it was.
    pub fn recall(
        &self,
        remember: Remember,
        login: &Whereabouts<'_>,
        factors: Factors,
        at: Moment,
    ) -> Option<(Verified, Duration)> {
        let place = login.here(remember.per)?;
        let credential = |pass: &Pass| {
            self.answering(factors)
                .find(|held| held.id == pass.credential)
        };
        let here = self.passes.iter().filter(|pass| pass.place.is(&place));
        let good = here.filter_map(|pass| {
            let age = pass.age(remember.lasts, at)?;
            Some((credential(pass)?.id, age))
        });
        let (id, age) = good.min_by_key(|(_, age)| *age)?;
        (!self.is_decoy()).then(|| (Verified::remembered(id, self), age))
    }

    /// The record with no login remembered.
    #[must_use]
    pub fn forget(mut self) -> Self {
        self.passes.clear();
        self
    }

    /// The record with a login remembered that `proof` proved; as it is, if that was no code, or
    /// the login is nowhere that a pass could be good for.
    pub(crate) fn remember(
        mut self,
        proof: Proof,
        login: &Whereabouts<'_>,
        remember: Remember,
        at: Moment,
    ) -> Self {
        let credential = match proof {
            Proof::Code(id) => id,
            Proof::Recovery
            | Proof::Scratch
            | Proof::Issued
            | Proof::Pass(_)
            | Proof::Enrollment(_) => return self,
        };
        let Some(place) = login.given(remember.per) else {
            return self;
        };
        self.passes
            .retain(|pass| pass.is_live(at) && !pass.place.is_told_by(&place));
        while self.passes.len() >= Self::MOST_PASSES {
            self.passes.remove(0);
        }
        self.passes.push(Pass {
            place,
            credential,
            given: at,
            lasts: remember.lasts.as_secs(),
        });
        self
    }
}

#[cfg(test)]
mod tests;
