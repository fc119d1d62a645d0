//! Which rules are told to be in each other's way.

use std::net::IpAddr;

use countersign_core::policy::{Condition, Overlap, Policy, Rule};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::draw::{Written, login, rules};
use crate::naive::{DAY, Glob, Login, Net, Span, When, address, bits};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_rule_is_said_never_to_decide_exactly_if_one_before_it_meets_all_its_logins(
        rules in rules(2..5),
    ) {
        let policy = policy(&rules);
        let overlaps = policy.overlaps();
        for (place, later) in rules.iter().enumerate() {
            let covering = rules[..place].iter().find(|earlier| covers(&earlier.when, &later.when));
            let told = overlaps.iter().find(|it| it.whole && it.later == &later.rule);
            prop_assert_eq!(told.map(|it| it.earlier), covering.map(|it| &it.rule));
        }
    }

    #[test]
    fn no_login_is_decided_by_a_rule_that_is_said_never_to_decide(
        rules in rules(2..6),
        logins in prop::collection::vec(login(), 24),
    ) {
        let policy = policy(&rules);
        let never: Vec<&Rule> =
            policy.overlaps().iter().filter(|it| it.whole).map(|it| it.later).collect();
        for login in &logins {
            // As the login is, and moved into each rule as far as it can be.
            for rule in &rules {
                let near = moved_into(login, &rule.when);
                let decision = policy.decide(&near.subject(true)).unwrap();
                prop_assert!(!never.contains(&decision.rule()), "{:?}", near);
            }
        }
    }

    #[test]
    fn rules_are_said_to_cross_if_there_is_a_login_that_both_mean_and_they_say_different_things(
        rules in rules(2..5),
    ) {
        let policy = policy(&rules);
        let overlaps = policy.overlaps();
        for (place, later) in rules.iter().enumerate() {
            let unreachable = overlaps.iter().any(|it| it.whole && it.later == &later.rule);
            for earlier in &rules[..place] {
                let told = overlaps.iter().any(|it| is_of(it, earlier, later) && !it.whole);
                let expected = !unreachable
                    && !says_same(&earlier.rule, &later.rule)
                    && !covers(&later.when, &earlier.when)
                    && meet(&earlier.when, &later.when);
                prop_assert_eq!(told, expected, "{:?} {:?}", earlier, later);
            }
        }
    }
}

/// Guards the properties against policies whose rules are never in each other's way.
#[test]
fn rules_cover_cross_and_miss_each_other() {
    let mut runner = TestRunner::deterministic();
    let (mut whole, mut part, mut none) = (0, 0, 0);
    for _ in 0..500 {
        let rules = rules(2..3).new_tree(&mut runner).unwrap().current();
        match policy(&rules).overlaps()[..] {
            [] => none += 1,
            [Overlap { whole: true, .. }] => whole += 1,
            [Overlap { whole: false, .. }] => part += 1,
            [..] => panic!("two rules overlap once"),
        }
    }
    println!("whole {whole}, part {part}, none {none}");
    assert!(whole >= 30 && part >= 30 && none >= 30);
}

#[test]
fn a_rule_is_covered_by_all_the_networks_of_one_together() {
    let from = |networks: &[&str]| {
        let mut rule = Rule::strict(networks[0]);
        rule.when.from = networks.iter().map(|net| net.parse().unwrap()).collect();
        rule
    };
    for (earlier, later, covered) in [
        (&["10.0.0.0/9", "10.128.0.0/9"][..], "10.0.0.0/8", true),
        (&["10.0.0.0/9", "10.128.0.0/10"], "10.0.0.0/8", false),
        (
            &["10.192.0.0/10", "10.0.0.0/9", "10.128.0.0/10"],
            "10.0.0.0/8",
            true,
        ),
        (&["::/1", "8000::/1"], "::/0", true),
        (&["0.0.0.0/0"], "::/0", false),
    ] {
        let policy = Policy::new(vec![from(earlier), from(&[later])]);
        let whole = policy.overlaps().iter().any(|overlap| overlap.whole);
        assert_eq!(whole, covered, "{earlier:?} {later}");
    }
}

#[test]
fn a_star_alone_means_every_name_also_none() {
    let mut star = Rule::strict("star");
    star.when.services = vec!["*".parse().unwrap()];
    star.when.terminals = vec!["*".parse().unwrap()];
    for rules in [
        [star.clone(), Rule::strict("any")],
        [Rule::strict("any"), star],
    ] {
        let policy = Policy::new(rules.to_vec());
        assert!(policy.overlaps()[0].whole);
    }
}

fn policy(rules: &[Written]) -> Policy {
    Policy::new(rules.iter().map(|written| written.rule.clone()).collect())
}

fn is_of(overlap: &Overlap<'_>, earlier: &Written, later: &Written) -> bool {
    overlap.earlier == &earlier.rule && overlap.later == &later.rule
}

fn says_same(one: &Rule, other: &Rule) -> bool {
    (
        one.require,
        one.factors,
        one.remember,
        one.unenrolled,
        one.entry,
        one.mode,
    ) == (
        other.require,
        other.factors,
        other.remember,
        other.unenrolled,
        other.entry,
        other.mode,
    )
}

