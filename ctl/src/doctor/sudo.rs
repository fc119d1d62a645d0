//! sudo: what it does without asking.

mod sudoers;

use self::sudoers::{Directive, Sudoers};
use super::finding::{Check, Severity};
use super::scene::{Scene, place};
use super::{Group, Report, pam};
use crate::pam_stack::Facility;

/// sudo's own default, in minutes.
const USUAL: f64 = 15.0;

const NOPASSWD: Check = Check {
    id: "sudo-nopasswd",
    severity: Severity::Danger,
    finds: "NOPASSWD for all commands in sudoers",
    means: "Whoever it is for becomes root without password and code.",
    mends: "Take NOPASSWD: out of the line",
};

const NOPASSWD_COMMAND: Check = Check {
    id: "sudo-nopasswd-command",
    severity: Severity::Warning,
    finds: "NOPASSWD for some commands in sudoers",
    means: "They are run as root without password and code; many programs can be made to run a shell.",
    mends: "Take NOPASSWD: out of the line, unless a program depends on it that cannot answer",
};

const NO_AUTHENTICATE: Check = Check {
    id: "sudo-no-authenticate",
    severity: Severity::Danger,
    finds: "!authenticate in sudoers",
    means: "sudo asks nobody that it is for for a password or a code.",
    mends: "Take the setting out",
};

const EXEMPT_GROUP: Check = Check {
    id: "sudo-exempt-group",
    severity: Severity::Danger,
    finds: "exempt_group in sudoers",
    means: "sudo asks nobody in that group for a password or a code.",
    mends: "Take the setting out",
};

const TIMESTAMP: Check = Check {
    id: "sudo-timestamp",
    severity: Severity::Warning,
    finds: "a timestamp_timeout of more than 15 minutes, or none, or one timestamp for all terminals",
    means: "So long after one code, sudo asks for none: also whoever found the terminal open.",
    mends: "Write in its place",
};

const OTHER_SERVICE: Check = Check {
    id: "sudo-other-service",
    severity: Severity::Danger,
    finds: "a pam_service in sudoers that does not ask for a code, or sudo's account stack left out",
    means: "sudo goes by another file of /etc/pam.d than the one that is protected, or past the guard.",
    mends: "Take the setting out",
};

pub(super) const GROUP: Group = Group {
    checks: &[
        &NOPASSWD,
        &NOPASSWD_COMMAND,
        &NO_AUTHENTICATE,
        &EXEMPT_GROUP,
        &TIMESTAMP,
        &OTHER_SERVICE,
    ],
    examine,
};

fn examine(scene: &Scene<'_>, report: &mut Report) {
    if pam::asking(scene).is_empty() || !scene.is_demanded_at("sudo") {
        return;
    }
    let sudoers = Sudoers::read(&scene.files);
    for (path, error) in &sudoers.unread {
        report.not_checked(GROUP.checks, format!("{path} cannot be read: {error}"));
    }
    for directive in &sudoers.directives {
        rule(directive, report);
        settings(scene, directive, report);
    }
}

fn rule(directive: &Directive, report: &mut Report) {
    let Some(free) = directive.unasked() else {
        return;
    };
    let check = match free.all {
        true => &NOPASSWD,
        false => &NOPASSWD_COMMAND,
    };
    let found = format!("{} is asked nothing for {}.", free.who, free.what);
    let at = place(&directive.file, directive.line);
    report.find(check.found(found).at(&at).fix(edit(directive)));
}

fn edit(directive: &Directive) -> String {
    format!("visudo -f {}", directive.file)
}

fn settings(scene: &Scene<'_>, directive: &Directive, report: &mut Report) {
    for setting in directive.settings() {
        let (name, value) = match setting.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim().trim_matches('"')),
            None => (setting.as_str(), ""),
        };
        let is_open = |service: &str| {
            let auth = scene.pam.stack(service, Facility::Auth);
            auth.asking(pam::OURS).next().is_none()
        };
        let check = match name {
            "!authenticate" => &NO_AUTHENTICATE,
            "exempt_group" => &EXEMPT_GROUP,
            "timestamp_timeout" if !is_short(value) => &TIMESTAMP,
            "timestamp_type" if value == "global" => &TIMESTAMP,
            "!tty_tickets" => &TIMESTAMP,
            "pam_service" | "pam_login_service" if is_open(value) => &OTHER_SERVICE,
            "!pam_acct_mgmt" => &OTHER_SERVICE,
            _ => continue,
        };
        let finding = check
            .found(format!("It says {setting}."))
            .at(&place(&directive.file, directive.line));
        let finding = match check.id == TIMESTAMP.id {
            true => finding.fix("Defaults timestamp_timeout=5, timestamp_type=tty"),
            false => finding,
        };
        report.find(finding.fix(edit(directive)));
    }
}

