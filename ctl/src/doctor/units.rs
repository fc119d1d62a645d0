//! The units and the daemon's socket: as shipped, up, and up after the next boot.

use super::finding::{Check, Severity};
use super::scene::{Scene, place};
use super::{Group, Report};

/// Where packages put units.
pub(super) const SYSTEM: &str = "/usr/lib/systemd/system";
/// Where admins put theirs, which are read in place of the package's.
pub(super) const LOCAL: &str = "/etc/systemd/system";
const SYSTEMCTL: &str = "/usr/bin/systemctl";
const SOCKET: &str = "/run/countersign/socket";
const SOCKET_DIRECTORY: &str = "/run/countersign";
const SERVICE_UNIT: &str = "countersignd.service";
const SOCKET_UNIT: &str = "countersignd.socket";
/// What undoes a change by protect; it ends when it has.
const REVERT_UNIT: &str = "countersign-revert.service";

/// The units, as the package ships them.
const SHIPPED: [(&str, &str); 3] = [
    (
        SERVICE_UNIT,
        include_str!("../../../packaging/systemd/countersignd.service"),
    ),
    (
        SOCKET_UNIT,
        include_str!("../../../packaging/systemd/countersignd.socket"),
    ),
    (
        REVERT_UNIT,
        include_str!("../../../packaging/systemd/countersign-revert.service"),
    ),
];

/// Settings that a drop-in may make without weakening anything.
const HARMLESS: &[&str] = &[
    "After",
    "Before",
    "CPUQuota",
    "CPUWeight",
    "Description",
    "Documentation",
    "IOWeight",
    "LoadCredential",
    "LoadCredentialEncrypted",
    "MemoryHigh",
    "MemoryLow",
    "MemoryMin",
    "Nice",
    "OnFailure",
    "RequiresMountsFor",
    "SetCredential",
    "SetCredentialEncrypted",
    "Slice",
    "Wants",
];

pub(super) const UNREACHABLE: Check = Check {
    id: "daemon-unreachable",
    severity: Severity::Danger,
    finds: "a daemon that does not answer",
    means: "Every login that asks for a factor is refused.",
    mends: "Start it, and look what its log says",
};

const UNUSABLE: Check = Check {
    id: "daemon-unusable",
    severity: Severity::Danger,
    finds: "a daemon that runs, and cannot use its database or its key",
    means: "Every login that asks for a factor is refused.",
    mends: "Look what its log says",
};

const INACTIVE: Check = Check {
    id: "unit-inactive",
    severity: Severity::Danger,
    finds: "the daemon's socket or service, not active",
    means: "Logins reach nobody, or somebody who was not started by systemd.",
    mends: "Start it",
};

const NOT_ENABLED: Check = Check {
    id: "unit-not-enabled",
    severity: Severity::Danger,
    finds: "the daemon's socket or service, not enabled",
    means: "After the next boot logins reach nobody, and are refused.",
    mends: "Enable it",
};

const REVERT_NOT_ENABLED: Check = Check {
    id: "revert-not-enabled",
    severity: Severity::Warning,
    finds: "the unit that undoes a change by protect, not enabled",
    means: "After a reboot a change that nobody confirmed stays, and may keep everybody out.",
    mends: "Enable it",
};

const REPLACED: Check = Check {
    id: "unit-replaced",
    severity: Severity::Warning,
    finds: "a unit in /etc in place of the package's, or the package's altered",
    means: "What the unit does, or confines the daemon by, may be gone, and an upgrade renews nothing.",
    mends: "Keep what you need in a drop-in (systemctl edit), and put the package's back",
};

const WEAKENED: Check = Check {
    id: "unit-weakened",
    severity: Severity::Warning,
    finds: "a drop-in that changes what the units do, confine the daemon by, or where it listens",
    means: "The daemon may do more than it needs, or listens where no login asks; or a change by protect is \
            not undone.",
    mends: "Take the line out, unless you know why it is there",
};

const STALE: Check = Check {
    id: "unit-not-reloaded",
    severity: Severity::Note,
    finds: "units that were changed since systemd read them",
    means: "What the files say is not in force.",
    mends: "Have systemd read them",
};

