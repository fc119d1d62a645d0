//! The module's file, and whether all three programs are of one version.

use super::finding::{Check, Severity};
use super::scene::Scene;
use super::{Group, Report, pam};
use crate::pam_stack::{Line, Module, Stack};

const MISSING: Check = Check {
    id: "module-missing",
    severity: Severity::Danger,
    finds: "a line that names the module where libpam finds no such file",
    means: "libpam fails the line: every login through it is refused.",
    mends: "Install it again",
};

const FOREIGN: Check = Check {
    id: "module-writable",
    severity: Severity::Danger,
    finds: "the module's file, or the directory it is in, which somebody besides root may write",
    means: "They can have every login run what they like, as root.",
    mends: "Give it back to root",
};

const TWICE: Check = Check {
    id: "module-twice",
    severity: Severity::Warning,
    finds: "more than one file of the module in the directories that libpam looks into",
    means: "Which of them a login takes depends on libpam; an upgrade renews one.",
    mends: "Remove the one that no package owns (dpkg -S tells)",
};

const VERSIONS: Check = Check {
    id: "versions-differ",
    severity: Severity::Warning,
    finds: "a module, a daemon and a countersignctl that are not of one version",
    means: "An upgrade is half done: what one of them says, another may not understand.",
    mends: "Install the package again, and start the daemon anew",
};

pub(super) const GROUP: Group = Group {
    checks: &[&MISSING, &FOREIGN, &TWICE, &VERSIONS],
    examine,
};

/// What the module has in it, in front of its version.
const MARK: &str = "{pam_countersign version ";
const OURS: &str = env!("CARGO_PKG_VERSION");
const INSTALL: &str = "apt install --reinstall countersign";

/// Where distributions keep modules; of those that are links to each other, the first counts.
const DIRECTORIES: [&str; 8] = [
    "/usr/lib/x86_64-linux-gnu/security",
    "/usr/lib/aarch64-linux-gnu/security",
    "/usr/lib/arm-linux-gnueabihf/security",
    "/usr/lib/i386-linux-gnu/security",
    "/usr/lib/riscv64-linux-gnu/security",
    "/usr/lib64/security",
    "/usr/lib/security",
    "/usr/local/lib/security",
];

/// The modules of a stack that are not installed: libpam fails each line that names one. Where not
/// even pam_unix is in its place, nothing is known of the others.
pub(super) fn not_installed<'a>(scene: &Scene<'_>, stack: &'a Stack) -> Vec<&'a str> {
    let there = |name: &str| {
        let mut files = DIRECTORIES
            .iter()
            .map(|directory| format!("{directory}/{name}"));
        files.any(|file| scene.files.exists(&file))
    };
    if !there("pam_unix.so") {
        return Vec::new();
    }
    let modules = stack.lines.iter().filter_map(Line::module);
    let plain = modules.filter(|module| !module.path.contains('/'));
    let names = plain.map(Module::name);
    names.filter(|name| !there(name)).collect()
}

fn examine(scene: &Scene<'_>, report: &mut Report) {
    let files: Vec<String> = DIRECTORIES
        .iter()
        .map(|directory| format!("{directory}/{}", pam::OURS))
        .filter(|file| scene.files.exists(file))
        .collect();
    let asking = pam::asking(scene);
    if let (true, Some(service)) = (files.is_empty(), asking.first()) {
        let found = format!("{service} names {}, and there is no such file.", pam::OURS);
        report.find(
            MISSING
                .found(found)
                .in_file(format!("/etc/pam.d/{service}"))
                .fix(INSTALL),
        );
    }
    if let [first, second, ..] = files.as_slice() {
        let found = format!("There is {first} too.");
        report.find(
            TWICE
                .found(found)
                .in_file(second)
                .fix(format!("dpkg -S {first} {second}")),
        );
    }
    for file in &files {
        let directory = file.trim_end_matches(pam::OURS).trim_end_matches('/');
        let both = [file.clone(), directory.to_owned()];
        super::files::foreign(scene, &FOREIGN, &both, report);
        version(scene, file, report);
    }
    match &scene.daemon {
        Ok(facts) => match facts.version.as_deref() {
            Some(OURS) => {}
            Some(other) => {
                let found = format!("countersignd is {other}, countersignctl {OURS}.");
                report.find(
                    VERSIONS
                        .found(found)
                        .fix("systemctl restart countersignd.service"),
                );
            }
            None => report.not_checked(&[&VERSIONS], "the daemon does not tell its version"),
        },
        Err(why) => report.not_checked(&[&VERSIONS], why),
    }
}

