use super::GROUP;
use crate::doctor::planted::{NOW, Planted, ids, places};
use crate::doctor::scene::{Course, Demand};
use crate::report::{Credential, UserStatus};

/// Alice and root, both enrolled, and sudo which asks.
fn well() -> Planted {
    Planted::new()
        .file(
            "/etc/pam.d/sudo",
            "auth required pam_unix.so\nauth required pam_countersign.so\n",
        )
        .account("root", 0)
        .account("alice", 1000)
        .enrolled("root", 0)
        .enrolled("alice", 1000)
}

fn one(planted: Planted, id: &str, words: &str) {
    let found = planted.found(&GROUP);
    assert_eq!(ids(&found), [id]);
    assert!(found[0].found.contains(words), "{found:?}");
}

fn demand(course: Course) -> Demand {
    Demand {
        rule: "staff".to_owned(),
        course,
        ..Demand::default()
    }
}

#[test]
fn where_everybody_is_enrolled_all_is_well() {
    let report = well().report(&GROUP);
    assert_eq!((report.findings, report.unchecked), (vec![], vec![]));
}

#[test]
fn services_that_ask_while_nobody_can_answer_are_a_danger() {
    let planted = Planted::new()
        .account("alice", 1000)
        .file("/etc/pam.d/su", "auth required pam_countersign.so\n");
    one(planted, "nobody-enrolled", "su ask");
}

#[test]
fn who_can_log_in_and_has_no_factor_is_named_with_where() {
    one(
        well().account("bob", 1001),
        "not-enrolled",
        "bob is asked by sudo",
    );
    let root = Planted::new()
        .file("/etc/pam.d/login", "auth required pam_countersign.so\n")
        .account("root", 0)
        .account("alice", 1000)
        .enrolled("alice", 1000);
    one(root, "root-not-enrolled", "root is asked by login");
}

#[test]
fn who_cannot_log_in_needs_no_factor() {
    for locked in ["!", "*", "!$6$x"] {
        let planted = well()
            .account("bob", 1001)
            .file("/etc/shadow", &format!("bob:{locked}:1::::::\n"));
        assert_eq!(ids(&planted.found(&GROUP)), [""; 0], "{locked}");
    }
    let planted = well()
        .account("bob", 1001)
        .file("/etc/shadow", "bob:!:1::::::\n");
    one(
        planted.file("/home/bob/.ssh/authorized_keys", "key"),
        "not-enrolled",
        "bob",
    );
    assert_eq!(
        ids(&well()
            .account("daemon", 1)
            .account("nobody", 65_534)
            .found(&GROUP)),
        [""; 0]
    );
}

#[test]
fn of_whom_nothing_is_demanded_nothing_is_said() {
    let planted = well()
        .account("bob", 1001)
        .demand("alice", "sudo", demand(Course::Asked));
    let other = Demand {
        rule: "others".to_owned(),
        ..demand(Course::NotDemanded)
    };
    assert_eq!(
        ids(&planted.demand("bob", "sudo", other).found(&GROUP)),
        [""; 0]
    );
}

#[test]
fn who_passes_because_of_having_nothing_is_named_with_the_rule() {
    let planted = well()
        .account("bob", 1001)
        .demand("alice", "sudo", demand(Course::Asked))
        .demand("bob", "sudo", demand(Course::NotDemanded));
    one(planted, "not-enrolled-pass", "\"staff\": bob");
}

#[test]
fn a_date_that_has_passed_is_told_with_who_missed_it() {
    let late = |by: u64| Demand {
        enroll_by: Some(by),
        ..demand(Course::AskedInVain)
    };
    one(
        well()
            .account("bob", 1001)
            .demand("bob", "sudo", late(NOW - 1)),
        "enroll-by-passed",
        "bob did not",
    );
    let early = Demand {
        course: Course::Enrolled,
        ..late(NOW + 1)
    };
    assert_eq!(
        ids(&well()
            .account("bob", 1001)
            .demand("bob", "sudo", early)
            .found(&GROUP)),
        [""; 0]
    );
}

#[test]
fn rules_that_do_not_ask_yet_are_told() {
    let report = Demand {
        report: true,
        ..demand(Course::Asked)
    };
    let planted = well().demand("alice", "sudo", report.clone()).demand(
        "root",
        "sudo",
        demand(Course::Asked),
    );
    one(planted, "report-mode", "\"staff\"");
    let all =
        well()
            .demand("alice", "sudo", report)
            .demand("root", "sudo", demand(Course::NotDemanded));
    assert_eq!(ids(&all.found(&GROUP)), ["nothing-demanded", "report-mode"]);
}

#[test]
fn a_record_that_is_not_its_accounts_is_told() {
    let stale = UserStatus {
        user: Some("carol".to_owned()),
        uid: 1005,
        ..UserStatus::default()
    };
    one(well().user(stale), "record-stale", "carol (uid 1005)");
    one(
        well().account("bob", 1001).enrolled("carol", 1001),
        "record-foreign",
        "enrolled as carol, and is bob",
    );
    // Another name of the same uid is the same user.
    let alias = well().account("toor", 0);
    assert_eq!(ids(&alias.found(&GROUP)), [""; 0]);
    let problem = UserStatus {
        uid: 1000,
        problem: Some("its seal does not fit".to_owned()),
        ..UserStatus::default()
    };
    one(
        well().user(problem),
        "record-unreadable",
        "its seal does not fit",
    );
}

#[test]
fn what_is_left_to_those_who_are_enrolled_is_told() {
    let user = |recovery_left: u32, codes_demanded: u32| UserStatus {
        user: Some("bob".to_owned()),
        uid: 1001,
        enrolled: true,
        recovery_left,
        codes_demanded,
        ..UserStatus::default()
    };
    one(
        well().account("bob", 1001).user(user(0, 1)),
        "recovery-none",
        "bob",
    );
    one(
        well().account("bob", 1001).user(user(3, 1)),
        "recovery-few",
        "3 recovery codes",
    );
    one(
        well().account("bob", 1001).user(user(4, 2)),
        "throttled",
        "bob",
    );
    let waiting = UserStatus {
        enrolled: false,
        credentials: vec![Credential::default()],
        ..user(0, 1)
    };
    let found = well().account("bob", 1001).user(waiting).found(&GROUP);
    assert_eq!(ids(&found), ["not-enrolled", "unconfirmed"]);
}

#[test]
fn an_account_without_a_password_is_a_danger() {
    let found = well()
        .file("/etc/shadow", "root:$6$x:1::::::\nguest::1::::::\n")
        .found(&GROUP);
    assert_eq!(
        (ids(&found), places(&found)),
        (vec!["empty-password"], vec!["/etc/shadow:2".to_owned()])
    );
}

#[test]
fn what_the_daemon_did_not_say_was_not_checked() {
    let report = well().away("it is away").report(&GROUP);
    assert_eq!(report.findings, []);
    assert_eq!(report.unchecked.len(), GROUP.checks.len() - 1);
}

#[test]
fn a_policy_that_is_not_known_was_not_checked() {
    let report = well().policy_unknown("it says nothing").report(&GROUP);
    assert_eq!(report.findings, []);
    let unchecked: Vec<_> = report
        .unchecked
        .iter()
        .map(|unchecked| unchecked.id)
        .collect();
    assert!(unchecked.contains(&"report-mode") && !unchecked.contains(&"not-enrolled"));
}
