use super::GROUP;
use crate::doctor::planted::{Planted, ids, one, places};
use crate::doctor::scene::{Course, Demand};

const GUARD: &str = "account required pam_countersign.so\n";
const MAIN: &str = "/etc/ssh/sshd_config";
const DROP_IN: &str = "/etc/ssh/sshd_config.d/10.conf";

const IN_FORCE: &str = "port 22
usepam yes
logingracetime 120
maxauthtries 6
maxstartups 10:30:100
permitrootlogin without-password
permitemptypasswords no
pubkeyauthentication yes
passwordauthentication no
kbdinteractiveauthentication yes
gssapiauthentication no
hostbasedauthentication no
authenticationmethods publickey,keyboard-interactive:pam
";

/// What sshd says where the key and the code are demanded; with these lines in place of its own.
fn in_force(instead: &str) -> String {
    let keyword = |line: &str| line.split(' ').next().map(str::to_owned);
    let replaced: Vec<_> = instead.lines().map(keyword).collect();
    let own = IN_FORCE
        .lines()
        .filter(|line| !replaced.contains(&keyword(line)));
    own.chain(instead.lines())
        .map(|line| format!("{line}\n"))
        .collect()
}

/// An sshd that asks, with this drop-in, of which it says this.
fn sshd(drop_in: &str, said: &str, account: &str) -> Planted {
    Planted::new()
        .file("/usr/sbin/sshd", "")
        .file(
            "/etc/pam.d/sshd",
            &format!("auth required pam_countersign.so\n{account}"),
        )
        .file(
            MAIN,
            "# sshd\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n",
        )
        .file(DROP_IN, drop_in)
        .answers(
            "/usr/sbin/sshd -V",
            false,
            "",
            "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.17\n",
        )
        .says("/usr/sbin/sshd -T", said)
}

#[test]
fn key_and_code_are_well() {
    let report = sshd("", &in_force(""), GUARD).report(&GROUP);
    assert_eq!((report.findings, report.unchecked), (vec![], vec![]));
}

#[test]
fn an_sshd_that_is_not_there_or_does_not_ask_is_not_looked_at() {
    assert_eq!(ids(&Planted::new().found(&GROUP)), [""; 0]);
    let planted = Planted::new()
        .file("/usr/sbin/sshd", "")
        .file("/etc/pam.d/sshd", "auth required pam_unix.so\n");
    let report = planted.report(&GROUP);
    assert_eq!((report.findings, report.unchecked), (vec![], vec![]));
}

#[test]
fn a_key_alone_is_a_danger_without_the_guard_and_a_refusal_with_it() {
    let drop_in = "# ours\nAuthenticationMethods any\n";
    let said = in_force("authenticationmethods any\n");
    one(
        &GROUP,
        sshd(drop_in, &said, ""),
        "ssh-key-alone",
        "/etc/ssh/sshd_config.d/10.conf:2",
    );
    one(
        &GROUP,
        sshd(drop_in, &said, GUARD),
        "ssh-refused-unasked",
        "/etc/ssh/sshd_config.d/10.conf:2",
    );
    // A guard that forgives is none.
    let weak = "account sufficient pam_localuser.so\naccount required pam_countersign.so\n";
    one(
        &GROUP,
        sshd(drop_in, &said, weak),
        "ssh-key-alone",
        "/etc/ssh/sshd_config.d/10.conf:2",
    );
    // Where nothing is set, the main file is where to set it.
    one(&GROUP, sshd("", &said, ""), "ssh-key-alone", MAIN);
    let off = in_force("authenticationmethods any\npubkeyauthentication no\n");
    assert_eq!(ids(&sshd(drop_in, &off, "").found(&GROUP)), [""; 0]);
}

#[test]
fn one_list_of_methods_that_does_not_ask_is_enough_to_get_in() {
    let said = in_force("authenticationmethods publickey,keyboard-interactive publickey\n");
    one(
        &GROUP,
        sshd("AuthenticationMethods x\n", &said, ""),
        "ssh-key-alone",
        &format!("{DROP_IN}:1"),
    );
}

#[test]
fn other_hosts_words_are_told() {
    let said =
        in_force("authenticationmethods any\npubkeyauthentication no\ngssapiauthentication yes\n");
    one(
        &GROUP,
        sshd("AuthenticationMethods any\n", &said, ""),
        "ssh-other-alone",
        &format!("{DROP_IN}:1"),
    );
    let said = in_force("authenticationmethods hostbased\nhostbasedauthentication yes\n");
    one(
        &GROUP,
        sshd("AuthenticationMethods hostbased\n", &said, ""),
        "ssh-other-alone",
        &format!("{DROP_IN}:1"),
    );
}

#[test]
fn where_no_method_can_ask_nobody_gets_in() {
    let said = in_force("kbdinteractiveauthentication no\n");
    let drop_in = "KbdInteractiveAuthentication no\n";
    one(
        &GROUP,
        sshd(drop_in, &said, GUARD),
        "ssh-cannot-ask",
        &format!("{DROP_IN}:1"),
    );
}

