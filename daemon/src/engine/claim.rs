//! What a login says of itself, taken apart once.

use std::net::IpAddr;

use countersign_bus::types::{self, Login};
use countersign_bus::{Error, Profile};
use countersign_core::pass::{Leader, Whereabouts};
use countersign_core::policy::{Entry, Rule, Subject, WeekMinute};
use countersign_core::throttle::{Origin, peer_address};

use crate::authorize::Caller;

/// What a login says of itself.
///
/// On the public door only the uid is vouched for. Service, terminal, groups and name are the
/// message's own word there: whoever lies gets an answer that binds nobody but themself, since a
/// caller's verdict is good for that caller's own processes alone. So it is with the session: a pass of
/// the user's own may be used there, and none is given.
pub(super) struct Claim<'a> {
    caller: &'a Caller,
    login: &'a Login,
    /// The account's name.
    pub(super) name: &'a str,
    /// The account, if the name is one's.
    pub(super) uid: Option<u32>,
    address: Option<IpAddr>,
    /// The leader of the session that the login is made in.
    session: Option<Leader>,
    /// Those who may lead the session that it begins.
    leaders: Vec<Leader>,
}

impl<'a> Claim<'a> {
    /// The claim of `caller`.
    ///
    /// # Errors
    ///
    /// If it makes no sense.
    pub(super) fn new(caller: &'a Caller, login: &'a Login) -> Result<Self, Error> {
        let name = login.user.as_deref().unwrap_or_default();
        if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
            return Err(Error::InvalidArgs("user: 1 to 256 printable bytes".into()));
        }
        if login.service.as_ref().is_some_and(|name| name.len() > 256) {
            return Err(Error::InvalidArgs("service: 256 bytes at most".into()));
        }
        let (uid, address, begun) = match caller {
            Caller::Root => {
                let address = peer_address(login.rhost.as_deref().unwrap_or_default());
                (
                    login.uid,
                    address,
                    login.leaders.as_deref().unwrap_or_default(),
                )
            }
            Caller::User { uid, .. } => (Some(*uid), None, &[][..]),
        };
        Ok(Self {
            caller,
            login,
            name,
            uid,
            address,
            session: login.session.map(leader),
            leaders: begun.iter().copied().map(leader).collect(),
        })
    }

    /// What the policy looks at.
    pub(super) fn subject(&self, moment: WeekMinute) -> Subject<'a> {
        Subject {
            service: self.service(),
            user: self.uid.map(|_| self.name),
            groups: self.login.groups.as_deref(),
            address: self.address,
            terminal: self.login.tty.as_deref().unwrap_or_default(),
            moment,
        }
    }

    /// Where it is, as far as passes tell places apart.
    pub(super) fn whereabouts(&self) -> Whereabouts<'_> {
        Whereabouts {
            service: self.service(),
            address: self.address,
            session: self.session,
            leaders: &self.leaders,
        }
    }

    /// The same, to be kept until the login is proven.
    pub(super) fn destination(&self) -> Destination {
        Destination {
            service: self.service().to_owned(),
            address: self.address,
            session: self.session,
            leaders: self.leaders.clone(),
        }
    }

    /// How the code is typed, if this rule decides.
    pub(super) fn entry(&self, rule: &Rule) -> Entry {
        let usual = match Profile::of(self.service()).entry() {
            types::Entry::Separate => Entry::Separate,
            types::Entry::Appended => Entry::Appended,
        };
        rule.entry.unwrap_or(usual)
    }

    /// Whether more of it is vouched for than the uid.
    pub(super) const fn is_vouched_for(&self) -> bool {
        matches!(self.caller, Caller::Root)
    }

    /// Where it comes from, as the throttle sees it.
    pub(super) fn origin(&self) -> Origin {
        match self.caller {
            Caller::Root => Origin::from_rhost(self.login.rhost.as_deref().unwrap_or_default()),
            Caller::User { .. } => Origin::Locker,
        }
    }

    fn service(&self) -> &'a str {
        self.login.service.as_deref().unwrap_or_default()
    }
}

/// As it is told.
pub(super) const fn travelling(entry: Entry) -> types::Entry {
    match entry {
        Entry::Separate => types::Entry::Separate,
        Entry::Appended => types::Entry::Appended,
    }
}

fn leader((pid, started): (u32, u64)) -> Leader {
    Leader { pid, started }
}

/// Where a login counts once it is proven.
pub(super) struct Destination {
    service: String,
    address: Option<IpAddr>,
    session: Option<Leader>,
    leaders: Vec<Leader>,
}

impl Destination {
    /// The same, to look at.
    pub(super) fn whereabouts(&self) -> Whereabouts<'_> {
        Whereabouts {
            service: &self.service,
            address: self.address,
            session: self.session,
            leaders: &self.leaders,
        }
    }
}
