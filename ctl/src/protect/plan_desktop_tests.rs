//! Login screens and lockers, with the files that Debian ships.

use tempfile::TempDir;

use super::tests::{OURS, Usual, planted};
use super::*;
use crate::pam_stack::Configuration;

const LOGIN: &str = "# The PAM configuration file for the Shadow `login' service\n\
    auth       optional   pam_faildelay.so  delay=3000000\n\
    auth       requisite  pam_nologin.so\n\
    session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so close\n\
    @include common-auth\nauth       optional   pam_group.so\n\
    @include common-account\n";
const LOCKER: &str = "#\n# PAM configuration file for the i3lock screen locker. By default, it includes\n\
    # the 'login' configuration file (see /etc/pam.d/login)\n#\n\nauth include login\n";
const SDDM: &str = "#%PAM-1.0\nauth    requisite       pam_nologin.so\n\
    auth    required        pam_succeed_if.so user != root quiet_success\n@include common-auth\n\
    -auth   optional        pam_gnome_keyring.so\n@include common-account\n";
const GREETD: &str = "@include login\n-auth optional pam_gnome_keyring.so\n";
const GDM: &str = "auth    requisite       pam_nologin.so\n\
    auth\trequired\tpam_succeed_if.so user != root quiet_success\n@include common-auth\n\
    auth    optional        pam_gnome_keyring.so\n@include common-account\n";

fn desktop() -> TempDir {
    planted(&[
        ("etc/pam.d/login", LOGIN),
        ("etc/pam.d/i3lock", LOCKER),
        ("etc/pam.d/swaylock", "auth include login\n"),
        ("etc/pam.d/sddm", SDDM),
        ("etc/pam.d/greetd", GREETD),
        ("etc/pam.d/greetd-greeter", "@include login\n"),
        ("etc/pam.d/gdm-password", GDM),
        (
            "etc/pam.d/gdm-launch-environment",
            "auth required pam_permit.so\n",
        ),
        (
            "etc/pam.d/lightdm-autologin",
            "auth required pam_permit.so\n",
        ),
    ])
}

fn plan(root: &TempDir, services: &[&str], mut policy: Usual) -> Result<Plan, Error> {
    let services: Vec<_> = services.iter().map(|name| (*name).to_owned()).collect();
    Plan::make(root.path(), &services, First::Password, &mut policy)
}

/// Protects these for good.
fn protect(root: &TempDir, services: &[&str], policy: Usual) {
    let plan = plan(root, services, policy).unwrap();
    assert!(!plan.changes.is_empty());
    for change in plan.changes {
        let path = root.path().join(change.path.strip_prefix("/").unwrap());
        change.after.put(&path).unwrap();
    }
}

fn refused(root: &TempDir, services: &[&str], policy: Usual) -> String {
    plan(root, services, policy).unwrap_err().to_string()
}

/// What a login through a service asks, in order; ours and the password's.
fn asking(root: &Path, service: &str) -> Vec<String> {
    let stack = Configuration::beneath(root).own_stack(service, Facility::Auth);
    let modules = stack.lines.iter().filter_map(|line| line.module());
    let modules = modules.filter(|module| module.is(MODULE) || module.checks_password());
    modules.map(|module| module.name().to_owned()).collect()
}

#[test]
fn with_one_field_our_line_comes_first_and_with_two_behind_the_password() {
    let root = desktop();
    protect(&root, &["sddm", "gdm-password"], Usual(&[]));
    assert_eq!(asking(root.path(), "sddm"), [MODULE, "pam_unix.so"]);
    assert_eq!(asking(root.path(), "gdm-password"), ["pam_unix.so", MODULE]);
    let text = fs::read_to_string(root.path().join("etc/pam.d/sddm")).unwrap();
    let first = text.lines().find(|line| line.starts_with("auth"));
    assert_eq!(first, Some(OURS));
    assert_eq!(block::remove(text.as_bytes()).unwrap(), SDDM.as_bytes());
}

#[test]
fn a_rule_says_how_a_code_is_typed_where_the_program_leaves_it_open() {
    let root = desktop();
    let appended = Usual(&[("gdm-password", Some(Entry::Appended))]);
    protect(&root, &["gdm-password"], appended);
    assert_eq!(asking(root.path(), "gdm-password"), [MODULE, "pam_unix.so"]);
}

#[test]
fn a_locker_that_takes_in_login_asks_once_whichever_is_protected_first() {
    for orders in [
        &[&["i3lock"][..], &["login", "swaylock"]][..],
        &[&["login", "swaylock", "i3lock"]],
    ] {
        let root = desktop();
        for services in orders {
            protect(&root, services, Usual(&[]));
        }
        for locker in ["i3lock", "swaylock"] {
            assert_eq!(
                asking(root.path(), locker),
                [MODULE, "pam_unix.so"],
                "{locker}"
            );
        }
        assert_eq!(asking(root.path(), "login"), ["pam_unix.so", MODULE]);
        let text = fs::read(root.path().join("etc/pam.d/i3lock")).unwrap();
        assert_eq!(block::remove(&text).unwrap(), LOCKER.as_bytes());
    }
}

#[test]
fn what_a_locker_took_in_is_written_out_without_our_line() {
    let root = desktop();
    protect(&root, &["login", "i3lock", "swaylock"], Usual(&[]));
    let text = fs::read_to_string(root.path().join("etc/pam.d/i3lock")).unwrap();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("auth"))
        .collect();
    assert_eq!(
        lines,
        [
            OURS,
            "auth       optional   pam_faildelay.so  delay=3000000",
            "auth       requisite  pam_nologin.so",
            "auth include common-auth",
            "auth       optional   pam_group.so",
        ]
    );
    assert!(
        text.contains("# instead of: auth include login\n"),
        "{text}"
    );
}

