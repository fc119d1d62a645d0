//! Rules as they are written.

use countersign_core::factors::Factors;
use countersign_core::pass::{Per, Remember};
use countersign_core::policy::{Conditions, Entry, Mode, Require, Unenrolled};
use countersign_core::time::Timestamp;

use super::*;

fn rules(text: &str) -> Vec<Rule> {
    let config = Files::new(text).load();
    config.unwrap().policy.rules().to_vec()
}

#[test]
fn every_entry_of_a_rule_is_taken() {
    let rules = rules(
        "[[rule]]
        name = 'office network'
        services = ['sshd', 'gdm-*']
        users = ['ada', 'EXAMPLE\\bob']
        groups = ['staff', 'domain users']
        from = ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7']
        terminals = ['tty*']
        hours = ['mon-fri 08:00-18:00']
        require = 'one'
        factors = ['totp', 'recovery']
        remember = { for = '12h', per = 'origin' }
        not-enrolled = 'enroll'
        enroll-by = 2026-12-31T18:00:00+01:00
        entry = 'separate'
        mode = 'report'",
    );
    let expected = Rule {
        name: "office network".to_owned(),
        when: Conditions {
            services: vec!["sshd".parse().unwrap(), "gdm-*".parse().unwrap()],
            users: vec!["ada".to_owned(), "EXAMPLE\\bob".to_owned()],
            groups: vec!["staff".to_owned(), "domain users".to_owned()],
            from: vec![
                "192.0.2.0/24".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
                "198.51.100.7".parse().unwrap(),
            ],
            terminals: vec!["tty*".parse().unwrap()],
            hours: vec!["mon-fri 08:00-18:00".parse().unwrap()],
        },
        require: Require::One,
        factors: Factors::named(&["totp", "recovery"]).unwrap(),
        remember: Some(Remember {
            lasts: Duration::from_secs(12 * 3600),
            per: Per::Origin,
        }),
        unenrolled: Unenrolled::Enroll {
            by: Some(Timestamp::from_unix(1_798_736_400)),
        },
        entry: Some(Entry::Separate),
        mode: Mode::Report,
    };
    assert_eq!(rules, [expected]);
}

#[test]
fn a_rule_that_says_no_more_than_its_name_is_the_strict_one() {
    assert_eq!(rules("[[rule]]\nname = 'all'"), [Rule::strict("all")]);
}

