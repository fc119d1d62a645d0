//! Rules and logins to try, few enough of each that they meet.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use countersign_core::factors::Factors;
use countersign_core::pass::{Per, Remember};
use countersign_core::policy::{Entry, Mode, Require, Rule, Unenrolled};
use countersign_core::time::Timestamp;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use crate::naive::{DAY, Glob, Login, Net, Span, When, address};

pub(crate) const SERVICES: [&str; 8] = [
    "sshd",
    "sudo",
    "su",
    "su-l",
    "login",
    "gdm-password",
    "gdm-fingerprint",
    "",
];
pub(crate) const TERMINALS: [&str; 6] = ["ssh", "tty1", "tty2", "pts/0", ":0", ""];
pub(crate) const USERS: [&str; 4] = ["alice", "bob", "root", "carol"];
pub(crate) const GROUPS: [&str; 3] = ["staff", "wheel", "users"];

pub(crate) fn glob(names: &'static [&'static str]) -> impl Strategy<Value = Glob> {
    (select(names), 0..12_usize, any::<bool>()).prop_map(|(name, keep, star)| {
        let keep = if star {
            keep.min(name.len())
        } else {
            name.len()
        };
        Glob {
            letters: name[..keep].to_owned(),
            star: star || name.is_empty(),
        }
    })
}

/// A network of which only the first bits, and in long ones the last, differ from others'.
pub(crate) fn net() -> impl Strategy<Value = Net> {
    let length = prop_oneof![6 => 0..=4_usize, 1 => 5..=31_usize, 2 => Just(usize::MAX)];
    (any::<bool>(), length, bits())
        .prop_map(|(six, length, bits)| {
            let width = if six { 128 } else { 32 };
            let mut bits = bits.concat();
            bits.splice(3..3, std::iter::repeat_n(false, width - 6));
            bits.truncate(length);
            Net { six, bits }
        })
        // These stand for IPv4 networks, and are refused.
        .prop_filter("IPv4 in IPv6 clothes", |net| {
            net.with_rest(false).to_canonical().is_ipv6() == net.six
        })
}

fn bits() -> impl Strategy<Value = [Vec<bool>; 2]> {
    [vec(any::<bool>(), 3), vec(any::<bool>(), 3)]
}

fn any_address() -> impl Strategy<Value = Option<IpAddr>> {
    let plain = (any::<bool>(), bits()).prop_map(|(six, bits)| {
        let mut bits = bits.concat();
        bits.splice(3..3, std::iter::repeat_n(false, if six { 122 } else { 26 }));
        Some(address(&bits))
    });
    let dressed = any::<u32>().prop_map(|bits| {
        Some(
            Ipv4Addr::from_bits(bits & 0xe000_0007)
                .to_ipv6_mapped()
                .into(),
        )
    });
    prop_oneof![6 => plain, 1 => dressed, 1 => Just(None)]
}

pub(crate) fn span() -> impl Strategy<Value = Span> {
    let days = prop_oneof![1 => Just((0..7).collect()), 3 => btree_set(0..7_usize, 1..5)];
    let from = prop_oneof![3 => (0..24_usize).prop_map(|hour| hour * 60), 1 => 0..DAY];
    let to = prop_oneof![3 => (0..=24_usize).prop_map(|hour| hour * 60), 1 => 0..=DAY];
    (days, from, to)
        .prop_map(|(days, from, to): (BTreeSet<usize>, _, _)| Span { days, from, to })
        .prop_filter("no time at all", |span| span.from != span.to)
}

fn names(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    few(select(of).prop_map(str::to_owned))
}

/// None, mostly: else no login would meet all.
fn few<T: Clone + std::fmt::Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    (prop::bool::weighted(0.35), vec(one, 1..4)).prop_map(|(some, list)| match some {
        true => list,
        false => Vec::new(),
    })
}

pub(crate) fn when() -> impl Strategy<Value = When> {
    (
        few(glob(&SERVICES)),
        names(&USERS[..3]),
        names(&GROUPS),
        few(net()),
        few(glob(&TERMINALS)),
        few(span()),
    )
        .prop_map(|(services, users, groups, from, terminals, hours)| When {
            services,
            users,
            groups,
            from,
            terminals,
            hours,
        })
}

pub(crate) fn login() -> impl Strategy<Value = Login> {
    let user = prop_oneof![8 => select(&USERS[..]).prop_map(Some), 1 => Just(None)];
    let groups = proptest::sample::subsequence(GROUPS.map(str::to_owned).to_vec(), 0..=3);
    let service =
        prop_oneof![8 => select(&SERVICES[..]).prop_map(str::to_owned), 1 => "[a-z]{1,4}"];
    let terminal = (select(&TERMINALS[..]), any::<bool>());
    (service, user, groups, any_address(), terminal, 0..7 * DAY).prop_map(
        |(service, user, groups, address, (terminal, device), minute)| Login {
            service,
            user: user.map(str::to_owned),
            groups,
            address,
            terminal: format!("{}{terminal}", if device { "/dev/" } else { "" }),
            minute,
        },
    )
}

/// What a rule says, apart from when.
pub(crate) fn saying() -> impl Strategy<Value = Rule> {
    let require = select(vec![Require::One, Require::Nothing, Require::Refuse]);
    let by = Timestamp::from_unix(1_750_000_000);
    let unenrolled = select(vec![
        Unenrolled::Refuse,
        Unenrolled::Pass,
        Unenrolled::Enroll { by: None },
        Unenrolled::Enroll { by: Some(by) },
    ]);
    let remember = select(vec![None, Some(Per::Origin), Some(Per::LoginSession)]);
    let factors = select(vec![Factors::ALL, Factors::named(&["hotp"]).unwrap()]);
    let entry = select(vec![None, Some(Entry::Separate), Some(Entry::Appended)]);
    let mode = select(vec![Mode::Enforce, Mode::Report]);
    (require, unenrolled, remember, factors, entry, mode).prop_map(
        |(require, unenrolled, remember, factors, entry, mode)| Rule {
            require,
            factors,
            unenrolled,
            entry,
            mode,
            remember: remember.map(|per| Remember {
                lasts: Duration::from_secs(3600),
                per,
            }),
            ..Rule::strict("")
        },
    )
}

/// A rule as it is meant, and as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) when: When,
    pub(crate) rule: Rule,
}

pub(crate) fn rules(many: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Written>> {
    vec((when(), saying()), many).prop_map(|rules| {
        let named = rules.into_iter().enumerate();
        named
            .map(|(number, (when, rule))| Written {
                rule: Rule {
                    name: number.to_string(),
                    when: when.parsed(),
                    ..rule
                },
                when,
            })
            .collect()
    })
}
