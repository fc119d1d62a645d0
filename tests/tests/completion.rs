//! Tab, behind a command that is half typed.

use std::io::Read;
use std::os::unix::net::UnixListener;
use std::process::{Command, Output};
use std::thread;

use countersign_bus::types::{EnrollOptions, Factor};
use countersign_tests::desk::{ALICE, BOB};
use countersign_tests::programs::programs;
use countersign_tests::shell::{Kind, Shell};
use countersign_tests::{Desk, World};
use nix::unistd::{User, geteuid};

/// Two users of whom this machine knows nothing but what the daemon says, and oneself with a
/// credential that counts and one that does not.
fn world() -> (World, String) {
    let world = World::start();
    world.enroll_as("zebra", 70_001);
    world.enroll_as("zenobia", 70_002);
    let me = User::from_uid(geteuid()).unwrap().unwrap();
    world.enroll(&me.name);
    let options = EnrollOptions {
        label: Some("spare $(phone)".to_owned()),
        ..EnrollOptions::default()
    };
    world
        .client()
        .enroll((me.uid.as_raw(), &me.name), Factor::Totp, &options)
        .unwrap();
    let socket = world.path().join("socket");
    (
        world,
        format!("countersignctl --socket {}", socket.display()),
    )
}

fn a_shell_completes(kind: Kind) {
    let (_world, ctl) = world();
    let home = tempfile::tempdir().unwrap();
    let Some(mut shell) = Shell::start(kind, home.path()) else {
        return;
    };
    let me = User::from_uid(geteuid()).unwrap().unwrap().name;
    // A command, the first time that anything of it is completed.
    assert_eq!(
        shell.completed("countersignctl recov"),
        "countersignctl recovery-codes"
    );
    // A user, and another one where two begin alike.
    assert_eq!(
        shell.completed(&format!("{ctl} status zeb")),
        format!("{ctl} status zebra")
    );
    let list = shell.listed(&format!("{ctl} unlock ze"), "zenobia");
    assert!(list.contains("zebra"), "{list}");
    // A credential of that user: the only one that waits to be confirmed.
    assert_eq!(
        shell.completed(&format!("{ctl} confirm {me} ")),
        format!("{ctl} confirm {me} 2")
    );
    assert_eq!(
        shell.completed(&format!("{ctl} rename zeb")),
        format!("{ctl} rename zebra")
    );
    // An option, and its value.
    assert_eq!(
        shell.completed("countersignctl enroll --sh"),
        "countersignctl enroll --show-uri"
    );
    assert_eq!(
        shell.completed("countersignctl enroll --algorithm SHA2"),
        "countersignctl enroll --algorithm SHA256"
    );
}

#[test]
fn bash_completes_commands_users_and_credentials() {
    a_shell_completes(Kind::Bash);
}

#[test]
fn zsh_completes_commands_users_and_credentials() {
    a_shell_completes(Kind::Zsh);
}

#[test]
fn fish_completes_commands_users_and_credentials() {
    a_shell_completes(Kind::Fish);
}

/// What a shell is answered, as fish asks.
fn answered(words: &[&str]) -> Output {
    Command::new(&programs().ctl)
        .arg("--")
        .arg("countersignctl")
        .args(words)
        .env("COUNTERSIGNCTL_COMPLETE", "fish")
        .output()
        .unwrap()
}

fn values(output: &Output) -> Vec<String> {
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let value = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    text.lines().map(value).collect()
}

#[test]
fn a_name_that_a_shell_would_run_is_not_offered() {
    let world = World::start();
    world.enroll_as("$(touch x)", 70_001);
    world.enroll_as("`id`", 70_002);
    world.enroll_as("--yes", 70_003);
    world.enroll_as("plain", 70_004);
    let socket = world.path().join("socket");
    let output = answered(&["--socket", socket.to_str().unwrap(), "reset", ""]);
    assert_eq!(values(&output), ["plain"]);
}

/// Alice, who is nobody to the root door.
#[test]
fn a_user_is_offered_their_own_credentials() {
    let Some(desk) = Desk::start() else { return };
    let holds = desk.place.world.enroll_as(ALICE.1, ALICE.0).credential;
    desk.place.world.enroll_as(BOB.1, BOB.0);
    for (words, offered) in [
        ("remove ''", true),
        ("remove alice ''", true),
        ("rename ''", true),
        ("remove bob ''", false),
        // Confirmed already.
        ("confirm alice ''", false),
    ] {
        let line = format!("COUNTERSIGNCTL_COMPLETE=fish countersignctl -- countersignctl {words}");
        let shown = desk.sees(ALICE, &line, 0);
        let mut values = shown.lines().filter_map(|line| line.split('\t').next());
        assert_eq!(
            values.any(|value| value == holds),
            offered,
            "{words}: {shown}"
        );
    }
}

/// Whoever is moved over may not be known to the daemon yet.
#[test]
fn accounts_are_offered_where_somebody_new_may_be_named() {
    let world = World::start();
    let socket = world.path().join("socket");
    for command in [
        &["enroll", "roo"][..],
        &["import", "otpauth", "--user", "roo"],
    ] {
        let words = [&["--socket", socket.to_str().unwrap()], command].concat();
        assert_eq!(values(&answered(&words)), ["root"], "{command:?}");
    }
}

#[test]
fn a_daemon_that_says_nothing_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    // Takes what comes, answers nothing, and ends when the other side does.
    let silent = thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut taken = Vec::new();
        peer.read_to_end(&mut taken).unwrap();
    });
    let output = answered(&["--socket", socket.to_str().unwrap(), "unlock", ""]);
    // Users could not be told; what needs no daemon is.
    assert!(!values(&output).is_empty());
    silent.join().unwrap();
}

#[test]
fn nothing_is_said_where_nothing_can_be_offered() {
    let nowhere = "/nonexistent/socket";
    for words in [
        &["--socket", nowhere, "remove", "nobody-known", ""][..],
        &["--socket", nowhere, "unlock", "x"],
        &["--socket", "/tmp/a;b", "unlock", "x"],
        &["no-such-command", "x"],
        &["status", "x", "y", "z"],
    ] {
        assert!(
            values(&answered(words))
                .iter()
                .all(|value| value.starts_with('-')),
            "{words:?}"
        );
    }
    // No word at all, an index that is none, and a shell that does not exist.
    for (shell, words) in [
        ("fish", &["--"][..]),
        ("bash", &["--", "countersignctl"]),
        ("tcsh", &["--", "countersignctl", "x"]),
    ] {
        let output = Command::new(&programs().ctl)
            .args(words)
            .env("COUNTERSIGNCTL_COMPLETE", shell)
            .env("_CLAP_COMPLETE_INDEX", "17")
            .output()
            .unwrap();
        assert!(output.stderr.is_empty(), "{shell}: {output:?}");
    }
}

#[test]
fn the_other_shells_have_scripts_too() {
    for shell in ["elvish", "powershell"] {
        let output = Command::new(&programs().ctl)
            .args(["completions", shell])
            .output()
            .unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(
            script.contains("COUNTERSIGNCTL_COMPLETE"),
            "{shell}: {script}"
        );
    }
}
