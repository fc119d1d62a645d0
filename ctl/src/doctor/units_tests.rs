use super::*;
use crate::doctor::planted::{Planted, ids, one};

const SHOW: &str = "/usr/bin/systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload";

fn state(unit: &str, active: &str, enabled: &str, reload: &str) -> (String, String) {
    let said =
        format!("ActiveState={active}\nUnitFileState={enabled}\nNeedDaemonReload={reload}\n");
    (format!("{SHOW} {unit}"), said)
}

fn says(planted: Planted, state: (String, String)) -> Planted {
    planted.says(&state.0, &state.1)
}

fn well() -> Planted {
    let planted = SHIPPED
        .iter()
        .fold(Planted::new(), |planted, (unit, text)| {
            let planted = planted.file(&format!("{SYSTEM}/{unit}"), text);
            says(planted, state(unit, "active", "enabled", "no"))
        });
    planted.socket(SOCKET, 0o600).mode(SOCKET_DIRECTORY, 0o755)
}

#[test]
fn units_as_shipped_that_are_up_are_well() {
    let report = well().report(&GROUP);
    assert_eq!((report.findings, report.unchecked), (vec![], vec![]));
}

#[test]
fn a_daemon_that_does_not_answer_is_a_danger() {
    one(
        &GROUP,
        well().away("The daemon cannot be reached."),
        "daemon-unreachable",
        "",
    );
}

#[test]
fn a_daemon_that_cannot_work_is_another_danger() {
    one(
        &GROUP,
        well().unusable("The daemon runs."),
        "daemon-unusable",
        "",
    );
}

#[test]
fn a_unit_that_is_down_or_will_be_is_told() {
    one(
        &GROUP,
        says(well(), state(SOCKET_UNIT, "inactive", "enabled", "no")),
        "unit-inactive",
        "",
    );
    one(
        &GROUP,
        says(well(), state(SERVICE_UNIT, "active", "disabled", "no")),
        "unit-not-enabled",
        "",
    );
    one(
        &GROUP,
        says(well(), state(SERVICE_UNIT, "active", "enabled", "yes")),
        "unit-not-reloaded",
        "",
    );
}

#[test]
fn what_undoes_a_change_is_down_between_changes_and_is_to_be_enabled() {
    let state = |enabled| state(REVERT_UNIT, "inactive", enabled, "no");
    assert_eq!(ids(&says(well(), state("enabled")).found(&GROUP)), [""; 0]);
    for not in ["disabled", "masked", "enabled-runtime", ""] {
        one(&GROUP, says(well(), state(not)), "revert-not-enabled", "");
    }
}

#[test]
fn without_systemd_that_is_said() {
    let planted = Planted::new()
        .socket(SOCKET, 0o600)
        .mode(SOCKET_DIRECTORY, 0o755);
    let report = planted.report(&GROUP);
    let unchecked: Vec<_> = report
        .unchecked
        .iter()
        .map(|unchecked| unchecked.id)
        .collect();
    assert!(
        ["unit-inactive", "revert-not-enabled", "unit-replaced"]
            .iter()
            .all(|id| unchecked.contains(id)),
        "{unchecked:?}"
    );
}

#[test]
fn a_unit_in_place_of_the_packages_is_told() {
    let own = "/etc/systemd/system/countersignd.service";
    one(
        &GROUP,
        well().file(own, "[Service]\n"),
        "unit-replaced",
        own,
    );
    let altered = SHIPPED[0]
        .1
        .replace("NoNewPrivileges=yes", "NoNewPrivileges=no");
    let line = 1 + SHIPPED[0]
        .1
        .lines()
        .position(|line| line == "NoNewPrivileges=yes")
        .unwrap();
    let file = format!("{SYSTEM}/{SERVICE_UNIT}");
    one(
        &GROUP,
        well().file(&file, &altered),
        "unit-replaced",
        &format!("{file}:{line}"),
    );
}

#[test]
fn a_drop_in_is_told_by_the_line_that_weakens() {
    let file = "/etc/systemd/system/countersignd.service.d/local.conf";
    let text = "# why\n[Service]\nLoadCredentialEncrypted=master.key:/x\nPrivateNetwork=no\n";
    one(
        &GROUP,
        well().file(file, text),
        "unit-weakened",
        &format!("{file}:4"),
    );
    let socket = "/run/systemd/system/countersignd.socket.d/a.conf";
    one(
        &GROUP,
        well().file(socket, "[Socket]\nSocketMode=0666\n"),
        "unit-weakened",
        &format!("{socket}:2"),
    );
}

#[test]
fn a_socket_that_is_not_roots_alone_is_a_danger() {
    one(&GROUP, well().mode(SOCKET, 0o666), "socket-open", SOCKET);
    one(
        &GROUP,
        well().mode(SOCKET_DIRECTORY, 0o777),
        "socket-directory",
        SOCKET_DIRECTORY,
    );
    let none = Planted::new();
    assert!(ids(&none.found(&GROUP)).contains(&"socket-missing"));
}
