//! People who come from other modules: what was good before is good after, what was used is used.
//!
//! The files are written here as the old modules write them. Whether those agree is tested on a
//! machine that has them, in tests/system/cases/migration.py.

mod daemon;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use countersign_bus::Error;
use countersign_core::hotp::{Counter, Hotp};
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::secret::Secret;
use countersign_core::time::{Period, Step};
use countersign_core::totp::Totp;
use countersign_tests::programs::programs;
use countersign_tests::{TestClock, World};
use serde_json::Value;

/// Two accounts that every machine has.
const ADA: &str = "daemon";
const BOB: &str = "bin";

const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const HEX: &str = "3132333435363738393031323334353637383930";
const OTHER: &str = "3938373635343332313039383736353433323130";

#[test]
fn google_authenticators_used_steps_stay_used_and_fresh_ones_are_good_once() {
    let (clock, world) = world();
    let step = clock.unix() / 30;
    import_google(
        &world,
        &format!("\" DISALLOW_REUSE {} {step}\n\" TOTP_AUTH\n", step - 2),
    );
    refused(&world, ADA, &totp(step));
    refused(&world, ADA, &totp(step - 1));
    accepted(&world, ADA, &totp(step + 1));
    refused(&world, ADA, &totp(step + 1));
}

#[test]
fn google_authenticators_counter_goes_on_where_it_was() {
    let (_clock, world) = world();
    import_google(&world, "\" HOTP_COUNTER 42\n\" WINDOW_SIZE 3\n");
    refused(&world, ADA, &hotp(41));
    refused(&world, ADA, &hotp(45));
    accepted(&world, ADA, &hotp(44));
    refused(&world, ADA, &hotp(43));
    accepted(&world, ADA, &hotp(45));
}

#[test]
fn google_authenticators_scratch_codes_open_one_login_each() {
    let (clock, world) = world();
    import_google(
        &world,
        "\" TOTP_AUTH\n\" DISALLOW_REUSE\n12345678\n23456789\n",
    );
    accepted(&world, ADA, "12345678");
    refused(&world, ADA, "12345678");
    accepted(&world, ADA, "23456789");
    refused(&world, ADA, "34567890");
    accepted(&world, ADA, &totp(clock.unix() / 30));
}

#[test]
fn a_phone_whose_clock_is_off_is_followed() {
    let (clock, world) = world();
    let step = clock.unix() / 30;
    import_google(&world, "\" TIME_SKEW 7\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n");
    refused(&world, ADA, &totp(step));
    accepted(&world, ADA, &totp(step + 7));
}

#[test]
fn pam_oaths_used_codes_stay_used_and_its_next_ones_are_good() {
    let (clock, world) = world();
    let step = clock.unix() / 30;
    let lines = format!(
        "HOTP/E\t{ADA}\t-\t{HEX}\t41\t{}\t2026-09-21T13:33:30L\n\
         HOTP/T30 {BOB} - {HEX} 3 {} {}\n",
        hotp(41),
        totp(step),
        local(clock.unix()),
    );
    let file = file(&world, "users.oath", &lines);
    succeeded(&import(&world, &["oath", &file, "--window", "5"]));
    refused(&world, ADA, &hotp(41));
    accepted(&world, ADA, &hotp(42));
    refused(&world, ADA, &hotp(42));

    refused(&world, BOB, &totp(step));
    accepted(&world, BOB, &totp(step + 1));
    refused(&world, BOB, &totp(step + 1));
}

#[test]
fn a_list_of_uris_goes_to_whom_its_labels_name() {
    let (clock, world) = world();
    let lines = format!(
        "# keys\notpauth://totp/Old:{ADA}?secret={BASE32}&period=60&digits=8&algorithm=SHA256\n\
         otpauth://hotp/{BOB}?secret={BASE32}&counter=7\n"
    );
    let file = file(&world, "keys", &lines);
    succeeded(&import(&world, &["otpauth", &file]));
    let totp = Totp::new(
        secret(),
        Algorithm::Sha256,
        Digits::new(8).unwrap(),
        Period::from_seconds(60).unwrap(),
    );
    accepted(
        &world,
        ADA,
        &totp.code_at(Step::from_number(clock.unix() / 60)),
    );
    accepted(&world, BOB, &hotp(7));
}

#[test]
fn a_second_import_changes_nothing_and_sets_nothing_back() {
    let (clock, world) = world();
    let step = clock.unix() / 30;
    let file = file(
        &world,
        "google",
        &format!(
            "{BASE32}\n\" DISALLOW_REUSE {}\n\" TOTP_AUTH\n12345678\n",
            step - 3
        ),
    );
    let arguments = ["google-authenticator", &file, "--user", ADA, "--json"];
    assert_eq!(report(&import(&world, &arguments))["imported"], 1);
    accepted(&world, ADA, &totp(step));
    accepted(&world, ADA, "12345678");

    let again = report(&import(&world, &arguments));
    assert_eq!(
        (&again["imported"], &again["already"]),
        (&0.into(), &1.into())
    );
    assert_eq!(again["users"][0]["result"], "already");
    refused(&world, ADA, &totp(step));
    refused(&world, ADA, "12345678");
}

#[test]
fn what_the_old_module_used_meanwhile_is_used_here_too() {
    let (_clock, world) = world();
    let oath = |counter: u64| {
        let line = format!("HOTP {ADA} - {HEX} {counter} {}\n", hotp(counter));
        let file = file(&world, "users.oath", &line);
        report(&import(&world, &["oath", &file, "--json"]))
    };
    assert_eq!(oath(5)["imported"], 1);
    assert_eq!(oath(7)["imported"], 1);
    assert_eq!(oath(6)["already"], 1);
    refused(&world, ADA, &hotp(7));
    accepted(&world, ADA, &hotp(8));
    let status = world.client().status((uid(ADA), ADA)).unwrap();
    assert_eq!(status.credentials.unwrap().len(), 1);
}

