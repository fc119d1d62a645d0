//! The system bus's policy: who may ask what at the public door.

use super::finding::{Check, Severity};
use super::scene::{Scene, place};
use super::{Group, Report};

const NAME: &str = "org.countersign.Countersign1";
const SHIPPED: &str = include_str!("../../../packaging/dbus/org.countersign.Countersign1.conf");
const FILE: &str = "/usr/share/dbus-1/system.d/org.countersign.Countersign1.conf";
const DIRECTORIES: [&str; 2] = ["/usr/share/dbus-1/system.d", "/etc/dbus-1/system.d"];

const ALTERED: Check = Check {
    id: "bus-policy-altered",
    severity: Severity::Danger,
    finds: "the bus's policy for the public door, other than the package ships it",
    means: "Members may be open that were closed, or closed that lockers need.",
    mends: "Put the package's back",
};

const ELSEWHERE: Check = Check {
    id: "bus-policy-elsewhere",
    severity: Severity::Danger,
    finds: "another file of the bus's policy that speaks of Countersign",
    means: "It is read after the package's, and may open what that one closes.",
    mends: "Remove what it says of org.countersign.Countersign1, and have the bus read it again",
};

const MISSING: Check = Check {
    id: "bus-policy-missing",
    severity: Severity::Warning,
    finds: "no policy of the bus for the public door",
    means: "The daemon cannot have its name there: screen lockers, and people who administer their own \
            factors, reach nobody.",
    mends: "Install the package again",
};

pub(super) const GROUP: Group = Group {
    checks: &[&ALTERED, &ELSEWHERE, &MISSING],
    examine,
};

const INSTALL: &str = "apt install --reinstall countersign";

fn examine(scene: &Scene<'_>, report: &mut Report) {
    match scene.files.text_if_there(FILE) {
        Ok(Some(text)) if text == SHIPPED => {}
        Ok(Some(text)) => {
            let line = first_difference(&text);
            let finding = ALTERED.found("It differs from the package's from this line on.");
            report.find(finding.at(&place(FILE, line)).fix(INSTALL));
        }
        Ok(None) => report.find(
            MISSING
                .found(format!("There is no {FILE}."))
                .in_file(FILE)
                .fix(INSTALL),
        ),
        Err(error) => report.not_checked(
            &[&ALTERED, &MISSING],
            format!("{FILE} cannot be read: {error}"),
        ),
    }
    for directory in DIRECTORIES {
        match scene.files.list(directory) {
            Ok(files) => files
                .iter()
                .filter(|file| *file != FILE && file.ends_with(".conf"))
                .for_each(|file| elsewhere(scene, file, report)),
            Err(error) => report.not_checked(
                &[&ELSEWHERE],
                format!("{directory} cannot be read: {error}"),
            ),
        }
    }
}

fn first_difference(text: &str) -> usize {
    let same = text
        .lines()
        .zip(SHIPPED.lines())
        .take_while(|(is, was)| is == was);
    same.count() + 1
}

fn elsewhere(scene: &Scene<'_>, file: &str, report: &mut Report) {
    match scene.files.text(file) {
        Ok(text) => {
            let line = (1..)
                .zip(text.lines())
                .find(|(_, line)| line.contains(NAME));
            if let Some((line, _)) = line {
                let finding = ELSEWHERE.found(format!("{file} speaks of {NAME}."));
                report.find(
                    finding
                        .at(&place(file, line))
                        .fix("systemctl reload dbus.service"),
                );
            }
        }
        Err(error) => report.not_checked(&[&ELSEWHERE], format!("{file} cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted::{Planted, ids, places};
    use super::*;

    #[test]
    fn the_packages_own_policy_is_well() {
        let report = Planted::new().file(FILE, SHIPPED).report(&GROUP);
        assert_eq!((report.findings, report.unchecked), (vec![], vec![]));
    }

    #[test]
    fn an_altered_policy_is_told_with_the_line() {
        let text = SHIPPED.replace("<deny send_destination", "<allow send_destination");
        let found = Planted::new().file(FILE, &text).found(&GROUP);
        assert_eq!(ids(&found), ["bus-policy-altered"]);
        let line = 1 + SHIPPED
            .lines()
            .position(|line| line.contains("<deny"))
            .unwrap();
        assert_eq!(places(&found), [format!("{FILE}:{line}")]);
        // Shortened, but the same as far as it goes.
        let shorter: String = SHIPPED
            .lines()
            .take(5)
            .map(|line| format!("{line}\n"))
            .collect();
        let found = Planted::new().file(FILE, &shorter).found(&GROUP);
        assert_eq!(places(&found), [format!("{FILE}:6")]);
    }

    #[test]
    fn a_policy_that_is_gone_is_a_warning() {
        assert_eq!(ids(&Planted::new().found(&GROUP)), ["bus-policy-missing"]);
    }

    #[test]
    fn another_file_that_speaks_of_it_is_told() {
        let other = "/etc/dbus-1/system.d/local.conf";
        let text = "<busconfig>\n<policy context=\"default\">\n<allow send_destination=\"org.countersign.Countersign1\"/>\n";
        let planted = Planted::new().file(FILE, SHIPPED).file(other, text);
        let found = planted.found(&GROUP);
        assert_eq!(
            (ids(&found), places(&found)),
            (vec!["bus-policy-elsewhere"], vec![format!("{other}:3")])
        );
    }
}
