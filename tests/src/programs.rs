//! The programs under test, built once for each test program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the programs under test are.
#[derive(Debug)]
pub struct Programs {
    /// `countersignd`.
    pub daemon: PathBuf,
    /// `countersignctl`.
    pub ctl: PathBuf,
    /// `pam_countersign.so`.
    pub module: PathBuf,
    /// A small PAM application, tests/pam/login.c.
    pub pam_login: PathBuf,
    /// A PAM application that logs in many times, tests/pam/load.c.
    pub pam_load: PathBuf,
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

/// The programs under test.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(build)
}

fn build() -> Programs {
    let test = std::env::current_exe().expect("this test program");
    let debug = test.ancestors().nth(2).expect("target/debug").to_owned();
    // The module alone: built along with the others it would have their features too.
    cargo(&[
        "build",
        "--quiet",
        "--package",
        "countersignd",
        "--package",
        "countersignctl",
    ]);
    let module = debug.join("module");
    let target = format!("--target-dir={}", module.display());
    cargo(&["build", "--quiet", "--package", "pam_countersign", &target]);

    let pam = debug.join("pam");
    let script = root().join("tests/pam/build");
    assert!(
        Command::new(script)
            .arg(&pam)
            .status()
            .expect("sh")
            .success(),
        "tests/pam/build"
    );
    Programs {
        daemon: debug.join("countersignd"),
        ctl: debug.join("countersignctl"),
        module: module.join("debug/libpam_countersign.so"),
        pam_login: pam.join("pam-login"),
        pam_load: pam.join("pam-load"),
    }
}

fn cargo(arguments: &[&str]) {
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .status();
    assert!(status.expect("cargo").success(), "cargo {arguments:?}");
}
