//! What rules mean, worked out slowly and without any of the code that is tested: bit by bit,
//! minute by minute, letter by letter.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use countersign_core::policy::{Condition, Conditions, Subject, WeekMinute};

/// A name, or with a star the beginning of names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Glob {
    pub(crate) letters: String,
    pub(crate) star: bool,
}

impl Glob {
    pub(crate) fn text(&self) -> String {
        let mut text = self.letters.clone();
        if self.star {
            text.push('*');
        }
        text
    }

    pub(crate) fn means(&self, name: &str) -> bool {
        let mut rest = name.chars();
        for letter in self.letters.chars() {
            if rest.next() != Some(letter) {
                return false;
            }
        }
        self.star || rest.next().is_none()
    }
}

/// The leading bits of the addresses of one family.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Net {
    pub(crate) six: bool,
    pub(crate) bits: Vec<bool>,
}

impl Net {
    pub(crate) const fn width(&self) -> usize {
        if self.six { 128 } else { 32 }
    }

    pub(crate) fn text(&self) -> String {
        format!("{}/{}", self.with_rest(false), self.bits.len())
    }

    /// The address whose bits behind the leading ones are all the same.
    pub(crate) fn with_rest(&self, rest: bool) -> IpAddr {
        let mut bits = self.bits.clone();
        bits.resize(self.width(), rest);
        address(&bits)
    }

    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        let (six, bits) = bits(address);
        six == self.six && bits.starts_with(&self.bits)
    }
}

/// The family of an address, IPv4 in IPv6 clothes being IPv4, and its bits.
pub(crate) fn bits(address: IpAddr) -> (bool, Vec<bool>) {
    let octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let octets = match octets.strip_prefix(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]) {
        Some(four) => four.to_vec(),
        None => octets,
    };
    let six = octets.len() > 4;
    let bit = |octet: &u8| (0..8).rev().map(|at| octet >> at & 1 == 1).collect();
    (
        six,
        octets
            .iter()
            .flat_map(|octet| -> Vec<bool> { bit(octet) })
            .collect(),
    )
}

pub(crate) fn address(bits: &[bool]) -> IpAddr {
    let octets: Vec<u8> = bits
        .chunks(8)
        .map(|bits| {
            bits.iter()
                .fold(0, |octet, bit| octet << 1 | u8::from(*bit))
        })
        .collect();
    match <[u8; 4]>::try_from(&octets[..]) {
        Ok(four) => Ipv4Addr::from(four).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap()).into(),
    }
}

pub(crate) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
pub(crate) const DAY: usize = 24 * 60;

/// Days, the first minute, and the minute after the last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) days: BTreeSet<usize>,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Span {
    /// Each day by itself, or none where it is every day.
    pub(crate) fn text(&self) -> String {
        let clock = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
        let span = format!("{}-{}", clock(self.from), clock(self.to));
        if self.days.len() == 7 {
            return span;
        }
        let days: Vec<&str> = self.days.iter().map(|day| DAYS[*day]).collect();
        format!("{} {span}", days.join(","))
    }

    /// Walks through each of the spans.
    pub(crate) fn minutes(&self) -> BTreeSet<usize> {
        let mut minutes = BTreeSet::new();
        for day in &self.days {
            let mut of_day = self.from;
            let mut of_week = day * DAY + self.from;
            loop {
                minutes.insert(of_week);
                of_week = (of_week + 1) % (7 * DAY);
                of_day += 1;
                if of_day == self.to {
                    break;
                }
                of_day %= DAY;
                if of_day == self.to {
                    break;
                }
            }
        }
        minutes
    }

    /// One of them.
    pub(crate) fn minute(&self) -> Option<usize> {
        self.days.first().map(|day| day * DAY + self.from)
    }

    /// Whether a minute is so many after the beginning on one of the days.
    pub(crate) fn has(&self, of_week: usize) -> bool {
        let length = if self.to > self.from {
            self.to - self.from
        } else {
            self.to + DAY - self.from
        };
        let begins = self.days.iter().map(|day| day * DAY + self.from);
        begins
            .into_iter()
            .any(|begin| (of_week + 7 * DAY - begin) % (7 * DAY) < length)
    }
}

/// The conditions of a rule.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct When {
    pub(crate) services: Vec<Glob>,
    pub(crate) users: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) from: Vec<Net>,
    pub(crate) terminals: Vec<Glob>,
    pub(crate) hours: Vec<Span>,
}

impl When {
    /// As an admin writes it.
    pub(crate) fn parsed(&self) -> Conditions {
        let globs = |globs: &[Glob]| {
            globs
                .iter()
                .map(|glob| glob.text().parse().unwrap())
                .collect()
        };
        Conditions {
            services: globs(&self.services),
            users: self.users.clone(),
            groups: self.groups.clone(),
            from: self
                .from
                .iter()
                .map(|net| net.text().parse().unwrap())
                .collect(),
            terminals: globs(&self.terminals),
            hours: self
                .hours
                .iter()
                .map(|span| span.text().parse().unwrap())
                .collect(),
        }
    }

    /// Whether a login meets one of the conditions.
    pub(crate) fn met(&self, condition: Condition, login: &Login) -> bool {
        match condition {
            Condition::Services => {
                self.services.is_empty()
                    || self.services.iter().any(|glob| glob.means(&login.service))
            }
            Condition::Users => {
                self.users.is_empty()
                    || login
                        .user
                        .as_ref()
                        .is_some_and(|user| self.users.contains(user))
            }
            Condition::From => {
                self.from.is_empty()
                    || login
                        .address
                        .is_some_and(|at| self.from.iter().any(|net| net.holds(at)))
            }
            Condition::Terminals => {
                let terminal = login.terminal.trim_start_matches("/dev/");
                self.terminals.is_empty() || self.terminals.iter().any(|glob| glob.means(terminal))
            }
            Condition::Hours => {
                self.hours.is_empty() || self.hours.iter().any(|span| span.has(login.minute))
            }
            Condition::Groups => {
                let has = |group: &String| login.user.is_some() && login.groups.contains(group);
                self.groups.is_empty() || self.groups.iter().any(has)
            }
        }
    }

    pub(crate) fn all_met(&self, login: &Login) -> bool {
        Condition::ALL
            .into_iter()
            .all(|condition| self.met(condition, login))
    }
}

/// A login.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) service: String,
    pub(crate) user: Option<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) terminal: String,
    /// Of the week.
    pub(crate) minute: usize,
}

impl Login {
    pub(crate) fn subject(&self, groups_known: bool) -> Subject<'_> {
        let day = u8::try_from(self.minute / DAY).unwrap();
        let minute = u16::try_from(self.minute % DAY).unwrap();
        Subject {
            service: &self.service,
            user: self.user.as_deref(),
            groups: groups_known.then_some(&self.groups[..]),
            address: self.address,
            terminal: &self.terminal,
            moment: WeekMinute::new(day, minute).unwrap(),
        }
    }
}