fn is_short(minutes: &str) -> bool {
    minutes
        .parse::<f64>()
        .is_ok_and(|minutes| (0.0..=USUAL).contains(&minutes))
}

#[cfg(test)]
mod tests {
    use super::super::planted::{Planted, ids, places};
    use super::*;

    fn planted(text: &str) -> Planted {
        let asks = "auth required pam_countersign.so\n";
        Planted::new()
            .file("/etc/pam.d/sudo", asks)
            .file("/etc/sudoers", text)
    }

    fn nothing(text: &str) {
        assert_eq!(ids(&planted(text).found(&GROUP)), [""; 0], "{text}");
    }

    fn one(text: &str, id: &str, line: usize) {
        let place = format!("/etc/sudoers:{line}");
        super::super::planted::one(&GROUP, planted(text), id, &place);
    }

    #[test]
    fn debians_own_sudoers_is_well() {
        nothing(
            "# a comment\nDefaults\tenv_reset\nDefaults\tmail_badpass\n\
             Defaults\tsecure_path=\"/usr/local/sbin:/usr/bin\"\nDefaults\tuse_pty\n\
             # Defaults:%sudo env_keep += \"http_proxy\"\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n\
             @includedir /etc/sudoers.d\n",
        );
        nothing("root ALL=(ALL) NOPASSWD: ALL\n");
        nothing("Defaults timestamp_timeout=15\nDefaults timestamp_timeout=0, !lecture\n");
        nothing("# alice ALL=(ALL) NOPASSWD: ALL\n");
    }

    #[test]
    fn what_is_run_unasked_is_told_with_its_line() {
        one("\nalice ALL=(ALL) NOPASSWD: ALL\n", "sudo-nopasswd", 2);
        one(
            "%admin ALL = (ALL) SETENV: \\\n   NOPASSWD:ALL\n",
            "sudo-nopasswd",
            1,
        );
        one(
            "alice ALL=(root) NOPASSWD: /usr/bin/less, /bin/ls\n",
            "sudo-nopasswd-command",
            1,
        );
        one(
            "alice ALL=(root) NOPASSWD: /bin/ls, PASSWD: ALL\n",
            "sudo-nopasswd-command",
            1,
        );
        one(
            "alice ALL=(root) /bin/ls, NOPASSWD: /bin/a, ALL\n",
            "sudo-nopasswd",
            1,
        );
    }

    #[test]
    fn settings_that_leave_the_question_out_are_told() {
        one("Defaults !authenticate\n", "sudo-no-authenticate", 1);
        one(
            "Defaults:alice !lecture, !authenticate\n",
            "sudo-no-authenticate",
            1,
        );
        one("Defaults exempt_group=admin\n", "sudo-exempt-group", 1);
        one("Defaults !pam_acct_mgmt\n", "sudo-other-service", 1);
        one("Defaults pam_service=other\n", "sudo-other-service", 1);
        nothing("Defaults pam_service=sudo\n");
    }

    #[test]
    fn a_long_timestamp_is_told() {
        for setting in [
            "timestamp_timeout=60",
            "timestamp_timeout = -1",
            "timestamp_timeout=ever",
            "timestamp_type=global",
            "!tty_tickets",
        ] {
            one(
                &format!("Defaults env_reset, {setting}\n"),
                "sudo-timestamp",
                1,
            );
        }
    }

    #[test]
    fn included_files_are_read_as_sudo_reads_them() {
        let free = "alice ALL=(ALL) NOPASSWD: ALL\n";
        for include in [
            "#includedir /etc/sudoers.d",
            "@includedir sudoers.d",
            "@include /etc/sudoers.d/x",
        ] {
            let found = planted(include)
                .file("/etc/sudoers.d/x", free)
                .found(&GROUP);
            assert_eq!(places(&found), ["/etc/sudoers.d/x:1"], "{include}");
        }
        for skipped in ["x~", "x.conf"] {
            let planted = planted("@includedir /etc/sudoers.d\n");
            let found = planted
                .file(&format!("/etc/sudoers.d/{skipped}"), free)
                .found(&GROUP);
            assert_eq!(ids(&found), [""; 0], "{skipped}");
        }
        let gone = planted("@include /etc/gone\n").report(&GROUP);
        assert!(gone.unchecked[0].why.contains("/etc/gone"));
        let forever = planted("@include /etc/sudoers\n").report(&GROUP);
        assert_eq!(ids(&forever.findings), [""; 0]);
    }
}
