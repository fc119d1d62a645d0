//! Ways in that ask nobody: automatic logins, and polkit's rules.

use super::finding::{Check, Severity};
use super::scene::{Scene, place};
use super::{Group, Report, pam};

const AUTOLOGIN: Check = Check {
    id: "autologin",
    severity: Severity::Danger,
    finds: "a greeter or getty that logs somebody in by itself",
    means: "Whoever is in front of the machine is in, with neither password nor code.",
    mends: "Take the setting out",
};

const POLKIT_YES: Check = Check {
    id: "polkit-yes",
    severity: Severity::Warning,
    finds: "a rule of polkit, of this host's own, that lets something be done without a question",
    means: "Whoever it is for does it without password and code, as root it may be.",
    mends: "Have it answer polkit.Result.AUTH_ADMIN, or see that it is narrow enough",
};

const DOAS: Check = Check {
    id: "doas-nopass",
    severity: Severity::Danger,
    finds: "nopass or persist in doas.conf",
    means: "doas asks neither for a password nor for a code there.",
    mends: "Take the word out",
};

pub(super) const GROUP: Group = Group {
    checks: &[&AUTOLOGIN, &POLKIT_YES, &DOAS],
    examine,
};

/// Files with settings, and the settings that log somebody in.
const GREETERS: [(&str, &[&str]); 7] = [
    (
        "/etc/gdm3/daemon.conf",
        &["AutomaticLoginEnable", "TimedLoginEnable"],
    ),
    (
        "/etc/gdm3/custom.conf",
        &["AutomaticLoginEnable", "TimedLoginEnable"],
    ),
    (
        "/etc/gdm/custom.conf",
        &["AutomaticLoginEnable", "TimedLoginEnable"],
    ),
    (
        "/etc/lightdm/lightdm.conf",
        &["autologin-user", "autologin-guest"],
    ),
    ("/etc/sddm.conf", &["User"]),
    ("/etc/lxdm/lxdm.conf", &["autologin"]),
    ("/etc/greetd/config.toml", &[]),
];

const DIRECTORIES: [(&str, &[&str]); 2] = [
    (
        "/etc/lightdm/lightdm.conf.d",
        &["autologin-user", "autologin-guest"],
    ),
    ("/etc/sddm.conf.d", &["User"]),
];

fn examine(scene: &Scene<'_>, report: &mut Report) {
    if pam::asking(scene).is_empty() {
        // Where nothing asks, there is nothing to get around.
        return;
    }
    let mut files: Vec<(String, &[&str])> = Vec::new();
    files.extend(
        GREETERS
            .iter()
            .map(|(file, settings)| ((*file).to_owned(), *settings)),
    );
    for (directory, settings) in DIRECTORIES {
        let found = listed(scene, &AUTOLOGIN, directory, report);
        files.extend(found.into_iter().map(|file| (file, settings)));
    }
    for (file, settings) in files {
        each_line(scene, &AUTOLOGIN, &file, report, |line, section| {
            let (setting, value) = line.split_once('=')?;
            let (setting, value) = (setting.trim(), value.trim().trim_matches('"'));
            let on = !["", "false", "no", "0"].contains(&value.to_ascii_lowercase().as_str());
            let named = match (setting, section) {
                ("User", section) => section == "[Autologin]" && settings.contains(&"User"),
                ("command", "[initial_session]") => file.ends_with("config.toml"),
                (setting, _) => settings.contains(&setting),
            };
            (on && named).then(|| format!("It says {line}."))
        });
    }
    gettys(scene, report);
    for file in listed(scene, &POLKIT_YES, "/etc/polkit-1/rules.d", report) {
        each_line(scene, &POLKIT_YES, &file, report, |line, _| {
            let yes = line.contains("polkit.Result.YES") && !line.starts_with("//");
            yes.then(|| "It answers polkit.Result.YES.".to_owned())
        });
    }
    each_line(scene, &DOAS, "/etc/doas.conf", report, |line, _| {
        let mut words = line.split_whitespace();
        let found = words.next() == Some("permit")
            && words.any(|word| ["nopass", "persist"].contains(&word));
        found.then(|| format!("It says {line}."))
    });
}

