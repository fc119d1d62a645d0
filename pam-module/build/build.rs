//! How the module is linked, and the languages that it speaks.

mod catalogue;

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Beside the manifest, where cargo runs this.
const MESSAGES: &str = "messages";

fn main() -> Result<(), Box<dyn Error>> {
    // Once loaded it stays: a host that logs in again and again saves half of each login's time,
    // and nothing of ours, such as the panic hook, can outlive the code it points to.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed={MESSAGES}");

    let source = catalogue::compile(&catalogues()?)?;
    #[expect(clippy::disallowed_methods, reason = "cargo's word, not a login's")]
    let out = std::env::var_os("OUT_DIR").ok_or("cargo does not say where to write to")?;
    fs::write(Path::new(&out).join("language.rs"), source)?;
    Ok(())
}

/// The catalogues as they are written, by language.
fn catalogues() -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut catalogues = BTreeMap::new();
    for entry in fs::read_dir(MESSAGES)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("ftl")) {
            let language = path.file_stem().unwrap_or_default().to_string_lossy();
            catalogues.insert(language.into_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(catalogues)
}
