use countersign_bus::types::Entry;

use super::GROUP;
use crate::doctor::Severity;
use crate::doctor::planted::{Planted, ids, places};
use crate::doctor::scene::{Course, Demand};

const COMMON: &str = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n\
    auth required pam_permit.so\n";
const OURS: &str = "auth [success=ok ignore=ignore default=die] pam_countersign.so\n";
const FIRST: &str =
    "auth [success=ok ignore=ignore default=die] pam_countersign.so\n@include common-auth\n";
const BEHIND: &str =
    "@include common-auth\nauth [success=ok ignore=ignore default=die] pam_countersign.so\n";

/// Debian's common-auth, a well protected sudo, and alice.
fn planted() -> Planted {
    Planted::new()
        .file("/etc/pam.d/common-auth", COMMON)
        .file("/etc/pam.d/sudo", BEHIND)
        .account("alice", 1000)
}

fn typed(entry: Entry) -> Demand {
    Demand {
        entry: Some(entry),
        ..Demand::default()
    }
}

fn course(course: Course) -> Demand {
    Demand {
        course,
        ..Demand::default()
    }
}

#[track_caller]
fn found(planted: Planted, expected: &[(&str, &str)]) {
    let findings = planted.found(&GROUP);
    let told: Vec<_> = ids(&findings).into_iter().zip(places(&findings)).collect();
    let told: Vec<_> = told
        .iter()
        .map(|(id, place)| (*id, place.as_str()))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn well_protected_desktops_are_well() {
    found(
        planted()
            .file("/etc/pam.d/i3lock", FIRST)
            .file("/usr/bin/i3lock", "")
            .file(
                "/etc/pam.d/sddm",
                &format!("auth requisite pam_nologin.so\n{FIRST}"),
            )
            .file("/etc/pam.d/gdm-password", BEHIND)
            .file(
                "/etc/pam.d/gdm-launch-environment",
                "auth required pam_permit.so\n",
            )
            .file("/etc/pam.d/xscreensaver", BEHIND)
            .file("/etc/pam.d/polkit-1", BEHIND),
        &[],
    );
    // What the daemon says of a service goes before what its name says.
    let appended = planted()
        .file("/etc/pam.d/polkit-1", FIRST)
        .file("/usr/bin/lxpolkit", "")
        .demand("alice", "polkit-1", typed(Entry::Appended));
    found(appended, &[]);
}

#[test]
fn a_line_below_the_password_where_there_is_one_field_locks_everybody_out() {
    for (text, line) in [
        (BEHIND.to_owned(), 2),
        (format!("{FIRST}{OURS}"), 3),
        (format!("auth requisite pam_unix.so\n{OURS}"), 2),
    ] {
        let findings = planted().file("/etc/pam.d/i3lock", &text).found(&GROUP);
        assert_eq!(ids(&findings), ["one-field"], "{text}");
        assert_eq!(places(&findings), [format!("/etc/pam.d/i3lock:{line}")]);
        assert_eq!(findings.first().unwrap().severity, Severity::Danger);
    }
    // Through what it takes in.
    let through = planted()
        .file("/etc/pam.d/login", BEHIND)
        .file("/etc/pam.d/swaylock", "auth include login\n");
    found(through, &[("one-field", "/etc/pam.d/login:2")]);
}

#[test]
fn what_is_asked_twice_in_one_login_is_told_with_the_second_line() {
    let greetd = planted()
        .file("/etc/pam.d/login", BEHIND)
        .file("/etc/pam.d/greetd", &format!("@include login\n{OURS}"));
    found(greetd, &[("asked-twice", "/etc/pam.d/greetd:2")]);
}

#[test]
fn a_rule_that_has_a_code_typed_as_the_program_cannot_is_a_danger() {
    let separate = planted().file("/etc/pam.d/i3lock", FIRST).demand(
        "alice",
        "i3lock",
        typed(Entry::Separate),
    );
    found(separate, &[("entry-separate", "/etc/pam.d/i3lock:1")]);
    let appended = planted().demand("alice", "sudo", typed(Entry::Appended));
    found(appended, &[("entry-appended", "/etc/pam.d/sudo:2")]);
}

#[test]
fn a_locker_that_is_asked_nothing_may_take_in_what_asks_others() {
    let locker = |demand: Demand| {
        planted()
            .file("/etc/pam.d/login", BEHIND)
            .file("/etc/pam.d/i3lock", "auth include login\n")
            .demand("alice", "i3lock", demand)
    };
    found(locker(course(Course::NotDemanded)), &[]);
    // In report mode it is asked nothing yet.
    let reported = Demand {
        report: true,
        ..typed(Entry::Appended)
    };
    found(locker(reported), &[("one-field", "/etc/pam.d/login:2")]);
}

#[test]
fn a_module_that_asks_again_below_the_line_is_a_danger() {
    let krb5 = "auth sufficient pam_krb5.so minimum_uid=1000\nauth requisite pam_unix.so\n";
    let one = planted().file("/etc/pam.d/i3lock", &format!("{OURS}{krb5}"));
    found(one, &[("asks-again", "/etc/pam.d/i3lock:2")]);
    let taking = krb5.replace("minimum_uid=1000", "try_first_pass");
    found(
        planted().file("/etc/pam.d/i3lock", &format!("{OURS}{taking}")),
        &[],
    );
}

#[test]
fn a_code_that_is_enough_by_itself_is_a_danger() {
    let text = format!("{OURS}auth optional pam_unix.so\nauth optional pam_group.so\n");
    let findings = planted().file("/etc/pam.d/i3lock", &text).found(&GROUP);
    assert!(
        ids(&findings).contains(&"password-optional"),
        "{findings:?}"
    );
}

#[test]
fn enrolling_before_the_password_is_a_danger() {
    let enroll = planted().file("/etc/pam.d/login", FIRST).demand(
        "alice",
        "login",
        course(Course::Enrolled),
    );
    found(enroll, &[("enroll-before-password", "/etc/pam.d/login:1")]);
}

#[test]
fn a_login_screen_that_asks_before_anybody_is_there_is_a_danger() {
    let greeter = planted().file(
        "/etc/pam.d/gdm-launch-environment",
        &format!("{OURS}auth required pam_permit.so\n"),
    );
    found(
        greeter,
        &[("greeter-asks", "/etc/pam.d/gdm-launch-environment:1")],
    );
    // greetd does not ask for its own login screen what it asks for others.
    let including = planted()
        .file("/etc/pam.d/login", BEHIND)
        .file("/etc/pam.d/greetd-greeter", "@include login\n");
    found(including, &[]);
}

#[test]
fn a_locker_that_is_installed_and_does_not_ask_is_noted() {
    let locker = || planted().file("/etc/pam.d/i3lock", "@include common-auth\n");
    found(locker(), &[]);
    let installed = || locker().file("/usr/bin/i3lock", "");
    found(installed(), &[("locker-unprotected", "/etc/pam.d/i3lock")]);
    let spared = installed().demand("alice", "i3lock", course(Course::NotDemanded));
    found(spared, &[]);
}

#[test]
fn a_locker_without_a_file_does_what_other_says() {
    let kde = |other: &str| {
        planted()
            .file("/etc/pam.d/other", other)
            .file("/usr/lib/x86_64-linux-gnu/libexec/kscreenlocker_greet", "")
    };
    found(kde(BEHIND), &[("one-field", "/etc/pam.d/other:2")]);
    found(
        kde("@include common-auth\n"),
        &[
            ("login-unprotected", "/etc/pam.d/other"),
            ("locker-unprotected", "/etc/pam.d/other"),
        ],
    );
    // What refuses all unlocks nothing.
    found(kde("auth required pam_deny.so\n"), &[]);
}

#[test]
fn whoever_does_not_get_past_their_own_screen_is_named() {
    let bob = planted()
        .file("/etc/pam.d/i3lock", FIRST)
        .account("bob", 1001)
        .demand("bob", "i3lock", course(Course::AskedInVain));
    let findings = bob.found(&GROUP);
    assert_eq!(ids(&findings), ["locked-in"]);
    assert!(
        findings.first().unwrap().found.contains("bob"),
        "{findings:?}"
    );
    assert!(
        !findings.first().unwrap().found.contains("alice"),
        "{findings:?}"
    );
}

#[test]
fn whoever_cannot_log_in_at_all_has_no_screen_to_be_locked_behind() {
    let root = planted()
        .file("/etc/pam.d/i3lock", FIRST)
        .file("/etc/shadow", "root:*:1:\nalice:$y$x:1:\n")
        .account("root", 0)
        .demand("root", "i3lock", course(Course::AskedInVain));
    found(root, &[]);
}

#[test]
fn what_asks_a_module_that_is_not_there_lets_nobody_in() {
    let security = "/usr/lib/x86_64-linux-gnu/security";
    let fingerprint = |module: &str| {
        planted()
            .file(&format!("{security}/pam_unix.so"), "")
            .file(&format!("{security}/pam_permit.so"), "")
            .file(&format!("{security}/{module}"), "")
            .file(
                "/etc/pam.d/gdm-fingerprint",
                "auth required pam_permit.so\nauth required pam_fprintd.so\n",
            )
    };
    found(fingerprint("pam_other.so"), &[]);
    found(
        fingerprint("pam_fprintd.so"),
        &[("login-unprotected", "/etc/pam.d/gdm-fingerprint")],
    );
}

#[test]
fn a_window_that_hangs_at_a_second_question_is_named() {
    let lxpolkit = planted()
        .file("/etc/pam.d/polkit-1", BEHIND)
        .file("/usr/bin/lxpolkit", "");
    found(lxpolkit, &[("agent-hangs", "/etc/pam.d/polkit-1:2")]);
    let spared = planted()
        .file("/etc/pam.d/polkit-1", BEHIND)
        .file("/usr/bin/lxpolkit", "")
        .demand("alice", "polkit-1", course(Course::NotDemanded));
    found(spared, &[]);
}