fn gettys(scene: &Scene<'_>, report: &mut Report) {
    for directory in listed(scene, &AUTOLOGIN, "/etc/systemd/system", report) {
        if !directory.contains("getty@") || !directory.ends_with(".d") {
            continue;
        }
        for file in listed(scene, &AUTOLOGIN, &directory, report) {
            each_line(scene, &AUTOLOGIN, &file, report, |line, _| {
                let found = line.starts_with("ExecStart=")
                    && (line.contains("--autologin") || line.contains(" -a "));
                found.then(|| format!("It says {line}."))
            });
        }
    }
}

fn listed(
    scene: &Scene<'_>,
    check: &'static Check,
    directory: &str,
    report: &mut Report,
) -> Vec<String> {
    scene.files.list(directory).unwrap_or_else(|error| {
        report.not_checked(&[check], format!("{directory} cannot be read: {error}"));
        Vec::new()
    })
}

/// Looks at each line of a file, if it is there, that is no comment; with the section that it is in.
fn each_line(
    scene: &Scene<'_>,
    check: &'static Check,
    file: &str,
    report: &mut Report,
    found: impl Fn(&str, &str) -> Option<String>,
) {
    let text = match scene.files.text_if_there(file) {
        Ok(Some(text)) => text,
        Ok(None) => return,
        Err(error) => {
            return report.not_checked(&[check], format!("{file} cannot be read: {error}"));
        }
    };
    let mut section = "";
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
        }
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(found) = found(line, section) {
            report.find(check.found(found).at(&place(file, number)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted::{Planted, ids, places};
    use super::*;

    fn with(file: &str, text: &str) -> (Vec<&'static str>, Vec<String>) {
        let sudo = "auth required pam_countersign.so\n";
        let planted = Planted::new()
            .file("/etc/pam.d/sudo", sudo)
            .file(file, text);
        let found = planted.found(&GROUP);
        (ids(&found), places(&found))
    }

    #[test]
    fn who_logs_somebody_in_by_itself_is_told_with_the_line() {
        for (file, text) in [
            (
                "/etc/gdm3/daemon.conf",
                "[daemon]\nAutomaticLoginEnable=true\n",
            ),
            (
                "/etc/lightdm/lightdm.conf",
                "[Seat:*]\nautologin-user=alice\n",
            ),
            (
                "/etc/lightdm/lightdm.conf.d/50.conf",
                "[Seat:*]\nautologin-user=alice\n",
            ),
            ("/etc/sddm.conf.d/a.conf", "[Autologin]\nUser=alice\n"),
            (
                "/etc/greetd/config.toml",
                "[initial_session]\ncommand = \"sway\"\n",
            ),
            (
                "/etc/systemd/system/getty@tty1.service.d/a.conf",
                "ExecStart=\nExecStart=-/sbin/agetty --autologin alice %I\n",
            ),
        ] {
            assert_eq!(
                with(file, text),
                (vec!["autologin"], vec![format!("{file}:2")]),
                "{text}"
            );
        }
    }

    #[test]
    fn who_does_not_is_not_told() {
        for (file, text) in [
            (
                "/etc/gdm3/daemon.conf",
                "[daemon]\n#AutomaticLoginEnable=true\nAutomaticLogin=alice\nAutomaticLoginEnable=false\n",
            ),
            (
                "/etc/lightdm/lightdm.conf",
                "[Seat:*]\n#autologin-user=\nautologin-guest=false\n",
            ),
            (
                "/etc/sddm.conf",
                "[Users]\nUser=alice\n[Autologin]\nUser=\n",
            ),
            (
                "/etc/greetd/config.toml",
                "[default_session]\ncommand = \"agreety\"\n",
            ),
            (
                "/etc/doas.conf",
                "permit alice as root\n# permit nopass bob\n",
            ),
        ] {
            assert_eq!(with(file, text), (vec![], vec![]), "{text}");
        }
    }

    #[test]
    fn polkit_and_doas_are_read() {
        let rules = "/etc/polkit-1/rules.d/49.rules";
        let text = "polkit.addRule(function(a, s) {\n  return polkit.Result.YES;\n});\n";
        assert_eq!(
            with(rules, text),
            (vec!["polkit-yes"], vec![format!("{rules}:2")])
        );
        let doas = "permit nopass :wheel\n";
        assert_eq!(
            with("/etc/doas.conf", doas),
            (vec!["doas-nopass"], vec!["/etc/doas.conf:1".to_owned()])
        );
    }
}
