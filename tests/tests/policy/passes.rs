//! Remembered logins: where they count, and all the ways in which they must not.

use countersign_bus::Error;
use countersign_bus::types::{ChangeOptions, EnrollOptions, Factor, IssueOptions, Login};
use countersign_tests::Enrolled;
use countersign_tests::world::read;

use crate::seat::{Seat, ssh, through};

const ORIGIN: &str = "[[rule]]
name = 'office'
services = ['sshd', 'login']
remember = { for = '12h', per = 'origin' }
";
const SESSION: &str = "[[rule]]
name = 'sudo'
services = ['sudo', 'su']
remember = { for = '1h', per = 'login-session' }
";
const HOUR: u64 = 3600;

/// Somebody whose login from the usual address is remembered.
fn remembered(rules: &str) -> (Seat, Enrolled) {
    let mut seat = Seat::with(rules);
    let ada = seat.world.enroll_as("ada", 1000);
    seat.log_in(&ssh(&ada), &ada);
    assert_eq!(seat.passes(&ada), 1);
    assert_eq!(seat.begin(&ssh(&ada)), "remembered");
    (seat, ada)
}

#[test]
fn a_login_from_the_same_place_is_not_asked_again_and_is_told_so() {
    let (mut seat, _) = remembered(ORIGIN);
    let event = seat.event();
    let told = [event.outcome, event.factor, event.rule].map(Option::unwrap);
    assert_eq!(told, ["accepted", "pass", "office"]);
}

#[test]
fn a_pass_opens_no_other_place() {
    let (mut seat, ada) = remembered(ORIGIN);
    let bob = seat.world.enroll_as("bob", 1001);
    let from = |rhost: &str| Login {
        rhost: Some(rhost.to_owned()),
        ..ssh(&ada)
    };
    for login in [
        from("192.0.2.8"),
        from("2001:db8::7"),
        from("office.example.org"),
        from("192.0.2.7.example.org"),
        from(""),
        Login {
            rhost: None,
            ..ssh(&ada)
        },
        Login {
            service: Some("login".to_owned()),
            ..ssh(&ada)
        },
        Login {
            service: None,
            ..ssh(&ada)
        },
        ssh(&bob),
        // Another name of the uid, and another uid of the name.
        Login {
            user: Some("bob".to_owned()),
            ..ssh(&ada)
        },
        Login {
            uid: Some(1001),
            ..ssh(&ada)
        },
        Login {
            uid: None,
            ..ssh(&ada)
        },
    ] {
        assert_eq!(seat.begin(&login), "ask", "{login:?}");
    }
    assert_eq!(seat.begin(&from("::ffff:192.0.2.7")), "remembered");
    assert_eq!(seat.begin(&ssh(&ada)), "remembered");
}

#[test]
fn a_pass_lasts_as_long_as_the_rule_says_and_no_use_of_it_prolongs_that() {
    let (mut seat, ada) = remembered(ORIGIN);
    seat.clock.pass(12 * HOUR - 31);
    assert_eq!(seat.begin(&ssh(&ada)), "remembered");
    seat.clock.pass(31);
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
    assert_eq!(seat.passes(&ada), 0);
}

#[test]
fn a_clock_that_is_set_and_a_reboot_end_a_pass() {
    for set in [-(13 * 3600), -3600, -61, 61, 3600, 365 * 86_400] {
        let (mut seat, ada) = remembered(ORIGIN);
        seat.clock.set(seat.clock.unix().saturating_add_signed(set));
        assert_eq!(seat.begin(&ssh(&ada)), "ask", "{set}");
    }
    let (mut seat, ada) = remembered(ORIGIN);
    seat.clock.reboot();
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
}

#[test]
fn a_clock_set_back_after_its_time_does_not_bring_a_pass_back() {
    let (mut seat, ada) = remembered(ORIGIN);
    let given = seat.clock.unix();
    seat.clock.pass(13 * HOUR);
    for back in [given, given + 60, given + 6 * HOUR] {
        seat.clock.set(back);
        assert_eq!(seat.begin(&ssh(&ada)), "ask", "{back}");
    }
}

