//! What goes on while a backup is taken or restored.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::*;

#[test]
fn backups_taken_while_people_log_in_have_each_user_whole() {
    const USERS: u32 = 300;
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let users: Vec<Enrolled> = (0..USERS)
        .map(|number| world.enroll_as("ada", 100_000 + number))
        .collect();
    clock.pass(300);
    let logged_in: Mutex<Vec<u32>> = Mutex::default();
    let done = AtomicBool::new(false);
    let backups: Vec<(Vec<u32>, Backup)> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = world.client();
            for user in &users {
                let account = (user.uid, user.name.as_str());
                assert!(logs_in(&mut client, account, &user.code(clock.unix())));
                logged_in.lock().unwrap().push(user.uid);
            }
            done.store(true, SeqCst);
        });
        let mut backups: Vec<(Vec<u32>, Backup)> = Vec::new();
        while !done.load(SeqCst) {
            let before = logged_in.lock().unwrap().clone();
            if before.len() < backups.len() * 60 {
                std::thread::yield_now();
                continue;
            }
            backups.push((before, Backup::of(&world, None)));
        }
        backups
    });
    let counts: Vec<usize> = backups.iter().map(|(before, _)| before.len()).collect();
    assert!(
        counts
            .iter()
            .any(|count| (1..USERS as usize).contains(count)),
        "{counts:?}"
    );

    for (before, backup) in backups {
        assert_eq!(backup.report.users, Some(USERS));
        let there = World::with_clock(&clock);
        let report = backup.restore(&there, &by_master_key_of(&world)).unwrap();
        assert_eq!(report.restored, Some(USERS));
        let restored = everybody(&there);
        assert!(restored.values().all(|status| status.problem.is_none()));
        let mut client = there.client();
        for uid in before {
            let last_used = restored[&uid].credentials.as_ref().unwrap()[0].last_used;
            assert_eq!(
                last_used,
                Some(clock.unix()),
                "a login before the backup is in it"
            );
            let user = &users[(uid - 100_000) as usize];
            let account = (uid, user.name.as_str());
            assert!(!logs_in(&mut client, account, &user.code(clock.unix())));
        }
    }
}

#[test]
fn a_restore_that_is_killed_leaves_each_user_whole_or_absent_and_can_be_done_again() {
    const USERS: u32 = 1000;
    let here = World::with_clock(&TestClock::default());
    for number in 0..USERS {
        here.enroll_as("ada", 100_000 + number);
    }
    let backup = Backup::of(&here, Some(PASSPHRASE));
    let mut there = World::start();
    let mut halfway = 0;
    for _ in 0..20 {
        let pid = there.daemon().pid();
        let outcome = std::thread::scope(|scope| {
            let restore = scope.spawn(|| backup.restore(&there, &by_passphrase(PASSPHRASE)));
            // Not at once: the passphrase comes first.
            let begun = everybody(&there).len();
            while everybody(&there).len() == begun && !restore.is_finished() {}
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
            restore.join().unwrap()
        });
        there.resume();
        let found = everybody(&there);
        assert!(
            found
                .values()
                .all(|user| user.problem.is_none() && user.enrolled == Some(true))
        );
        halfway += u32::from((1..USERS as usize).contains(&found.len()));
        if outcome.is_ok() {
            break;
        }
    }
    assert!(halfway > 0, "no kill was halfway");
    let again = backup.restore(&there, &by_passphrase(PASSPHRASE)).unwrap();
    assert_eq!(again.refused, Some(0));
    assert_eq!(everybody(&there).len(), USERS as usize);
}
