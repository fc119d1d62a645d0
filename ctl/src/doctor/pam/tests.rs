use super::GROUP;
use crate::doctor::planted::{Planted, ids, places};
use crate::doctor::scene::{Course, Demand};

const COMMON: &str = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n\
    auth required pam_permit.so\n";
const OURS: &str = "auth [success=ok ignore=ignore default=die] pam_countersign.so\n";
const GUARD: &str = "account required pam_countersign.so\n";

/// Debian's common-auth, and a well protected sudo.
fn planted() -> Planted {
    Planted::new()
        .file("/etc/pam.d/common-auth", COMMON)
        .file("/etc/pam.d/sudo", &format!("@include common-auth\n{OURS}"))
}

/// What is found in a service of this name and text, by id and place.
fn found(service: &str, text: &str) -> (Vec<&'static str>, Vec<String>) {
    let findings = planted()
        .file(&format!("/etc/pam.d/{service}"), text)
        .found(&GROUP);
    (ids(&findings), places(&findings))
}

fn nothing(service: &str, text: &str) {
    assert_eq!(found(service, text), (vec![], vec![]), "{service}: {text}");
}

fn one(service: &str, text: &str, id: &'static str, line: usize) {
    let place = format!("/etc/pam.d/{service}:{line}");
    assert_eq!(found(service, text), (vec![id], vec![place]), "{text}");
}

fn nothing_demanded() -> Demand {
    Demand {
        course: Course::NotDemanded,
        ..Demand::default()
    }
}

#[test]
fn well_protected_services_are_well() {
    nothing(
        "su",
        &format!("auth sufficient pam_rootok.so\n@include common-auth\n{OURS}"),
    );
    nothing(
        "sshd",
        &format!("{OURS}auth required pam_permit.so\n{GUARD}account required pam_nologin.so\n"),
    );
    nothing("runuser", "auth sufficient pam_rootok.so\n");
    nothing("chsh", "@include common-auth\n");
}

#[test]
fn where_nobody_asks_that_is_the_one_thing_said() {
    let planted = Planted::new()
        .file("/etc/pam.d/common-auth", COMMON)
        .file("/etc/pam.d/sshd", "@include common-auth\n");
    assert_eq!(ids(&planted.found(&GROUP)), ["nothing-asks"]);
}

#[test]
fn a_login_that_does_not_ask_is_named_with_its_file() {
    for (service, id) in [
        ("login", "login-unprotected"),
        ("su-l", "login-unprotected"),
        ("gdm-password", "login-unprotected"),
        ("other", "login-unprotected"),
        ("appliance", "service-unprotected"),
    ] {
        let place = format!("/etc/pam.d/{service}");
        assert_eq!(
            found(service, "@include common-auth\n"),
            (vec![id], vec![place])
        );
    }
    // What only includes another is protected with that.
    let both = planted()
        .file(
            "/etc/pam.d/su",
            "auth sufficient pam_rootok.so\n@include common-auth\n",
        )
        .file("/etc/pam.d/su-l", "auth include su\n");
    assert_eq!(places(&both.found(&GROUP)), ["/etc/pam.d/su"]);
    // What refuses all, lets nobody in.
    nothing("other", "auth required pam_deny.so\n");
}

#[test]
fn a_login_of_which_the_policy_demands_nothing_is_not_named() {
    let login = || {
        planted()
            .file("/etc/pam.d/login", "@include common-auth\n")
            .account("alice", 1000)
            .account("bob", 1001)
    };
    let some = login().demand("alice", "login", nothing_demanded());
    assert_eq!(ids(&some.found(&GROUP)), ["login-unprotected"]);
    let none = login().demand("alice", "login", nothing_demanded()).demand(
        "bob",
        "login",
        nothing_demanded(),
    );
    assert_eq!(ids(&none.found(&GROUP)), [""; 0]);
}

