//! Programs that log in again and again with one handle, as lockers do.

use crate::*;

impl Machine {
    /// What each attempt with one handle came to.
    fn attempts<const N: usize>(&self, fields: [Vec<u8>; N]) -> Vec<String> {
        let _ = fs::remove_file(self.shown());
        let steps = ["authenticate"; N];
        let login = self.locker().with(&["--"]).with(&steps);
        let mut fields = fields.into_iter();
        let outcome = login.talk(|_| {
            // Nobody types faster, and no code is used up by it.
            self.clock.pass(3);
            String::from_utf8(fields.next()?).ok()
        });
        let results = outcome
            .shown
            .lines()
            .filter_map(|line| line.strip_prefix("authenticate: "));
        let results: Vec<String> = results.map(str::to_owned).collect();
        assert_eq!(outcome.shown.matches(BOTH).count(), N, "{outcome:#?}");
        results
    }
}

#[test]
fn what_an_attempt_handed_on_is_gone_before_the_next() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let (first, second) = (machine.code(), machine.code());
    // A right code behind a wrong password, so that there is something to be left behind.
    let fields = [typed(b"hunter3", &first), typed(PASSWORD, &second)];
    assert_eq!(machine.attempts(fields), ["PAM_AUTH_ERR", "PAM_SUCCESS"]);
    assert_eq!(machine.handed_on().as_deref(), Some(PASSWORD));
}

#[test]
fn after_a_wrong_code_nothing_typed_and_a_password_alone_the_next_attempt_works() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let right = machine.code();
    let wrong = machine.ada.wrong_code(machine.clock.unix());
    let fields = [
        typed(PASSWORD, &wrong),
        Vec::new(),
        PASSWORD.to_vec(),
        typed(PASSWORD, &right),
    ];
    assert_eq!(
        machine.attempts(fields),
        [
            "PAM_AUTH_ERR",
            "PAM_AUTH_ERR",
            "PAM_AUTH_ERR",
            "PAM_SUCCESS"
        ]
    );
    assert_eq!(machine.wrong(), 1);
}

#[test]
fn one_attempt_that_passed_does_not_let_the_next_one_in() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let field = typed(PASSWORD, &machine.code());
    let fields = [field.clone(), field, PASSWORD.to_vec()];
    assert_eq!(
        machine.attempts(fields),
        ["PAM_SUCCESS", "PAM_AUTH_ERR", "PAM_AUTH_ERR"]
    );
}
