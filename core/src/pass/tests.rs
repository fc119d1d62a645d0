//! What a pass opens, and above all what it does not.

mod ends;

use super::*;
use crate::judgement::{Circumstances, Response, Row};
use crate::otp::{Algorithm, Digits};
use crate::secret::Secret;
use crate::throttle::{Backoff, Origin};
use crate::time::{Period, Step};
use crate::totp::Totp;

const START: Moment = Moment {
    now: Timestamp::from_unix(1_750_000_020),
    uptime: 90_000,
};
const HOURS: u64 = 3600;
const ORIGIN: Remember = Remember {
    lasts: Duration::from_secs(12 * HOURS),
    per: Per::Origin,
};
const SESSION: Remember = Remember {
    lasts: Duration::from_secs(12 * HOURS),
    per: Per::LoginSession,
};
const MONITOR: Leader = Leader {
    pid: 4711,
    started: 8_000_000,
};
const LISTENER: Leader = Leader {
    pid: 612,
    started: 900,
};

#[test]
fn a_code_gives_a_pass_for_its_place() {
    for remember in [ORIGIN, SESSION] {
        let record = remembered(remember);
        let (verified, age) = recall(&record, remember, &INSIDE, later(60)).unwrap();
        assert_eq!(verified.proof(), Proof::Pass(record.credentials()[0].id()));
        assert_eq!(age, Duration::from_secs(60));
    }
}

#[test]
fn a_pass_is_good_nowhere_else() {
    let address = |text: &str| Some(text.parse().unwrap());
    let record = remembered(ORIGIN);
    for (service, address) in [
        ("sudo", HERE.address),
        ("sshd", address("192.0.2.8")),
        ("sshd", address("2001:db8::1")),
        ("sshd", None),
    ] {
        let elsewhere = Whereabouts {
            service,
            address,
            ..HERE
        };
        assert!(
            recall(&record, ORIGIN, &elsewhere, later(1)).is_none(),
            "{elsewhere:?}"
        );
    }
    assert!(
        recall(&record, SESSION, &INSIDE, later(1)).is_none(),
        "an origin is no session"
    );

    let record = remembered(SESSION);
    let begun_later = Leader {
        started: MONITOR.started + 1,
        ..MONITOR
    };
    for session in [
        None,
        Some(begun_later),
        Some(Leader {
            pid: 4712,
            ..MONITOR
        }),
    ] {
        let elsewhere = Whereabouts { session, ..HERE };
        assert!(
            recall(&record, SESSION, &elsewhere, later(1)).is_none(),
            "{elsewhere:?}"
        );
    }
    assert!(
        recall(&record, ORIGIN, &INSIDE, later(1)).is_none(),
        "a session is no origin"
    );
}

#[test]
fn a_session_is_known_by_either_of_the_processes_that_may_lead_it() {
    let record = remembered(SESSION);
    for leader in [MONITOR, LISTENER] {
        let sudo = Whereabouts {
            service: "sudo",
            address: None,
            session: Some(leader),
            leaders: &[],
        };
        assert!(
            recall(&record, SESSION, &sudo, later(1)).is_some(),
            "{leader:?}"
        );
    }
}

#[test]
fn a_pass_is_not_owed_to_a_login_that_begins_a_session_of_its_own() {
    // sshd's listener is the parent of whatever process lets anybody in by a password.
    let record = remembered(SESSION);
    let another = Leader {
        pid: 4999,
        started: 9_000_000,
    };
    for leaders in [&[MONITOR, LISTENER][..], &[another, LISTENER]] {
        let login = Whereabouts { leaders, ..HERE };
        assert!(recall(&record, SESSION, &login, later(1)).is_none());
    }
}

#[test]
fn a_rule_that_does_not_take_what_was_proven_takes_no_pass_of_it() {
    let record = remembered(ORIGIN);
    let hotp = Factors::named(&["hotp", "recovery"]).unwrap();
    assert!(record.recall(ORIGIN, &HERE, hotp, later(1)).is_none());
}

#[test]
fn a_place_that_cannot_be_told_is_not_remembered() {
    let nowhere = Whereabouts {
        address: None,
        leaders: &[],
        ..HERE
    };
    for remember in [ORIGIN, SESSION] {
        let judgement = enrolled().judge(&response(&code(0)), at(START));
        let after = settled(judgement.remember(&nowhere, remember, START));
        assert_eq!(after.passes(later(1)).count(), 0);
    }
}

