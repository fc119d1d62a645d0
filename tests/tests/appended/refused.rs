//! Ways in which nobody gets in, and what they cost.

use crate::*;

#[test]
fn behind_a_wrong_code_no_password_is_looked_at_or_handed_on() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let wrong = machine.ada.wrong_code(machine.clock.unix());
    machine.types(&typed(PASSWORD, &wrong)).refused();
    assert_eq!((machine.handed_on(), machine.wrong()), (None, 1));

    // A stack that goes on all the same finds no password either: the module behind us asks.
    let lenient = machine.ours().replace("default=die", "default=ignore");
    machine.stack(&[&lenient, &machine.probe()]);
    let fields = [typed(PASSWORD, &wrong), b"asked anew".to_vec()];
    let outcome = machine.locker().answers(fields).run();
    let outcome = outcome.showed(BOTH).showed("prompt(off): Password: ");
    assert_eq!(machine.handed_on().as_deref(), Some(&b"asked anew"[..]));
    drop(outcome);

    machine.stack(&[&machine.ours(), UNIX, &machine.probe()]);
    machine
        .types(&typed(PASSWORD, &machine.code()))
        .is("PAM_SUCCESS");
}

#[test]
fn a_code_is_good_for_one_login() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let field = typed(PASSWORD, &machine.code());
    machine.types(&field).is("PAM_SUCCESS");
    machine.types(&field).refused();
    assert_eq!(machine.handed_on(), None);
    let last = machine.events().pop().unwrap();
    assert_eq!((last.wrong, last.used), (None, Some(1)), "{last:?}");
}

#[test]
fn a_mistyped_password_costs_the_code_and_no_more() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let code = machine.code();
    machine.types(&typed(b"hunter3", &code)).refused();
    assert_eq!(machine.handed_on().as_deref(), Some(&b"hunter3"[..]));
    machine.types(&typed(PASSWORD, &code)).refused();
    machine
        .types(&typed(PASSWORD, &machine.code()))
        .is("PAM_SUCCESS");
    assert_eq!(machine.wrong(), 0);
}

#[test]
fn a_password_alone_is_refused_kept_from_the_daemon_and_never_counted() {
    let Some(machine) = Machine::new() else {
        return;
    };
    for _ in 0..5 {
        for field in [PASSWORD, b"hunter2 12345", b"", b"   ", b"p\xff 12345a"] {
            let outcome = machine.types(field).refused();
            assert_eq!(outcome.shown, format!("{BOTH}\nPAM_AUTH_ERR\n"));
        }
    }
    assert_eq!(machine.wrong(), 0);
    assert_eq!(machine.handed_on(), None);
    assert!(!machine.relay.heard(b"hunter2"));
    assert!(!machine.relay.heard(b"12345"));
    // One code is enough still.
    machine
        .types(&typed(PASSWORD, &machine.code()))
        .is("PAM_SUCCESS")
        .showed(BOTH);
}

#[test]
fn a_password_whose_end_looks_like_a_code_is_a_wrong_code_if_it_is_typed_alone() {
    let Some(machine) = Machine::with(b"hunter2 123456", "") else {
        return;
    };
    machine.types(b"hunter2 123456").refused();
    assert_eq!(machine.wrong(), 1);
    assert!(!machine.relay.heard(b"hunter2"));
    machine
        .types(&typed(b"hunter2 123456", &machine.code()))
        .is("PAM_SUCCESS");
}

#[test]
fn without_a_daemon_nothing_is_asked_and_nobody_gets_in() {
    let world = World::prepare();
    let module = programs().module.display();
    let socket = world.path().join("socket");
    let stack = format!(
        "auth [success=ok ignore=ignore default=die] {module} socket={}\n\
         auth required pam_permit.so\n",
        socket.display()
    );
    fs::write(world.pam().join(SERVICE), stack).unwrap();
    let login = world.login("daemon").with(&["-s", SERVICE]);
    let outcome = login.answers(["hunter2 123456"]).run();
    let outcome = outcome.is("PAM_AUTHINFO_UNAVAIL");
    assert_eq!(outcome.shown, "PAM_AUTHINFO_UNAVAIL\n");
}

#[test]
fn a_locker_that_cannot_ask_lets_nobody_in() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let field = typed(PASSWORD, &machine.code());
    for behaviour in ["null", "nullresp", "fail", "ignore", "none"] {
        let login = machine.locker().with(&["-x", behaviour]);
        let outcome = login.answers([&field]).run();
        assert_ne!(outcome.result, "PAM_SUCCESS", "{behaviour}: {outcome:#?}");
        assert_eq!(machine.handed_on(), None, "{behaviour}");
    }
    machine.types(&field).is("PAM_SUCCESS");
}
