//! Which way dependencies point, and what may not be linked where.

use std::collections::BTreeSet;
use std::process::Command;

use countersign_tests::programs::{programs, root};
use serde_json::Value;

/// Our crates, and the whole list of what each may depend on.
const TABLE: [(&str, &[&str]); 7] = [
    (
        "countersign-core",
        &[
            "argon2",
            "constant_time_eq",
            "minicbor",
            "thiserror",
            "totp-rs",
            "zeroize",
        ],
    ),
    (
        "countersign-bus",
        &["rustix", "serde", "zbus", "zeroize", "zruntime"],
    ),
    ("countersign-qr", &["qrcode", "thiserror", "zeroize"]),
    ("pam-countersign-ffi", &["libc", "pam-bindings", "zeroize"]),
    (
        "pam_countersign",
        &[
            "countersign-bus",
            "nix",
            "pam-bindings",
            "pam-countersign-ffi",
            "zeroize",
        ],
    ),
    (
        "countersignctl",
        &[
            "clap",
            "clap_complete",
            "comfy-table",
            "countersign-bus",
            "countersign-qr",
            "indicatif",
            "jiff",
            "nix",
            "pam-countersign-ffi",
            "rustix",
            "serde",
            "serde_json",
            "similar",
            "tempfile",
            "thiserror",
            "zeroize",
        ],
    ),
    (
        "countersignd",
        &[
            "aead-stream",
            "argon2",
            "chacha20poly1305",
            "clap",
            "countersign-bus",
            "countersign-core",
            "countersign-qr",
            "futures-channel",
            "futures-lite",
            "getrandom",
            "hkdf",
            "jiff",
            "listenfd",
            "minicbor",
            "nix",
            "rusqlite",
            "rustix",
            "sd-notify",
            "serde",
            "sha2",
            "siphasher",
            "thiserror",
            "toml",
            "tracing",
            "tracing-journald",
            "tracing-subscriber",
            "zbus",
            "zeroize",
            "zruntime",
        ],
    ),
];

#[test]
fn every_crate_depends_on_what_it_may_and_nothing_else() {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    for (name, allowed) in TABLE {
        let package = metadata["packages"].as_array().unwrap().iter();
        let package = package
            .clone()
            .find(|package| package["name"] == name)
            .expect(name);
        let used: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().unwrap())
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert_eq!(
            used, allowed,
            "{name}: give a reason for a new one, and list it here"
        );
    }
}

#[test]
fn the_module_links_no_second_runtime_and_starts_no_thread() {
    let tree = cargo(&[
        "tree",
        "--locked",
        "--package=pam_countersign",
        "--edges=normal,features",
        "--prefix=none",
    ]);
    for banned in [
        "tokio",
        "async-io",
        "zruntime feature \"helper\"",
        "zbus feature \"default-rt\"",
        "tracing v",
    ] {
        assert!(
            !tree.contains(banned),
            "{banned} is in the module's dependencies:\n{tree}"
        );
    }
    let crates: BTreeSet<&str> = tree
        .lines()
        .filter(|line| !line.contains(" feature "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(crates.len() <= 50, "{} crates: {crates:?}", crates.len());
}

#[test]
fn the_module_exports_the_six_hooks_and_nothing_else() {
    let symbols = Command::new("nm")
        .args(["--dynamic", "--defined-only", "--format=just-symbols"])
        .arg(&programs().module)
        .output()
        .expect("nm, of binutils");
    let symbols = String::from_utf8(symbols.stdout).unwrap();
    let symbols: BTreeSet<&str> = symbols.lines().collect();
    let hooks = [
        "pam_sm_acct_mgmt",
        "pam_sm_authenticate",
        "pam_sm_chauthtok",
        "pam_sm_close_session",
        "pam_sm_open_session",
        "pam_sm_setcred",
    ];
    assert_eq!(symbols, hooks.into_iter().collect());
}

#[test]
fn the_modules_file_says_which_version_it_is() {
    let mark = concat!("{pam_countersign version ", env!("CARGO_PKG_VERSION"), "}");
    let module = std::fs::read(&programs().module).unwrap();
    let mut windows = module.windows(mark.len());
    assert!(windows.any(|window| window == mark.as_bytes()));
}

#[test]
fn unsafe_code_is_in_the_one_crate_that_is_for_it() {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let manifest = package["manifest_path"].as_str().unwrap();
        let text = std::fs::read_to_string(manifest).unwrap();
        let name = package["name"].as_str().unwrap();
        let forbids = text.contains("[lints]\nworkspace = true");
        assert!(
            forbids || ["pam-countersign-ffi", "countersign-tests"].contains(&name),
            "{name}"
        );
    }
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    assert!(workspace.contains("panic = \"unwind\"") && !workspace.contains("panic = \"abort\""));
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {complaints}");
    String::from_utf8(output.stdout).unwrap()
}
