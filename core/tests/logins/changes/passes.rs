//! Which logins are remembered, worked out independently of how they are.

use std::time::Duration;

use countersign_core::factors::Factors;
use countersign_core::judgement::Proof;
use countersign_core::pass::{Leader, Moment, Per, Remember, Whereabouts};
use countersign_core::record::Record;
use countersign_core::time::Timestamp;

use super::act::{By, Change, What};
use super::model::{Edition, Model, is_app};

/// By the clock on the wall, and since the machine was started.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Clocks {
    pub(super) now: u64,
    pub(super) uptime: u64,
}

impl Clocks {
    pub(super) const fn moment(self) -> Moment {
        Moment {
            now: Timestamp::from_unix(self.now),
            uptime: self.uptime,
        }
    }

    /// What they show when a change is made. A pause that is negative is a clock that was set back
    /// while no time passed.
    pub(super) fn when(self, change: &Change) -> Self {
        let Self { now, uptime } = self;
        if let What::Reboot { down, up } = change.what {
            return Self {
                now: now + down + up,
                uptime: up,
            };
        }
        let set = if let What::SetClock(by) = change.what {
            by
        } else {
            0
        };
        Self {
            now: now.saturating_add_signed(change.pause + set),
            uptime: uptime + u64::try_from(change.pause).unwrap_or_default(),
        }
    }

    /// How long after another reading this one is, if the machine runs on, and nobody has set the
    /// clock by a minute or more.
    fn since(self, earlier: Self) -> Option<u64> {
        let started = |at: Self| i128::from(at.now) - i128::from(at.uptime);
        let moved = (started(self) - started(earlier)).abs();
        (self.uptime >= earlier.uptime && moved < 60).then(|| self.uptime - earlier.uptime)
    }
}

/// Where somebody logs in.
#[derive(Debug)]
struct Spot {
    service: &'static str,
    /// As it is said, and the shortest way to say it.
    address: Option<(&'static str, &'static str)>,
    session: Option<char>,
    leaders: &'static str,
}

const fn spot(
    service: &'static str,
    address: Option<(&'static str, &'static str)>,
    session: Option<char>,
    leaders: &'static str,
) -> Spot {
    Spot {
        service,
        address,
        session,
        leaders,
    }
}

/// Twice the same peer, other peers and services, sessions that were begun there and others, a
/// process that has the id of another one, and the one that lets everybody in.
const SPOTS: [Spot; 10] = [
    spot("sshd", Some(("192.0.2.7", "192.0.2.7")), None, "al"),
    spot("sshd", Some(("::ffff:192.0.2.7", "192.0.2.7")), None, "bl"),
    spot("sshd", Some(("192.0.2.8", "192.0.2.8")), None, "cl"),
    spot("login", None, None, "d"),
    spot("sudo", None, Some('a'), ""),
    spot("sudo", None, Some('b'), ""),
    spot("sudo", None, Some('A'), ""),
    spot("sudo", None, Some('l'), ""),
    spot(
        "su",
        Some(("2001:DB8:0::1", "2001:db8::1")),
        Some('d'),
        "ac",
    ),
    spot("su", None, None, ""),
];

pub(super) const SPOTS_COUNT: usize = SPOTS.len();

/// A small letter and the capital one have the same pid.
fn leader(letter: char) -> Leader {
    Leader {
        pid: u32::from(letter.to_ascii_lowercase()),
        started: u64::from(letter),
    }
}

/// How a login is to be remembered, should it succeed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub(super) spot: usize,
    pub(super) per: Per,
    pub(super) seconds: u64,
}

impl Stay {
    /// What the core is told.
    pub(super) fn told<T>(self, to: impl FnOnce(&Whereabouts<'_>, Remember) -> T) -> T {
        let spot = &SPOTS[self.spot];
        let leaders: Vec<Leader> = spot.leaders.chars().map(leader).collect();
        let whereabouts = Whereabouts {
            service: spot.service,
            address: spot.address.map(|(said, _)| said.parse().unwrap()),
            session: spot.session.map(leader),
            leaders: &leaders,
        };
        let lasts = Duration::from_secs(self.seconds);
        to(
            &whereabouts,
            Remember {
                lasts,
                per: self.per,
            },
        )
    }

    /// What a login there is remembered by.
    fn leaves(self) -> Option<Place> {
        let spot = &SPOTS[self.spot];
        match (self.per, spot.session) {
            (Per::Origin, _) => Some(Place::Peer(spot.service, spot.address?.1)),
            (Per::LoginSession, Some(session)) => Some(Place::LedBy(session.to_string())),
            (Per::LoginSession, None) if spot.leaders.is_empty() => None,
            (Per::LoginSession, None) => Some(Place::LedBy(spot.leaders.to_owned())),
        }
    }

    /// Whether what is remembered counts there.
    fn is_in(self, place: &Place) -> bool {
        let spot = &SPOTS[self.spot];
        match (self.per, place) {
            (Per::Origin, Place::Peer(service, peer)) => {
                spot.service == *service && spot.address.is_some_and(|(_, at)| at == *peer)
            }
            (Per::LoginSession, Place::LedBy(leaders)) => spot
                .session
                .is_some_and(|session| leaders.contains(session)),
            (Per::Origin, Place::LedBy(_)) | (Per::LoginSession, Place::Peer(..)) => false,
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Place {
    Peer(&'static str, &'static str),
    LedBy(String),
}

impl Place {
    /// Whether a later login at the other place leaves nothing to one at this.
    fn is_at(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::LedBy(these), Self::LedBy(those)) => those.chars().all(|it| these.contains(it)),
            (Self::Peer(..), _) | (_, Self::Peer(..)) => self == other,
        }
    }
}

/// A login that is remembered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Kept {
    place: Place,
    /// Whose code it was.
    id: u32,
    at: Clocks,
    seconds: u64,
}

impl Kept {
    fn age(&self, at: Clocks, most: u64) -> Option<u64> {
        at.since(self.at)
            .filter(|age| *age < self.seconds.min(most))
    }
}

impl Model {
    /// What a change makes of it; `None` if it is refused.
    pub(super) fn after(&self, what: &What, edition: Edition, at: Clocks) -> Option<Self> {
        let (mut after, proven) = self.changed(what, edition, at.now)?;
        if let (Some(id), What::LogIn(_, Some(stay))) = (proven, what) {
            after.remember(id, *stay, at);
        }
        if self.forgets(what, &after) {
            after.passes.clear();
        }
        Some(after)
    }