#[test]
fn the_rules_of_drop_ins_come_after_those_of_the_file_in_the_order_of_their_names() {
    let files = Files::new("[[rule]]\nname = 'a'\n[[rule]]\nname = 'b'");
    files.drop_in("20.toml", "[[rule]]\nname = 'd'");
    files.drop_in("10.toml", "[totp]\ndigits = 6\n\n[[rule]]\nname = 'c'");
    let (config, places) = Config::load_with_places(&files.main()).unwrap();
    let names: Vec<&str> = config
        .policy
        .rules()
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let places: Vec<String> = places
        .iter()
        .map(|place| {
            format!(
                "{}:{}",
                place.path.file_name().unwrap().display(),
                place.line
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            "countersign.toml:1",
            "countersign.toml:3",
            "10.toml:4",
            "20.toml:1"
        ]
    );
}

#[test]
fn a_name_is_given_once_in_all_files() {
    let files = Files::new("[[rule]]\nname = 'a'\n\n[[rule]]\nname = 'b'");
    files.drop_in("10.toml", "[[rule]]\nrequire = 'one'\nname = 'b'");
    let error = files.error();
    assert!(error.contains("10.toml:3:8: "), "{error}");
    assert!(
        error.contains("countersign.toml:4 is called \"b\""),
        "{error}"
    );
}

#[test]
fn a_date_means_until_the_end_of_that_day_and_a_time_that_time() {
    let by = |written: &str| {
        let text = format!("[[rule]]\nname = 'a'\nnot-enrolled = 'enroll'\nenroll-by = {written}");
        match rules(&text).remove(0).unenrolled {
            Unenrolled::Enroll { by } => by.unwrap(),
            Unenrolled::Refuse | Unenrolled::Pass => panic!("no enrolment"),
        }
    };
    assert_eq!(
        by("2026-12-31T23:00:00Z"),
        Timestamp::from_unix(1_798_758_000)
    );
    // Whatever zone this machine is in.
    assert_eq!(by("2026-12-31"), by("2027-01-01T00:00:00"));
    assert_eq!(by("2026-12-31 18:30:00"), by("2026-12-31T18:30:00"));
}

#[test]
fn without_a_deadline_one_may_enroll_at_any_time() {
    let rules = rules("[[rule]]\nname = 'a'\nnot-enrolled = 'enroll'");
    assert_eq!(rules[0].unenrolled, Unenrolled::Enroll { by: None });
}

#[test]
fn a_time_to_remember_has_a_unit() {
    for (written, seconds) in [
        ("1m", Some(60)),
        ("90m", Some(5400)),
        ("12h", Some(43_200)),
        ("30d", Some(2_592_000)),
        ("0m", None),
        ("31d", None),
        ("721h", None),
        ("30", None),
        ("30s", None),
        ("012h", None),
        ("+1h", None),
        ("-1h", None),
        ("1.5h", None),
        ("12 h", None),
        ("99999999999999999999d", None),
        ("9999999999999999999d", None),
        ("", None),
        ("h", None),
    ] {
        let text = format!(
            "[[rule]]\nname = 'a'\nremember = {{ for = '{written}', per = 'login-session' }}"
        );
        let loaded = Files::new(&text).load().ok();
        let remember = loaded.and_then(|config| config.policy.rules()[0].remember);
        assert_eq!(remember.map(|r| r.lasts.as_secs()), seconds, "{written}");
    }
}

/// What a rule has in it; where that is wrong; what to write instead.
const WRONG: &[(&str, &str, &str)] = &[
    ("", ":1:1: ", "missing field `name`"),
    ("name = ''", ":2:8: ", "1 to 64 characters"),
    ("name = '(end)'", ":2:8: ", "does not begin with ("),
    ("name = ' a'", ":2:8: ", "1 to 64 characters"),
    ("name = \"a\\u001b\"", ":2:8: ", "1 to 64 characters"),
    ("name = 'a'\nservice = ['sshd']", ":3:1: ", "`services`"),
    ("name = 'a'\nservices = 'sshd'", ":3:12: ", "[\"sshd\"]"),
    ("name = 'a'\nservices = []", ":3:12: ", "leave it out"),
    ("name = 'a'\nusers = []", ":3:9: ", "leave it out"),
    ("name = 'a'\ngroups = []", ":3:10: ", "leave it out"),
    ("name = 'a'\nfrom = []", ":3:8: ", "leave it out"),
    ("name = 'a'\nterminals = []", ":3:13: ", "leave it out"),
    ("name = 'a'\nhours = []", ":3:9: ", "leave it out"),
    ("name = 'a'\nfactors = []", ":3:11: ", "leave it out"),
    (
        "name = 'a'\nservices = ['sshd', 's*d']",
        ":3:21: ",
        "is no name",
    ),
    (
        "name = 'a'\nservices = ['SSHD']",
        ":3:13: ",
        "small letters: \"sshd\"",
    ),
    ("name = 'a'\nservices = [1]", ":3:13: ", "/etc/pam.d"),
    ("name = 'a'\nusers = ['a*']", ":3:10: ", "whole name"),
    ("name = 'a'\ngroups = ['']", ":3:11: ", "whole name"),
    ("name = 'a'\nfrom = ['localhost']", ":3:9: ", "network"),
    (
        "name = 'a'\nfrom = ['192.0.2.7/24']",
        ":3:9: ",
        "192.0.2.0/24",
    ),
    (
        "name = 'a'\nterminals = ['/dev/tty1']",
        ":3:14: ",
        "\"tty1\"",
    ),
    (
        "name = 'a'\nhours = ['8-18']",
        ":3:10: ",
        "mon-fri 08:00-18:00",
    ),
    (
        "name = 'a'\nrequire = 'two'",
        ":3:11: ",
        "\"one\", \"none\" or \"refuse\"",
    ),
    (
        "name = 'a'\nrequire = 1",
        ":3:11: ",
        "\"one\", \"none\" or \"refuse\"",
    ),
    (
        "name = 'a'\nfactors = ['recovery']",
        ":3:11: ",
        "name \"totp\", \"hotp\"",
    ),
    (
        "name = 'a'\nfactors = ['sms']",
        ":3:11: ",
        "\"totp\", \"hotp\"",
    ),
    (
        "name = 'a'\nremember = '12h'",
        ":3:12: ",
        "{ for = \"12h\", per",
    ),
    ("name = 'a'\nremember = { for = '12h' }", ":3:12: ", "`per`"),
    (
        "name = 'a'\nremember = { for = '12', per = 'origin' }",
        ":3:20: ",
        "\"12h\"",
    ),
    (
        "name = 'a'\nremember = { for = '1h', per = 'user' }",
        ":3:32: ",
        "\"login-session\"",
    ),
    (
        "name = 'a'\nremember = { for = '1h', per = 'origin', x = 1 }",
        ":3:42: ",
        "`per`",
    ),
    (
        "name = 'a'\nnot-enrolled = 'enrol'",
        ":3:16: ",
        "\"enroll\"",
    ),
    (
        "name = 'a'\nenroll-by = 2026-12-31",
        ":3:13: ",
        "not-enrolled = \"enroll\"",
    ),
    (
        "name = 'a'\nnot-enrolled = 'pass'\nenroll-by = 2026-12-31",
        ":4:13: ",
        "not-enrolled = \"enroll\"",
    ),
    (
        "name = 'a'\nnot-enrolled = 'enroll'\nenroll-by = '2026-12-31'",
        ":4:13: ",
        "a date without quotes",
    ),
    (
        "name = 'a'\nnot-enrolled = 'enroll'\nenroll-by = 18:00:00",
        ":4:13: ",
        "a date without quotes",
    ),
    (
        "name = 'a'\nnot-enrolled = 'enroll'\nentry = 'appended'",
        ":4:9: ",
        "anybody could enrol",
    ),
    ("name = 'a'\nentry = 'both'", ":3:9: ", "\"separate\""),
    (
        "name = 'a'\nmode = 'off'",
        ":3:8: ",
        "\"enforce\" or \"report\"",
    ),
    ("name = 'a'\nname = 'b'", ":3:1: ", "duplicate key"),
];

#[test]
fn a_rule_that_is_not_understood_is_an_error_with_its_place_and_what_to_write_instead() {
    for (entries, place, advice) in WRONG {
        let error = Files::new(&format!("[[rule]]\n{entries}\n")).error();
        assert!(
            error.contains(&format!("countersign.toml{place}")),
            "{place} is not in: {error}"
        );
        assert!(error.contains(advice), "{advice} is not in: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let error = Files::new("[rule]\nname = 'a'").error();
    assert!(
        error.contains("write [[rule]], with two brackets"),
        "{error}"
    );
}

#[test]
fn one_rule_that_is_wrong_leaves_none_in_force() {
    let files = Files::new("[[rule]]\nname = 'a'");
    files.drop_in("10.toml", "[[rule]]\nname = 'b'\nrequire = 'nothing'");
    assert!(files.load().is_err());
}

#[test]
fn the_packaged_file_has_a_rule_with_every_entry_to_be_taken_in() {
    let taken_in = |line: &str| {
        let bare = line.strip_prefix('#')?;
        let name = bare.split(" = ").next().unwrap_or_default();
        let entry =
            bare.contains(" = ") && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        (entry || bare == "[[rule]]").then(|| bare.to_owned() + "\n")
    };
    let text: String = SAMPLE.lines().filter_map(taken_in).collect();
    let rules = rules(&text);
    let [rule] = rules.as_slice() else {
        panic!("{rules:?}")
    };
    let strict = Rule::strict(&rule.name);
    assert!(
        rule.factors != strict.factors && rule.remember.is_some(),
        "{rule:?}"
    );
    assert!(
        matches!(rule.unenrolled, Unenrolled::Enroll { by: Some(_) }),
        "{rule:?}"
    );
    assert_eq!(rule.mode, Mode::Report);
    let Conditions {
        services,
        users,
        groups,
        from,
        terminals,
        hours,
    } = &rule.when;
    assert!(!services.is_empty() && !users.is_empty() && !groups.is_empty());
    assert!(!from.is_empty() && !terminals.is_empty() && !hours.is_empty());
    assert!(
        text.contains("require = ") && text.contains("entry = "),
        "{text}"
    );
}

/// Blocks of `page` between these lines, which are rules and `count` in number, are read, and there
/// is nothing to warn of in them.
fn can_be_used(page: &str, (begin, end): (&str, &str), count: usize) {
    let blocks: Vec<&str> = page
        .split(begin)
        .filter_map(|rest| rest.split(end).next())
        .filter(|block| block.starts_with("[[rule]]"))
        .collect();
    assert_eq!(blocks.len(), count);
    for block in blocks {
        let files = Files::new(block);
        let (config, places) = Config::load_with_places(&files.main()).unwrap();
        let notes = notes(&config, &places, Timestamp::from_unix(1_790_000_000));
        assert!(notes.iter().all(|note| !note.warning), "{block}\n{notes:?}");
    }
}

#[test]
fn the_rules_of_the_manual_and_of_the_readme_can_be_used_and_are_none_to_warn_of() {
    const PAGE: &str = include_str!("../../../../packaging/man/countersign.toml.5");
    can_be_used(PAGE, (".Bd -literal -offset indent\n", "\n.Ed"), 6);
    const README: &str = include_str!("../../../../README.md");
    can_be_used(README, ("```toml\n", "\n```"), 2);
}