#[test]
fn a_place_has_one_pass_and_a_record_a_bounded_number() {
    let mut record = enrolled();
    for number in 0..u32::try_from(Record::MOST_PASSES).unwrap() + 8 {
        let leaders = [Leader {
            pid: number,
            started: 1,
        }];
        let login = Whereabouts {
            leaders: &leaders,
            ..HERE
        };
        record = record.remember(PROOF, &login, SESSION, later(u64::from(number)));
        record = record.remember(PROOF, &login, SESSION, later(u64::from(number)));
    }
    assert_eq!(record.passes(later(50)).count(), Record::MOST_PASSES);
    let first = Whereabouts {
        session: Some(Leader { pid: 0, started: 1 }),
        ..HERE
    };
    assert!(
        recall(&record, SESSION, &first, later(50)).is_none(),
        "the oldest made room"
    );
    assert!(record.encode().unwrap().len() < 4096);
}

#[test]
fn a_second_login_ends_no_pass_of_the_first_though_one_listener_made_both() {
    let other = [
        Leader {
            pid: 4800,
            started: 8_100_000,
        },
        LISTENER,
    ];
    let second = Whereabouts {
        leaders: &other,
        ..HERE
    };
    let record = remembered(SESSION).remember(PROOF, &second, SESSION, later(60));
    for leader in [MONITOR, other[0]] {
        let sudo = Whereabouts {
            session: Some(leader),
            ..INSIDE
        };
        assert!(
            recall(&record, SESSION, &sudo, later(61)).is_some(),
            "{leader:?}"
        );
    }
    // A code within the first session takes the place of the pass that it began with.
    let record = record.remember(PROOF, &INSIDE, SESSION, later(90));
    let (_, age) = recall(&record, SESSION, &INSIDE, later(100)).unwrap();
    assert_eq!(age, Duration::from_secs(10));
    assert_eq!(record.passes(later(100)).count(), 2);
}

#[test]
fn passes_survive_being_kept_and_a_record_without_any_is_read() {
    let record = remembered(SESSION);
    let again = Record::decode(&record.encode().unwrap()).unwrap();
    assert!(recall(&again, SESSION, &INSIDE, later(1)).is_some());
    let shown: Vec<String> = again
        .passes(later(1))
        .map(|pass| pass.place().to_string())
        .collect();
    assert_eq!(shown, ["session of process 4711 or 612"]);
}

const HERE: Whereabouts<'static> = Whereabouts {
    service: "sshd",
    address: Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7))),
    session: None,
    leaders: &[MONITOR, LISTENER],
};
/// In the session that a login there began.
const INSIDE: Whereabouts<'static> = Whereabouts {
    session: Some(MONITOR),
    leaders: &[],
    ..HERE
};
const PROOF: Proof = Proof::Code(CredentialId(1));

fn recall(
    record: &Record,
    remember: Remember,
    login: &Whereabouts<'_>,
    at: Moment,
) -> Option<(Verified, Duration)> {
    record.recall(remember, login, Factors::ALL, at)
}

/// A user who has just logged in.
fn remembered(remember: Remember) -> Record {
    log_in(enrolled(), &code(0), remember, START)
}

fn log_in(record: Record, code: &str, remember: Remember, when: Moment) -> Record {
    let judgement = record.judge(&response(code), at(when));
    settled(judgement.remember(&HERE, remember, when))
}

fn response(code: &str) -> Response {
    Response::Codes(Row::of(vec![code.parse().unwrap()]))
}

/// The record that is saved.
fn settled(judgement: crate::judgement::Judgement) -> Record {
    let mut saved = None;
    {
        let mut settling = std::pin::pin!(judgement.settle(async |record| {
            saved = Some(record);
            Ok::<(), ()>(())
        }));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let polled = settling.as_mut().poll(&mut context);
        assert!(polled.is_ready(), "settling waits for nothing");
    }
    saved.unwrap()
}

fn enrolled() -> Record {
    let (record, id) = Record::new(1000, "alice")
        .offer(factor(1), "", START.now)
        .unwrap();
    record.trust(id).unwrap()
}

fn totp(secret: u8) -> Totp {
    let secret = Secret::from_entropy(&[secret; 20]);
    Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT)
}

fn factor(secret: u8) -> crate::credential::Factor {
    crate::credential::Factor::totp(totp(secret))
}

/// The code of so many steps after the start.
fn code(later: u64) -> String {
    let Step(step) = Period::DEFAULT.step_at(START.now);
    totp(1).code_at(Step(step + later))
}

fn at(when: Moment) -> Circumstances<'static> {
    Circumstances {
        rule: &Backoff::DEFAULT,
        origin: Origin::Seat,
        now: when.now,
        factors: Factors::ALL,
    }
}

fn later(seconds: u64) -> Moment {
    Moment {
        now: START.now.after(Duration::from_secs(seconds)),
        uptime: START.uptime + seconds,
    }
}
