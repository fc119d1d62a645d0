//! Enrolment in the course of a login, through real libpam: what is shown where, and what it takes.

use countersign_bus::types::Status;
use countersign_tests::{Enrolled, Login, Outcome, TestClock, World};

const FIRST_CODE: &str = "prompt(off): First code from the app: ";
const KEEP: &str = "prompt(on): Press Enter when you have written them down: ";

/// A world in which those who hold no factor enroll when they log in.
fn world(clock: &TestClock) -> World {
    let rule = "[[rule]]\nname = \"roll-out\"\nnot-enrolled = \"enroll\"\n";
    let world = World::with_settings(clock, rule);
    for service in ["sshd", "gdm-password", "i3lock"] {
        let socket = world.path().join("socket");
        world.service(service, &format!("socket={}", socket.display()));
    }
    world
}

fn through(world: &World, service: &str) -> Login {
    world.login("daemon").with(&["-s", service])
}

/// What is known of the user.
fn status(world: &World) -> Status {
    world.client().status((1, "daemon")).unwrap()
}

fn is_enrolled(world: &World) -> bool {
    !status(world).credentials.unwrap_or_default().is_empty()
}

/// Somebody at a login, who adds the key that is shown to an app.
#[derive(Default)]
struct Person {
    app: Option<Enrolled>,
    prompts: usize,
}

impl Person {
    /// The app, with the key that is in what was shown.
    fn app(&mut self, shown: &str) -> &Enrolled {
        let uri = uri(shown);
        self.app
            .get_or_insert_with(|| Enrolled::new("daemon", 1, "1".to_owned(), &uri))
    }

    /// Goes through a login and answers as one should.
    fn enroll(&mut self, login: &Login, clock: &TestClock) -> Outcome {
        login.talk(|shown| {
            self.prompts += 1;
            let prompt = shown.lines().last().unwrap_or_default();
            match prompt {
                FIRST_CODE => Some(self.app(shown).code(clock.unix())),
                KEEP => Some(String::new()),
                other => panic!("{other}"),
            }
        })
    }
}

/// The key's address, as it was shown.
fn uri(shown: &str) -> String {
    let line = shown.lines().find(|line| line.contains("otpauth://"));
    let (_, uri) = line.expect(shown).split_once("info:   ").expect("an info");
    uri.to_owned()
}

/// The recovery codes that were shown.
fn recovery_codes(shown: &str) -> Vec<&str> {
    let (_, behind) = shown
        .split_once("Second factor set up.")
        .unwrap_or_default();
    behind
        .lines()
        .filter_map(|line| line.strip_prefix("info:   "))
        .collect()
}

#[test]
fn a_first_login_enrolls_and_the_next_one_asks_for_a_code() {
    for service in ["sshd", "login"] {
        let clock = TestClock::default();
        let world = world(&clock);
        let mut person = Person::default();
        let outcome = person
            .enroll(&through(&world, service), &clock)
            .is("PAM_SUCCESS");
        assert_eq!(person.prompts, 2, "{outcome:#?}");
        let codes = recovery_codes(&outcome.shown);
        assert_eq!(codes.len(), 10, "{outcome:#?}");

        let app = person.app.unwrap();
        through(&world, service)
            .answers([app.code(clock.unix())])
            .run()
            .is("PAM_CONV_ERR")
            .showed("Code already used.");
        clock.pass(30);
        for answer in [&app.code(clock.unix()), codes[3]] {
            let outcome = through(&world, service).answers([answer]).run();
            assert!(
                !outcome.is("PAM_SUCCESS").shown.contains("otpauth"),
                "{service}"
            );
        }
    }
}

#[test]
fn the_key_in_letters_is_that_of_the_address() {
    let clock = TestClock::default();
    let world = world(&clock);
    let outcome = Person::default().enroll(&through(&world, "sshd"), &clock);
    let uri = uri(&outcome.shown);
    let (_, secret) = uri.split_once("secret=").unwrap();
    let secret = secret.split('&').next().unwrap();
    let groups: Vec<_> = secret
        .as_bytes()
        .chunks(4)
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    outcome.showed(&format!("info:   {}\n", groups.join(" ")));
}

#[test]
fn a_qr_code_is_drawn_on_a_terminal_and_not_over_ssh() {
    let block = "\\xe2\\x96\\x88";
    for (service, drawn) in [("login", true), ("sshd", false)] {
        let clock = TestClock::default();
        let world = world(&clock);
        let outcome = Person::default().enroll(&through(&world, service), &clock);
        let shown = outcome.is("PAM_SUCCESS").shown;
        assert_eq!(shown.contains(block), drawn, "{service}");
        // As pam-login writes it, a byte that is not ASCII has four characters.
        let longest = shown.replace(block, "***").lines().map(str::len).max();
        assert!(longest < Some(512), "{service}: {longest:?}");
    }
}

