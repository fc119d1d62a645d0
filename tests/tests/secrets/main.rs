//! No secret is where anybody but the daemon could read it, and nobody can forge a line of the log.

mod needles;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use countersign_bus::client::Begun;
use countersign_bus::types::Login;
use countersign_tests::daemon::Process;
use countersign_tests::programs::{programs, root};
use countersign_tests::{Enrolled, World};
use nix::unistd::geteuid;
use serde_json::Value;

use needles::{Secrets, hex, occurring};

/// What people type at login prompts by mistake.
const PASSWORD: &str = "correct-horse-battery";
const KNOWN_SECRET: &str = "NBSWY3DPEB3W64TMMQQHO33SNRSCC===";

#[test]
fn nothing_secret_is_in_a_log_an_argument_an_environment_or_a_file() {
    let world = World::prepare();
    let daemon = start_tracing(&world);
    let (seen, secrets) = while_watched(|| live(&world));

    let mut places = seen;
    for file in files(world.path()) {
        if file.ends_with("master.key") {
            continue;
        }
        let text = fs::read(&file).expect("a file of the test's");
        places.insert((file.display().to_string(), text));
    }
    let looked_at = |part: &str| places.iter().any(|(place, _)| place.contains(part));
    for part in [
        "state/store.db",
        "ballast",
        "/log",
        "cmdline of countersignd",
    ] {
        assert!(looked_at(part), "{part} was not looked at");
    }
    for program in ["countersignctl", "pam-login"] {
        assert!(looked_at(&format!("cmdline of {program}")), "{program}");
        assert!(looked_at(&format!("environ of {program}")), "{program}");
    }
    assert!(looked_at("auth.log") || !geteuid().is_root());
    let log = world.log();
    assert!(log.contains("accepted") && log.contains("uid"), "{log}");

    let found: Vec<String> = places
        .iter()
        .flat_map(|(place, text)| {
            let found = occurring(text, &secrets.0);
            found.map(move |what| format!("{what} in {place}"))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}\n{log}");
    drop(daemon);
}

#[test]
fn what_the_daemon_keeps_is_its_own_to_read() {
    let world = World::start();
    let _ = world.enroll("daemon");
    let mode = |path: &Path| fs::metadata(path).expect("it").permissions().mode() & 0o7777;
    let state = world.path().join("state");
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&world.path().join("socket")), 0o600);
    assert_eq!(mode(&world.path().join("master.key")), 0o600);
    let kept = files(&state);
    assert!(kept.len() >= 3, "{kept:?}");
    for file in kept {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn nobody_can_write_a_line_of_their_own_into_the_log() {
    let world = World::start();
    let ada = world.enroll("daemon");
    for evil in [
        "\n<0>fake: accepted",
        "\r\nlogin of root",
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "a\u{202e}b\u{2066}c",
        "\u{85}\u{2028}line\u{2029}",
        "\u{0}nul",
        &"long".repeat(100_000),
    ] {
        // D-Bus itself takes no NUL in a string.
        let evil = evil.replace('\0', "0");
        for field in 0..5 {
            let before = world.log().lines().count();
            let answered = log_in(&world, &login(&ada, field, &evil));
            let log = world.log();
            let lines = log.lines().count() - before;
            assert_eq!(
                lines,
                usize::from(answered),
                "{field} {evil:.20?}\n{log:.2000}"
            );
        }
    }
    let log = world.log();
    for line in log.lines() {
        assert!(line.len() < 2000, "{line:.300}");
        assert!(
            line.starts_with("20"),
            "each line begins with its own time: {line:.300}"
        );
        let odd =
            |c: &char| c.is_control() || "\u{202e}\u{2066}\u{85}\u{2028}\u{2029}".contains(*c);
        assert_eq!(line.chars().find(odd), None, "{line:.300}");
    }
    assert!(
        log.contains("\\n<0>fake: accepted"),
        "escaped, not left out"
    );
}

/// A login of `user` with something evil in one field.
fn login(user: &Enrolled, field: usize, evil: &str) -> Login {
    let mut login = Login {
        user: Some(user.name.clone()),
        uid: Some(user.uid),
        ..Login::default()
    };
    let place = match field {
        0 => &mut login.service,
        1 => &mut login.rhost,
        2 => &mut login.tty,
        3 => &mut login.ruser,
        _ => &mut login.user,
    };
    *place = Some(evil.to_owned());
    login
}

/// Begins a login and leaves it. Whether it was begun at all.
fn log_in(world: &World, login: &Login) -> bool {
    let mut client = world.client();
    match client.begin(login) {
        Ok(Begun::Transaction { transaction, .. }) => {
            client.cancel(&transaction).expect("an end");
            true
        }
        Ok(Begun::NotDemanded { .. } | Begun::Remembered { .. }) => {
            panic!("a factor is demanded")
        }
        Err(error) => {
            assert!(
                matches!(error, countersign_bus::Error::InvalidArgs(_)),
                "{error:?}"
            );
            false
        }
    }
}

/// The daemon, asked to log all that it can.
fn start_tracing(world: &World) -> Process {
    let mut command = Command::new(&programs().daemon);
    command
        .arg("--no-bus")
        .arg("--socket")
        .arg(world.path().join("socket"))
        .envs([("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")]);
    Process::run(world.path(), command)
}

/// Everything that somebody does with a second factor; what must not be found afterwards.
fn live(world: &World) -> Secrets {
    let mut secrets = Secrets::default();
    let key = fs::read(world.path().join("master.key")).expect("a key");
    secrets.bytes("the master key", &key);

    let offer = ctl(world, &["enroll", "daemon", "--json"], "");
    let mut ada = secrets.offer("daemon", 1, &offer);
    let wrong = ada.wrong_code(now());
    let confirming = ada.code(now());
    secrets.codes([&wrong, &confirming]);
    let confirmed = ctl(world, &["confirm", "daemon", "--json"], &confirming);
    ada.recovery_codes = secrets.recovery(&confirmed);
    assert_eq!(ada.recovery_codes.len(), 10, "{confirmed}");

    let given = ctl(
        world,
        &["enroll", "bin", "--unconfirmed", "--json", "--secret-stdin"],
        KNOWN_SECRET.trim_end_matches('='),
    );
    let bob = secrets.offer("bin", 2, &given);
    secrets.recovery(&given);

    let code = bob.code(now());
    secrets.codes([&code]);
    let shown = pam_login(world, "login", "bin", &code);
    assert!(shown.contains("PAM_SUCCESS"), "{shown}");
    for answer in [&code, &wrong] {
        let shown = pam_login(world, "login", "bin", answer);
        assert!(!shown.contains("PAM_SUCCESS"), "{shown}");
    }
    let shown = pam_login(world, "login", "daemon", &ada.recovery_codes[0]);
    assert!(shown.contains("PAM_SUCCESS"), "{shown}");
    pam_login(world, "login", PASSWORD, &wrong);
    secrets
        .0
        .push(("a typed password".to_owned(), PASSWORD.into()));

    let socket = world.path().join("socket");
    world.service("i3lock", &format!("debug socket={}", socket.display()));
    let field = |code: &str| format!("{PASSWORD} {code}");
    for (answer, result) in [
        (PASSWORD.to_owned(), "PAM_AUTH_ERR"),
        (field(&wrong), "PAM_AUTH_ERR"),
        (field(&ada.recovery_codes[1]), "PAM_SUCCESS"),
    ] {
        let shown = pam_login(world, "i3lock", "daemon", &answer);
        assert!(shown.contains(result), "{shown}");
    }

    let renewed = ctl(world, &["recovery-codes", "daemon", "--json"], "");
    assert_eq!(secrets.recovery(&renewed).len(), 10, "{renewed}");
    let status = ctl(world, &["status", "daemon", "--json"], "");
    assert_eq!(status["enrolled"], true, "{status}");
    secrets
}

fn ctl(world: &World, arguments: &[&str], answer: &str) -> Value {
    let mut child = Command::new(&programs().ctl)
        .args(arguments)
        .arg("--socket")
        .arg(world.path().join("socket"))
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("countersignctl");
    // Long enough for whoever watches to have seen it.
    std::thread::park_timeout(Duration::from_millis(50));
    let _ = writeln!(child.stdin.take().expect("a pipe"), "{answer}");
    let output = child.wait_with_output().expect("countersignctl");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{arguments:?}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

/// A login, and as root with what libpam and the module log kept beside the daemon's log.
fn pam_login(world: &World, service: &str, user: &str, answer: &str) -> String {
    let mut command = match geteuid().is_root() {
        true => {
            let mut command = Command::new(root().join("tests/pam/namespace"));
            command
                .args(["-n", "0", "-l"])
                .arg(world.path().join("auth.log"))
                .arg(&programs().pam_login);
            command
        }
        false => Command::new(&programs().pam_login),
    };
    let mut child = command
        .arg("-vc")
        .arg(world.pam())
        .args(["-s", service, "-r", "192.0.2.7"])
        // As bytes, so that what is typed as a name is no argument of the test's own making.
        .args(["-b", &hex(user.as_bytes())])
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("pam-login");
    std::thread::park_timeout(Duration::from_millis(50));
    let mut stdin = child.stdin.take().expect("a pipe");
    for _ in 0..6 {
        let _ = writeln!(stdin, "{answer}");
    }
    drop(stdin);
    let output = child.wait_with_output().expect("pam-login");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Does `work` while everybody's arguments and environments are looked at, again and again; those
/// of our programs.
fn while_watched<R: Send>(work: impl FnOnce() -> R) -> (BTreeSet<(String, Vec<u8>)>, R) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !stop.load(Relaxed) {
                look(&mut seen);
                std::thread::park_timeout(Duration::from_millis(5));
            }
            seen
        });
        let result = work();
        stop.store(true, Relaxed);
        (watcher.join().expect("a watcher"), result)
    })
}

fn look(seen: &mut BTreeSet<(String, Vec<u8>)>) {
    for entry in fs::read_dir("/proc").expect("proc").flatten() {
        let process = entry.path();
        let comm = fs::read_to_string(process.join("comm")).unwrap_or_default();
        if !["countersignd", "countersignctl", "pam-login"].contains(&comm.trim()) {
            continue;
        }
        for what in ["cmdline", "environ"] {
            // One that has just ended, or that only root may look at.
            if let Ok(text) = fs::read(process.join(what)) {
                let place = format!("{what} of {} {}", comm.trim(), process.display());
                let _ = seen.insert((place, text));
            }
        }
    }
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("a file");
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}
