//! The key, the database, the configuration: there, whole, and nobody else's.

use super::finding::{Check, Finding, Severity};
use super::scene::{Scene, place};
use super::{Group, Report, units};

const KEY: &str = "/etc/countersign/master.key";
const STORE: &str = "/var/lib/countersign";
const DATABASE: &str = "/var/lib/countersign/store.db";
const CONFIGURATION: &str = "/etc/countersign/countersign.toml";
const DROP_INS: &str = "/etc/countersign/countersign.toml.d";
const DAEMON: &str = "/usr/libexec/countersign/countersignd";
const LEDGER: &str = "/var/lib/countersign-protect/ledger.json";
/// How long the key is, in bytes.
const KEY_LENGTH: u64 = 32;
/// With less room than this, in bytes, the daemon lives on its ballast soon.
const ROOM: u64 = 64 * 1024 * 1024;

const KEY_READABLE: Check = Check {
    id: "key-readable",
    severity: Severity::Danger,
    finds: "the master key, which somebody besides root may read",
    means: "With it and a copy of the database they have every user's secret.",
    mends: "Make it root's alone; if somebody may have read it, enrol everybody anew",
};

const KEY_MISSING: Check = Check {
    id: "key-missing",
    severity: Severity::Danger,
    finds: "no master key, and no unit setting that brings one",
    means: "From the daemon's next start on, nobody's factor can be read and every login is refused.",
    mends: "Put the copy that you keep away from this host in its place; without one, restore a backup that \
            has a passphrase",
};

const KEY_LENGTH_WRONG: Check = Check {
    id: "key-damaged",
    severity: Severity::Danger,
    finds: "a master key that is not 32 bytes long",
    means: "It is not the key any more: from the daemon's next start on, every login is refused.",
    mends: "Put the copy that you keep away from this host in its place",
};

const STORE_MISSING: Check = Check {
    id: "store-missing",
    severity: Severity::Danger,
    finds: "no database",
    means: "The daemon refuses every login: nobody's record is never taken for nobody being enrolled.",
    mends: "Restore a backup; on a host where nobody is enrolled yet",
};

const STORE_OPEN: Check = Check {
    id: "store-open",
    severity: Severity::Danger,
    finds: "the database or its directory, which somebody besides the daemon may read or write",
    means: "Records are sealed, but whoever may write can put an older state back, and whoever may read can \
            keep one until they have the key.",
    mends: "Give it back to the daemon alone",
};

const DISK_FULL: Check = Check {
    id: "disk-full",
    severity: Severity::Warning,
    finds: "less than 64 MiB free where the database is",
    means: "A login that cannot be written down is refused. A ballast file helps for a while.",
    mends: "Make room on that file system",
};

const CONFIG_WRITABLE: Check = Check {
    id: "config-writable",
    severity: Severity::Danger,
    finds: "Countersign's configuration or units, which somebody besides root may write",
    means: "They can say who needs a second factor, or become the daemon.",
    mends: "Give it back to root",
};

const CONFIG_WRONG: Check = Check {
    id: "config-wrong",
    severity: Severity::Danger,
    finds: "a configuration that the daemon does not understand",
    means: "It goes on with the one it has, and does not start again with this one: logins are then refused.",
    mends: "Correct it, and look again with",
};

const CONFIG_NOT_TAKEN: Check = Check {
    id: "config-not-taken",
    severity: Severity::Warning,
    finds: "a daemon that goes on with an older configuration, as the new one was wrong",
    means: "What the files say is not in force.",
    mends: "Have it read them again",
};

const PENDING: Check = Check {
    id: "protect-pending",
    severity: Severity::Warning,
    finds: "a change by protect that is not confirmed yet",
    means: "It undoes itself, and the service asks for no second factor again.",
    mends: "Log in anew through the service, and from there",
};

pub(super) const GROUP: Group = Group {
    checks: &[
        &KEY_READABLE,
        &KEY_MISSING,
        &KEY_LENGTH_WRONG,
        &STORE_MISSING,
        &STORE_OPEN,
        &DISK_FULL,
        &CONFIG_WRITABLE,
        &CONFIG_WRONG,
        &CONFIG_NOT_TAKEN,
        &PENDING,
    ],
    examine,
};

fn examine(scene: &Scene<'_>, report: &mut Report) {
    key(scene, report);
    store(scene, report);
    configuration(scene, report);
    pending(scene, report);
}

/// Finds what is not root's, or what others may write. What is not there is left to others.
pub(super) fn foreign(
    scene: &Scene<'_>,
    check: &'static Check,
    paths: &[String],
    report: &mut Report,
) {
    for path in paths {
        let stat = match scene.files.stat(path) {
            Ok(stat) => stat,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                report.not_checked(&[check], format!("{path} cannot be looked at: {error}"));
                continue;
            }
        };
        let whose = match (stat.uid == scene.owners.root, stat.is_writable_by_others()) {
            (true, false) => continue,
            (false, _) => format!("{path} belongs to uid {}.", stat.uid),
            (true, true) => format!(
                "{path} may be written by others: its mode is {:04o}.",
                stat.mode
            ),
        };
        report.find(given(check.found(whose), path, "root", "go-w"));
    }
}