#[test]
fn whatever_changes_what_a_user_holds_ends_their_passes() {
    type Change = fn(&mut Seat, &Enrolled);
    let changes: [(&str, Change); 7] = [
        ("forget", |seat, ada| {
            seat.client.forget((1000, &ada.name)).unwrap()
        }),
        ("forget as nobody in particular", |seat, _| {
            seat.client.forget((1000, "")).unwrap()
        }),
        ("renew", |seat, ada| {
            let options = ChangeOptions::default();
            let _ = seat
                .client
                .renew_recovery_codes((1000, &ada.name), &options)
                .unwrap();
        }),
        ("remove", |seat, ada| {
            let first = enroll(seat);
            let options = ChangeOptions::default();
            seat.log_in(
                &Login {
                    rhost: Some("192.0.2.99".to_owned()),
                    ..ssh(ada)
                },
                ada,
            );
            seat.client.remove((1000, "ada"), &first, &options).unwrap();
        }),
        ("enrol", |seat, _| {
            enroll(seat);
        }),
        ("recovery", |seat, ada| {
            let code = &ada.recovery_codes[0];
            let elsewhere = Login {
                rhost: Some("192.0.2.99".to_owned()),
                ..ssh(ada)
            };
            let _ = seat.answer(&elsewhere, code).unwrap();
        }),
        ("issued", |seat, ada| {
            let (code, _) = seat
                .client
                .issue_code((1000, "ada"), &IssueOptions::default())
                .unwrap();
            let elsewhere = Login {
                rhost: Some("192.0.2.99".to_owned()),
                ..ssh(ada)
            };
            let _ = seat.answer(&elsewhere, read(code).trim()).unwrap();
        }),
    ];
    for (name, change) in changes {
        let (mut seat, ada) = remembered(ORIGIN);
        change(&mut seat, &ada);
        assert_eq!(seat.passes(&ada), 0, "{name}");
        assert_eq!(seat.begin(&ssh(&ada)), "ask", "{name}");
    }
}

/// Another credential, which counts at once.
fn enroll(seat: &mut Seat) -> String {
    let options = EnrollOptions {
        unconfirmed: Some(true),
        ..EnrollOptions::default()
    };
    seat.client
        .enroll((1000, "ada"), Factor::Totp, &options)
        .unwrap()
        .0
}

#[test]
fn a_device_that_is_found_again_ends_the_passes_given_for_it() {
    let (mut seat, ada) = remembered(ORIGIN);
    seat.clock.pass(90);
    let now = seat.clock.unix();
    let codes = [ada.code(now), ada.code(now + 30)];
    seat.client
        .resynchronize((1000, "ada"), [&codes[0], &codes[1]])
        .unwrap();
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
}

#[test]
fn whoever_is_reset_and_enrolled_again_has_no_pass() {
    let (mut seat, ada) = remembered(ORIGIN);
    seat.client.reset(1000).unwrap();
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
    let ada = seat.world.enroll_as("ada", 1000);
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
    assert_eq!(seat.passes(&ada), 0);
}

#[test]
fn nobody_gets_a_pass_from_a_login_that_a_reset_overtook() {
    let (mut seat, ada) = remembered(ORIGIN);
    let elsewhere = Login {
        rhost: Some("192.0.2.99".to_owned()),
        ..ssh(&ada)
    };
    let code = seat.code(&ada);
    let mut other = seat.world.client();
    let begun = seat.client.begin(&elsewhere).unwrap();
    let countersign_bus::client::Begun::Transaction { transaction, .. } = begun else {
        panic!("not asked")
    };
    other.reset(1000).unwrap();
    let again = seat.world.enroll_as("ada", 1000);
    let outcome = seat.client.respond(&transaction, &code);
    assert!(
        !matches!(outcome, Ok(countersign_bus::types::Next::Finished { .. })),
        "{outcome:?}"
    );
    assert_eq!(seat.passes(&again), 0);
    assert_eq!(seat.begin(&ssh(&again)), "ask");
    assert_eq!(seat.begin(&elsewhere), "ask");
}

#[test]
fn recovery_codes_issued_codes_and_wrong_ones_give_no_pass() {
    let mut seat = Seat::with(ORIGIN);
    let ada = seat.world.enroll_as("ada", 1000);
    let _ = seat.answer(&ssh(&ada), &ada.recovery_codes[0]).unwrap();
    assert_eq!(seat.passes(&ada), 0);
    let (code, _) = seat
        .client
        .issue_code((1000, "ada"), &IssueOptions::default())
        .unwrap();
    let _ = seat.answer(&ssh(&ada), read(code).trim()).unwrap();
    assert_eq!(seat.passes(&ada), 0);
    seat.clock.pass(60);
    let wrong = ada.wrong_code(seat.clock.unix());
    assert!(matches!(
        seat.answer(&ssh(&ada), &wrong),
        Err(Error::Rejected(_))
    ));
    assert_eq!(seat.passes(&ada), 0);
}

#[test]
fn a_rule_that_remembers_less_or_nothing_counts_less_or_nothing() {
    let (mut seat, ada) = remembered(ORIGIN);
    seat.clock.pass(HOUR);
    seat.reload(&ORIGIN.replace("12h", "1h"));
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
    seat.reload(&ORIGIN.replace("12h", "2h"));
    assert_eq!(seat.begin(&ssh(&ada)), "remembered");
    // As long as the rule said that gave it, whatever a later one would have said.
    seat.reload(&ORIGIN.replace("12h", "30d"));
    seat.clock.pass(11 * HOUR);
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
    seat.reload("");
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
}