/// Whether each login that meets `inner` meets `outer`: for each condition, whatever can be found
/// where a login meets the one may not fail the other. Logins that differ in one thing only suffice,
/// as each condition looks at another thing.
fn covers(outer: &When, inner: &When) -> bool {
    Condition::ALL.into_iter().all(|condition| {
        let corners = corners(condition, outer, inner);
        corners
            .iter()
            .all(|login| !inner.met(condition, login) || outer.met(condition, login))
    })
}

/// Whether there is a login that both mean, without anybody being in a group of one and in another
/// of the other, or a user of the one being in a group of the other.
fn meet(one: &When, other: &When) -> bool {
    let named = |names: &When, groups: &When| {
        !names.users.is_empty() && names.groups.is_empty() && !groups.groups.is_empty()
    };
    let both = |condition| {
        let corners = corners(condition, one, other);
        corners
            .iter()
            .any(|login| one.met(condition, login) && other.met(condition, login))
    };
    !named(one, other) && !named(other, one) && Condition::ALL.into_iter().all(both)
}

/// All logins that two rules could tell apart by one condition.
fn corners(condition: Condition, one: &When, other: &When) -> Vec<Login> {
    let base = stranger;
    match condition {
        Condition::Services => names(&one.services, &other.services)
            .map(|service| Login { service, ..base() })
            .collect(),
        Condition::Terminals => names(&one.terminals, &other.terminals)
            .map(|terminal| Login { terminal, ..base() })
            .collect(),
        Condition::Users => {
            let users = one.users.iter().chain(&other.users).cloned().map(Some);
            let users = users.chain([None, base().user]);
            users.map(|user| Login { user, ..base() }).collect()
        }
        Condition::Groups => {
            let groups = one.groups.iter().chain(&other.groups).cloned();
            let groups = groups.map(|name| vec![name]).chain([Vec::new()]);
            groups.map(|groups| Login { groups, ..base() }).collect()
        }
        Condition::From => {
            let edges = one.from.iter().chain(&other.from).flat_map(edges);
            let addresses = edges.map(Some).chain([None]);
            addresses
                .map(|address| Login { address, ..base() })
                .collect()
        }
        // Where one of the two begins or ends: in between, nothing changes.
        Condition::Hours => {
            let spans = one.hours.iter().chain(&other.hours);
            let turns = spans.flat_map(|span| [span.from, span.to]).chain([0]);
            let minutes =
                turns.flat_map(|turn| (0..7).map(move |day| (day * DAY + turn) % (7 * DAY)));
            minutes.map(|minute| Login { minute, ..base() }).collect()
        }
    }
}

fn stranger() -> Login {
    Login {
        service: String::new(),
        user: Some("stranger".to_owned()),
        groups: Vec::new(),
        address: None,
        terminal: String::new(),
        minute: 0,
    }
}

/// All that patterns begin with, alone and with something behind it, and what none does.
fn names(one: &[Glob], other: &[Glob]) -> impl Iterator<Item = String> {
    let beginnings = one.iter().chain(other).map(|glob| glob.letters.clone());
    let beginnings: Vec<String> = beginnings.chain([String::new()]).collect();
    let longer = beginnings
        .clone()
        .into_iter()
        .map(|name| name + "\u{10ffff}");
    beginnings.into_iter().chain(longer)
}

/// The first and the last address of a network, and those just outside.
fn edges(net: &Net) -> Vec<IpAddr> {
    let (first, last) = (net.with_rest(false), net.with_rest(true));
    let beside = |edge: IpAddr, outside: bool| {
        // Counts on from the last, or back from the first: all bits behind the last that differs
        // are flipped.
        let (_, mut bits) = bits(edge);
        let at = bits.iter().rposition(|bit| *bit != outside)?;
        for bit in &mut bits[at..] {
            *bit = !*bit;
        }
        Some(address(&bits))
    };
    let around = [beside(first, false), beside(last, true)];
    [first, last]
        .into_iter()
        .chain(around.into_iter().flatten())
        .collect()
}

/// The login, as near to a rule as one entry of each condition brings it.
fn moved_into(login: &Login, when: &When) -> Login {
    let named = |globs: &[Glob], name: &str| match globs.first() {
        Some(glob) if !globs.iter().any(|glob| glob.means(name)) => glob.letters.clone(),
        Some(_) | None => name.to_owned(),
    };
    let first = |spans: &[Span]| spans.first().and_then(|span| span.minute());
    Login {
        service: named(&when.services, &login.service),
        terminal: named(&when.terminals, login.terminal.trim_start_matches("/dev/")),
        user: when.users.first().cloned().or_else(|| login.user.clone()),
        groups: [&login.groups[..], &when.groups[..1.min(when.groups.len())]].concat(),
        address: when
            .from
            .first()
            .map(|net| net.with_rest(true))
            .or(login.address),
        minute: first(&when.hours).unwrap_or(login.minute),
    }
}
