//! Which rule decides a login, what becomes of it, and what is remembered of it.

use std::fs;

use countersign_bus::client::Begun;
use countersign_bus::types::{Login, Next};
use countersign_tests::desk::{ALICE, ROOT};
use countersign_tests::{Desk, World};

use crate::administration::now;

const RULES: &str = r#"
[[rule]]
name = "no one's business"
services = ["sudo"]
require = "none"

[[rule]]
name = "office"
services = ["sshd"]
from = ["192.0.2.0/24"]
remember = { for = "12h", per = "origin" }

[[rule]]
name = "roll-out"
services = ["sshd"]
users = ["bob"]
mode = "report"

[[rule]]
name = "tokens only"
services = ["login"]
factors = ["hotp"]

[[rule]]
name = "newcomers"
services = ["su*"]
not-enrolled = "enroll"

[[rule]]
name = "closed"
services = ["vsftpd"]
require = "refuse"
"#;

#[test]
fn which_rule_decides_a_login_and_why() {
    let Some(mut desk) = desk() else { return };
    desk.place.world.enroll_as(ALICE.1, ALICE.0);
    for (login, exit) in [
        ("--user alice --service sshd --from 192.0.2.7", 0),
        ("--user alice --service sshd --from 198.51.100.9", 0),
        ("--user alice --service login --tty tty1", 0),
        ("--user alice --service sudo", 0),
        ("--user alice --service vsftpd", 0),
        ("--user alice --service i3lock", 0),
        ("--user bob --service sshd", 0),
        ("--user bob --service su-l", 0),
        ("--user mallory --service sshd", 0),
        ("--user alice --service sshd --from office.example", 2),
        ("--user alice --service sshd --at noon", 2),
        ("--user alice", 2),
    ] {
        desk.sees(ROOT, &format!("countersignctl explain {login}"), exit);
    }
    let own = "countersignctl explain --user alice --service sshd";
    desk.sees(ALICE, own, 1);
    desk.size = (400, 50);
    desk.sees(ROOT, &format!("{own} --from 192.0.2.7 --json"), 0);
    desk.saw("explain");
}

#[test]
fn what_a_test_comes_to_that_asks_nothing() {
    let Some(desk) = desk() else { return };
    desk.place.world.enroll_as(ALICE.1, ALICE.0);
    desk.sees(ROOT, "countersignctl test alice --service sudo", 0);
    desk.sees(ROOT, "countersignctl test alice --service vsftpd", 1);
    desk.sees(ROOT, "countersignctl test alice --service vsftpd --json", 1);
    desk.sees(ROOT, "countersignctl test bob --service su", 0);
    desk.sees(
        ROOT,
        "countersignctl test alice --service i3lock </dev/null",
        1,
    );
    desk.saw("test-policy");
}

#[test]
fn remembered_logins_are_seen_and_forgotten() {
    let Some(desk) = desk() else { return };
    let alice = desk.place.world.enroll_as(ALICE.1, ALICE.0);
    log_in(&desk.place.world, &alice.code(now()));
    desk.sees(ROOT, "countersignctl status alice", 0);
    let again = "countersignctl explain --user alice --service sshd --from 192.0.2.7";
    desk.sees(ROOT, again, 0);
    desk.sees(ALICE, "countersignctl forget", 0);
    desk.sees(ROOT, again, 0);
    desk.sees(ROOT, "countersignctl forget alice", 0);
    desk.sees(ALICE, "countersignctl forget bob", 1);
    desk.saw("forget");
}

/// A machine with these rules.
fn desk() -> Option<Desk> {
    let desk = Desk::start()?;
    let drop_ins = desk.place.world.path().join("countersign.toml.d");
    fs::create_dir_all(&drop_ins).unwrap();
    fs::write(drop_ins.join("rules.toml"), RULES).unwrap();
    desk.place.world.client().reload().unwrap();
    Some(desk)
}

fn log_in(world: &World, code: &str) {
    let login = Login {
        user: Some(ALICE.1.to_owned()),
        uid: Some(ALICE.0),
        service: Some("sshd".to_owned()),
        rhost: Some("192.0.2.7".to_owned()),
        ..Login::default()
    };
    let mut client = world.client();
    let Begun::Transaction { transaction, .. } = client.begin(&login).unwrap() else {
        panic!("a code is asked for");
    };
    let next = client.respond(&transaction, code);
    assert!(matches!(next, Ok(Next::Finished { .. })), "{next:?}");
}
