//! The time of day, which codes go by.

use super::finding::{Check, Severity};
use super::scene::Scene;
use super::{Group, Report, users};

const TIMEDATECTL: &str = "/usr/bin/timedatectl";
/// How far in the future a code may have been used, in seconds: clocks are set by less than this.
const SET_BACK: u64 = 600;
/// How far all devices must be off the same way to say that it is not they, in periods.
const OFF: i32 = 2;
/// From how many devices on that can be said.
const SEVERAL: usize = 3;

const UNSYNCHRONISED: Check = Check {
    id: "clock-unsynchronised",
    severity: Severity::Warning,
    finds: "a clock that nothing keeps right",
    means: "It drifts, and codes by the clock are refused once it is half a minute off.",
    mends: "Have it synchronised; of a container, that of its host",
};

const WRONG: Check = Check {
    id: "clock-wrong",
    severity: Severity::Danger,
    finds: "a clock that is before what has happened already: a code's last use, or the daemon's own program",
    means: "Every code by the clock is refused until it has caught up.",
    mends: "Set it",
};

const ASTRAY: Check = Check {
    id: "clock-astray",
    severity: Severity::Warning,
    finds: "three devices or more, all of them off by a minute or more, and the same way",
    means: "Not they are wrong, but this host's clock. Learned drifts hide it until they end at ten minutes.",
    mends: "Set it, and have it synchronised",
};

pub(super) const GROUP: Group = Group {
    checks: &[&UNSYNCHRONISED, &WRONG, &ASTRAY],
    examine,
};

const PROGRAM: &str = "/usr/libexec/countersign/countersignd";

fn examine(scene: &Scene<'_>, report: &mut Report) {
    synchronised(scene, report);
    let built = scene.files.stat(PROGRAM).map(|stat| stat.modified);
    match built {
        Ok(built) if built > scene.now + 86_400 => {
            let found = format!("It is before the day that {PROGRAM} was made.");
            report.find(WRONG.found(found).fix("timedatectl set-ntp true"));
        }
        Ok(_) => {}
        Err(error) => {
            report.not_checked(&[&WRONG], format!("{PROGRAM} cannot be looked at: {error}"))
        }
    }
    let facts = match &scene.daemon {
        Ok(facts) => facts,
        Err(why) => return report.not_checked(&[&WRONG, &ASTRAY], why),
    };
    for user in &facts.users {
        let last = user
            .credentials
            .iter()
            .filter_map(|credential| credential.last_used)
            .max();
        if let Some(ahead) = last
            .and_then(|last| last.checked_sub(scene.now))
            .filter(|ahead| *ahead > SET_BACK)
        {
            let found = format!(
                "{} used a code {} from now.",
                users::name(user),
                crate::words::duration(ahead)
            );
            report.find(WRONG.found(found).fix("timedatectl set-ntp true"));
        }
    }
    let credentials = facts.users.iter().flat_map(|user| &user.credentials);
    let drifts: Vec<i32> = credentials
        .filter(|c| c.last_used.is_some())
        .filter_map(|c| c.drift)
        .collect();
    let same_way = |way: i32| drifts.iter().all(|drift| drift.saturating_mul(way) >= OFF);
    if drifts.len() >= SEVERAL && (same_way(1) || same_way(-1)) {
        let way = if same_way(1) { "behind" } else { "ahead of" };
        let found = format!("It is {way} all {} devices that log in.", drifts.len());
        report.find(ASTRAY.found(found).fix("timedatectl set-ntp true"));
    }
}

/// A container's clock is its host's, and kept there.
fn synchronised(scene: &Scene<'_>, report: &mut Report) {
    let arguments = ["show", "--property=NTPSynchronized", "--value"];
    match scene.programs.run(TIMEDATECTL, &arguments) {
        Ok(said) if said.stdout.trim() == "yes" => {}
        Ok(said) if said.stdout.trim() == "no" => {
            let finding = UNSYNCHRONISED.found("The system does not take its time from anywhere.");
            report.find(finding.fix("timedatectl set-ntp true"));
        }
        Ok(said) => {
            let why = format!("{TIMEDATECTL} says nothing of it: {}", said.stderr.trim());
            report.not_checked(&[&UNSYNCHRONISED], why);
        }
        Err(error) => report.not_checked(
            &[&UNSYNCHRONISED],
            format!("{TIMEDATECTL} cannot be run: {error}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted::{NOW, Planted, ids};
    use super::*;
    use crate::report::{Credential, UserStatus};

    const ASKED: &str = "/usr/bin/timedatectl show --property=NTPSynchronized --value";

    fn well() -> Planted {
        Planted::new().says(ASKED, "yes\n")
    }

    fn user(uid: u32, drift: i32, last_used: u64) -> UserStatus {
        let credential = Credential {
            drift: Some(drift),
            last_used: Some(last_used),
            ..Credential::default()
        };
        UserStatus {
            uid,
            credentials: vec![credential],
            ..UserStatus::default()
        }
    }

    #[test]
    fn a_clock_that_is_kept_right_is_well() {
        let planted = well()
            .user(user(1, 0, NOW - 9))
            .user(user(2, 9, NOW - 9))
            .user(user(3, -4, NOW));
        assert_eq!(ids(&planted.found(&GROUP)), [""; 0]);
    }

    #[test]
    fn a_clock_that_nothing_keeps_is_a_warning() {
        let planted = Planted::new().says(ASKED, "no\n");
        assert_eq!(ids(&planted.found(&GROUP)), ["clock-unsynchronised"]);
        let report = Planted::new().report(&GROUP);
        assert!(
            report
                .unchecked
                .iter()
                .any(|unchecked| unchecked.id == "clock-unsynchronised")
        );
    }

    #[test]
    fn a_clock_that_was_set_back_is_a_danger() {
        let planted = |at: u64| Planted::new().says(ASKED, "yes\n").user(user(1, 0, at));
        assert_eq!(
            ids(&planted(NOW + SET_BACK + 1).found(&GROUP)),
            ["clock-wrong"]
        );
        assert_eq!(ids(&planted(NOW + SET_BACK).found(&GROUP)), [""; 0]);
    }

    #[test]
    fn devices_that_are_all_off_the_same_way_speak_of_the_host() {
        let planted = |drifts: &[i32]| {
            let well = Planted::new().says(ASKED, "yes\n");
            let all = (1..).zip(drifts);
            all.fold(well, |planted, (uid, drift)| {
                planted.user(user(uid, *drift, NOW))
            })
        };
        assert_eq!(ids(&planted(&[2, 3, 9]).found(&GROUP)), ["clock-astray"]);
        assert_eq!(ids(&planted(&[-2, -3, -9]).found(&GROUP)), ["clock-astray"]);
        for few in [&[2, 3][..], &[2, 3, 1], &[2, 3, -9]] {
            assert_eq!(ids(&planted(few).found(&GROUP)), [""; 0], "{few:?}");
        }
    }
}
