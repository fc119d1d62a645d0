//! Which rule decides, and why none before it does.

use countersign_core::factors::Kind;
use countersign_core::policy::{
    Condition, Course, Entry, GroupsNeeded, Mode, Policy, Rule, Standing,
};
use countersign_core::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::draw::{Written, login, rules};
use crate::naive::Login;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_first_rule_whose_conditions_are_all_met_decides_and_each_one_before_it_has_one_that_is_not(
        rules in rules(0..8),
        logins in vec(login(), 12),
    ) {
        let policy = policy(&rules);
        for login in &logins {
            let decision = policy.decide(&login.subject(true)).unwrap();
            let first = rules.iter().position(|rule| rule.when.all_met(login));
            let strict = Rule::strict(Policy::END);
            prop_assert_eq!(decision.rule(), first.map_or(&strict, |at| &rules[at].rule));
            let before = &rules[..first.unwrap_or(rules.len())];
            prop_assert_eq!(decision.passed_over().len(), before.len());
            for ((rule, why), passed) in decision.passed_over().iter().zip(before) {
                prop_assert_eq!(*rule, &passed.rule);
                let unmet = Condition::ALL.into_iter().find(|why| !passed.when.met(*why, login));
                prop_assert_eq!(Some(*why), unmet);
            }
        }
    }

    #[test]
    fn a_rule_added_at_the_end_changes_no_login_that_one_before_decides(
        rules in rules(1..8),
        logins in vec(login(), 12),
    ) {
        let all = policy(&rules);
        let without = policy(&rules[..rules.len() - 1]);
        for login in &logins {
            for groups_known in [true, false] {
                let subject = login.subject(groups_known);
                let before = without.decide(&subject).map(|decision| decision.rule().clone());
                let after = all.decide(&subject).map(|decision| decision.rule().clone());
                match &before {
                    Ok(rule) if rule.name == Policy::END => {}
                    Ok(_) | Err(GroupsNeeded) => prop_assert_eq!(&before, &after),
                }
            }
        }
    }

    #[test]
    fn groups_that_are_asked_for_only_where_they_decide_lead_to_what_groups_known_before_do(
        rules in rules(0..8),
        logins in vec(login(), 12),
    ) {
        let policy = policy(&rules);
        for login in &logins {
            let known = policy.decide(&login.subject(true)).unwrap();
            if let Ok(lazily) = policy.decide(&login.subject(false)) {
                prop_assert_eq!(lazily.rule(), known.rule());
                prop_assert_eq!(lazily.passed_over(), known.passed_over());
            } else {
                // Other groups would have another rule decide, or have one passed over for another
                // reason.
                let names = |with: &[String]| {
                    let login = Login { groups: with.to_vec(), ..login.clone() };
                    let decision = policy.decide(&login.subject(true)).unwrap();
                    decision.rule().name.clone()
                };
                let all: Vec<String> = crate::draw::GROUPS.map(str::to_owned).to_vec();
                let each = all.iter().map(|group| names(std::slice::from_ref(group)));
                let found: std::collections::BTreeSet<String> =
                    each.chain([names(&[]), names(&all)]).collect();
                prop_assert!(found.len() > 1, "{:?}", found);
            }
        }
    }

    #[test]
    fn a_rule_in_report_mode_decides_what_it_would_decide_in_force(
        rules in rules(1..8),
        logins in vec(login(), 12),
    ) {
        let as_is = policy(&rules);
        let turned = policy(&rules.iter().cloned().map(|written| Written {
            rule: Rule {
                mode: match written.rule.mode {
                    Mode::Enforce => Mode::Report,
                    Mode::Report => Mode::Enforce,
                },
                ..written.rule
            },
            ..written
        }).collect::<Vec<_>>());
        for login in &logins {
            let one = as_is.decide(&login.subject(true)).unwrap();
            let other = turned.decide(&login.subject(true)).unwrap();
            prop_assert_eq!(&one.rule().name, &other.rule().name);
            for standing in STANDINGS {
                let now = Timestamp::from_unix(1_750_000_000);
                prop_assert_eq!(one.rule().course(standing, Entry::Separate, now), other.rule().course(standing, Entry::Separate, now));
            }
        }
    }

    #[test]
    fn nobody_is_let_in_without_a_factor_but_by_a_rule_that_says_so(
        rules in rules(1..2),
        seconds in 0..2_u64,
    ) {
        use countersign_core::policy::{Require, Unenrolled};
        let rule = &rules[0].rule;
        let now = Timestamp::from_unix(1_749_999_999 + seconds);
        for standing in STANDINGS {
            match rule.course(standing, Entry::Separate, now) {
                Course::Excuse => prop_assert!(
                    rule.require == Require::Nothing
                        || rule.require == Require::One
                            && rule.unenrolled == Unenrolled::Pass
                            && matches!(standing, Standing::Unenrolled | Standing::Unknown)
                ),
                Course::Enroll => {
                    let open = match rule.unenrolled {
                        Unenrolled::Enroll { by } => {
                            rule.factors.allow(Kind::Totp) && (by.is_none() || seconds == 0)
                        }
                        Unenrolled::Pass | Unenrolled::Refuse => false,
                    };
                    prop_assert!(open && standing == Standing::Unenrolled);
                }
                Course::Ask => prop_assert_eq!(standing, Standing::Answerable),
                Course::AskInVain => prop_assert_ne!(standing, Standing::Answerable),
                Course::Refuse => prop_assert_eq!(rule.require, Require::Refuse),
            }
        }
    }
}

/// Guards the properties against policies that decide nothing.
#[test]
fn logins_are_decided_by_rules_in_every_place_and_passed_over_for_every_reason() {
    let mut runner = TestRunner::deterministic();
    let mut places = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..2000 {
        let rules = rules(6..7).new_tree(&mut runner).unwrap().current();
        let login = login().new_tree(&mut runner).unwrap().current();
        let policy = policy(&rules);
        let decision = policy.decide(&login.subject(true)).unwrap();
        *places.entry(decision.rule().name.clone()).or_default() += 1;
        for (_, why) in decision.passed_over() {
            *places.entry(why.name().to_owned()).or_default() += 1;
        }
        let lazily = policy.decide(&login.subject(false)).is_ok();
        *places.entry(format!("lazily {lazily}")).or_default() += 1;
    }
    println!("{places:?}");
    assert_eq!(places.len(), 6 + 1 + Condition::ALL.len() + 2);
    assert!(places.values().all(|times| *times >= 50), "{places:?}");
}

const STANDINGS: [Standing; 5] = [
    Standing::Answerable,
    Standing::Unfit,
    Standing::Unenrolled,
    Standing::Foreign,
    Standing::Unknown,
];

fn policy(rules: &[Written]) -> Policy {
    Policy::new(rules.iter().map(|written| written.rule.clone()).collect())
}
