//! The public door, as it is installed: a real system bus with the policy that we ship, a daemon
//! that runs as its own user, and people without privileges.

mod attacks;
mod changes;
mod enrollment;
mod events;
mod first;
mod flood;
mod limits;
mod methods;
mod ownership;
mod restart;
mod verification;

use std::time::{Duration, Instant, SystemTime};

use countersign_bus::client::Begun;
use countersign_bus::types::{Challenge, Login, Next};
use countersign_bus::{Client, Error};
use zbus::OwnedObjectPath;

/// Begins a login that a factor is demanded for.
#[track_caller]
fn begin(client: &mut Client, login: &Login) -> (OwnedObjectPath, Challenge) {
    match client.begin(login) {
        Ok(Begun::Transaction {
            transaction,
            next: Next::Ask(challenge),
            ..
        }) => (transaction, challenge),
        other => panic!("a factor is demanded: {other:?}"),
    }
}

/// Begins a login and answers every question with `answer`, at most three times.
#[track_caller]
fn log_in(client: &mut Client, login: &Login, answer: &str) -> Result<(), Error> {
    let (transaction, _) = begin(client, login);
    for _ in 0..3 {
        if let Next::Finished { .. } = client.respond(&transaction, answer)? {
            return Ok(());
        }
    }
    let _ = client.cancel(&transaction);
    Err(Error::Rejected("three times".to_owned()))
}

/// Asks until it is so, in real time.
#[track_caller]
fn wait_until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) -> Duration {
    let started = stopwatch();
    while !is_so() {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(200));
    }
    started.elapsed()
}

#[expect(
    clippy::disallowed_methods,
    reason = "it measures another process, and decides nothing"
)]
fn stopwatch() -> Instant {
    Instant::now()
}

fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}
