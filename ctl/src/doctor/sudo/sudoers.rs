//! sudoers(5), as far as it says who is asked.

use std::path::Path;

use crate::doctor::scene::Files;

const FILES: [&str; 2] = ["/etc/sudoers", "/etc/sudoers-rs"];
/// How deep files may name one another; sudo's own limit.
const DEEPEST: usize = 128;

/// All that the files say.
#[derive(Default)]
pub(super) struct Sudoers {
    pub(super) directives: Vec<Directive>,
    /// Files that could not be read, and why.
    pub(super) unread: Vec<(String, String)>,
}

/// One line, with those that it goes on over.
pub(super) struct Directive {
    pub(super) file: String,
    /// The number of its first line, from 1.
    pub(super) line: usize,
    text: String,
}

/// What somebody may run without being asked.
pub(super) struct Unasked {
    pub(super) who: String,
    pub(super) what: String,
    /// Whether that is all commands.
    pub(super) all: bool,
}

impl Sudoers {
    /// The system's.
    pub(super) fn read(files: &Files) -> Self {
        let mut sudoers = Self::default();
        for file in FILES.into_iter().filter(|file| files.exists(file)) {
            sudoers.file(files, file, 0);
        }
        sudoers
    }

    fn file(&mut self, files: &Files, path: &str, nesting: usize) {
        if nesting >= DEEPEST {
            return;
        }
        let text = match files.text(path) {
            Ok(text) => text,
            Err(error) => return self.unread.push((path.to_owned(), error.to_string())),
        };
        for (line, text) in logical(&text) {
            match included(&text) {
                Some(("include", name)) => self.file(files, &beside(path, name), nesting + 1),
                Some((_, name)) => self.directory(files, &beside(path, name), nesting + 1),
                None => self.directives.push(Directive {
                    file: path.to_owned(),
                    line,
                    text,
                }),
            }
        }
    }

    fn directory(&mut self, files: &Files, path: &str, nesting: usize) {
        let entries = match files.list(path) {
            Ok(entries) => entries,
            Err(error) => return self.unread.push((path.to_owned(), error.to_string())),
        };
        for entry in entries {
            let name = entry.rsplit('/').next().unwrap_or_default();
            if !name.contains('.') && !name.ends_with('~') {
                self.file(files, &entry, nesting);
            }
        }
    }
}

/// Lines joined where one ends in a backslash, without comments.
fn logical(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut going_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let (part, more) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match found.last_mut().filter(|_| going_on) {
            Some((_, text)) => text.push_str(part),
            None => found.push((number, part.to_owned())),
        }
        going_on = more;
    }
    let meant = |(number, text): (usize, String)| {
        let text = text.trim();
        // "#include" is no comment, and "#1000" is a uid.
        let comment = text.starts_with('#')
            && included(text).is_none()
            && !text
                .get(1..2)
                .is_some_and(|c| c.starts_with(|c: char| c.is_ascii_digit()));
        let text = match text.find(" #") {
            Some(end) => text.get(..end).unwrap_or_default(),
            None => text,
        };
        (!comment && !text.is_empty()).then(|| (number, text.to_owned()))
    };
    found.into_iter().filter_map(meant).collect()
}

/// `include` or `includedir`, and what.
fn included(text: &str) -> Option<(&'static str, &str)> {
    let rest = text.strip_prefix(['#', '@'])?;
    let (word, name) = rest.split_once(char::is_whitespace)?;
    let name = name.trim().trim_matches('"');
    match word {
        "include" => Some(("include", name)),
        "includedir" => Some(("includedir", name)),
        _ => None,
    }
}

/// A name that a file gives: beside that file, if it is no whole path.
fn beside(file: &str, name: &str) -> String {
    let directory = Path::new(file).parent().unwrap_or(Path::new("/"));
    directory.join(name).to_string_lossy().into_owned()
}

impl Directive {
    /// The settings, if it is a line of defaults.
    pub(super) fn settings(&self) -> Vec<String> {
        let Some(rest) = self.text.strip_prefix("Defaults") else {
            return Vec::new();
        };
        // "Defaults:alice !authenticate": whom it is for stands in front of the settings.
        let settings = match rest.starts_with(char::is_whitespace) {
            true => rest,
            false => rest
                .split_once(char::is_whitespace)
                .map_or("", |(_, settings)| settings),
        };
        split_outside_quotes(settings)
            .into_iter()
            .map(tidy)
            .collect()
    }

    /// What somebody may run without being asked, if the line gives that; root needs nobody's leave.
    pub(super) fn unasked(&self) -> Option<Unasked> {
        let (who, rules) = self.text.split_once('=')?;
        let who = who.split_whitespace().next()?;
        if who.starts_with("Defaults") || who.ends_with("_Alias") || who == "root" || who == "#0" {
            return None;
        }
        let mut free = Vec::new();
        let mut unasked = false;
        for part in rules.split(',') {
            let mut part = part.trim();
            while let Some((tag, rest)) = part.split_once(':') {
                // Runas lists have colons too: "(ALL:ALL)".
                let tag = tag
                    .rsplit(|c: char| c.is_whitespace() || c == ')')
                    .next()
                    .unwrap_or_default();
                match tag {
                    "NOPASSWD" => unasked = true,
                    "PASSWD" => unasked = false,
                    _ => {}
                }
                part = rest.trim();
            }
            if unasked {
                free.push(part.to_owned());
            }
        }
        let all = free.iter().any(|command| command == "ALL");
        (!free.is_empty()).then(|| Unasked {
            who: who.to_owned(),
            what: free.join(", "),
            all,
        })
    }
}

/// A setting without the blanks around its sign.
fn tidy(setting: String) -> String {
    match setting.split_once('=') {
        Some((name, value)) => format!("{}={}", name.trim(), value.trim()),
        None => setting.replace("! ", "!"),
    }
}

fn split_outside_quotes(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}
