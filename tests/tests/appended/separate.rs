//! Where the code is asked for alone all the same, or not at all.

use crate::*;

const CODE: &str = "prompt(off): One-time code: ";

#[test]
fn behind_a_line_that_asks_for_the_password_only_the_code_is_asked_for() {
    let Some(machine) = Machine::new() else {
        return;
    };
    machine.stack(&[UNIX, &machine.ours(), &machine.probe()]);
    let login = machine.locker();
    let outcome = login.answers([PASSWORD, machine.code().as_bytes()]).run();
    outcome.is("PAM_SUCCESS").showed(CODE);
    assert_eq!(machine.handed_on().as_deref(), Some(PASSWORD));
}

#[test]
fn a_program_that_gives_every_prompt_the_same_answer_is_refused_uncounted_where_two_are_put() {
    let separate = "[[rule]]\nname = 'two prompts'\nentry = 'separate'\n";
    for (rules, password, prompts) in [
        // The password again, for each of the three answers that there may be.
        (separate, PASSWORD.to_vec(), 3),
        // Or even one that could be a code.
        (separate, b"123456".to_vec(), 3),
        // One answer is all that one field would have.
        ("", PASSWORD.to_vec(), 1),
    ] {
        let Some(machine) = Machine::with(&password, rules) else {
            return;
        };
        machine.stack(&[UNIX, &machine.ours(), &machine.probe()]);
        let outcome = machine.locker().answers([&password; 9]).run().refused();
        assert_eq!(outcome.shown.matches(CODE).count(), prompts, "{outcome:#?}");
        assert_eq!((machine.wrong(), machine.handed_on()), (0, None));
        assert!(!machine.relay.heard(&password));
    }
}

#[test]
fn where_no_factor_is_demanded_the_password_is_asked_for_by_who_looks_at_it() {
    let rules = "[[rule]]\nname = 'none'\nrequire = 'none'\n";
    let Some(machine) = Machine::with(PASSWORD, rules) else {
        return;
    };
    let outcome = machine.types(PASSWORD).is("PAM_SUCCESS");
    assert_eq!(outcome.shown, "prompt(off): Password: \nPAM_SUCCESS\n");
    assert_eq!(machine.handed_on().as_deref(), Some(PASSWORD));
    machine.types(b"hunter3").refused();
}

#[test]
fn nobody_is_walked_through_enrolment_in_one_field_and_nobody_can_tell() {
    let rules = "[[rule]]\nname = 'new'\nnot-enrolled = 'enroll'\n";
    let Some(machine) = Machine::with(PASSWORD, rules) else {
        return;
    };
    let enrolled = machine.types(b"hunter2 000000").refused();
    machine.world.client().reset(ADA.1).unwrap();
    let unenrolled = machine.types(b"hunter2 000000").refused();
    assert_eq!(enrolled.shown, unenrolled.shown);
}
