//! `countersignd init`, by the real program.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Output};

use tempfile::TempDir;

#[test]
fn the_second_run_says_that_it_is_there_and_succeeds() {
    let root = tempfile::tempdir().unwrap();
    for expected in ["Made the database", "is there already"] {
        let output = init(&root, &[]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains(expected),
            "{output:?}"
        );
    }
}

#[test]
fn a_failure_says_why_and_is_told_by_the_exit_code() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("state"), "a file").unwrap();
    let output = init(&root, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("not a directory"), "{said}");
}

#[test]
fn root_makes_the_database_of_another_user_as_that_user() {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: only root can make another user's database");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
    for _ in 0..2 {
        let output = init(&root, &["--user", "nobody"]);
        assert!(output.status.success(), "{output:?}");
    }
    let owner = |name: &str| fs::metadata(root.path().join(name)).unwrap().uid();
    assert_eq!(owner("master.key"), 0);
    assert_eq!(owner("state"), 65_534);
    assert_eq!(owner("state/store.db"), 65_534);

    // Nothing in there was written by root, and root alone does not write there either.
    let output = init(&root, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("--user"),
        "{said}"
    );
}

/// Runs it from where others can too, with all it makes in `root`.
#[expect(
    clippy::unwrap_used,
    reason = "only the tests themselves are known to be tests"
)]
fn init(root: &TempDir, more: &[&str]) -> Output {
    let program = root.path().join("countersignd");
    if !program.exists() {
        // By a process of its own: a file that this one has open for writing may be inherited by
        // what another test starts just then, and is "busy" until that one is another program.
        let built = env!("CARGO_BIN_EXE_countersignd");
        let status = Command::new("cp")
            .arg(built)
            .arg(&program)
            .status()
            .unwrap();
        assert!(status.success(), "cp {built}");
    }
    Command::new(program)
        .args([
            "init",
            "--state-directory",
            "state",
            "--master-key",
            "master.key",
        ])
        .args(more)
        .current_dir(root.path())
        .output()
        .unwrap()
}