fn version(scene: &Scene<'_>, file: &str, report: &mut Report) {
    let version = match scene.files.bytes(file) {
        Ok(bytes) => marked(&bytes),
        Err(error) => {
            return report.not_checked(&[&VERSIONS], format!("{file} cannot be read: {error}"));
        }
    };
    match version.as_deref() {
        Some(OURS) => {}
        Some(other) => {
            let found = format!("The module is {other}, countersignctl {OURS}.");
            report.find(VERSIONS.found(found).in_file(file).fix(INSTALL));
        }
        None => {
            let found =
                format!("The module has no mark of its version, and countersignctl is {OURS}.");
            report.find(VERSIONS.found(found).in_file(file).fix(INSTALL));
        }
    }
}

/// The version that a module's file is marked with.
fn marked(bytes: &[u8]) -> Option<String> {
    let at = bytes
        .windows(MARK.len())
        .position(|window| window == MARK.as_bytes())?;
    let rest = bytes.get(at + MARK.len()..)?;
    let end = rest.iter().take(40).position(|byte| *byte == b'}')?;
    String::from_utf8(rest.get(..end)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::planted::{Planted, ids};
    use super::*;

    const FILE: &str = "/usr/lib/x86_64-linux-gnu/security/pam_countersign.so";

    fn so(version: &str) -> String {
        format!("\x7fELF...{MARK}{version}}}...")
    }

    #[test]
    fn a_module_of_this_version_that_is_roots_is_well() {
        let planted = Planted::new().file(FILE, &so(OURS)).version(OURS);
        assert_eq!(planted.found(&GROUP), []);
    }

    #[test]
    fn a_module_that_is_named_and_not_there_is_missing() {
        let planted = Planted::new()
            .version(OURS)
            .file("/etc/pam.d/x", "auth required pam_countersign.so\n");
        let found = planted.found(&GROUP);
        assert_eq!(ids(&found), ["module-missing"]);
        assert_eq!(found[0].place().as_deref(), Some("/etc/pam.d/x"));
        assert_eq!(ids(&Planted::new().version(OURS).found(&GROUP)), [""; 0]);
    }

    #[test]
    fn a_module_that_others_may_write_is_a_danger() {
        let planted = Planted::new().version(OURS).file(FILE, &so(OURS));
        let found = planted.mode(FILE, 0o664).found(&GROUP);
        assert_eq!(ids(&found), ["module-writable"]);
        assert_eq!(found[0].place().as_deref(), Some(FILE));
    }

    #[test]
    fn a_second_file_is_named() {
        let second = "/usr/lib/security/pam_countersign.so";
        let planted = Planted::new()
            .version(OURS)
            .file(FILE, &so(OURS))
            .file(second, &so(OURS));
        let found = planted.found(&GROUP);
        assert_eq!(ids(&found), ["module-twice"]);
        assert_eq!(found[0].place().as_deref(), Some(second));
    }

    #[test]
    fn another_version_is_told_of_the_module_and_of_the_daemon() {
        for text in [so("0.0.9"), "no mark".to_owned()] {
            let planted = Planted::new().version(OURS).file(FILE, &text);
            assert_eq!(ids(&planted.found(&GROUP)), ["versions-differ"], "{text}");
        }
        let planted = Planted::new().version("0.0.9").file(FILE, &so(OURS));
        assert_eq!(ids(&planted.found(&GROUP)), ["versions-differ"]);
    }

    #[test]
    fn a_daemon_that_is_away_is_said_and_not_skipped() {
        let planted = Planted::new().file(FILE, &so(OURS)).away("it is away");
        let report = planted.report(&GROUP);
        assert_eq!(report.unchecked.len(), 1);
        assert_eq!(report.unchecked[0].id, "versions-differ");
    }
}
