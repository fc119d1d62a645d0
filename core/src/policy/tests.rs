//! Which rule decides, and what it makes of a login.

use std::time::Duration;

use super::*;

#[test]
fn the_first_rule_that_matches_decides() {
    let policy = Policy::new(vec![
        rule("office", |when| {
            when.from = vec!["192.0.2.0/24".parse().unwrap()]
        }),
        rule("staff", |when| when.groups = vec!["staff".to_owned()]),
        rule("console", |when| {
            when.terminals = vec!["tty*".parse().unwrap()]
        }),
    ]);
    let staff = ["staff".to_owned()];
    for (subject, name) in [
        (
            Subject {
                groups: Some(&staff),
                ..SUBJECT
            },
            "office",
        ),
        (
            Subject {
                address: None,
                groups: Some(&staff),
                ..SUBJECT
            },
            "staff",
        ),
        (
            Subject {
                address: None,
                terminal: "/dev/tty1",
                ..SUBJECT
            },
            "console",
        ),
        (
            Subject {
                address: None,
                ..SUBJECT
            },
            Policy::END,
        ),
    ] {
        assert_eq!(
            policy.decide(&subject).unwrap().rule().name,
            name,
            "{subject:?}"
        );
    }
}

#[test]
fn each_condition_alone_can_keep_a_rule_from_deciding() {
    let table: [(Change, Condition); 6] = [
        (
            |when| when.services = vec!["sudo".parse().unwrap()],
            Condition::Services,
        ),
        (|when| when.users = vec!["bob".to_owned()], Condition::Users),
        (
            |when| when.from = vec!["198.51.100.0/24".parse().unwrap()],
            Condition::From,
        ),
        (
            |when| when.terminals = vec!["tty1".parse().unwrap()],
            Condition::Terminals,
        ),
        (
            |when| when.hours = vec!["sun 00:00-24:00".parse().unwrap()],
            Condition::Hours,
        ),
        (
            |when| when.groups = vec!["staff".to_owned()],
            Condition::Groups,
        ),
    ];
    for (change, condition) in table {
        let policy = Policy::new(vec![rule("one", change)]);
        let decision = policy.decide(&SUBJECT).unwrap();
        assert_eq!(decision.rule().name, Policy::END);
        let passed_over: Vec<_> = decision.passed_over().iter().map(|(_, why)| *why).collect();
        assert_eq!(passed_over, [condition]);
    }
}

#[test]
fn nobody_is_in_no_list_and_in_no_group() {
    let nobody = Subject {
        user: None,
        groups: None,
        ..SUBJECT
    };
    for change in [
        (|when: &mut Conditions| when.users = vec![String::new(), "alice".to_owned()]) as Change,
        |when| when.groups = vec!["users".to_owned()],
    ] {
        let policy = Policy::new(vec![rule("one", change)]);
        assert_eq!(policy.decide(&nobody).unwrap().rule().name, Policy::END);
    }
}

#[test]
fn an_origin_that_is_no_address_is_in_no_network() {
    let everywhere = |when: &mut Conditions| {
        when.from = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    };
    let policy = Policy::new(vec![rule("everywhere", everywhere)]);
    let named = Subject {
        address: None,
        ..SUBJECT
    };
    assert_eq!(policy.decide(&named).unwrap().rule().name, Policy::END);
    assert_eq!(policy.decide(&SUBJECT).unwrap().rule().name, "everywhere");
}

#[test]
fn groups_are_asked_for_only_where_they_decide() {
    let policy = Policy::new(vec![rule("staff over ssh", |when| {
        when.groups = vec!["staff".to_owned()];
        when.services = vec!["sshd".parse().unwrap()];
    })]);
    let unknown = Subject {
        groups: None,
        ..SUBJECT
    };
    assert_eq!(policy.decide(&unknown).unwrap_err(), GroupsNeeded);
    let elsewhere = Subject {
        service: "sudo",
        ..unknown
    };
    assert_eq!(policy.decide(&elsewhere).unwrap().rule().name, Policy::END);
}

