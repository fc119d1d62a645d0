use countersign_bus::types::Factor;

use super::*;
use crate::account::{Account, Known};
use crate::report::{Pass, Place};

const NOW: u64 = 1_795_305_090;

fn root() -> Known {
    Known::Account(Account::find(Some("root")).unwrap())
}

fn by_root(known: &Known) -> Whom<'_> {
    Whom {
        known,
        by_root: true,
        now: NOW,
    }
}

fn enrolled() -> UserStatus {
    UserStatus {
        user: Some("root".to_owned()),
        enrolled: true,
        credentials: vec![credential()],
        recovery_left: 10,
        codes_demanded: 1,
        ..UserStatus::default()
    }
}

fn credential() -> Credential {
    Credential {
        id: "1".to_owned(),
        factor: Some(Factor::Totp),
        label: Some("phone".to_owned()),
        confirmed: true,
        period: Some(30),
        ..Credential::default()
    }
}

/// The names of what is found, what matters most first, and all of it as shown.
fn found(status: &UserStatus) -> (Vec<&'static str>, String) {
    let known = root();
    let findings = findings(&by_root(&known), status);
    let shown: Vec<_> = findings.iter().map(Finding::shown).collect();
    let names = findings.iter().map(|finding| finding.what).collect();
    // Whoever runs the tests is root, and needs no name, or is not, and does.
    (
        names,
        shown
            .join("\n")
            .replace(" root\n", "\n")
            .replace(" root ", " "),
    )
}

#[test]
fn where_nothing_is_in_the_way_that_is_said() {
    let (names, shown) = found(&enrolled());
    assert_eq!(names, ["ready", "recovery-left"]);
    assert_eq!(
        shown,
        "Nothing stands in the way of a login: it asks for one code.\n10 recovery codes left."
    );
}

#[test]
fn a_user_without_a_factor_is_told_how_to_get_one() {
    let (names, shown) = found(&UserStatus::default());
    assert_eq!(names, ["not-enrolled"]);
    assert!(shown.contains("countersignctl enroll"), "{shown}");

    let known = Known::Gone(1_000);
    let gone = findings(&by_root(&known), &UserStatus::default());
    assert!(gone.iter().all(|finding| finding.commands.is_empty()));
}

#[test]
fn a_key_without_its_first_code_is_told_from_one_beside_others() {
    let unconfirmed = Credential {
        id: "2".to_owned(),
        confirmed: false,
        ..credential()
    };
    let only = UserStatus {
        credentials: vec![unconfirmed],
        ..UserStatus::default()
    };
    let (names, shown) = found(&only);
    assert_eq!(names, ["unconfirmed"]);
    assert!(shown.contains("refused"), "{shown}");
    assert!(shown.contains("countersignctl confirm"), "{shown}");

    let mut beside = enrolled();
    beside.credentials.extend(only.credentials);
    let (names, shown) = found(&beside);
    assert_eq!(names, ["ready", "unconfirmed", "recovery-left"]);
    assert!(shown.contains("countersignctl remove 2"), "{shown}");
}

#[test]
fn a_throttle_is_no_lock_out_and_root_is_told_how_to_undo_it() {
    let mut status = enrolled();
    status.places = vec![Place {
        place: "192.0.2.7".to_owned(),
        codes: 2,
        wait: Some(60),
    }];
    let (names, shown) = found(&status);
    assert_eq!(names, ["throttled", "recovery-left"]);
    assert!(shown.contains("Two codes in a row open it"), "{shown}");
    assert!(shown.contains("countersignctl unlock"), "{shown}");

    let known = root();
    let user = Whom {
        by_root: false,
        ..by_root(&known)
    };
    let findings = findings(&user, &status);
    assert!(
        findings
            .iter()
            .all(|finding| !finding.shown().contains("unlock"))
    );
}

#[test]
fn a_record_of_no_use_is_all_that_is_told() {
    let unreadable = UserStatus {
        problem: Some("the seal is broken.".to_owned()),
        ..enrolled()
    };
    let (names, shown) = found(&unreadable);
    assert_eq!(names, ["unreadable"]);
    assert!(shown.contains("the seal is broken. What"), "{shown}");

    let renamed = UserStatus {
        user: Some("toor\x1b[2J".to_owned()),
        ..enrolled()
    };
    let (names, shown) = found(&renamed);
    assert_eq!(names, ["other-name"]);
    assert!(shown.contains("uid 0 is enrolled as toor"), "{shown}");
    assert!(shown.contains("countersignctl reset"), "{shown}");
    assert!(!shown.contains('\x1b'), "{shown:?}");
}

#[test]
fn recovery_codes_are_told_when_they_are_few_or_must_wait() {
    for (left, text) in [
        (0, "No recovery code is left."),
        (1, "1 recovery code left. Make new ones"),
        (3, "3 recovery codes left. Make new ones"),
        (4, "4 recovery codes left."),
    ] {
        let status = UserStatus {
            recovery_left: left,
            recovery_wait: Some(301),
            ..enrolled()
        };
        let (names, shown) = found(&status);
        assert_eq!(names, ["ready", "recovery-wait", "recovery-left"]);
        assert!(shown.contains(text), "{shown}");
        assert!(shown.contains("for another 6 min"), "{shown}");
    }
}

#[test]
fn a_clock_is_told_of_when_it_is_far_off() {
    for (drift, text) in [
        (2, None),
        (-3, Some("is 2 min behind. That is allowed for")),
        (19, Some("is 10 min ahead. That is allowed for")),
        (20, Some("is 10 min ahead, and is followed no further")),
        (-20, Some("is 10 min behind, and is followed no further")),
    ] {
        let mut status = enrolled();
        status.credentials = vec![Credential {
            drift: Some(drift),
            ..credential()
        }];
        let (names, shown) = found(&status);
        assert_eq!(names.contains(&"drift"), text.is_some(), "{shown}");
        assert!(shown.contains(text.unwrap_or_default()), "{shown}");
        assert_eq!(shown.contains("resync"), drift.abs() == 20, "{shown}");
    }
}

#[test]
fn what_came_from_elsewhere_and_what_an_admin_issued_is_told() {
    let status = UserStatus {
        scratch_left: 4,
        issued_until: Some(NOW + 540),
        credentials: vec![Credential {
            uncertain: true,
            ..credential()
        }],
        ..enrolled()
    };
    let (names, shown) = found(&status);
    assert_eq!(
        names,
        [
            "ready",
            "uncertain",
            "recovery-left",
            "scratch-left",
            "issued"
        ]
    );
    assert!(shown.contains("4 scratch codes left"), "{shown}");
    assert!(shown.contains("for another 9 min"), "{shown}");
    assert!(shown.contains("countersignctl resync"), "{shown}");

    for past in [NOW, NOW - 1] {
        let status = UserStatus {
            issued_until: Some(past),
            ..enrolled()
        };
        assert!(!found(&status).0.contains(&"issued"));
    }
}

#[test]
fn remembered_logins_are_told_with_the_command_that_ends_them() {
    let pass = |place: &str| Pass {
        place: place.to_owned(),
        credential: "1".to_owned(),
        given: NOW - 60,
        until: NOW + 3600,
    };
    let one = UserStatus {
        passes: vec![pass("sshd from 192.0.2.7")],
        ..enrolled()
    };
    let (names, shown) = found(&one);
    assert!(names.ends_with(&["remembered"]), "{names:?}");
    assert!(shown.contains("1 login is remembered"), "{shown}");
    assert!(shown.ends_with("countersignctl forget"), "{shown}");
}