#[test]
fn a_pass_for_a_factor_that_the_rule_does_not_take_does_not_count() {
    let (mut seat, ada) = remembered(ORIGIN);
    seat.reload(&format!("{ORIGIN}factors = ['hotp', 'recovery']\n"));
    assert_eq!(seat.begin(&ssh(&ada)), "ask");
}

/// A login that makes a session, led by one of these.
fn making(user: &Enrolled, leaders: &[(u32, u64)]) -> Login {
    Login {
        leaders: Some(leaders.to_vec()),
        ..ssh(user)
    }
}

/// A login within a session that is led by this process.
fn within(user: &Enrolled, leader: (u32, u64)) -> Login {
    Login {
        session: Some(leader),
        ..through("sudo", user)
    }
}

const CHILD: (u32, u64) = (4711, 90_000);
const PARENT: (u32, u64) = (4700, 80_000);

#[test]
fn sudo_counts_the_login_of_the_session_that_it_is_in() {
    let mut seat = Seat::with(SESSION);
    let ada = seat.world.enroll_as("ada", 1000);
    seat.log_in(&making(&ada, &[CHILD, PARENT]), &ada);
    assert_eq!(seat.begin(&within(&ada, PARENT)), "remembered");
    assert_eq!(seat.begin(&within(&ada, CHILD)), "remembered");
    assert_eq!(
        seat.begin(&making(&ada, &[CHILD, PARENT])),
        "ask",
        "sshd's rule counts none"
    );
    seat.clock.pass(HOUR);
    assert_eq!(seat.begin(&within(&ada, PARENT)), "ask");
}

#[test]
fn what_is_typed_to_sudo_counts_in_that_session_and_in_no_other() {
    let mut seat = Seat::with(SESSION);
    let ada = seat.world.enroll_as("ada", 1000);
    seat.log_in(&within(&ada, PARENT), &ada);
    assert_eq!(seat.begin(&within(&ada, PARENT)), "remembered");
    assert_eq!(seat.begin(&within(&ada, CHILD)), "ask");
}

#[test]
fn a_session_is_no_other_session_and_no_other_users() {
    let mut seat = Seat::with(SESSION);
    let ada = seat.world.enroll_as("ada", 1000);
    let bob = seat.world.enroll_as("bob", 1001);
    seat.log_in(&making(&ada, &[CHILD, PARENT]), &ada);
    for login in [
        within(&bob, PARENT),
        within(&ada, (PARENT.0, CHILD.1)),
        within(&ada, (PARENT.0, PARENT.1 + 1)),
        within(&ada, (PARENT.0 + 1, PARENT.1)),
        through("sudo", &ada),
        // What it may come to lead says nothing of where it is.
        Login {
            leaders: Some(vec![CHILD, PARENT]),
            ..through("sudo", &ada)
        },
        Login {
            user: Some("bob".to_owned()),
            ..within(&ada, PARENT)
        },
    ] {
        assert_eq!(seat.begin(&login), "ask", "{login:?}");
    }
    assert_eq!(seat.begin(&within(&ada, PARENT)), "remembered");
}

#[test]
fn a_login_that_is_in_no_session_and_has_no_address_leaves_no_pass() {
    let mut seat = Seat::with(&format!("{ORIGIN}{SESSION}"));
    let ada = seat.world.enroll_as("ada", 1000);
    seat.log_in(&through("sshd", &ada), &ada);
    let named = Login {
        rhost: Some("host.example.org".to_owned()),
        ..ssh(&ada)
    };
    seat.log_in(&named, &ada);
    assert_eq!(seat.passes(&ada), 0);
}

#[test]
fn where_no_rule_remembers_nothing_is_remembered() {
    let mut seat = Seat::with("");
    let ada = seat.world.enroll_as("ada", 1000);
    seat.log_in(&making(&ada, &[CHILD, PARENT]), &ada);
    assert_eq!(seat.passes(&ada), 0);
}

#[test]
fn the_policy_of_the_beginning_holds_to_the_end_of_a_login() {
    let mut seat = Seat::with(ORIGIN);
    let ada = seat.world.enroll_as("ada", 1000);
    let code = seat.code(&ada);
    let begun = seat.client.begin(&ssh(&ada)).unwrap();
    let countersign_bus::client::Begun::Transaction { transaction, .. } = begun else {
        panic!("not asked")
    };
    seat.reload("[[rule]]\nname = 'shut'\nrequire = 'refuse'\n");
    assert_eq!(seat.begin(&ssh(&ada)), "refuse");
    let outcome = seat.client.respond(&transaction, &code).unwrap();
    assert!(
        matches!(outcome, countersign_bus::types::Next::Finished { .. }),
        "{outcome:?}"
    );
    let event = seat.event();
    assert_eq!(event.rule.as_deref(), Some("office"));
    seat.reload(ORIGIN);
    assert_eq!(seat.begin(&ssh(&ada)), "remembered");
}