fn key(scene: &Scene<'_>, report: &mut Report) {
    let stat = match scene.files.stat(KEY) {
        Ok(stat) => stat,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if !units::bring_a_key(scene) {
                let finding = KEY_MISSING
                    .found(format!("There is no {KEY}."))
                    .in_file(KEY);
                report.find(finding.fix(format!("install -m 600 -o root COPY {KEY}")));
            }
            return;
        }
        Err(error) => {
            let why = format!("{KEY} cannot be looked at: {error}");
            return report.not_checked(&[&KEY_MISSING, &KEY_READABLE, &KEY_LENGTH_WRONG], why);
        }
    };
    if stat.uid != scene.owners.root || stat.mode & 0o077 != 0 {
        let found = format!(
            "{KEY} belongs to uid {}, and its mode is {:04o}.",
            stat.uid, stat.mode
        );
        report.find(given(KEY_READABLE.found(found), KEY, "root", "600"));
    }
    if stat.length != KEY_LENGTH {
        let found = format!("{KEY} has {} bytes.", stat.length);
        report.find(KEY_LENGTH_WRONG.found(found).in_file(KEY));
    }
}

fn store(scene: &Scene<'_>, report: &mut Report) {
    if !scene.files.exists(DATABASE) {
        let finding = STORE_MISSING
            .found(format!("There is no {DATABASE}."))
            .in_file(DATABASE);
        report.find(finding.fix("countersignctl init"));
    }
    let mut paths = vec![STORE.to_owned()];
    match scene.files.list(STORE) {
        Ok(files) => paths.extend(files),
        Err(error) => {
            report.not_checked(&[&STORE_OPEN], format!("{STORE} cannot be read: {error}"))
        }
    }
    match scene.owners.daemon {
        Some(daemon) => paths
            .iter()
            .for_each(|path| open(scene, path, daemon, report)),
        None => report.not_checked(&[&STORE_OPEN], "there is no user countersign"),
    }
    match &scene.room {
        Ok(room) if *room < ROOM => {
            let found = format!("{} are free in {STORE}.", crate::words::size(*room));
            report.find(
                DISK_FULL
                    .found(found)
                    .in_file(STORE)
                    .fix(format!("df -h {STORE}")),
            );
        }
        Ok(_) => {}
        Err(why) => report.not_checked(&[&DISK_FULL], why),
    }
}

fn open(scene: &Scene<'_>, path: &str, daemon: u32, report: &mut Report) {
    let Ok(stat) = scene.files.stat(path) else {
        return;
    };
    if stat.uid != daemon || stat.mode & 0o077 != 0 {
        let found = format!(
            "{path} belongs to uid {}, and its mode is {:04o}.",
            stat.uid, stat.mode
        );
        report.find(given(STORE_OPEN.found(found), path, "countersign", "go="));
    }
}

/// What is found of a file is mended by giving it to its owner, and by a mode.
fn given(finding: Finding, path: &str, owner: &str, mode: &str) -> Finding {
    finding
        .in_file(path)
        .fix(format!("chown {owner}: {path}"))
        .fix(format!("chmod {mode} {path}"))
}

fn configuration(scene: &Scene<'_>, report: &mut Report) {
    let mut paths: Vec<String> = ["/etc/countersign", CONFIGURATION, DROP_INS, DAEMON]
        .map(str::to_owned)
        .into();
    for directory in [DROP_INS, units::SYSTEM, units::LOCAL] {
        match scene.files.list(directory) {
            Ok(files) => paths.extend(
                files
                    .into_iter()
                    .filter(|file| file.contains("countersign")),
            ),
            Err(error) => report.not_checked(
                &[&CONFIG_WRITABLE],
                format!("{directory} cannot be read: {error}"),
            ),
        }
    }
    foreign(scene, &CONFIG_WRITABLE, &paths, report);
    match scene.programs.run(DAEMON, &["check-config"]) {
        Ok(said) if said.success => {}
        Ok(said) => {
            let text = said.stderr.trim().trim_start_matches("countersignd: ");
            let mut finding = CONFIG_WRONG.found(format!("{text}."));
            if let Some((file, line)) = located(text) {
                finding = finding.at(&place(file, line));
            }
            report.find(finding.fix("countersignctl check-config"));
        }
        Err(error) => {
            report.not_checked(&[&CONFIG_WRONG], format!("{DAEMON} cannot be run: {error}"))
        }
    }
    match &scene.daemon {
        Ok(facts) => {
            if let Some(problem) = &facts.config_problem {
                let finding = CONFIG_NOT_TAKEN.found(format!("{problem}."));
                report.find(finding.fix("systemctl reload countersignd.service"));
            }
        }
        Err(why) => report.not_checked(&[&CONFIG_NOT_TAKEN], why),
    }
}

/// The file and line that a message begins with: `/etc/x.toml:2:10: why`.
fn located(text: &str) -> Option<(&str, usize)> {
    let mut parts = text.splitn(3, ':');
    let file = parts.next().filter(|file| file.starts_with('/'))?;
    Some((file, parts.next()?.parse().ok()?))
}

fn pending(scene: &Scene<'_>, report: &mut Report) {
    let text = match scene.files.text_if_there(LEDGER) {
        Ok(Some(text)) => text,
        Ok(None) => return,
        Err(error) => {
            return report.not_checked(&[&PENDING], format!("{LEDGER} cannot be read: {error}"));
        }
    };
    let Ok(ledger) = serde_json::from_str::<serde_json::Value>(&text) else {
        return report.not_checked(&[&PENDING], format!("{LEDGER} is damaged"));
    };
    let Some(pending) = ledger.get("pending").filter(|pending| !pending.is_null()) else {
        return;
    };
    let until = pending
        .get("until")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or(scene.now);
    let found = format!(
        "A change of logins is undone {}.",
        crate::words::until(until, scene.now)
    );
    report.find(
        PENDING
            .found(found)
            .in_file(LEDGER)
            .fix("countersignctl confirm-protect"),
    );
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
