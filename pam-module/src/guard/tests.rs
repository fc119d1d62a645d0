//! What lets a login go on that has come to the account hook, and what does not.

use countersign_bus::Error;
use countersign_bus::types::Login;

use crate::mark::Mark;
use crate::outcome::{Passed, Refusal, result};
use crate::script::*;

fn marked(login: &Login, passed: &Passed) -> Option<Mark> {
    Mark::of(login, passed)
}

fn not_demanded() -> Passed {
    let rule = "office".to_owned();
    Passed::NotDemanded { rule }
}

#[test]
fn a_login_that_passed_goes_on_without_a_word_to_the_daemon() {
    let rule = "office".to_owned();
    let seconds = 60;
    for (passed, number) in [
        (Passed::Finished, 0),
        (Passed::Remembered { rule, seconds }, 0),
        (not_demanded(), 25),
    ] {
        let outcome = play_guard(marked(&login(), &passed), []);
        assert_eq!(result(&outcome) as i32, number, "{passed:?}");
    }
}

#[test]
fn a_login_without_a_mark_is_the_policys_to_decide() {
    let outcome = play_guard(None, [Guard(Ok("office"))]);
    assert_eq!(outcome, Ok(not_demanded()));
    assert_eq!(result(&outcome) as i32, 25);

    let refused = || Error::NotPermitted("a factor is demanded".to_owned());
    let outcome = play_guard(None, [Guard(Err(refused()))]);
    assert!(matches!(outcome, Err(Refusal::Unproven(_))), "{outcome:?}");
    assert_eq!(result(&outcome) as i32, 6);
}

#[test]
fn what_another_user_passed_or_through_another_service_does_not_count() {
    for other in [
        Login {
            uid: Some(1001),
            ..login()
        },
        Login {
            service: Some("sudo".to_owned()),
            ..login()
        },
    ] {
        for passed in [Passed::Finished, not_demanded()] {
            let refused = Guard(Err(Error::NotPermitted(String::new())));
            let outcome = play_guard(marked(&other, &passed), [refused]);
            assert_eq!(result(&outcome) as i32, 6, "{other:?}");
        }
    }
}

#[test]
fn groups_are_said_when_they_are_needed_and_once() {
    let needed = || Guard(Err(Error::GroupsNeeded(String::new())));
    let groups = || Groups(Ok("staff"));
    let outcome = play_guard(None, [needed(), groups(), Guard(Ok("office"))]);
    assert_eq!(outcome, Ok(not_demanded()));

    let outcome = play_guard(None, [needed(), groups(), needed()]);
    assert_eq!(result(&outcome) as i32, 9, "{outcome:?}");
}

#[test]
fn a_daemon_that_cannot_tell_lets_nobody_in() {
    let text = String::new;
    for (error, number) in [
        (Error::InvalidArgs(text()), 9),
        (Error::Unavailable(text()), 9),
        (Error::Busy(text()), 9),
        (Error::Transport(text()), 9),
        (Error::Rejected(text()), 7),
        (Error::Expired(text()), 7),
        (Error::NotEnrolled(text()), 7),
        (Error::Throttled(text()), 7),
    ] {
        let outcome = play_guard(None, [Guard(Err(error.clone()))]);
        assert_eq!(result(&outcome) as i32, number, "{error}");
    }
}
