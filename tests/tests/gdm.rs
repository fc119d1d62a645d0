//! GDM's login screen, which can show a list to choose from: where it is offered one, and that
//! nothing else is.

use std::fs;

use countersign_tests::{Enrolled, Login, TestClock, World};
use nix::unistd::geteuid;

const VARIABLE: &str = "GDM_SUPPORTED_PAM_EXTENSIONS";
const JSON: &str = "org.gnome.DisplayManager.UserVerifier.CustomJSON";
const LIST: &str = "org.gnome.DisplayManager.UserVerifier.ChoiceList";
const CODE: &str = "prompt(off): One-time code: ";
const RECOVERY: &str = "prompt(off): Recovery code: ";
const WRONG: &str = "error: Wrong one-time code. Try again (2 left).";
/// The list, as GDM's second extension.
const CHOICES: &str = "prompt(list 1): Log in with|org.countersign.code=Code from app|\
                       org.countersign.recovery-code=Recovery code";

/// `None`, and the reason printed, where nobody is believed to be GDM.
fn world(clock: &TestClock) -> Option<(World, Enrolled)> {
    if !geteuid().is_root() {
        println!("skipped: only root can be GDM");
        return None;
    }
    let world = World::with_clock(clock);
    for service in ["gdm-password", "gdm", "lightdm"] {
        fs::copy(world.pam().join("login"), world.pam().join(service)).unwrap();
    }
    let ada = world.enroll("daemon");
    Some((world, ada))
}

/// A login at GDM's screen.
fn gdm(world: &World) -> Login {
    world
        .login("daemon")
        .with(&["-s", "gdm-password", "-x", "gdm"])
        .environment(VARIABLE, &format!("{JSON} {LIST}"))
}

#[test]
fn after_a_wrong_code_a_recovery_code_can_be_chosen() {
    let clock = TestClock::default();
    let Some((world, ada)) = world(&clock) else {
        return;
    };
    let wrong = ada.wrong_code(clock.unix());
    let answers = [
        &wrong,
        "org.countersign.recovery-code",
        &ada.recovery_codes[0],
    ];
    let outcome = gdm(&world).answers(answers).run().is("PAM_SUCCESS");
    let seen = [CODE, WRONG, CHOICES, RECOVERY, "PAM_SUCCESS"];
    assert_eq!(outcome.shown.lines().collect::<Vec<_>>(), seen);
}

#[test]
fn what_is_typed_while_the_list_is_shown_is_an_answer_and_leaves_the_prompt() {
    let clock = TestClock::default();
    let Some((world, ada)) = world(&clock) else {
        return;
    };
    for (typed, told) in [
        ("", None),
        ("Recovery code", Some(WRONG)),
        ("org.countersign", Some(WRONG)),
    ] {
        let answers = ["", typed, &ada.code(clock.unix())];
        let outcome = gdm(&world).answers(answers).run().is("PAM_SUCCESS");
        let seen: Vec<_> = [
            Some(CODE),
            Some(CHOICES),
            told,
            Some(CODE),
            Some("PAM_SUCCESS"),
        ]
        .into_iter()
        .flatten()
        .collect();
        assert_eq!(outcome.shown.lines().collect::<Vec<_>>(), seen);
        clock.pass(30);
    }
    let answers = ["", &ada.code(clock.unix())];
    let outcome = gdm(&world).answers(answers).run().is("PAM_SUCCESS");
    let seen = [CODE, CHOICES, "PAM_SUCCESS"];
    assert_eq!(outcome.shown.lines().collect::<Vec<_>>(), seen);
    // The screen goes away while it shows the list.
    let outcome = gdm(&world).answers([""]).run().is("PAM_CONV_ERR");
    assert_eq!(outcome.shown.lines().count(), 4, "{outcome:#?}");
}

#[test]
fn no_other_program_is_shown_one_whatever_its_environment_says() {
    let clock = TestClock::default();
    let Some((world, ada)) = world(&clock) else {
        return;
    };
    for service in ["login", "lightdm", "gdm"] {
        let login = gdm(&world).with(&["-s", service]);
        let outcome = login.answers(["", &ada.code(clock.unix())]).run();
        let outcome = outcome.is("PAM_SUCCESS");
        assert!(!outcome.shown.contains("list"), "{outcome:#?}");
        clock.pass(30);
    }
    for extensions in [
        "",
        JSON,
        "org.gnome.DisplayManager.UserVerifier.ChoiceList2",
    ] {
        let login = gdm(&world).environment(VARIABLE, extensions);
        let outcome = login.answers(["", &ada.code(clock.unix())]).run();
        let outcome = outcome.is("PAM_SUCCESS");
        assert!(!outcome.shown.contains("list"), "{outcome:#?}");
        clock.pass(30);
    }
}

#[test]
fn a_screen_that_says_it_shows_lists_and_does_not_still_asks() {
    let clock = TestClock::default();
    let Some((world, ada)) = world(&clock) else {
        return;
    };
    let login = gdm(&world).with(&["-x", "answer"]);
    let outcome = login.answers(["", &ada.code(clock.unix())]).run();
    outcome.is("PAM_SUCCESS");
}