const SOCKET_MISSING: Check = Check {
    id: "socket-missing",
    severity: Severity::Danger,
    finds: "no socket for logins to ask at",
    means: "Every login that asks for a factor is refused.",
    mends: "Start it",
};

const SOCKET_OPEN: Check = Check {
    id: "socket-open",
    severity: Severity::Danger,
    finds: "the socket for logins, which is not root's alone, or is none",
    means: "The module refuses a listener that is not root's; and whoever may connect can keep it busy.",
    mends: "Have systemd make it anew",
};

const SOCKET_DIRECTORY_OPEN: Check = Check {
    id: "socket-directory",
    severity: Severity::Danger,
    finds: "the socket's directory, in which somebody besides root may put another socket",
    means: "They can answer logins in the daemon's place, or keep them from it.",
    mends: "Give it back to root",
};

/// What comes of a daemon that is not there.
pub(super) const AWAY: [&Check; 3] = [&UNREACHABLE, &INACTIVE, &SOCKET_MISSING];

pub(super) const GROUP: Group = Group {
    checks: &[
        &UNREACHABLE,
        &UNUSABLE,
        &INACTIVE,
        &NOT_ENABLED,
        &REVERT_NOT_ENABLED,
        &REPLACED,
        &WEAKENED,
        &STALE,
        &SOCKET_MISSING,
        &SOCKET_OPEN,
        &SOCKET_DIRECTORY_OPEN,
    ],
    examine,
};

fn examine(scene: &Scene<'_>, report: &mut Report) {
    silence(scene, report);
    for (unit, shipped) in SHIPPED {
        state(scene, unit, report);
        same(scene, unit, shipped, report);
    }
    for (file, text) in drop_ins(scene, report) {
        weakening(&file, &text, report);
    }
    socket(scene, report);
}

/// Why the daemon says nothing. The error has commands of its own below its first line.
fn silence(scene: &Scene<'_>, report: &mut Report) {
    const LOG: &str = "journalctl -u countersignd -n 20";
    let Err(why) = &scene.daemon else {
        return;
    };
    let why = why.lines().next().unwrap_or_default();
    report.find(match scene.reached {
        true => UNUSABLE.found(why).fix(LOG),
        false => {
            let start = format!("systemctl restart {SOCKET_UNIT} {SERVICE_UNIT}");
            UNREACHABLE.found(why).fix(start).fix(LOG)
        }
    });
}

/// Whether some unit setting brings the master key.
pub(super) fn bring_a_key(scene: &Scene<'_>) -> bool {
    let brings = |line: &str| {
        line.trim_start()
            .starts_with("LoadCredentialEncrypted=master.key")
            || line
                .trim_start()
                .starts_with("SetCredentialEncrypted=master.key")
    };
    let drop_ins = drop_ins(scene, &mut Report::default()).into_iter();
    let files = drop_ins
        .filter(|(file, _)| file.contains(SERVICE_UNIT))
        .map(|(_, text)| text);
    let own = scene.files.text(&format!("{LOCAL}/{SERVICE_UNIT}")).ok();
    files.chain(own).any(|text| text.lines().any(brings))
}

fn state(scene: &Scene<'_>, unit: &str, report: &mut Report) {
    let arguments = [
        "show",
        "--property=ActiveState,UnitFileState,NeedDaemonReload",
        unit,
    ];
    let is_daemons = unit != REVERT_UNIT;
    let not_enabled = match is_daemons {
        true => &NOT_ENABLED,
        false => &REVERT_NOT_ENABLED,
    };
    let mut checks = vec![not_enabled, &STALE];
    checks.extend(is_daemons.then_some(&INACTIVE));
    let said = match scene.programs.run(SYSTEMCTL, &arguments) {
        Ok(said) if said.success => said.stdout,
        Ok(said) => {
            let why = format!("{SYSTEMCTL} says nothing of {unit}: {}", said.stderr.trim());
            return report.not_checked(&checks, why);
        }
        Err(error) => {
            let why = format!("{SYSTEMCTL} cannot be run: {error}");
            return report.not_checked(&checks, why);
        }
    };
    let property = |name: &str| {
        let found = said
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default()
    };
    if is_daemons && property("ActiveState") != "active" {
        let found = format!("{unit} is {}.", property("ActiveState"));
        report.find(INACTIVE.found(found).fix(format!("systemctl start {unit}")));
    }
    if property("UnitFileState") != "enabled" {
        let found = format!("{unit} is {}.", property("UnitFileState"));
        report.find(
            not_enabled
                .found(found)
                .fix(format!("systemctl enable {unit}")),
        );
    }
    if property("NeedDaemonReload") == "yes" {
        let found = format!("{unit} was changed.");
        report.find(STALE.found(found).fix("systemctl daemon-reload"));
    }
}