    /// Remembers a login by a code of that credential.
    fn remember(&mut self, id: u32, stay: Stay, at: Clocks) {
        let Some(place) = stay.leaves() else {
            return;
        };
        self.passes
            .retain(|kept| kept.age(at, u64::MAX).is_some() && !kept.place.is_at(&place));
        let seconds = stay.seconds;
        self.passes.push(Kept {
            place,
            id,
            at,
            seconds,
        });
        let surplus = self.passes.len().saturating_sub(32);
        self.passes.drain(..surplus);
    }

    /// Whether a change that was made ends what is remembered.
    fn forgets(&self, what: &What, after: &Self) -> bool {
        match what {
            What::Confirm { .. }
            | What::Trust(_)
            | What::Remove(_)
            | What::Reset
            | What::RenewRecoveryCodes
            | What::Restore { .. }
            | What::Forget
            | What::LogIn(By::ScratchCode(_) | By::IssuedCode | By::RecoveryCode(_), _) => true,
            // Unless all of it was there.
            What::Import { .. } => {
                after.next_id > self.next_id || after.scratch.1.len() > self.scratch.1.len()
            }
            What::Offer(_)
            | What::Rename(..)
            | What::Unlock
            | What::Issue(_)
            | What::LogIn(By::Codes { .. }, _)
            | What::BackUp
            | What::Reboot { .. }
            | What::SetClock(_) => false,
        }
    }

    /// Whose code opened the latest login that counts there, and how long ago.
    fn recalls(&self, stay: Stay, apps: bool, tokens: bool, at: Clocks) -> Option<(u32, u64)> {
        let there = self.passes.iter().filter(|kept| stay.is_in(&kept.place));
        let taken = there.filter(|kept| {
            let held = self.credentials.iter().find(|held| held.id == kept.id);
            held.is_some_and(|held| if is_app(held.name) { apps } else { tokens })
        });
        let aged = taken.filter_map(|kept| Some((kept.id, kept.age(at, stay.seconds)?)));
        aged.min_by_key(|(_, age)| *age)
    }

    /// Checks where a record opens without a code, and where it does not; how often it does.
    pub(super) fn check_passes(&self, record: &Record, at: Clocks) -> usize {
        let live = self
            .passes
            .iter()
            .filter(|kept| kept.age(at, u64::MAX).is_some());
        let live: Vec<(String, u64, u64)> = live
            .map(|kept| (kept.id.to_string(), kept.at.now, kept.at.now + kept.seconds))
            .collect();
        let shown = record.passes(at.moment());
        let shown: Vec<(String, u64, u64)> = shown
            .map(|pass| {
                (
                    pass.credential().to_string(),
                    pass.given().unix(),
                    pass.ends().unix(),
                )
            })
            .collect();
        assert_eq!(shown, live);

        let mut recalled = 0;
        for (apps, tokens) in [(true, true), (true, false), (false, true)] {
            let named = [(apps, "totp"), (tokens, "hotp"), (true, "recovery")];
            let named = named
                .iter()
                .filter(|(taken, _)| *taken)
                .map(|(_, name)| *name);
            let factors = Factors::named(&named.collect::<Vec<_>>()).unwrap();
            for stay in every_stay() {
                let found = stay
                    .told(|login, remember| record.recall(remember, login, factors, at.moment()));
                let found = found.map(|(verified, age)| {
                    let Proof::Pass(id) = verified.proof() else {
                        panic!("{verified:?} is no pass");
                    };
                    (id.to_string(), age.as_secs())
                });
                let expected = self.recalls(stay, apps, tokens, at);
                let expected = expected.map(|(id, age)| (id.to_string(), age));
                assert_eq!(found, expected, "{stay:?} at {at:?} of {:?}", self.passes);
                recalled += usize::from(found.is_some());
            }
        }
        recalled
    }
}

fn every_stay() -> impl Iterator<Item = Stay> {
    (0..SPOTS_COUNT).flat_map(|spot| {
        [Per::Origin, Per::LoginSession]
            .into_iter()
            .flat_map(move |per| {
                [60, 3_600, 30 * 86_400].map(|seconds| Stay { spot, per, seconds })
            })
    })
}