#[test]
fn a_method_that_is_demanded_and_off_is_told_where_it_is_off() {
    let drop_in = "KbdInteractiveAuthentication no\n";
    let complaint =
        "Disabled method \"keyboard-interactive\" in AuthenticationMethods list \"x\"\n";
    let planted = sshd(drop_in, "", GUARD).answers("/usr/sbin/sshd -T", false, "", complaint);
    one(&GROUP, planted, "ssh-cannot-ask", &format!("{DROP_IN}:1"));
}

#[test]
fn the_password_method_has_one_answer_for_all() {
    let said = in_force(
        "authenticationmethods any\npubkeyauthentication no\npasswordauthentication yes\n",
    );
    one(
        &GROUP,
        sshd("PasswordAuthentication yes\n", &said, ""),
        "ssh-password-method",
        &format!("{DROP_IN}:1"),
    );
}

#[test]
fn pam_turned_off_is_the_worst_of_all() {
    let said = in_force("usepam no\n");
    let planted = sshd("UsePAM no\n", &said, GUARD);
    one(&GROUP, planted, "ssh-without-pam", &format!("{DROP_IN}:1"));
}

#[test]
fn limits_that_people_with_a_code_run_into_are_told() {
    for (line, said, id) in [
        (
            "PermitRootLogin yes",
            "permitrootlogin yes",
            "ssh-root-login",
        ),
        (
            "PermitEmptyPasswords yes",
            "permitemptypasswords yes",
            "ssh-empty-passwords",
        ),
        ("LoginGraceTime 30", "logingracetime 30", "ssh-grace-short"),
        ("MaxAuthTries=2", "maxauthtries 2", "ssh-tries-few"),
        ("MaxStartups 3", "maxstartups 3:30:100", "ssh-startups-few"),
    ] {
        let planted = sshd(
            &format!("\n{line}\n"),
            &in_force(&format!("{said}\n")),
            GUARD,
        );
        one(&GROUP, planted, id, &format!("{DROP_IN}:2"));
    }
    // None at all: sshd waits for ever.
    let said = in_force("logingracetime 0\n");
    assert_eq!(
        ids(&sshd("LoginGraceTime 0\n", &said, GUARD).found(&GROUP)),
        [""; 0]
    );
}

#[test]
fn each_block_is_looked_at_with_somebody_it_is_about() {
    let drop_in = "Match User backup\n  AuthenticationMethods publickey\n";
    let planted = || {
        sshd(drop_in, &in_force(""), "").says(
            "/usr/sbin/sshd -T -C user=backup,host=localhost,addr=192.0.2.1",
            &in_force("authenticationmethods publickey\n"),
        )
    };
    let found = planted().found(&GROUP);
    assert_eq!(
        (ids(&found), places(&found)),
        (vec!["ssh-key-alone"], vec![format!("{DROP_IN}:2")])
    );
    assert!(
        found[0]
            .found
            .starts_with("Match User backup: A login by publickey alone"),
        "{found:?}"
    );
    // Where the policy demands nothing of that user, it is meant.
    let demand = Demand {
        course: Course::NotDemanded,
        ..Demand::default()
    };
    assert_eq!(
        ids(&planted().demand("backup", "sshd", demand).found(&GROUP)),
        [""; 0]
    );
}

#[test]
fn a_group_is_looked_at_by_a_member_and_what_cannot_be_is_said() {
    let drop_in =
        "Match Group sftp Address 10.0.0.*\nMatch Exec /bin/true\nMatch Group nobody-is-in\n";
    let planted = sshd(drop_in, &in_force(""), GUARD)
        .file("/etc/group", "sftp:x:5:carol,dave\nnobody-is-in:x:6:\n");
    let report = planted
        .says(
            "/usr/sbin/sshd -T -C user=carol,host=localhost,addr=10.0.0.1",
            &in_force(""),
        )
        .report(&GROUP);
    assert_eq!(ids(&report.findings), [""; 0]);
    for line in [2, 3] {
        let place = format!("{DROP_IN}:{line}");
        assert!(
            report
                .unchecked
                .iter()
                .any(|unchecked| unchecked.why.contains(&place)),
            "{:?}",
            report.unchecked
        );
    }
}

#[test]
fn a_configuration_that_sshd_refuses_is_told_with_its_line() {
    let planted = sshd("Foo bar\n", "", GUARD);
    for complaint in [
        "/etc/ssh/sshd_config.d/10.conf: line 1: Bad configuration option: Foo",
        "/etc/ssh/sshd_config.d/10.conf line 1: unsupported option \"bar\".",
    ] {
        let planted =
            sshd("Foo bar\n", "", GUARD).answers("/usr/sbin/sshd -T", false, "", complaint);
        one(&GROUP, planted, "ssh-config-wrong", &format!("{DROP_IN}:1"));
    }
    let missing = "Missing privilege separation directory: /run/sshd\n";
    let report = planted
        .answers("/usr/sbin/sshd -T", false, "", missing)
        .report(&GROUP);
    assert_eq!(report.findings, []);
    assert!(report.unchecked[0].why.contains("privilege separation"));
}

#[test]
fn an_old_sshd_is_told() {
    let said = "unknown option -- V\nOpenSSH_8.4p1 Debian-5, OpenSSL 1.1.1\n";
    let planted = sshd("", &in_force(""), GUARD).answers("/usr/sbin/sshd -V", false, "", said);
    one(&GROUP, planted, "ssh-old", "/usr/sbin/sshd");
}
