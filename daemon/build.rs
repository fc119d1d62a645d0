//! Which languages a login can be in: those that the module has a catalogue of.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;

const CATALOGUES: &str = "../pam-module/messages";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={CATALOGUES}");
    let mut languages = Vec::new();
    for entry in fs::read_dir(CATALOGUES)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("ftl")) {
            languages.extend(path.file_stem().and_then(OsStr::to_str).map(str::to_owned));
        }
    }
    languages.sort();
    println!(
        "cargo:rustc-env=COUNTERSIGN_LANGUAGES={}",
        languages.join(" ")
    );
    Ok(())
}