#[test]
fn a_dry_run_shows_a_table_and_changes_nothing() {
    let (clock, world) = world();
    let lines = format!("HOTP/E/8 {ADA} hunter2 {HEX} 5\nHOTP/T60 {BOB} - {HEX}\n");
    let file = file(&world, "users.oath", &lines);
    let output = import(&world, &["oath", &file, "--window", "50", "--dry-run"]);
    succeeded(&output);
    let shown = String::from_utf8(output.stdout).unwrap();
    for text in [
        ADA,
        BOB,
        "hotp",
        "totp",
        "8 digits",
        "6 digits, 60 s",
        "counter 5",
        "PASSWORD",
        "window",
        "2 users would be imported",
    ] {
        assert!(shown.contains(text), "{text:?} in\n{shown}");
    }
    for secret in ["hunter2", HEX] {
        assert!(!shown.contains(secret), "{secret:?} in\n{shown}");
    }
    refused(&world, ADA, &hotp(5));
    refused(&world, BOB, &totp(clock.unix() / 60));
    assert!(world.client().list(None, 10).unwrap().is_empty());
}

#[test]
fn a_bad_line_is_named_and_nobody_is_imported_by_half() {
    let (_clock, world) = world();
    let lines = format!(
        "HOTP {ADA} - {HEX} 5\nHOTP {ADA} - hunter2\nHOTP {BOB} - {HEX} 5\n\
         HOTP nobody-of-that-name - {HEX}\n"
    );
    let file = file(&world, "users.oath", &lines);
    let output = import(&world, &["oath", &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    for text in [
        "line 2 (daemon)",
        "line 4 (nobody-of-that-name)",
        "1 user imported",
    ] {
        assert!(shown.contains(text), "{text:?} in\n{shown}");
    }
    assert!(!shown.contains("hunter2"), "{shown}");
    accepted(&world, BOB, &hotp(5));
    refused(&world, ADA, &hotp(5));
}

#[test]
fn whoever_the_daemon_refuses_is_told_why_and_others_go_on() {
    let (_clock, world) = world();
    world.enroll_as("someone-else", uid(ADA));
    let lines = format!("HOTP {ADA} - {HEX} 5\nHOTP {BOB} - {HEX} 5\n");
    let file = file(&world, "users.oath", &lines);
    let output = import(&world, &["oath", &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("Refused: daemon: "), "{shown}");
    assert!(shown.contains("someone-else"), "{shown}");
    accepted(&world, BOB, &hotp(5));
}

#[test]
fn an_imported_credential_stands_beside_the_ones_that_are_there() {
    let (clock, world) = world();
    let ada = world.enroll(ADA);
    let line = format!("HOTP {ADA} - {OTHER} 5\n");
    let file = file(&world, "users.oath", &line);
    succeeded(&import(&world, &["oath", &file]));
    let other = Hotp::new(
        Secret::from_entropy(b"98765432109876543210"),
        Algorithm::Sha1,
        Digits::DEFAULT,
    );
    accepted(&world, ADA, &other.code_at(Counter::new(5).unwrap()));
    accepted(&world, ADA, &ada.code(clock.unix()));
}

#[test]
fn only_root_imports() {
    let (_clock, world) = world();
    let file = file(&world, "users.oath", "");
    let output = Command::new(&programs().ctl)
        .args(["--bus=unix:path=/nonexistent", "import", "oath", &file])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Only root may import"), "{said}");
}

fn world() -> (TestClock, World) {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    (clock, world)
}

fn uid(name: &str) -> u32 {
    let user = nix::unistd::User::from_name(name).unwrap().unwrap();
    user.uid.as_raw()
}

fn secret() -> Secret {
    Secret::from_entropy(b"12345678901234567890")
}

fn totp(step: u64) -> String {
    let totp = Totp::new(secret(), Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT);
    totp.code_at(Step::from_number(step))
}

fn hotp(counter: u64) -> String {
    let hotp = Hotp::new(secret(), Algorithm::Sha1, Digits::DEFAULT);
    hotp.code_at(Counter::new(counter).unwrap())
}

/// A time as pam_oath writes it.
fn local(unix: u64) -> String {
    let output = Command::new("date")
        .args([&format!("--date=@{unix}"), "+%Y-%m-%dT%H:%M:%SL"])
        .env_remove("TZ")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn file(world: &World, name: &str, contents: &str) -> String {
    let path: PathBuf = world.path().join(name);
    fs::write(&path, contents).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

fn import(world: &World, arguments: &[&str]) -> Output {
    Command::new(&programs().ctl)
        .arg("--socket")
        .arg(world.path().join("socket"))
        .arg("import")
        .args(arguments)
        .output()
        .unwrap()
}

fn import_google(world: &World, rest: &str) {
    let file = file(world, "google", &format!("{BASE32}\n{rest}"));
    succeeded(&import(
        world,
        &["google-authenticator", &file, "--user", ADA],
    ));
}

#[track_caller]
fn succeeded(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

#[track_caller]
fn report(output: &Output) -> Value {
    succeeded(output);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn accepted(world: &World, user: &str, code: &str) {
    world.login(user).answers([code]).run().is("PAM_SUCCESS");
}

#[track_caller]
fn refused(world: &World, user: &str, code: &str) {
    world.login(user).answers([code; 9]).run().refused();
    // The next code is another question.
    match world.client().unlock(uid(user)) {
        Ok(()) | Err(Error::NotEnrolled(_)) => {}
        Err(error) => panic!("{error}"),
    }
}
