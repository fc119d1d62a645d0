use tempfile::TempDir;

use super::password::PASSWORDS;
use super::walk::Ways;
use super::*;

const OURS: &str = "pam_countersign.so";

/// Debian's common-auth.
const COMMON: &str = "\
# here are the per-package modules (the \"Primary\" block)
auth\t[success=1 default=ignore]\tpam_unix.so nullok
# here's the fallback if no module succeeds
auth\trequisite\t\t\tpam_deny.so
auth\trequired\t\t\tpam_permit.so
";

fn planted(files: &[(&str, &str)]) -> (TempDir, Configuration) {
    let root = TempDir::new().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let configuration = Configuration::beneath(root.path());
    (root, configuration)
}

/// The stack of a service `x` beside Debian's common-auth.
fn auth(text: &str) -> Stack {
    let (_root, configuration) =
        planted(&[("etc/pam.d/x", text), ("etc/pam.d/common-auth", COMMON)]);
    configuration.stack("x", Facility::Auth)
}

fn modules(stack: &Stack) -> Vec<String> {
    let shown = |line: &Line| Some(format!("{} {}", line.place, line.module()?.name()));
    stack.lines.iter().filter_map(shown).collect()
}

/// The places of the lines by which a login gets past ours.
fn around(text: &str) -> Vec<String> {
    let stack = auth(text);
    let ways = Ways::of(&stack, OURS).around();
    let place = |at: usize| stack.lines.get(at).unwrap().place.to_string();
    ways.into_iter().map(place).collect()
}

#[test]
fn includes_are_followed_and_each_line_keeps_its_place() {
    let stack = auth(
        "account required pam_nologin.so\n@include common-auth\nauth required pam_countersign.so\n",
    );
    assert_eq!(
        modules(&stack),
        [
            "/etc/pam.d/common-auth:2 pam_unix.so",
            "/etc/pam.d/common-auth:4 pam_deny.so",
            "/etc/pam.d/common-auth:5 pam_permit.so",
            "/etc/pam.d/x:3 pam_countersign.so",
        ]
    );
    assert_eq!(stack.flaws, []);
}

#[test]
fn an_include_of_one_facility_brings_that_one_only() {
    let (_root, configuration) = planted(&[
        (
            "etc/pam.d/x",
            "auth include all\naccount required pam_permit.so\n",
        ),
        (
            "etc/pam.d/all",
            "auth required pam_unix.so\naccount required pam_deny.so\n",
        ),
    ]);
    let stack = configuration.stack("x", Facility::Account);
    assert_eq!(modules(&stack), ["/etc/pam.d/x:2 pam_permit.so"]);
}

#[test]
fn a_file_in_etc_hides_the_one_of_the_vendor() {
    let (_root, configuration) = planted(&[
        ("etc/pam.d/x", "auth required pam_unix.so\n"),
        ("usr/lib/pam.d/x", "auth required pam_deny.so\n"),
        ("usr/lib/pam.d/y", "auth required pam_deny.so\n"),
        ("etc/pam.d/x.dpkg-old", ""),
    ]);
    assert_eq!(configuration.services().unwrap(), ["x", "y"]);
    assert_eq!(
        modules(&configuration.stack("x", Facility::Auth)),
        ["/etc/pam.d/x:1 pam_unix.so"]
    );
    assert_eq!(
        modules(&configuration.stack("y", Facility::Auth)),
        ["/usr/lib/pam.d/y:1 pam_deny.so"]
    );
}

#[test]
fn what_a_service_does_not_say_other_says() {
    let (_root, configuration) = planted(&[
        ("etc/pam.d/x", "account required pam_unix.so\n"),
        ("etc/pam.d/other", "auth required pam_deny.so\n"),
    ]);
    for service in ["x", "no such service"] {
        let stack = configuration.stack(service, Facility::Auth);
        assert_eq!(modules(&stack), ["/etc/pam.d/other:1 pam_deny.so"]);
    }
    assert!(
        configuration
            .own_stack("x", Facility::Auth)
            .lines
            .is_empty()
    );
}

