//! What is said of rules that are understood, and hardly meant so.

use countersign_core::time::Timestamp;

use super::*;

/// What is said of these rules, with the file's own name alone.
fn said(rules: &str) -> Vec<String> {
    let files = Files::new(rules);
    let (config, places) = Config::load_with_places(&files.main()).unwrap();
    let directory = format!("{}/", files.0.path().display());
    notes(&config, &places, Timestamp::from_unix(1_790_000_000))
        .iter()
        .map(|note| note.to_string().replace(&directory, ""))
        .collect()
}

#[test]
fn nothing_is_said_of_what_is_plainly_meant() {
    for rules in [
        "",
        "[[rule]]\nname = 'a'\n",
        "[[rule]]\nname = 'cron'\nservices = ['cron']\nrequire = 'none'\n",
        "[[rule]]\nname = 'a'\nservices = ['sudo']\nremember = { for = '1h', per = 'login-session' }\n",
        "[[rule]]\nname = 'a'\nservices = ['sshd']\nremember = { for = '12h', per = 'origin' }\n",
        "[[rule]]\nname = 'a'\nnot-enrolled = 'enroll'\nenroll-by = 2030-01-01\n",
        "[[rule]]\nname = 'a'\nservices = ['sshd']\n[[rule]]\nname = 'b'\n",
        "[[rule]]\nname = 'a'\nservices = ['polkit-1']\nentry = 'appended'\n",
        "[[rule]]\nname = 'a'\nservices = ['xscreensaver']\nentry = 'separate'\n",
        "[[rule]]\nname = 'a'\nservices = ['i3lock']\nentry = 'appended'\n",
    ] {
        assert_eq!(said(rules), Vec::<String>::new(), "{rules}");
    }
}

#[test]
fn a_rule_that_another_leaves_nothing_to_is_warned_of_with_both_places() {
    let said = said(
        "[[rule]]\nname = 'all'\nservices = ['gdm-*']\n\n\
         [[rule]]\nname = 'never'\nservices = ['gdm-password']\nrequire = 'refuse'\n",
    );
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("countersign.toml:5: warning: the rule \"never\" never decides"));
    assert!(said[0].contains("\"all\" (countersign.toml:1)"), "{said:?}");
}

#[test]
fn rules_that_share_logins_are_noted() {
    let said = said(
        "[[rule]]\nname = 'net'\nfrom = ['192.0.2.0/24']\nrequire = 'none'\n\
         [[rule]]\nname = 'ssh'\nservices = ['sshd']\n",
    );
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("countersign.toml:5: note: the rule \"ssh\" does not decide"));
}

#[test]
fn each_pitfall_is_named_with_its_line() {
    for (rule, kind, text) in [
        ("require = 'none'", "warning", "demands nothing"),
        ("require = 'refuse'", "warning", "nor root"),
        (
            "users = ['a']\nrequire = 'none'\nfactors = ['totp', 'issued']",
            "note",
            "mean nothing",
        ),
        ("factors = ['totp']", "note", "loses their device"),
        ("mode = 'report'", "note", "only reports"),
        (
            "services = ['sudo']\nfrom = ['192.0.2.0/24']",
            "warning",
            "never decides",
        ),
        (
            "services = ['sudo', 'su']\nremember = { for = '1h', per = 'origin' }",
            "warning",
            "login-session",
        ),
        (
            "services = ['sshd']\nremember = { for = '1h', per = 'login-session' }",
            "note",
            "counts no earlier login",
        ),
        (
            "remember = { for = '8d', per = 'origin' }",
            "note",
            "more than a week",
        ),
        ("not-enrolled = 'enroll'", "note", "no enroll-by"),
        (
            "not-enrolled = 'enroll'\nenroll-by = 2020-01-01",
            "warning",
            "enroll-by is over",
        ),
    ] {
        one(rule, kind, text);
    }
}

#[test]
fn a_rule_for_programs_with_one_field_is_one_that_they_can_answer() {
    for (rule, kind, text) in [
        (
            "services = ['i3lock', 'xscreensaver']\nentry = 'separate'",
            "warning",
            "nobody gets in",
        ),
        (
            "services = ['i3lock', 'kde']\nnot-enrolled = 'enroll'\nenroll-by = 2030-01-01",
            "warning",
            "enrols nobody",
        ),
        (
            "services = ['i3lock']\nrequire = 'none'\nentry = 'appended'",
            "note",
            "mean nothing",
        ),
    ] {
        one(rule, kind, text);
    }
}

/// One thing is said of such a rule.
#[track_caller]
fn one(rule: &str, kind: &str, text: &str) {
    let said = said(&format!("\n[[rule]]\nname = 'a'\n{rule}\n"));
    assert_eq!(said.len(), 1, "{rule}: {said:?}");
    let begins = format!("countersign.toml:2: {kind}: the rule \"a\" ");
    assert!(
        said[0].starts_with(&begins) && said[0].contains(text),
        "{rule}: {said:?}"
    );
}

#[test]
fn a_rule_that_is_to_enrol_and_can_enrol_nobody_is_warned_of_whenever_that_would_end() {
    for by in ["", "enroll-by = 2030-01-01\n", "enroll-by = 2020-01-01\n"] {
        let enrolling = format!("[[rule]]\nname = 'a'\nnot-enrolled = 'enroll'\n{by}");
        let said = said(&format!("{enrolling}factors = ['hotp', 'recovery']\n"));
        assert_eq!(said.len(), 1, "{by}: {said:?}");
        let begins = "countersign.toml:1: warning: the rule \"a\" enrols nobody";
        assert!(said[0].starts_with(begins), "{by}: {said:?}");
    }
    let said = said(
        "[[rule]]\nname = 'a'\nnot-enrolled = 'enroll'\nenroll-by = 2030-01-01\n\
         factors = ['totp', 'recovery']\n",
    );
    assert_eq!(said, Vec::<String>::new());
}
