//! What is typed into the field, and what becomes of it.

use countersign_bus::types::IssueOptions;

use crate::*;

#[test]
fn the_password_reaches_pam_unix_and_the_keyring_byte_for_byte() {
    for password in [
        PASSWORD,
        b"correct horse battery staple",
        " pässwörd 비밀번호".as_bytes(),
        b"p\xe4ss\xff\x01",
        b"12345678",
        b"hunter12 ",
        b"123456",
        b"hunter2-",
    ] {
        let Some(machine) = Machine::with(password, "") else {
            return;
        };
        let code = machine.code();
        let outcome = machine.types(&typed(password, &code)).is("PAM_SUCCESS");
        // Nothing else was asked or said: pam_unix took what it was handed.
        assert_eq!(outcome.shown, format!("{BOTH}\nPAM_SUCCESS\n"));
        assert_eq!(machine.handed_on().as_deref(), Some(password));
        assert!(machine.relay.heard(code.as_bytes()), "{password:?}");
        assert!(!machine.relay.heard(password), "{password:?}");
    }
}

#[test]
fn a_code_is_typed_with_a_blank_in_front_or_without_in_one_group_or_two() {
    let Some(machine) = Machine::new() else {
        return;
    };
    for form in 0..4 {
        let code = machine.code();
        let (front, back) = code.split_at(3);
        let field = match form {
            0 => format!("hunter2{code}"),
            1 => format!("hunter2 {front} {back}"),
            2 => format!("hunter2 {front}-{back}"),
            _ => format!("hunter2{code} \r"),
        };
        machine.types(field.as_bytes()).is("PAM_SUCCESS");
        assert_eq!(machine.handed_on().as_deref(), Some(PASSWORD), "{field}");
    }
}

#[test]
fn a_recovery_code_or_an_issued_one_is_typed_behind_the_password_too() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let recovery_code = machine.ada.recovery_codes[2].clone();
    machine
        .types(&typed(PASSWORD, &recovery_code))
        .is("PAM_SUCCESS");
    assert_eq!(machine.handed_on().as_deref(), Some(PASSWORD));
    machine.types(&typed(PASSWORD, &recovery_code)).refused();
    assert_eq!(machine.handed_on(), None);

    // Recovery codes and issued codes wait after a wrong one.
    machine.clock.pass(3600);
    let options = IssueOptions::default();
    let issued = machine.world.client().issue_code((ADA.1, ADA.0), &options);
    let (lines, _) = issued.unwrap();
    let lines = countersign_tests::world::read(lines);
    let code = lines.lines().next().unwrap();
    machine.types(&typed(PASSWORD, code)).is("PAM_SUCCESS");
    assert_eq!(machine.handed_on().as_deref(), Some(PASSWORD));
}

#[test]
fn where_nothing_stands_behind_us_a_code_alone_is_enough() {
    let Some(machine) = Machine::new() else {
        return;
    };
    machine.stack(&[&machine.ours()]);
    machine.types(machine.code().as_bytes()).is("PAM_SUCCESS");
}

#[test]
fn after_wrong_codes_two_in_a_row_are_typed_behind_the_password() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let wrong = machine.ada.wrong_code(machine.clock.unix());
    for _ in 0..5 {
        machine.clock.pass(30);
        machine.types(&typed(PASSWORD, &wrong)).refused();
    }
    let now = machine.clock.unix() - 30;
    let row = [machine.ada.code(now), machine.ada.code(now + 30)];
    // The prompt says so; one code is not enough, and neither sent nor counted.
    let before = machine.wrong();
    machine
        .types(&typed(PASSWORD, &row[1]))
        .refused()
        .showed("prompt(off): Password and 2 codes: ");
    assert_eq!(machine.wrong(), before);
    machine
        .types(&typed(PASSWORD, &row.join(" ")))
        .is("PAM_SUCCESS");
    assert_eq!(machine.handed_on().as_deref(), Some(PASSWORD));
}

#[test]
fn the_guard_knows_what_was_proven() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let field = typed(PASSWORD, &machine.code());
    let steps = ["--", "authenticate", "account", "account"];
    let outcome = machine.locker().with(&steps).answers([field]).run();
    let outcome = outcome
        .showed("authenticate: PAM_SUCCESS\naccount: PAM_SUCCESS\n")
        .showed("account: PAM_PERM_DENIED");
    assert_eq!(outcome.shown.matches("PAM_SUCCESS").count(), 2);
}

#[test]
fn a_rule_gives_any_program_one_field_and_says_what_is_wrong_in_front_of_it() {
    let rules = "[[rule]]\nname = 'one field'\nentry = 'appended'\n";
    let Some(machine) = Machine::with(PASSWORD, rules) else {
        return;
    };
    fs::copy(
        machine.world.pam().join(SERVICE),
        machine.world.pam().join("login"),
    )
    .unwrap();
    let login = |field: Vec<u8>| {
        let login = machine.world.login(ADA.0).among(&machine.accounts);
        login.answers([field]).run()
    };
    login(typed(PASSWORD, &machine.code())).is("PAM_SUCCESS");
    let wrong = machine.ada.wrong_code(machine.clock.unix());
    for _ in 0..5 {
        machine.clock.pass(30);
        // With one prompt in a login there is none to tell it in front of.
        let outcome = login(typed(PASSWORD, &wrong)).refused();
        assert_eq!(outcome.shown, format!("{BOTH}\nPAM_AUTH_ERR\n"));
    }
    login(typed(PASSWORD, &wrong)).refused().showed(
        "error: Too many wrong codes. Type two in a row.\nprompt(off): Password and 2 codes: ",
    );
}
