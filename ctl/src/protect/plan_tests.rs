use countersign_bus::Profile;
use tempfile::TempDir;

use super::super::policy::Said;
use super::*;

const COMMON: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n\
    auth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n";
const COMMON_ACCOUNT: &str = "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n\
     account requisite pam_deny.so\naccount required pam_permit.so\n";
const DEBIAN_SSHD: &str = "# PAM configuration for the Secure Shell service\n\n\
    @include common-auth\n\naccount    required     pam_nologin.so\n@include common-account\n";
pub(super) const OURS: &str = "auth [success=ok ignore=ignore default=die] pam_countersign.so";

/// A policy that asks everybody everywhere, as each service's program can be asked; but for what is
/// said here.
pub(super) struct Usual(pub(super) &'static [(&'static str, Option<Entry>)]);

impl Policy for Usual {
    fn says(&mut self, service: &str) -> Result<Said, Error> {
        let said = self.0.iter().find(|(name, _)| *name == service);
        let usual = Profile::of(service).entry();
        let entry = said.map_or(Some(usual), |(_, entry)| *entry);
        Ok(Said {
            entry: entry.unwrap_or(usual),
            demanded: entry.is_some(),
            in_vain: Vec::new(),
        })
    }
}

pub(super) fn planted(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let usual = [
        ("run/x", ""),
        ("etc/pam.d/common-auth", COMMON),
        ("etc/pam.d/common-account", COMMON_ACCOUNT),
        (
            "etc/ssh/sshd_config",
            "Include /etc/ssh/sshd_config.d/*.conf\n",
        ),
        ("etc/ssh/sshd_config.d/README", ""),
    ];
    for (path, text) in usual.iter().chain(files) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn plan(root: &TempDir, service: &str, first: First) -> Result<Plan, Error> {
    Plan::make(root.path(), &[service.to_owned()], first, &mut Usual(&[]))
}

/// What the file of a service becomes, without comments.
fn planned(text: &str) -> Vec<String> {
    let root = planted(&[("etc/pam.d/x", text)]);
    let plan = plan(&root, "x", First::Password).unwrap();
    let new = plan.changes.first().unwrap().after.content.bytes().to_vec();
    assert_eq!(block::remove(&new).unwrap(), text.as_bytes());
    let new = String::from_utf8(new).unwrap();
    let lines = new
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn refused(text: &str) -> String {
    let root = planted(&[("etc/pam.d/x", text)]);
    plan(&root, "x", First::Password).unwrap_err().to_string()
}

#[test]
fn the_line_comes_behind_the_last_include_or_the_last_module() {
    for (text, behind) in [
        ("@include common-auth\n@include common-account\n", 1),
        (
            "auth required pam_nologin.so\n@include common-auth\nauth optional pam_group.so\n",
            2,
        ),
        (
            "auth sufficient pam_rootok.so\n@include common-auth\nsession required pam_x.so\n",
            2,
        ),
        (
            "auth substack common-auth\nauth include more\naccount include common-account\n",
            1,
        ),
        (
            "auth required pam_env.so\nauth required pam_unix.so\naccount required pam_unix.so\n",
            2,
        ),
        (
            "-auth optional pam_x.so\nauth required \\\n  pam_unix.so\npassword required pam_y.so\n",
            3,
        ),
        ("@include common-auth", 1),
    ] {
        let text = text.replace("auth include more\n", "session include common-account\n");
        assert_eq!(planned(&text).get(behind).unwrap(), OURS, "{text}");
    }
}

#[test]
fn a_file_with_other_line_ends_keeps_them() {
    let text = "@include common-auth\r\naccount required pam_permit.so\r\n";
    let root = planted(&[("etc/pam.d/x", text)]);
    let plan = plan(&root, "x", First::Password).unwrap();
    let new = plan.changes.first().unwrap().after.content.bytes();
    assert!(
        new.split_inclusive(|b| *b == b'\n')
            .all(|line| line.ends_with(b"\r\n"))
    );
}

#[test]
fn who_would_get_around_the_line_is_named_and_nothing_is_planned() {
    for (text, place) in [
        (
            "auth sufficient pam_fprintd.so\n@include common-auth\n",
            "/etc/pam.d/x:1 (pam_fprintd.so)",
        ),
        (
            "auth [success=done default=ignore] pam_sss.so\n@include common-auth\n",
            "/etc/pam.d/x:1 (pam_sss.so)",
        ),
    ] {
        let refusal = refused(text);
        assert!(
            refusal.contains(place) && refusal.contains("without a code"),
            "{refusal}"
        );
    }
    let root = planted(&[
        ("etc/pam.d/x", "auth include system-auth\n"),
        (
            "etc/pam.d/system-auth",
            "auth sufficient pam_unix.so\nauth required pam_deny.so\n",
        ),
    ]);
    let refusal = plan(&root, "x", First::Password).unwrap_err().to_string();
    assert!(refusal.contains("/etc/pam.d/system-auth:1"), "{refusal}");
    assert!(refusal.contains("auth substack"), "{refusal}");
}

#[test]
fn a_stack_that_is_not_its_own_or_cannot_be_followed_is_not_touched() {
    assert!(refused("account required pam_permit.so\n").contains("/etc/pam.d/other"));
    assert!(refused("@include common-auth\n@include gone\n").contains("/etc/pam.d/x:2"));
    assert!(refused("auth optional pam_env.so\n").contains("decide"));
    assert!(refused("@include common-auth\n# BEGIN countersign auth\n").contains("line 2"));
}

#[test]
fn sshd_gets_the_guard_before_all_that_could_spare_a_login_it_and_a_drop_in_first() {
    let root = planted(&[("etc/pam.d/sshd", DEBIAN_SSHD)]);
    let plan = plan(&root, "sshd", First::Password).unwrap();
    let paths: Vec<_> = plan
        .changes
        .iter()
        .map(|change| change.path.clone())
        .collect();
    assert_eq!(
        paths,
        [Path::new(sshd::DROP_IN), Path::new("/etc/pam.d/sshd")]
    );
    let new = plan.changes.last().unwrap().after.content.bytes().to_vec();
    let text = String::from_utf8(new.clone()).unwrap();
    let at = |what: &str| text.find(what).expect(what);
    assert!(at("@include common-auth") < at(OURS));
    assert!(at("account [success=ok") < at("pam_nologin.so"));
    assert_eq!(block::remove(&new).unwrap(), DEBIAN_SSHD.as_bytes());
}

#[test]
fn where_the_key_comes_first_the_password_is_not_asked_and_the_key_is_looked_for() {
    let root = planted(&[("etc/pam.d/sshd", DEBIAN_SSHD)]);
    let plan = plan(&root, "sshd", First::Key).unwrap();
    let new = plan.changes.last().unwrap().after.content.bytes().to_vec();
    let text = String::from_utf8(new.clone()).unwrap();
    assert!(
        text.contains("\n# instead of: @include common-auth\n"),
        "{text}"
    );
    assert!(text.contains("SSH_AUTH_INFO_0"), "{text}");
    let stack = plan.stage.configuration().own_stack("sshd", Facility::Auth);
    let modules: Vec<_> = stack
        .lines
        .iter()
        .filter_map(|l| l.module())
        .map(|m| m.name())
        .collect();
    assert_eq!(modules, ["pam_exec.so", MODULE]);
    assert_eq!(block::remove(&new).unwrap(), DEBIAN_SSHD.as_bytes());
}

#[test]
fn two_passwords_are_not_taken_for_one() {
    let two = "auth required pam_unix.so\nauth required pam_sss.so\naccount required pam_unix.so\n";
    let root = planted(&[("etc/pam.d/sshd", two)]);
    let refusal = plan(&root, "sshd", First::Key).unwrap_err().to_string();
    assert!(refusal.contains("2 lines"), "{refusal}");
    let over = "auth required \\\n pam_unix.so\naccount required pam_unix.so\n";
    let root = planted(&[("etc/pam.d/sshd", over)]);
    let refusal = plan(&root, "sshd", First::Key).unwrap_err().to_string();
    assert!(refusal.contains("Join them"), "{refusal}");
}

#[test]
fn the_other_way_of_calling_a_program_is_protected_with_it() {
    let text = "@include common-auth\n@include common-account\n";
    let root = planted(&[("etc/pam.d/sudo", text), ("etc/pam.d/sudo-i", text)]);
    let both = plan(&root, "sudo", First::Password).unwrap();
    let paths: Vec<_> = both
        .changes
        .iter()
        .map(|c| c.path.display().to_string())
        .collect();
    assert_eq!(paths, ["/etc/pam.d/sudo", "/etc/pam.d/sudo-i"]);
    assert!(both.changes.iter().all(|change| change.service == "sudo"));
    // One that goes on with the other's file asks once.
    let su = "auth sufficient pam_rootok.so\n@include common-auth\n";
    let root = planted(&[
        ("etc/pam.d/su", su),
        ("etc/pam.d/su-l", "auth include su\n"),
    ]);
    let one = plan(&root, "su", First::Password).unwrap();
    assert_eq!(one.changes.len(), 1);
    assert!(one.notes.is_empty(), "{:?}", one.notes);
}

#[test]
fn what_only_a_package_configures_gets_a_copy_that_is_ours() {
    let root = planted(&[("usr/lib/pam.d/polkit-1", "@include common-auth\n")]);
    let plan = plan(&root, "polkit-1", First::Password).unwrap();
    let change = plan.changes.first().unwrap();
    assert_eq!(change.path, Path::new("/etc/pam.d/polkit-1"));
    assert_eq!(change.before, None);
}

#[test]
fn twice_is_once_and_a_line_of_somebody_elses_is_left_to_them() {
    let root = planted(&[("etc/pam.d/x", "@include common-auth\n")]);
    let new = plan(&root, "x", First::Password)
        .unwrap()
        .changes
        .remove(0)
        .after;
    new.put(&root.path().join("etc/pam.d/x")).unwrap();
    let again = plan(&root, "x", First::Password).unwrap();
    assert!(again.changes.is_empty() && again.services.is_empty());
    assert_eq!(again.notes, ["x is protected already."]);

    let by_hand = format!("@include common-auth\n{OURS}\n");
    let root = planted(&[("etc/pam.d/x", &by_hand)]);
    let plan = plan(&root, "x", First::Password).unwrap();
    assert!(plan.changes.is_empty());
    assert!(
        plan.notes
            .iter()
            .any(|note| note.contains("/etc/pam.d/x:2")),
        "{:?}",
        plan.notes
    );
}

#[test]
fn a_name_that_is_no_service_is_refused_with_those_that_are() {
    let root = planted(&[]);
    for name in ["no-such", "../passwd", "", ".hidden", "a/b"] {
        let refusal = plan(&root, name, First::Password).unwrap_err().to_string();
        assert!(refusal.contains("common-auth"), "{refusal}");
    }
    std::os::unix::fs::symlink("common-auth", root.path().join("etc/pam.d/linked")).unwrap();
    let refusal = plan(&root, "linked", First::Password)
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("is a link to common-auth"), "{refusal}");
}
