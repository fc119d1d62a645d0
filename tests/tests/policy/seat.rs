//! Where these tests sit: a daemon with rules, a clock that is set, and people who log in.

use countersign_bus::client::Begun;
use countersign_bus::events::{Event, EventOptions};
use countersign_bus::types::{ExplainOptions, Login, Next};
use countersign_bus::{Client, Error};
use countersign_tests::{Enrolled, TestClock, World};

/// A daemon with rules.
pub(crate) struct Seat {
    pub(crate) clock: TestClock,
    pub(crate) world: World,
    pub(crate) client: Client,
}

impl Seat {
    pub(crate) fn with(rules: &str) -> Self {
        let clock = TestClock::default();
        let world = World::with_settings(&clock, rules);
        let client = world.client();
        Self {
            clock,
            world,
            client,
        }
    }

    /// Puts other rules in force.
    pub(crate) fn reload(&mut self, rules: &str) {
        let file = self.world.path().join("countersign.toml.d/test.toml");
        std::fs::write(file, rules).expect("a file");
        self.client.reload().expect("rules");
    }

    /// A code that was not typed before.
    pub(crate) fn code(&self, user: &Enrolled) -> String {
        self.clock.pass(30);
        user.code(self.clock.unix())
    }

    /// Begins a login, which must go as is explained, and says in a word what came of it.
    pub(crate) fn begin(&mut self, login: &Login) -> String {
        let options = ExplainOptions::default();
        let explained = self.client.explain(login, &options);
        let begun = self.client.begin(login);
        let (word, expected) = match (&begun, &explained) {
            (Err(Error::GroupsNeeded(_)), Err(Error::GroupsNeeded(_))) => {
                return "groups-needed".to_owned();
            }
            (Err(Error::NotPermitted(_)), Ok(explained)) => ("refuse", explained),
            (Ok(Begun::NotDemanded { rule }), Ok(explained)) => {
                assert_eq!(explained.rule.as_ref(), Some(rule), "{login:?}");
                ("not-demanded", explained)
            }
            (Ok(Begun::Remembered { rule, .. }), Ok(explained)) => {
                assert_eq!(explained.rule.as_ref(), Some(rule), "{login:?}");
                ("remembered", explained)
            }
            (
                Ok(Begun::Transaction {
                    next, transaction, ..
                }),
                Ok(explained),
            ) => {
                let word = match next {
                    Next::Ask(_) => "ask",
                    Next::Enroll(_) => "enroll",
                    Next::Acknowledge | Next::Finished { .. } => panic!("{next:?}"),
                };
                self.client.cancel(transaction).expect("a login");
                (word, explained)
            }
            other => panic!("{login:?}: {other:?}"),
        };
        let course = expected.course.as_deref().expect("a course");
        let agreed = match (expected.report, course) {
            (Some(true), _) => word == "not-demanded",
            // Nobody who looks on may tell them apart.
            (_, "ask-in-vain") => word == "ask",
            (_, course) => word == course,
        };
        assert!(agreed, "{login:?}: {word}, and not {course}");
        word.to_owned()
    }

    /// Logs in by a code.
    pub(crate) fn log_in(&mut self, login: &Login, user: &Enrolled) {
        let code = self.code(user);
        assert!(self.answer(login, &code).is_ok(), "{login:?}");
    }

    /// Begins a login that asks for a factor, and answers.
    pub(crate) fn answer(&mut self, login: &Login, answer: &str) -> Result<Next, Error> {
        match self.client.begin(login)? {
            Begun::Transaction { transaction, .. } => {
                let outcome = self.client.respond(&transaction, answer);
                if matches!(outcome, Ok(Next::Ask(_))) {
                    let _ = self.client.cancel(&transaction);
                    return Err(Error::Rejected(String::new()));
                }
                outcome
            }
            other => panic!("not asked: {other:?}"),
        }
    }

    /// How many logins of a user are remembered.
    pub(crate) fn passes(&mut self, user: &Enrolled) -> usize {
        let status = self.client.status((user.uid, &user.name));
        status.expect("a status").passes.expect("passes").len()
    }

    /// The last event.
    pub(crate) fn event(&mut self) -> Event {
        let all = EventOptions::default();
        let (events, _) = self.client.events(0, &all).expect("events");
        events.last().expect("an event").clone()
    }
}

/// A login of `user` through sshd from an address of the documentation's.
pub(crate) fn ssh(user: &Enrolled) -> Login {
    Login {
        rhost: Some("192.0.2.7".to_owned()),
        tty: Some("ssh".to_owned()),
        ..through("sshd", user)
    }
}

/// A login of `user` through a service.
pub(crate) fn through(service: &str, user: &Enrolled) -> Login {
    Login {
        user: Some(user.name.clone()),
        uid: Some(user.uid),
        groups: Some(vec![user.name.clone()]),
        service: Some(service.to_owned()),
        ..Login::default()
    }
}