fn same(scene: &Scene<'_>, unit: &str, shipped: &str, report: &mut Report) {
    let own = format!("{LOCAL}/{unit}");
    if scene.files.exists(&own) {
        let finding = REPLACED
            .found(format!("{own} is read in place of the package's."))
            .in_file(&own);
        report.find(finding.fix(format!("systemctl revert {unit}")));
    }
    let file = format!("{SYSTEM}/{unit}");
    match scene.files.text(&file) {
        Ok(text) if text == shipped => {}
        Ok(text) => {
            let same = text
                .lines()
                .zip(shipped.lines())
                .take_while(|(is, was)| is == was);
            let line = same.count() + 1;
            let finding = REPLACED.found(format!(
                "{file} differs from the package's from this line on."
            ));
            report.find(
                finding
                    .at(&place(&file, line))
                    .fix("apt install --reinstall countersign"),
            );
        }
        Err(error) => report.not_checked(&[&REPLACED], format!("{file} cannot be read: {error}")),
    }
}

/// The files that add to the units, with their text.
fn drop_ins(scene: &Scene<'_>, report: &mut Report) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for above in [SYSTEM, "/run/systemd/system", LOCAL] {
        for (unit, _) in SHIPPED {
            let directory = format!("{above}/{unit}.d");
            let files = match scene.files.list(&directory) {
                Ok(files) => files,
                Err(error) => {
                    report
                        .not_checked(&[&WEAKENED], format!("{directory} cannot be read: {error}"));
                    continue;
                }
            };
            for file in files.into_iter().filter(|file| file.ends_with(".conf")) {
                match scene.files.text(&file) {
                    Ok(text) => found.push((file, text)),
                    Err(error) => {
                        report.not_checked(&[&WEAKENED], format!("{file} cannot be read: {error}"))
                    }
                }
            }
        }
    }
    found
}

fn weakening(file: &str, text: &str, report: &mut Report) {
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let Some((setting, _)) = line
            .split_once('=')
            .filter(|_| !line.starts_with(['#', ';']))
        else {
            continue;
        };
        if !HARMLESS.contains(&setting.trim()) {
            report.find(
                WEAKENED
                    .found(format!("It says {line}."))
                    .at(&place(file, number)),
            );
        }
    }
}

fn socket(scene: &Scene<'_>, report: &mut Report) {
    let start = format!("systemctl restart {SOCKET_UNIT}");
    match scene.files.stat(SOCKET) {
        Ok(stat) => {
            if !stat.is_socket || stat.uid != scene.owners.root || stat.mode & 0o177 != 0 {
                let what = if stat.is_socket {
                    ""
                } else {
                    ", and it is no socket"
                };
                let found = format!(
                    "It belongs to uid {}, its mode is {:04o}{what}.",
                    stat.uid, stat.mode
                );
                report.find(SOCKET_OPEN.found(found).in_file(SOCKET).fix(start));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            report.find(
                SOCKET_MISSING
                    .found(format!("There is no {SOCKET}."))
                    .in_file(SOCKET)
                    .fix(start),
            );
        }
        Err(error) => {
            let why = format!("{SOCKET} cannot be looked at: {error}");
            report.not_checked(&[&SOCKET_MISSING, &SOCKET_OPEN], why);
        }
    }
    let directory = [SOCKET_DIRECTORY.to_owned()];
    super::files::foreign(scene, &SOCKET_DIRECTORY_OPEN, &directory, report);
}

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;
