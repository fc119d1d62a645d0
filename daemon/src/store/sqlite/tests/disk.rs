//! What is on the disk, and what if it takes no more.

use super::*;

#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let place = Place::new();
    let store = place.start();
    create(&store, "u1", "one");
    let copy = place.copy_as_after_a_crash();
    assert_eq!(get(&copy.start(), "u1").data, Some(b"one".into()));
}

#[test]
fn an_orderly_end_leaves_one_complete_file() {
    let place = Place::new();
    let store = place.start();
    create(&store, "u1", "one");
    assert!(place.log().exists());
    drop(store);
    assert!(!place.log().exists());

    let copy = Place::empty();
    fs::copy(place.database(), copy.database()).unwrap();
    assert_eq!(get(&copy.start(), "u1").data, Some(b"one".into()));
}

#[test]
fn space_for_the_log_is_set_aside() {
    use std::os::unix::fs::MetadataExt;
    let place = Place::new();
    let store = place.start();
    create(&store, "u1", "one");
    let blocks = fs::metadata(place.log()).unwrap().blocks();
    assert!(blocks * 512 >= 1000 * 4096, "{blocks} blocks");
    assert!(place.directory.path().join("ballast").exists());
}

/// Runs `a_commit_that_fails_…` below where no file may grow beyond 64 KiB (128 with some shells).
#[test]
fn a_commit_that_the_disk_refuses_is_ambiguous_and_the_store_recovers() {
    let this_program = std::env::current_exe().unwrap();
    let limited = "trap '' XFSZ; ulimit -f 128; exec \"$@\"";
    let child = "store::sqlite::tests::disk::a_commit_that_fails_where_no_file_may_grow";
    let output = Command::new("/bin/sh")
        .args(["-c", limited, "sh"])
        .arg(this_program)
        .args(["--exact", child, "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "is run by a_commit_that_the_disk_refuses_is_ambiguous_and_the_store_recovers"]
fn a_commit_that_fails_where_no_file_may_grow() {
    let place = Place::new();
    let store = place.start();
    let key = Key::new("u1");
    let mut revision = create(&store, "u1", "0");
    let (mut kept, mut failures) = (0, 0);
    for attempt in 1..200 {
        match block_on(store.cas(&key, revision, attempt.to_string().into())) {
            Ok(Cas::Committed(new)) => (revision, kept) = (new, attempt),
            Ok(Cas::Conflict(present)) => panic!("{attempt}: {present:?}"),
            Err(StoreError::Ambiguous(_)) => {
                failures += 1;
                let present = get(&store, "u1");
                let data = String::from_utf8(present.data.unwrap()).unwrap();
                assert!(data == kept.to_string() || data == attempt.to_string());
                revision = present.revision;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Fatal(_))) => {
                panic!("{attempt}: {error:?}")
            }
        }
    }
    assert!(failures > 1, "no file reached its limit");
    assert!(kept > 190 - failures, "it did not recover each time");
}

#[test]
fn a_database_that_has_no_room_lets_the_ballast_go_and_refuses_what_still_does_not_fit() {
    let place = Place::new();
    let mut worker = Worker::new(place.database());
    let absent = worker.ensure_open().unwrap().get(&Key::new("u1")).unwrap();
    assert!(place.ballast().exists());
    worker.ensure_open().unwrap().forbid_growth(true);

    let change = |worker: &mut Worker| {
        let (reply, mut answer) = oneshot::channel();
        worker.write(vec![Write::Cas {
            key: Key::new("u1"),
            expect: absent.revision,
            data: vec![1; 100_000],
            request: Request::new(reply),
        }]);
        answer.try_recv().unwrap().unwrap()
    };
    let Err(StoreError::Unavailable(reason)) = change(&mut worker) else {
        panic!("there was no room");
    };
    assert!(reason.contains("free some space"), "{reason}");
    assert!(
        place.ballast().exists(),
        "it was let go, and taken up again"
    );

    worker.ensure_open().unwrap().forbid_growth(false);
    assert!(matches!(change(&mut worker), Ok(Cas::Committed(_))));
}

#[test]
fn a_full_disk_does_not_stop_logins_and_enrolments_not_until_the_ballast_is_used_up() {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: only root can mount the small file system that is to be full");
        return;
    }
    let thread = thread::spawn(|| {
        use nix::mount::{MsFlags, mount};
        let none: Option<&str> = None;
        let place = Place::empty();
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS).unwrap();
        mount(none, "/", none, private, none).unwrap();
        let options = Some("size=64m,mode=700");
        let directory = place.directory.path();
        mount(none, directory, Some("tmpfs"), MsFlags::empty(), options).unwrap();
        place.make();
        create(&place.start(), "u", "one");

        let store = place.start();
        let (user, mut present) = (Key::new("u"), get(&store, "u"));
        let filler = directory.join("filler");
        assert!(fs::write(&filler, vec![0; 64 << 20]).is_err(), "it is full");
        for login in 0..3000 {
            let spent = store.cas(&user, present.revision, vec![1; 500]);
            let Cas::Committed(revision) = block_on(spent).unwrap() else {
                panic!("{login}: nobody else changed it");
            };
            present.revision = revision;
        }
        assert!(place.ballast().exists(), "the log's own space was enough");

        let (before, after) = enrol_until_refused(&store, &place);
        println!("{before} enrolments on a full disk with the ballast, {after} more without");
        assert!(before > 100 && after > 1000);

        fs::remove_file(&filler).unwrap();
        create(&store, "v", "goes on without a restart");
        // The ballast comes after the answer to whoever waited; the next is answered after that.
        get(&store, "v");
        assert!(place.ballast().exists(), "and is held again");
    });
    thread.join().unwrap();
}

/// Makes entries until there is no room left; how many with and without ballast.
fn enrol_until_refused(store: &Sqlite, place: &Place) -> (usize, usize) {
    let mut made = (0, 0);
    for entry in 0..1_000_000 {
        let key = Key::new(format!("u{entry}"));
        let absent = block_on(store.get(&key)).unwrap().revision;
        match block_on(store.cas(&key, absent, vec![1; 500])) {
            Ok(Cas::Committed(_)) if place.ballast().exists() => made.0 += 1,
            Ok(Cas::Committed(_)) => made.1 += 1,
            Ok(Cas::Conflict(present)) => panic!("{key:?}: {present:?}"),
            Err(StoreError::Unavailable(reason)) => {
                assert!(reason.contains("no room"), "{reason}");
                assert!(block_on(store.get(&key)).unwrap().data.is_none());
                return made;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("the disk was never full");
}