#[test]
fn a_login_that_no_rule_is_about_must_give_a_factor() {
    let policy = Policy::default();
    let end = policy.decide(&SUBJECT).unwrap().rule().clone();
    assert_eq!(end, Rule::strict(Policy::END));
    for (standing, course) in [
        (Standing::Answerable, Course::Ask),
        (Standing::Unfit, Course::AskInVain),
        (Standing::Unenrolled, Course::AskInVain),
        (Standing::Foreign, Course::AskInVain),
        (Standing::Unknown, Course::AskInVain),
    ] {
        assert_eq!(
            end.course(standing, Entry::Separate, NOW),
            course,
            "{standing:?}"
        );
    }
}

#[test]
fn every_requirement_meets_every_standing() {
    use Course::{Ask, AskInVain, Enroll, Excuse, Refuse};
    let open = Unenrolled::Enroll { by: None };
    let until = Unenrolled::Enroll {
        by: Some(NOW.after(Duration::from_secs(1))),
    };
    let over = Unenrolled::Enroll { by: Some(NOW) };
    let one = Require::One;
    // Answerable, unfit, unenrolled, foreign, unknown.
    for (require, unenrolled, courses) in [
        (Require::Nothing, Unenrolled::Refuse, [Excuse; 5]),
        (Require::Refuse, Unenrolled::Pass, [Refuse; 5]),
        (
            one,
            Unenrolled::Refuse,
            [Ask, AskInVain, AskInVain, AskInVain, AskInVain],
        ),
        (
            one,
            Unenrolled::Pass,
            [Ask, AskInVain, Excuse, AskInVain, Excuse],
        ),
        (one, open, [Ask, AskInVain, Enroll, AskInVain, AskInVain]),
        (one, until, [Ask, AskInVain, Enroll, AskInVain, AskInVain]),
        (one, over, [Ask, AskInVain, AskInVain, AskInVain, AskInVain]),
    ] {
        let rule = Rule {
            require,
            unenrolled,
            ..Rule::strict("one")
        };
        let standings = [
            Standing::Answerable,
            Standing::Unfit,
            Standing::Unenrolled,
            Standing::Foreign,
            Standing::Unknown,
        ];
        let found = standings.map(|standing| rule.course(standing, Entry::Separate, NOW));
        assert_eq!(found, courses, "{require:?} {unenrolled:?}");
    }
}

#[test]
fn a_rule_that_takes_no_time_based_code_enrolls_nobody_at_a_login() {
    let tokens = Rule {
        unenrolled: Unenrolled::Enroll { by: None },
        factors: Factors::named(&["hotp", "recovery"]).unwrap(),
        ..Rule::strict("tokens")
    };
    let course = tokens.course(Standing::Unenrolled, Entry::Separate, NOW);
    assert_eq!(course, Course::AskInVain);
    let any = Rule {
        factors: Factors::ALL,
        ..tokens
    };
    assert_eq!(
        any.course(Standing::Unenrolled, Entry::Separate, NOW),
        Course::Enroll
    );
}

#[test]
fn nobody_is_enrolled_whose_password_is_looked_at_last() {
    let open = Rule {
        unenrolled: Unenrolled::Enroll { by: None },
        ..Rule::strict("open")
    };
    let course = |entry| open.course(Standing::Unenrolled, entry, NOW);
    assert_eq!(course(Entry::Separate), Course::Enroll);
    assert_eq!(course(Entry::Appended), Course::AskInVain);
}

#[test]
fn how_a_code_is_typed_changes_nothing_else() {
    for unenrolled in [Unenrolled::Refuse, Unenrolled::Pass] {
        for require in [Require::One, Require::Nothing, Require::Refuse] {
            let rule = Rule {
                require,
                unenrolled,
                ..Rule::strict("one")
            };
            for standing in [
                Standing::Answerable,
                Standing::Unfit,
                Standing::Unenrolled,
                Standing::Foreign,
                Standing::Unknown,
            ] {
                let course = |entry| rule.course(standing, entry, NOW);
                assert_eq!(course(Entry::Appended), course(Entry::Separate));
            }
        }
    }
}

