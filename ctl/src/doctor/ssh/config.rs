//! sshd_config(5): where each setting is, and which blocks there are. What is in force, sshd says.

use crate::doctor::scene::{Files, place};
use crate::pam_stack::Place;

pub(super) const MAIN: &str = "/etc/ssh/sshd_config";
/// How deep files may name one another; sshd's own limit.
const DEEPEST: usize = 16;

/// The files, one after the other as sshd reads them.
#[derive(Default)]
pub(super) struct Config {
    settings: Vec<Setting>,
    pub(super) blocks: Vec<Block>,
    /// Files that could not be read, and why.
    pub(super) unread: Vec<(String, String)>,
}

struct Setting {
    keyword: String,
    place: Place,
    block: Option<usize>,
}

/// A `Match` and its conditions.
pub(super) struct Block {
    pub(super) place: Place,
    /// As they are written: keyword, value, keyword, value …
    pub(super) conditions: Vec<String>,
}

impl Config {
    /// The system's.
    pub(super) fn read(files: &Files) -> Self {
        let mut config = Self::default();
        config.file(files, MAIN, None, 0);
        config
    }

    /// Where a setting is: in a block if it is there, else in front of all blocks.
    pub(super) fn place_of(&self, keyword: &str, block: Option<usize>) -> Option<&Place> {
        let within = |wanted: Option<usize>| {
            let mut found = self.settings.iter();
            found.find(|setting| setting.keyword == keyword && setting.block == wanted)
        };
        let own = block.and_then(|_| within(block));
        own.or_else(|| within(None)).map(|setting| &setting.place)
    }

    fn file(&mut self, files: &Files, path: &str, mut block: Option<usize>, nesting: usize) {
        let text = match files.text(path) {
            Ok(text) => text,
            Err(error) => return self.unread.push((path.to_owned(), error.to_string())),
        };
        for (number, line) in (1..).zip(text.lines()) {
            let mut words = words(line).into_iter();
            let Some(keyword) = words.next().map(|word| word.to_ascii_lowercase()) else {
                continue;
            };
            let place = place(path, number);
            match keyword.as_str() {
                "include" if nesting < DEEPEST => {
                    // A block that a file begins ends with the file.
                    for file in words.flat_map(|pattern| matching(files, &pattern)) {
                        self.file(files, &file, block, nesting + 1);
                    }
                }
                "match" => {
                    let conditions = words.collect();
                    self.blocks.push(Block { place, conditions });
                    block = Some(self.blocks.len() - 1);
                }
                _ => self.settings.push(Setting {
                    keyword,
                    place,
                    block,
                }),
            }
        }
    }
}

/// The words of a line, without comments; `Keyword=value` is two.
fn words(line: &str) -> Vec<String> {
    let line = line.trim();
    if line.starts_with('#') {
        return Vec::new();
    }
    let (keyword, rest) = match line.find(|c: char| c.is_whitespace() || c == '=') {
        Some(end) => line.split_at(end),
        None => (line, ""),
    };
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
    let rest = rest.split(" #").next().unwrap_or_default();
    let all = [keyword].into_iter().chain(rest.split_whitespace());
    let all = all.map(|word| word.trim_matches('"').to_owned());
    all.filter(|word| !word.is_empty()).collect()
}

/// The files that a pattern means: stars in its last part.
fn matching(files: &Files, pattern: &str) -> Vec<String> {
    let pattern = match pattern.starts_with('/') {
        true => pattern.to_owned(),
        false => format!("/etc/ssh/{pattern}"),
    };
    let Some((directory, name)) = pattern
        .rsplit_once('/')
        .filter(|(_, name)| name.contains('*'))
    else {
        return vec![pattern];
    };
    let listed = files.list(directory).unwrap_or_default();
    let is_meant = |path: &String| fits(path.rsplit('/').next().unwrap_or_default(), name);
    listed.into_iter().filter(is_meant).collect()
}

/// Whether a name fits a pattern with stars.
fn fits(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first).filter(|_| !name.starts_with('.')) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_keyword_and_words() {
        for (line, expected) in [
            ("  UsePAM yes", &["UsePAM", "yes"][..]),
            ("UsePAM=yes", &["UsePAM", "yes"]),
            ("Port = 22 # why", &["Port", "22"]),
            ("Include \"/etc/ssh/x\" y", &["Include", "/etc/ssh/x", "y"]),
            ("# a comment", &[]),
            ("", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn stars_stand_for_anything_but_a_leading_dot() {
        for (name, pattern, does) in [
            ("10.conf", "*.conf", true),
            ("10.conf", "1*.c*", true),
            ("10.conf.bak", "*.conf", false),
            (".conf", "*.conf", false),
            ("a", "b*", false),
        ] {
            assert_eq!(fits(name, pattern), does, "{name} {pattern}");
        }
    }
}