#[test]
fn login_is_not_protected_at_the_cost_of_a_locker_that_takes_it_in() {
    let root = desktop();
    let refusal = refused(&root, &["login"], Usual(&[]));
    for word in ["protect login i3lock swaylock\n", "require = \"none\""] {
        assert!(refusal.contains(word), "{refusal}");
    }
    // What the policy asks nothing of is asked nothing.
    let spared = Usual(&[("i3lock", None), ("swaylock", None)]);
    let plan = plan(&root, &["login"], spared).unwrap();
    // One with a question of its own asks with it.
    assert!(
        plan.notes.iter().any(|note| note.ends_with(": greetd.")),
        "{:?}",
        plan.notes
    );
}

#[test]
fn what_asks_by_a_line_of_its_own_does_not_get_a_second() {
    let root = desktop();
    protect(&root, &["greetd"], Usual(&[]));
    let spared = || Usual(&[("i3lock", None), ("swaylock", None)]);
    let refusal = refused(&root, &["login"], spared());
    assert!(
        refusal.contains("countersignctl unprotect greetd"),
        "{refusal}"
    );
    // The other way round it asks already, and that is told.
    let root = desktop();
    protect(&root, &["login"], spared());
    let plan = plan(&root, &["greetd"], Usual(&[])).unwrap();
    assert!(plan.changes.is_empty());
    assert!(
        plan.notes
            .iter()
            .any(|note| note.contains("/etc/pam.d/login:")),
        "{:?}",
        plan.notes
    );
}

#[test]
fn a_line_that_all_services_take_in_is_no_line_of_a_locker() {
    let common = format!("auth requisite pam_unix.so\n{OURS}\n");
    for text in ["auth include login\n", "@include common-auth\n"] {
        let root = planted(&[
            ("etc/pam.d/common-auth", &common),
            ("etc/pam.d/login", LOGIN),
            ("etc/pam.d/i3lock", text),
        ]);
        let refusal = refused(&root, &["i3lock"], Usual(&[]));
        assert!(refusal.contains("/etc/pam.d/common-auth:2"), "{refusal}");
    }
}

#[test]
fn where_a_code_is_typed_otherwise_than_before_it_is_to_be_protected_anew() {
    let root = desktop();
    protect(&root, &["gdm-password"], Usual(&[]));
    let appended = Usual(&[("gdm-password", Some(Entry::Appended))]);
    let refusal = refused(&root, &["gdm-password"], appended);
    assert!(
        refusal.contains("countersignctl unprotect gdm-password"),
        "{refusal}"
    );
}

#[test]
fn a_module_that_would_ask_a_second_time_is_named() {
    for (line, cure) in [
        (
            "auth sufficient pam_krb5.so minimum_uid=1000",
            "try_first_pass",
        ),
        ("auth sufficient pam_winbind.so krb5_auth", "try_first_pass"),
        ("auth sufficient pam_sss.so prompt_always", "use_first_pass"),
    ] {
        let text = format!("{line}\nauth requisite pam_unix.so\n");
        let root = planted(&[("etc/pam.d/i3lock", &text)]);
        let refusal = refused(&root, &["i3lock"], Usual(&[]));
        assert!(refusal.contains("/etc/pam.d/i3lock:4"), "{refusal}");
        assert!(refusal.contains(cure), "{refusal}");
    }
}

#[test]
fn a_right_code_is_never_made_to_be_enough() {
    for (service, text) in [
        ("i3lock", "auth sufficient pam_unix.so\n"),
        ("vsftpd", "auth optional pam_unix.so\n"),
        ("x", "auth optional pam_unix.so\n"),
    ] {
        let root = planted(&[(&format!("etc/pam.d/{service}"), text)]);
        let refusal = refused(&root, &[service], Usual(&[]));
        assert!(
            refusal.contains("a right code would be enough"),
            "{service}: {refusal}"
        );
    }
}

#[test]
fn what_nobody_could_answer_is_refused_by_its_name() {
    let root = desktop();
    for (service, word) in [
        ("gdm-launch-environment", "gdm-password"),
        ("greetd-greeter", "greetd"),
        ("lightdm-autologin", "automatic logins off"),
        ("cron", "cron.allow"),
    ] {
        let refusal = refused(&root, &[service], Usual(&[]));
        assert!(refusal.contains(word), "{service}: {refusal}");
    }
}

#[test]
fn what_all_others_do_is_not_changed_at_the_cost_of_a_locker_without_a_file() {
    let locker = "usr/lib/x86_64-linux-gnu/libexec/kscreenlocker_greet";
    let root = planted(&[("etc/pam.d/other", "@include common-auth\n"), (locker, "")]);
    let refusal = refused(&root, &["other"], Usual(&[]));
    assert!(refusal.contains("protect other kde\n"), "{refusal}");
    assert!(plan(&root, &["other"], Usual(&[("kde", None)])).is_ok());
    let root = planted(&[("etc/pam.d/other", "@include common-auth\n")]);
    assert!(plan(&root, &["other"], Usual(&[])).is_ok());
}

#[test]
fn a_locker_without_a_file_is_told_how_to_get_one() {
    let root = planted(&[("etc/pam.d/other", "@include common-auth\n")]);
    let refusal = refused(&root, &["kde"], Usual(&[]));
    assert!(refusal.contains(">/etc/pam.d/kde"), "{refusal}");
}
