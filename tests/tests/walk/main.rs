//! Enrolment in the course of a login, over the real bus: what it leads to, and every way in which
//! it must not.

use countersign_bus::client::Begun;
use countersign_bus::types::{Login, Next, Offer, Status};
use countersign_bus::{Client, Error};
use countersign_tests::user::Enrolled;
use countersign_tests::world::read;
use countersign_tests::{TestClock, World};
use zbus::OwnedObjectPath;

mod ends;
mod races;
mod standing;
mod whole;

const UID: u32 = 61_000;
const RULE: &str = "[[rule]]\nname = 'roll-out'\nnot-enrolled = 'enroll'\n";

/// A world where whoever holds no factor is walked through enrolment.
fn world(clock: &TestClock) -> World {
    World::with_settings(clock, RULE)
}

/// A login of somebody who has given the right password.
fn login() -> Login {
    Login {
        user: Some("ada".to_owned()),
        uid: Some(UID),
        groups: Some(Vec::new()),
        service: Some("sshd".to_owned()),
        rhost: Some("192.0.2.7".to_owned()),
        tty: Some("ssh".to_owned()),
        ..Login::default()
    }
}

/// A login that walks somebody through enrolment, and the app that was shown its key.
struct Walk {
    client: Client,
    transaction: OwnedObjectPath,
    offer: Offer,
    app: Enrolled,
}

impl Walk {
    fn begin(world: &World) -> Self {
        let mut client = world.client();
        let (transaction, next) = begin(&mut client, &login());
        let Next::Enroll(offer) = next else {
            panic!("{next:?}");
        };
        let shown = read(client.reveal(&transaction).unwrap());
        let app = Enrolled::new("ada", UID, "1".to_owned(), &shown);
        Self {
            client,
            transaction,
            offer,
            app,
        }
    }

    fn respond(&mut self, answer: &str) -> Result<Next, Error> {
        self.client.respond(&self.transaction, answer)
    }

    fn reveal(&mut self) -> Result<String, Error> {
        self.client.reveal(&self.transaction).map(read)
    }

    /// Goes to the end of it.
    fn finish(&mut self, clock: &TestClock) {
        let code = self.app.code(clock.unix());
        assert_eq!(self.respond(&code), Ok(Next::Acknowledge));
        let finished = Next::Finished {
            recovery_left: None,
        };
        assert_eq!(self.respond(""), Ok(finished));
    }

    /// A right code changes nothing any more.
    #[track_caller]
    fn is_refused(&mut self, clock: &TestClock) {
        let code = self.app.code(clock.unix());
        let refused = self.respond(&code);
        assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
        let over = self.respond(&code);
        assert!(matches!(over, Err(Error::Expired(_))), "{over:?}");
        assert!(self.reveal().is_err());
    }
}

fn begin(client: &mut Client, login: &Login) -> (OwnedObjectPath, Next) {
    match client.begin(login).unwrap() {
        Begun::Transaction {
            transaction, next, ..
        } => (transaction, next),
        begun @ (Begun::NotDemanded { .. } | Begun::Remembered { .. }) => panic!("{begun:?}"),
    }
}

fn status(world: &World) -> Status {
    world.client().status((UID, "ada")).unwrap()
}

/// The credentials that are on record, as their ids, and whether they count.
fn held(world: &World) -> Vec<(String, bool)> {
    let credentials = status(world).credentials.unwrap_or_default();
    let one = |held: countersign_bus::types::CredentialStatus| {
        (held.id.unwrap_or_default(), held.confirmed.unwrap_or(false))
    };
    credentials.into_iter().map(one).collect()
}

/// Whether a code proves a login of ada's.
fn opens(world: &World, code: &str) -> bool {
    let mut client = world.client();
    let (transaction, next) = begin(&mut client, &login());
    assert!(matches!(next, Next::Ask(_)), "{next:?}");
    let answer = client.respond(&transaction, code);
    matches!(answer, Ok(Next::Finished { .. }))
}