#[test]
fn over_ssh_the_first_line_of_each_step_begins_anew_and_all_is_ascii() {
    let clock = TestClock::default();
    let world = world(&clock);
    let outcome = Person::default().enroll(&through(&world, "sshd"), &clock);
    let infos: Vec<_> = outcome
        .shown
        .lines()
        .filter_map(|line| line.strip_prefix("info: "))
        .collect();
    let anew: Vec<_> = infos
        .iter()
        .filter(|line| line.starts_with("\\n"))
        .collect();
    assert_eq!(
        anew,
        [
            &"\\nYou need a second factor here: codes from an authenticator app.",
            &"\\nSecond factor set up. Keep these recovery codes, for when the app is lost:",
        ]
    );
    assert!(!outcome.shown.contains("\\x"), "{}", outcome.shown);
}

#[test]
fn three_wrong_first_codes_refuse_and_enroll_nobody() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut person = Person::default();
    let outcome = through(&world, "sshd").talk(|shown| {
        person.prompts += 1;
        Some(person.app(shown).wrong_code(clock.unix()))
    });
    let outcome = outcome
        .refused()
        .showed("error: \\nCode does not fit. Try again (2 left).")
        .showed("error: \\nCode does not fit. Try again (1 left).");
    assert_eq!(person.prompts, 3, "{outcome:#?}");
    assert!(!outcome.shown.contains("recovery codes"));
    assert!(!is_enrolled(&world));

    // The key is void: the next login has another.
    let old = person.app.unwrap();
    let outcome = through(&world, "sshd").talk(|_| Some(old.code(clock.unix())));
    outcome.refused();
    assert!(!is_enrolled(&world));
}

#[test]
fn whoever_hangs_up_before_the_first_code_is_not_enrolled() {
    let clock = TestClock::default();
    let world = world(&clock);
    let outcome = through(&world, "login").talk(|_| None);
    outcome.is("PAM_CONV_ERR");
    assert!(!is_enrolled(&world));
}

#[test]
fn whoever_hangs_up_at_the_recovery_codes_is_enrolled_and_not_let_in() {
    let clock = TestClock::default();
    let world = world(&clock);
    let mut person = Person::default();
    let outcome = through(&world, "login").talk(|shown| {
        let first = shown.ends_with(FIRST_CODE);
        first.then(|| person.app(shown).code(clock.unix()))
    });
    outcome.is("PAM_CONV_ERR");
    assert!(is_enrolled(&world));
    clock.pass(30);
    let code = person.app.unwrap().code(clock.unix());
    through(&world, "login")
        .answers([code])
        .run()
        .is("PAM_SUCCESS");
}

#[test]
fn where_there_is_no_room_for_a_key_the_person_is_sent_elsewhere_and_nothing_is_shown() {
    for (service, arguments, told) in [
        ("gdm-password", [].as_slice(), true),
        ("i3lock", &[], false),
        ("sshd", &["-q"], true),
    ] {
        let clock = TestClock::default();
        let world = world(&clock);
        let login = through(&world, service).with(arguments);
        let outcome = login.answers(["123456"]).run().refused();
        for secret in ["otpauth", "\\xe2", "recovery code"] {
            assert!(!outcome.shown.contains(secret), "{outcome:#?}");
        }
        let words = "Set up a second factor elsewhere first.";
        assert_eq!(outcome.shown.contains(words), told, "{outcome:#?}");
        let prompts = outcome.shown.matches("prompt(").count();
        assert_eq!(prompts, 1, "{outcome:#?}");
        assert!(!is_enrolled(&world));
    }
}

#[test]
fn an_application_that_shows_nothing_is_not_asked_for_a_code() {
    let clock = TestClock::default();
    let world = world(&clock);
    let login = through(&world, "sshd").with(&["-x", "failinfo"]);
    let outcome = login.answers(["123456"; 3]).run().is("PAM_CONV_ERR");
    assert!(!outcome.shown.contains("prompt("), "{outcome:#?}");
    assert!(!is_enrolled(&world));
}

#[test]
fn of_two_who_enroll_at_once_one_succeeds() {
    let clock = TestClock::default();
    let world = world(&clock);
    let (mut owner, mut other) = (Person::default(), Person::default());
    let mut inner = None;
    let outer = through(&world, "sshd").talk(|shown| {
        // While this one looks at its key, another login goes through.
        inner.get_or_insert_with(|| other.enroll(&through(&world, "login"), &clock));
        Some(owner.app(shown).code(clock.unix()))
    });
    inner.unwrap().is("PAM_SUCCESS");
    outer.refused();
    clock.pass(30);
    let code = other.app.unwrap().code(clock.unix());
    through(&world, "login")
        .answers([code])
        .run()
        .is("PAM_SUCCESS");
}
