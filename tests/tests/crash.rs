//! Killed at any moment, the daemon never accepts a code twice, and never forgets one that it has
//! told anybody was accepted.

use std::time::Duration;

use countersign_bus::client::Begun;
use countersign_bus::types::{Login, Next};
use countersign_bus::{Client, Door};
use countersign_tests::{Enrolled, World};
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

const ROUNDS: u32 = 1000;

#[test]
fn killed_a_thousand_times_it_accepts_no_code_twice_and_forgets_none() {
    let mut world = World::start();
    let mut answered = 0;
    let mut spent_without_answer = 0;
    for round in 0..ROUNDS {
        let user = world.enroll_as("ada", 100_000 + round);
        let code = user.code(now());
        let told = login_while_killed(&world, &user, &code, round);
        world.resume();

        let again = login(&world, &user, &code);
        match (told, again) {
            (true, true) => panic!("round {round}: a code was accepted twice"),
            (true, false) => answered += 1,
            (false, false) => spent_without_answer += 1,
            (false, true) => {}
        }
        let third = login(&world, &user, &code);
        assert!(
            !third,
            "round {round}: a code was accepted twice after a crash"
        );
    }
    // A crash at each of the three moments: before, between and after.
    println!(
        "{ROUNDS} kills: {answered} after the answer, {spent_without_answer} between judging and \
         answering (or while the step passed), {} before",
        ROUNDS - answered - spent_without_answer
    );
    assert!(
        answered > 0 && answered < ROUNDS,
        "the kills were all at one moment: {answered}"
    );
}

/// Logs in, and kills the daemon at a moment that differs from round to round. Whether the login
/// was told that it succeeded.
fn login_while_killed(world: &World, user: &Enrolled, code: &str, round: u32) -> bool {
    let pid = world.daemon().pid();
    let mut client = client(world);
    let Ok(Begun::Transaction { transaction, .. }) = client.begin(&request(user)) else {
        panic!("a factor is demanded");
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            #[expect(
                clippy::disallowed_methods,
                reason = "a moment of real time is waited for"
            )]
            let started = std::time::SystemTime::now();
            // From at once to five milliseconds: a login takes about two.
            let moment = Duration::from_micros(u64::from(round * 7919 % 5000));
            while started.elapsed().unwrap_or_default() < moment {
                std::hint::spin_loop();
            }
            nix::sys::signal::kill(pid, Signal::SIGKILL).expect("a process");
        });
        matches!(
            client.respond(&transaction, code),
            Ok(Next::Finished { .. })
        )
    })
}

fn login(world: &World, user: &Enrolled, code: &str) -> bool {
    let mut client = client(world);
    let Ok(Begun::Transaction { transaction, .. }) = client.begin(&request(user)) else {
        panic!("a factor is demanded");
    };
    matches!(
        client.respond(&transaction, code),
        Ok(Next::Finished { .. })
    )
}

fn request(user: &Enrolled) -> Login {
    Login {
        user: Some(user.name.clone()),
        uid: Some(user.uid),
        service: Some("login".to_owned()),
        ..Login::default()
    }
}

fn client(world: &World) -> Client {
    let door = Door::Root {
        socket: world.path().join("socket").display().to_string(),
        listeners: vec![0, geteuid().as_raw()],
    };
    Client::new(door, Duration::from_secs(10)).expect("a client")
}

fn now() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}
