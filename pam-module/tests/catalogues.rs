//! Which catalogues the build takes.

#[path = "../build/catalogue.rs"]
mod catalogue;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ENGLISH: &str = "wrong = Wrong. { $left } left.\nused = Used.\n";

/// What the build says of a catalogue beside the English one.
fn compile(other: &str) -> Result<String, String> {
    compile_all(&[("en", ENGLISH), ("xx", other)])
}

fn compile_all(catalogues: &[(&str, &str)]) -> Result<String, String> {
    let owned = |(language, text): &(&str, &str)| ((*language).to_owned(), (*text).to_owned());
    catalogue::compile(&catalogues.iter().map(owned).collect())
}

#[test]
fn the_catalogues_in_the_tree_are_taken() {
    let mut catalogues = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("messages");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let language = path.file_stem().unwrap().to_str().unwrap().to_owned();
        catalogues.insert(language, fs::read_to_string(&path).unwrap());
    }
    assert!(catalogues.len() >= 2);
    catalogue::compile(&catalogues).unwrap();
}

#[test]
fn another_language_is_another_variant_and_an_arm_of_each_message() {
    let rust = compile("# A comment\n\nwrong = { $left } \"W\\\nused = 틀린").unwrap();
    for line in [
        "En,\nXx,\n",
        "\"xx\" => Some(Self::Xx),",
        "pub(crate) fn used(self) -> &'static str {",
        "Self::Xx => \"틀린\",",
        "pub(crate) fn wrong(self, left: impl std::fmt::Display) -> String {",
        "Self::En => format!(\"Wrong. {left} left.\"),",
        r#"Self::Xx => format!("{left} \"W\\"),"#,
    ] {
        assert!(rust.contains(line), "{line} is not in:\n{rust}");
    }
}

#[test]
fn a_catalogue_that_is_not_as_the_english_one_fails_the_build() {
    for (other, why) in [
        ("", "used: it is missing"),
        ("wrong = W { $left }\n", "used: it is missing"),
        ("used = U\n", "wrong: it is missing"),
        ("used = U\nwrong = W\n", "wrong: $left is missing"),
        (
            "used = U\nwrong = W { $right }\n",
            "wrong: en.ftl has no $right there",
        ),
        (
            "used = { $left }\nwrong = W { $left }\n",
            "used: en.ftl has no $left there",
        ),
        (
            "used = U\nwrong = W { $left }\nnew = N\n",
            "new: en.ftl has no such key",
        ),
    ] {
        let error = compile(other).unwrap_err();
        assert_eq!(error, format!("xx.ftl: {why}"), "{other}");
    }
}

#[test]
fn what_is_more_of_fluent_than_we_understand_fails_the_build() {
    for (used, why) in [
        ("used = U\nused = U", "used: it is there twice"),
        ("used = U\n-term = T", "-term: a term"),
        ("used = U\n  more", "used: it has more than a line"),
        ("used =\n  more\n  lines", "used: it has more than a line"),
        ("used = U\u{1b}[1m", "used: it has more than a line, or"),
        ("used = U\n .attribute = A", "used: it has an attribute"),
        ("used =\n .attribute = A", "used: it has an attribute"),
        ("used = U { \"text\" }", "used: only { $name }"),
        ("used = U { 1 }", "used: only { $name }"),
        ("used = U { wrong }", "used: only { $name }"),
        ("used = U { -term }", "used: only { $name }"),
        ("used = U { NUMBER($left) }", "used: only { $name }"),
        ("used = U { { $left } }", "used: only { $name }"),
        ("used = U { $Left }", "used: only { $name }"),
        (
            "used = { $left ->\n [one] one\n *[other] many\n }",
            "used: only { $name }",
        ),
        ("used = U }", "line 1: "),
        ("used = U { $left", "line 2: "),
        ("used", "line 1: "),
        ("\n\nused = {}", "line 3: "),
        ("Used = U", "Used: a key has small letters and hyphens"),
        ("us_ed = U", "us_ed: a key has small letters and hyphens"),
    ] {
        let error = compile(&format!("{used}\nwrong = W {{ $left }}\n")).unwrap_err();
        let beginning = format!("xx.ftl: {why}");
        assert!(error.starts_with(&beginning), "{used}: {error}");
    }
}

#[test]
fn without_an_english_catalogue_there_is_nothing_to_hold_the_others_to() {
    let error = compile_all(&[("ko", ENGLISH)]).unwrap_err();
    assert_eq!(error, "en.ftl: it is not there");
}

#[test]
fn a_file_that_is_not_named_after_a_language_fails_the_build() {
    for name in ["", "EN", "en-GB", "en2"] {
        let error = compile_all(&[("en", ENGLISH), (name, ENGLISH)]).unwrap_err();
        assert!(error.contains("small letters"), "{name}: {error}");
    }
}