#[test]
fn the_single_file_counts_where_there_is_no_directory() {
    let single = "x auth required pam_unix.so\n";
    let (_root, configuration) = planted(&[("etc/pam.conf", single)]);
    assert_eq!(configuration.services().unwrap(), ["x"]);
    assert_eq!(
        modules(&configuration.stack("x", Facility::Auth)),
        ["/etc/pam.conf:1 pam_unix.so"]
    );

    let (_root, configuration) = planted(&[("etc/pam.conf", single), ("etc/pam.d/y", "")]);
    assert_eq!(configuration.services().unwrap(), ["y"]);
    assert!(configuration.stack("x", Facility::Auth).lines.is_empty());
}

#[test]
fn what_cannot_be_followed_is_a_flaw_with_its_place() {
    for (text, place) in [
        ("@include gone\n", "/etc/pam.d/x:1"),
        ("\nauth include gone\n", "/etc/pam.d/x:2"),
        ("auht required pam_unix.so\n", "/etc/pam.d/x:1"),
        ("@include x\n", "/etc/pam.d/x:1"),
    ] {
        let stack = auth(text);
        assert_eq!(
            stack.flaws.first().unwrap().place.to_string(),
            place,
            "{text}"
        );
    }
}

#[test]
fn a_line_below_the_password_cannot_be_gone_around() {
    for line in [
        "required",
        "requisite",
        "[success=ok ignore=ignore default=die]",
    ] {
        let text = format!("@include common-auth\nauth {line} pam_countersign.so\n");
        assert_eq!(around(&text), [""; 0], "{line}");
        let stack = auth(&text);
        let ways = Ways::of(&stack, OURS);
        assert!(!ways.open_in_spite() && !ways.undecided(), "{line}");
    }
}

#[test]
fn who_ends_the_stack_above_the_line_or_jumps_over_it_goes_around_it() {
    let ours = "auth required pam_countersign.so\n";
    for above in [
        "auth sufficient pam_unix.so\n",
        "auth [success=done default=ignore] pam_sss.so\n",
        "auth [success=done default=die] pam_sss.so\n",
    ] {
        assert_eq!(
            around(&format!("{above}{ours}")),
            ["/etc/pam.d/x:1"],
            "{above}"
        );
    }
    let jumps = format!(
        "auth [success=1 default=ignore] pam_succeed_if.so\n{ours}auth required pam_unix.so\n"
    );
    assert_eq!(around(&jumps), ["/etc/pam.d/x:1"]);
    // From the included file over the line below it.
    let included = "@include far\nauth required pam_countersign.so\nauth required pam_permit.so\n";
    let (_root, configuration) = planted(&[
        ("etc/pam.d/x", included),
        (
            "etc/pam.d/far",
            "auth [success=1 default=die] pam_unix.so\n",
        ),
    ]);
    let stack = configuration.stack("x", Facility::Auth);
    assert_eq!(Ways::of(&stack, OURS).around(), [0]);
}

#[test]
fn a_jump_that_ends_in_a_refusal_is_no_way_around() {
    let jump = "auth [success=1 default=ignore] pam_x.so\nauth required pam_countersign.so\n";
    assert_eq!(
        around(&format!("{jump}auth requisite pam_deny.so\n")),
        [""; 0]
    );
    // libpam refuses a jump over more lines than there are.
    let far = "auth [success=9 default=ignore] pam_x.so\nauth required pam_countersign.so\n";
    assert_eq!(around(far), [""; 0]);
}

#[test]
fn a_substack_that_is_done_ends_only_itself() {
    let done = "auth sufficient pam_unix.so\n";
    let (_root, configuration) = planted(&[
        (
            "etc/pam.d/x",
            "auth substack sub\nauth required pam_countersign.so\n",
        ),
        (
            "etc/pam.d/y",
            "auth include sub\nauth required pam_countersign.so\n",
        ),
        ("etc/pam.d/sub", done),
    ]);
    let x = configuration.stack("x", Facility::Auth);
    assert_eq!(Ways::of(&x, OURS).around(), [0; 0]);
    let y = configuration.stack("y", Facility::Auth);
    assert_eq!(Ways::of(&y, OURS).around(), [0]);
}