#[test]
fn a_rule_behind_a_wider_one_never_decides() {
    let wide = rule("wide", |when| when.services = vec!["s*".parse().unwrap()]);
    let narrow = rule("narrow", |when| {
        when.services = vec!["sshd".parse().unwrap(), "sudo".parse().unwrap()];
        when.users = vec!["alice".to_owned()];
    });
    let policy = Policy::new(vec![wide.clone(), narrow.clone()]);
    let [overlap] = policy.overlaps()[..] else {
        panic!("one overlap");
    };
    assert!(overlap.whole && overlap.earlier.name == "wide" && overlap.later.name == "narrow");

    let other_way = Policy::new(vec![narrow, wide]);
    assert_eq!(
        other_way.overlaps(),
        [],
        "the narrower rule first is how rules are written"
    );
}

#[test]
fn rules_that_cross_are_told_if_they_say_different_things() {
    let by_service = rule("ssh", |when| when.services = vec!["sshd".parse().unwrap()]);
    let by_network = rule("office", |when| {
        when.from = vec!["192.0.2.0/24".parse().unwrap()]
    });
    let alike = Policy::new(vec![by_service.clone(), by_network.clone()]);
    assert_eq!(alike.overlaps(), []);

    let excused = Rule {
        require: Require::Nothing,
        ..by_network
    };
    let policy = Policy::new(vec![by_service, excused]);
    let [overlap] = policy.overlaps()[..] else {
        panic!("one overlap");
    };
    assert!(!overlap.whole);
}

#[test]
fn rules_that_are_apart_do_not_overlap() {
    let apart: [(Change, Change); 6] = [
        (
            |a| a.services = vec!["sshd".parse().unwrap()],
            |b| b.services = vec!["su".parse().unwrap()],
        ),
        (
            |a| a.users = vec!["alice".to_owned()],
            |b| b.users = vec!["bob".to_owned()],
        ),
        (
            |a| a.from = vec!["10.0.0.0/8".parse().unwrap()],
            |b| b.from = vec!["::/0".parse().unwrap()],
        ),
        (
            |a| a.hours = vec!["mon-fri 08:00-18:00".parse().unwrap()],
            |b| b.hours = vec!["mon-fri 18:00-08:00".parse().unwrap()],
        ),
        (
            |a| a.groups = vec!["a".to_owned()],
            |b| b.groups = vec!["b".to_owned()],
        ),
        (
            |a| a.users = vec!["alice".to_owned()],
            |b| b.groups = vec!["b".to_owned()],
        ),
    ];
    for (number, (one, other)) in apart.into_iter().enumerate() {
        let other = Rule {
            require: Require::Nothing,
            ..rule("other", other)
        };
        let policy = Policy::new(vec![rule("one", one), other]);
        assert_eq!(policy.overlaps(), [], "{number}");
    }
}

#[test]
fn the_longest_time_that_any_rule_remembers_is_known() {
    let remembering = |name, seconds, per| Rule {
        remember: Some(Remember {
            lasts: Duration::from_secs(seconds),
            per,
        }),
        ..Rule::strict(name)
    };
    let policy = Policy::new(vec![
        remembering("a", 10, Per::LoginSession),
        remembering("b", 30, Per::LoginSession),
        remembering("c", 60, Per::Origin),
    ]);
    assert_eq!(
        policy.remembers(Per::LoginSession),
        Some(Duration::from_secs(30))
    );
    assert_eq!(policy.remembers(Per::Origin), Some(Duration::from_secs(60)));
    assert_eq!(Policy::default().remembers(Per::Origin), None);
}

type Change = fn(&mut Conditions);

const NOW: Timestamp = Timestamp::from_unix(1_750_000_000);
const SUBJECT: Subject<'static> = Subject {
    service: "sshd",
    user: Some("alice"),
    groups: Some(&[]),
    address: Some(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7))),
    terminal: "ssh",
    moment: match WeekMinute::new(2, 600) {
        Some(moment) => moment,
        None => panic!("there is such a minute"),
    },
};

fn rule(name: &str, change: impl FnOnce(&mut Conditions)) -> Rule {
    let mut rule = Rule::strict(name);
    change(&mut rule.when);
    rule
}
