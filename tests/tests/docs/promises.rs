//! What SECURITY.md, ARCHITECTURE.md and the manual point to is there.

use std::fs;
use std::path::Path;

use countersign_tests::programs::root;

use crate::pages::{Names, found};

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect(name)
}

/// The text of every file of ours below `directory` whose name ends so.
fn sources(directory: &Path, ending: &str) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            all.push_str(&sources(&path, ending));
        } else if name.ends_with(ending) {
            all.push_str(&fs::read_to_string(&path).expect("text"));
        }
    }
    all
}

/// The table of what befell others, each row in one line.
fn vulnerabilities() -> String {
    let page = text("SECURITY.md");
    let (_, table) = page
        .split_once("## Vulnerabilities of our kind")
        .expect("the table");
    table.to_owned()
}

#[test]
fn every_test_that_the_table_of_vulnerabilities_names_is_there() {
    let named = found(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`", &vulnerabilities());
    assert!(named.len() > 20, "{named:?}");
    let there = found(r"\bfn ([a-z0-9_]+)\(", &sources(&root(), ".rs"));
    let missing: Names = named.difference(&there).cloned().collect();
    assert_eq!(missing, Names::new());
}

#[test]
fn every_sentence_of_the_system_tests_that_the_table_names_is_there() {
    let named = found(r#""([^"|]+)""#, &vulnerabilities());
    assert!(named.len() > 5, "{named:?}");
    let cases = sources(&root().join("tests/system/cases"), ".py");
    for sentence in named {
        assert!(cases.contains(&sentence), "{sentence}");
    }
}

/// Those that begin with the directory of a part, up to what stands for several.
#[test]
fn every_path_of_the_map_is_there() {
    const PATH: &str =
        r"`((?:bus|core|ctl|daemon|packaging|pam-module|qr|tests)/[A-Za-z0-9_./-]*)[^`]*`";
    for page in [
        "ARCHITECTURE.md",
        "SECURITY.md",
        "README.md",
        "CONTRIBUTING.md",
    ] {
        let paths = found(PATH, &text(page));
        assert!(!paths.is_empty(), "{page}");
        for path in paths {
            assert!(root().join(&path).exists(), "{page}: {path}");
        }
    }
}

/// Those of which it says what they show, and not that this was read.
#[test]
fn every_program_of_the_manual_s_table_is_driven_by_a_case() {
    const NONE: [&str; 4] = ["with", "service", "protocol", "debian"];
    let page = text("packaging/man/countersign-desktop.7");
    let (_, table) = page.split_once(".Sh PROGRAMS").expect("the table");
    let cases = sources(&root().join("tests/system/cases"), ".py")
        + &sources(&root().join("tests/system/harness"), ".py");
    let cases = cases.to_lowercase();
    let mut programs = Names::new();
    for row in table.split(".It Sy ").skip(1) {
        let (head, body) = row.split_once('\n').expect("a row");
        if body.contains(".Em Show") {
            programs.extend(found(r"([a-z][a-z0-9-]{3,})", &head.to_lowercase()));
        }
    }
    programs.retain(|name| !NONE.contains(&name.as_str()));
    assert!(programs.len() > 15, "{programs:?}");
    programs.retain(|name| !cases.contains(name.as_str()));
    assert_eq!(programs, Names::new());
}
