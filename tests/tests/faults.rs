//! What a login comes to when the daemon cannot answer: refused, in time, and told.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_tests::{Outcome, World};
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

/// The module's deadline, and what it may take to start a program on a busy machine.
const DEADLINE: Duration = Duration::from_secs(5 + 5);

#[test]
fn without_a_daemon_a_login_is_refused() {
    let world = World::prepare();
    unavailable(&world);
}

#[test]
fn a_daemon_that_hangs_is_waited_for_until_the_deadline_and_works_again_afterwards() {
    let world = World::start();
    let ada = world.enroll("daemon");
    world.daemon().signal(Signal::SIGSTOP);
    unavailable(&world);
    world.daemon().signal(Signal::SIGCONT);
    world
        .login("daemon")
        .answers([ada.code(now())])
        .run()
        .is("PAM_SUCCESS");
}

#[test]
fn whoever_listens_and_says_nothing_or_garbage_lets_nobody_in() {
    for said in [
        &b""[..],
        b"\n",
        b"OK 0123456789abcdef0123456789abcdef\r\n",
        &[0xff; 65536],
    ] {
        let world = World::prepare();
        let listener = UnixListener::bind(world.path().join("socket")).unwrap();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.write_all(said);
                open.push(stream);
            }
        });
        let outcome = world.login("daemon").answers(["123456"]).run();
        let expected = ["PAM_AUTHINFO_UNAVAIL", "PAM_ABORT"];
        assert!(
            expected.contains(&outcome.result.as_str()),
            "{said:?}: {outcome:#?}"
        );
        assert!(outcome.took < DEADLINE, "{outcome:#?}");
    }
}

#[test]
fn a_full_backlog_is_waited_for_until_the_deadline() {
    let world = World::prepare();
    let socket = world.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let _first = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    unavailable(&world);
}

#[test]
fn a_listener_that_is_not_root_is_told_nothing() {
    if !geteuid().is_root() {
        println!("skipped: only root can listen as somebody else");
        return;
    }
    let world = World::prepare();
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let socket = world.path().join("socket");
    let script = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\n\
                  s.listen()\nprint('ready',flush=True)\nc,_=s.accept()\nprint(c.recv(100),flush=True)";
    let mut impostor = std::process::Command::new("setpriv")
        .args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "/usr/bin/python3",
            "-c",
            script,
        ])
        .arg(&socket)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("setpriv and python3");
    let mut said = std::io::BufReader::new(impostor.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert_eq!(line, "ready\n");

    unavailable(&world);
    line.clear();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert_eq!(line, "b''\n", "the impostor was told something");
    let _ = impostor.wait();
}

#[test]
fn a_database_that_is_deleted_damaged_or_cut_short_refuses_and_heals_when_it_is_put_back() {
    let mut world = World::start();
    let ada = world.enroll("daemon");
    let code = ada.code(now());
    world
        .login("daemon")
        .answers([&code])
        .run()
        .is("PAM_SUCCESS");
    // A clean stop folds the write-ahead log into the database.
    world.stop();
    let state = world.path().join("state");
    let kept = world.path().join("kept");
    copy(&state, &kept);
    world.resume();

    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("deleted", |database| fs::remove_file(database).unwrap()),
        ("emptied", |database| fs::write(database, b"").unwrap()),
        ("cut short", |database| {
            let file = fs::File::options().write(true).open(database).unwrap();
            file.set_len(5000).unwrap();
        }),
        ("garbage", |database| {
            fs::write(database, [0xa5; 65536]).unwrap()
        }),
    ];
    for (what, damage) in damages {
        world.kill();
        restore(&kept, &state);
        damage(&state.join("store.db"));
        world.resume();
        let outcome = unavailable(&world);
        assert!(
            world.log().contains("store.db"),
            "{what}: {outcome:#?}\n{}",
            world.log()
        );

        // Put back while the daemon runs: the code that was used stays used.
        restore(&kept, &state);
        let again = world.login("daemon").answers([&code]).run();
        assert_ne!(
            again.result, "PAM_SUCCESS",
            "{what}: a used code was accepted"
        );
        assert!(again.shown.contains("already used"), "{what}: {again:#?}");
    }
}

#[test]
fn every_byte_of_a_record_that_is_flipped_refuses_the_login() {
    let mut world = World::start();
    let ada = world.enroll("daemon");
    world.stop();
    let database = world.path().join("state/store.db");
    let whole = fs::read(&database).unwrap();
    // The record is the last thing that was written: wherever a flip falls in its page, nothing
    // of it may be accepted as it is.
    let mut page = (0..whole.len())
        .step_by(4096)
        .filter(|at| whole[*at..].starts_with(&[0x0a]));
    let Some(page) = page.next_back() else {
        panic!("no leaf page of an index-organised table");
    };
    let mut refused = 0;
    for at in (page + 3000..page + 4096).step_by(64) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&database, &flipped).unwrap();
        world.resume();
        let outcome = world.login("daemon").answers([ada.wrong_code(now())]).run();
        assert_ne!(outcome.result, "PAM_SUCCESS");
        refused += u32::from(outcome.result == "PAM_AUTHINFO_UNAVAIL");
        world.kill();
        for name in ["store.db-wal", "store.db-shm"] {
            let _ = fs::remove_file(world.path().join("state").join(name));
        }
    }
    assert!(refused > 0, "no flip fell into a record");
}

fn unavailable(world: &World) -> Outcome {
    let outcome = world.login("daemon").answers(["123456"; 9]).run();
    assert!(outcome.took < DEADLINE, "{outcome:#?}");
    outcome
        .is("PAM_AUTHINFO_UNAVAIL")
        .showed("Code check unavailable. Ask your admin.")
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// Puts the files back one by one, as `cp` would.
fn restore(from: &Path, to: &Path) {
    for entry in fs::read_dir(to).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}