#[test]
fn what_leads_past_the_line_is_named_with_its_own_line() {
    one(
        "su",
        &format!("# su\nauth sufficient pam_unix.so\n@include common-auth\n{OURS}"),
        "way-around",
        2,
    );
    one(
        "su",
        &format!("auth [success=done default=die] pam_sss.so\n{OURS}"),
        "way-around",
        1,
    );
    let jump = "auth [success=1 default=ignore] pam_succeed_if.so quiet user notingroup x\n";
    one(
        "su",
        &format!("@include common-auth\n{jump}{OURS}"),
        "condition-around",
        2,
    );
    let guard = format!("@include common-auth\n{OURS}account sufficient pam_localuser.so\n{GUARD}");
    one("su", &guard, "condition-around", 3);
}

#[test]
fn a_control_that_forgives_is_named() {
    for weak in ["optional", "sufficient", "[success=ok default=ignore]"] {
        one(
            "su",
            &format!("@include common-auth\nauth {weak} pam_countersign.so\n"),
            "line-weak",
            2,
        );
    }
}

#[test]
fn arguments_are_looked_at_as_the_module_does() {
    let line = |argument: &str| {
        format!("@include common-auth\nauth required pam_countersign.so {argument}\n")
    };
    one("su", &line("nullok"), "line-argument", 2);
    one("su", &line("Debug"), "line-argument", 2);
    one("su", &line("socket=/tmp/socket"), "line-elsewhere", 2);
    one("su", &line("bus=unix:path=/tmp/bus"), "line-elsewhere", 2);
    one("su", &line("debug"), "line-debug", 2);
    assert_eq!(
        found("su", &line("debug debug")).0,
        ["line-argument", "line-debug"]
    );
}

#[test]
fn a_line_in_the_wrong_place_is_named() {
    one(
        "su",
        &format!("@include common-auth\n{OURS}session required pam_countersign.so\n"),
        "line-idle",
        3,
    );
    one(
        "su",
        &format!("{OURS}@include common-auth\n"),
        "before-password",
        1,
    );
    one(
        "su",
        &format!("@include common-auth\n{OURS}{OURS}"),
        "asked-twice",
        3,
    );
    one(
        "su",
        &format!("auth required pam_unix.so\n{OURS}"),
        "password-goes-on",
        1,
    );
    one("su", OURS, "stack-undecided", 1);
}

#[test]
fn another_second_factor_in_the_stack_is_named() {
    for module in [
        "pam_google_authenticator.so",
        "pam_oath.so",
        "pam_u2f.so",
        "pam_yubico.so",
        "pam_duo.so",
    ] {
        one(
            "su",
            &format!("@include common-auth\nauth required {module}\n{OURS}"),
            "other-otp",
            2,
        );
    }
}

#[test]
fn a_line_that_libpam_cannot_follow_is_named() {
    one(
        "su",
        &format!("@include common-auth\n{OURS}@include gone\n"),
        "stack-broken",
        3,
    );
    one(
        "su",
        &format!("@include common-auth\nauth reqired pam_faildelay.so\n{OURS}"),
        "stack-broken",
        2,
    );
}

#[test]
fn sshd_wants_a_guard_and_jobs_want_none() {
    let text = format!("@include common-auth\n{OURS}");
    assert_eq!(
        found("sshd", &text),
        (vec!["guard-missing"], vec!["/etc/pam.d/sshd".to_owned()])
    );
    let cron = planted()
        .file("/etc/cron.allow", "root\n")
        .file("/etc/pam.d/cron", GUARD);
    let found = cron.found(&GROUP);
    assert_eq!(
        (ids(&found), places(&found)),
        (vec!["job-guarded"], vec!["/etc/pam.d/cron:1".to_owned()])
    );
}

#[test]
fn who_may_leave_work_behind_is_noted() {
    assert_eq!(
        found("cron", "@include common-auth\n"),
        (vec!["jobs-unasked"], vec!["/etc/pam.d/cron".to_owned()])
    );
    let cron = planted()
        .file("/etc/cron.allow", "root\n")
        .file("/etc/pam.d/cron", "@include common-auth\n");
    assert_eq!(ids(&cron.found(&GROUP)), [""; 0]);
}

#[test]
fn a_file_that_others_may_write_is_a_danger() {
    let found = planted().mode("/etc/pam.d/sudo", 0o666).found(&GROUP);
    assert_eq!(
        (ids(&found), places(&found)),
        (vec!["pam-writable"], vec!["/etc/pam.d/sudo".to_owned()])
    );
}