#[test]
fn a_jump_counts_a_substack_as_one_line() {
    let (_root, configuration) = planted(&[
        (
            "etc/pam.d/x",
            "auth [success=1 default=ignore] pam_x.so\nauth substack sub\n\
             auth required pam_countersign.so\nauth required pam_permit.so\n",
        ),
        (
            "etc/pam.d/sub",
            "auth required pam_a.so\nauth required pam_b.so\n",
        ),
    ]);
    let stack = configuration.stack("x", Facility::Auth);
    assert_eq!(Ways::of(&stack, OURS).around(), [0; 0]);
}

#[test]
fn a_control_that_forgives_lets_in_whom_the_line_refuses() {
    for weak in [
        "optional",
        "sufficient",
        "[success=ok default=ignore]",
        "[success=ok auth_err=ignore default=die]",
    ] {
        let stack = auth(&format!(
            "@include common-auth\nauth {weak} pam_countersign.so\n"
        ));
        assert!(Ways::of(&stack, OURS).open_in_spite(), "{weak}");
    }
}

#[test]
fn a_stack_in_which_nobody_else_has_a_say_leaves_it_undecided() {
    let ours = "auth [success=ok ignore=ignore default=die] pam_countersign.so\n";
    let undecided = |text: &str| Ways::of(&auth(text), OURS).undecided();
    assert!(undecided(ours));
    assert!(undecided(&format!("auth requisite pam_nologin.so\n{ours}")));
    assert!(!undecided(&format!("{ours}auth required pam_permit.so\n")));
}

#[test]
fn who_is_root_already_is_no_way_around() {
    let su =
        "auth sufficient pam_rootok.so\n@include common-auth\nauth required pam_countersign.so\n";
    assert_eq!(around(su), [""; 0]);
    assert!(Ways::of(&auth(su), OURS).admits());
    assert!(!Ways::of(&auth("auth sufficient pam_rootok.so\n"), OURS).admits());
    assert!(!Ways::of(&auth("auth required pam_deny.so\n"), OURS).admits());
}

#[test]
fn a_line_in_front_of_a_password_that_may_be_wrong_lets_in_by_itself() {
    let ours = "auth [success=ok ignore=ignore default=die] pam_countersign.so\n";
    let suffices = |text: &str| {
        let stack = auth(&format!("{ours}{text}"));
        Ways::if_refused_by(PASSWORDS, &stack, OURS).suffices()
    };
    for forgiving in [
        "auth sufficient pam_unix.so\n",
        "auth optional pam_unix.so\n",
        "auth [success=ok default=ignore] pam_unix.so\nauth optional pam_group.so\n",
        "auth sufficient pam_fprintd.so\nauth sufficient pam_unix.so\n",
    ] {
        assert!(suffices(forgiving), "{forgiving}");
    }
    for strict in [
        "@include common-auth\n",
        "auth required pam_unix.so\n",
        "auth sufficient pam_unix.so\nauth required pam_deny.so\n",
        "auth requisite pam_nologin.so\nauth requisite pam_unix.so\nauth optional pam_group.so\n",
    ] {
        assert!(!suffices(strict), "{strict}");
    }
}

#[test]
fn a_module_takes_the_password_that_it_is_handed_unless_it_is_known_not_to() {
    let asks = |line: &str| {
        let stack = auth(&format!("auth required {line}\n"));
        let mut lines = stack.checking_password();
        lines.next().unwrap().2.asks_again()
    };
    for line in [
        "pam_krb5.so minimum_uid=1000",
        "pam_winbind.so krb5_auth",
        "pam_sss.so prompt_always",
    ] {
        assert!(asks(line), "{line}");
    }
    for line in [
        "pam_unix.so nullok",
        "pam_sss.so",
        "pam_krb5.so try_first_pass",
        "pam_winbind.so use_first_pass",
    ] {
        assert!(!asks(line), "{line}");
    }
}
