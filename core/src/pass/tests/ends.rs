//! What ends a pass, and what leaves it.

use super::*;
use crate::enrollment::NotConfirmed;
use crate::recovery::RecoverySet;
use crate::restore::Unaccounted;

#[test]
fn a_pass_ends_when_it_says_and_when_the_rule_that_uses_it_says() {
    let record = remembered(ORIGIN);
    assert!(recall(&record, ORIGIN, &HERE, later(12 * HOURS - 1)).is_some());
    assert!(recall(&record, ORIGIN, &HERE, later(12 * HOURS)).is_none());

    let shorter = Remember {
        lasts: Duration::from_secs(HOURS),
        ..ORIGIN
    };
    assert!(recall(&record, shorter, &HERE, later(HOURS - 1)).is_some());
    assert!(recall(&record, shorter, &HERE, later(HOURS)).is_none());
    let longer = Remember {
        lasts: Duration::from_secs(100 * HOURS),
        ..ORIGIN
    };
    assert!(
        recall(&record, longer, &HERE, later(12 * HOURS)).is_none(),
        "as it was given"
    );
}

#[test]
fn a_clock_that_is_set_ends_a_pass_and_never_prolongs_it() {
    let record = remembered(ORIGIN);
    for offset in [
        -86_400 * 365,
        -12 * 3600,
        -3600,
        -60,
        60,
        3600,
        86_400 * 365,
    ] {
        for passed in [0, 1, HOURS, 12 * HOURS - 1, 12 * HOURS, 13 * HOURS] {
            let at = Moment {
                now: Timestamp::from_unix(later(passed).now.unix().saturating_add_signed(offset)),
                ..later(passed)
            };
            assert!(
                recall(&record, ORIGIN, &HERE, at).is_none(),
                "{offset} {passed}"
            );
        }
    }
    let slewed = Moment {
        now: Timestamp::from_unix(START.now.unix() + 100 + 59),
        ..later(100)
    };
    assert!(recall(&record, ORIGIN, &HERE, slewed).is_some());
}

#[test]
fn a_reboot_ends_a_pass() {
    let record = remembered(ORIGIN);
    for (passed, uptime) in [(100, 5), (100, 90_000), (50_000, 40_000), (90_500, 90_100)] {
        let at = Moment {
            uptime,
            ..later(passed)
        };
        assert!(
            recall(&record, ORIGIN, &HERE, at).is_none(),
            "{passed} {uptime}"
        );
    }
}

#[test]
fn what_is_no_code_gives_no_pass_and_ends_those_there_are() {
    let record = remembered(ORIGIN);
    let (record, codes) = record.renew_recovery_codes(&[7; RecoverySet::ENTROPY]);
    assert_eq!(record.passes(later(1)).count(), 0, "new codes end them too");
    let record = log_in(record, &code(2), ORIGIN, later(60));
    assert_eq!(record.passes(later(61)).count(), 1);

    let recovery = Response::Recovery(codes[0].clone());
    let after = settled(
        record
            .judge(&recovery, at(later(90)))
            .remember(&HERE, ORIGIN, later(90)),
    );
    assert_eq!(after.passes(later(91)).count(), 0);

    let entropy = [7; crate::issued::IssuedCode::ENTROPY];
    let record = log_in(after, &code(5), ORIGIN, later(150));
    let until = START.now.after(Duration::from_secs(600));
    let (record, issued) = record.issue(&entropy, START.now, until).unwrap();
    let judgement = record.judge(&Response::Issued(issued), at(later(200)));
    let after = settled(judgement.remember(&HERE, ORIGIN, later(200)));
    assert_eq!(after.passes(later(201)).count(), 0);
}

#[test]
fn a_wrong_code_gives_none_and_leaves_those_there_are() {
    let record = remembered(ORIGIN);
    let wrong = Response::Codes(Row::of(vec!["000000".parse().unwrap()]));
    let elsewhere = Whereabouts {
        service: "sudo",
        ..HERE
    };
    let judgement = record
        .judge(&wrong, at(later(60)))
        .remember(&elsewhere, ORIGIN, later(60));
    let after = settled(judgement);
    assert!(recall(&after, ORIGIN, &elsewhere, later(61)).is_none());
    assert!(recall(&after, ORIGIN, &HERE, later(61)).is_some());
}

#[test]
fn a_changed_credential_ends_all_passes() {
    let record = remembered(ORIGIN);
    let id = record.credentials()[0].id();
    let (offered, new) = record.clone().offer(factor(2), "", START.now).unwrap();
    assert!(
        recall(&offered, ORIGIN, &HERE, later(1)).is_some(),
        "an offer changes nothing"
    );
    let refused = offered
        .clone()
        .confirm(new, &"000000".parse().unwrap(), START.now);
    assert_eq!(refused.unwrap_err(), NotConfirmed::WrongCode);

    let changed = [
        offered.trust(new).unwrap(),
        record.clone().remove(id).unwrap(),
        record.clone().forget(),
        record
            .clone()
            .restore(Some(&record), START.now, Unaccounted::Trusted),
        record.clone().restore(None, START.now, Unaccounted::Void),
    ];
    for (number, record) in changed.iter().enumerate() {
        assert!(
            recall(record, ORIGIN, &HERE, later(1)).is_none(),
            "{number}"
        );
    }
}
