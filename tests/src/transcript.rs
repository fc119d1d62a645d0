//! What was seen, without what differs from run to run, beside what is to be seen.

use std::fs;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::programs::root;

/// With this variable set, transcripts are written instead of compared.
const WRITE: &str = "COUNTERSIGN_WRITE_TRANSCRIPTS";

/// What differs from run to run, and what stands for it.
const VARIES: &[(&str, &str)] = &[
    // How far something has come: seen or not, as it was quick or slow, and wiped away.
    (r"(?m)^\r?[^\n]*\x1b\[2K\r?", ""),
    (
        r"(?m)^(?:[^\n]*(?:[▀▄█]|\x1b\[38;5;16;48;5;231m)[^\n]*\n)+",
        "⟨QR code⟩\n",
    ),
    (r"\x1b", r"\e"),
    (r"/\S*/\.tmp\w{6}/", "⟨directory⟩/"),
    (r"(?:\b[A-Z2-7]{4} ){3,}[A-Z2-7]{1,4}\b", "⟨key⟩"),
    (r"secret=[A-Z2-7]+", "secret=⟨key⟩"),
    (r#""secret":"[A-Z2-7]+""#, r#""secret":"⟨key⟩""#),
    (
        r"\b([1-9][0-9]?)-(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b",
        "$1-⟨recovery code⟩",
    ),
    (
        r"\b0-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b",
        "0-⟨issued code⟩",
    ),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC\b", "YYYY-MM-DD HH:MM UTC"),
    (
        r#"("(?:created|last_used|expires|time)":)\d{10}\b"#,
        "$1⟨time⟩",
    ),
    (r#"("wait":)\d+\b"#, "$1⟨seconds⟩"),
    (r#"("bytes":)\d+\b"#, "$1⟨bytes⟩"),
    (r#"("sequence":)\d+\b"#, "$1⟨number⟩"),
    (r#"("transaction":)"[0-9a-f]{32}""#, "$1⟨id⟩"),
    (r"(?m)^\d\d:\d\d:\d\d ", "HH:MM:SS "),
    // A column is as wide as what is in it.
    (r"\b(MADE|LAST USED|LATELY|never) {2,}", "$1  "),
    (
        r"\b(?:just now|\d+ (?:min|h|days?|months?|years?) ago) {2,}",
        "⟨then⟩  ",
    ),
    (
        r"\b(?:just now|\d+ (?:min|h|days?|months?|years?) ago)\b",
        "⟨then⟩",
    ),
    (r"\bin \d+ (?:s|min|h|days)\b", "in ⟨while⟩"),
    (
        r"(?m)^  0, (?:[0-9]|[A-Z][-a-z]+)(?: (?:[0-9]|[A-Z][-a-z]+)){3}, .*$",
        "  ⟨issued code, spelled out⟩",
    ),
    (r"for another \d+ (?:s|min|h|days)\b", "for another ⟨while⟩"),
];

/// What was seen is what the transcript of that name says.
///
/// # Panics
///
/// If it is not; what was seen is said.
#[track_caller]
pub fn compare(name: &str, seen: &str) {
    let seen = masked(seen);
    let file = root().join(format!("tests/tests/transcripts/{name}.txt"));
    if wanted_anew() {
        fs::write(&file, seen).expect("a file");
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let differ = expected.lines().zip(seen.lines()).position(|(a, b)| a != b);
    let line = differ.unwrap_or_else(|| expected.lines().count().min(seen.lines().count()));
    assert!(
        seen == expected,
        "{} is another from line {} on. Is that better? Then write it anew with {WRITE}=1, and \
         read the difference.\nexpected: {:?}\n    seen: {:?}\n\n{seen}",
        file.display(),
        line + 1,
        expected.lines().nth(line),
        seen.lines().nth(line),
    );
}

/// What was seen, without what differs from run to run.
pub fn masked(text: &str) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rule = |(pattern, stands)| (Regex::new(pattern).expect("a pattern"), stands);
        VARIES.iter().copied().map(rule).collect()
    });
    RULES.iter().fold(text.to_owned(), |text, (rule, stands)| {
        rule.replace_all(&text, *stands).into_owned()
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests chooses whether they write"
)]
fn wanted_anew() -> bool {
    std::env::var_os(WRITE).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_masked_and_nothing_else() {
        let seen = "  Key:      JBSW Y3DP EHPK 3PXP\n10-0123-4567-89AB-CDEF\n0-0123-4567\n\
             otpauth://totp/h:a?secret=JBSWY3DPEHPK3PXP&digits=6\n1  totp  2026-11-22 03:55 UTC\n\
             {\"created\":1795305090,\"uid\":1001}\n\x1b[38;5;16;48;5;231m \x1b[0m\n▀▄█ ▀\n█▄\n\x1b[1mbold\x1b[0m 123456\n";
        assert_eq!(
            masked(seen),
            "  Key:      ⟨key⟩\n10-⟨recovery code⟩\n0-⟨issued code⟩\n\
             otpauth://totp/h:a?secret=⟨key⟩&digits=6\n1  totp  YYYY-MM-DD HH:MM UTC\n\
             {\"created\":⟨time⟩,\"uid\":1001}\n⟨QR code⟩\n\\e[1mbold\\e[0m 123456\n"
        );
    }
}
