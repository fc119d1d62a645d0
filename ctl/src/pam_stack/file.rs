//! One file of PAM's configuration.

use super::control::Control;
use super::{Facility, Module};

/// A line, with those that it goes on over.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The number of its first line, from 1.
    pub(crate) first: usize,
    /// The number of its last line.
    pub(crate) last: usize,
    pub(crate) statement: Statement,
}

/// What a line says.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    /// Ask a module.
    Rule(Rule),
    /// Go on with another file's lines, as if they stood here; of all facilities, for `@include`.
    Include {
        facility: Option<Facility>,
        name: String,
    },
    /// Go on with another file's lines, in a stack of their own.
    Substack { facility: Facility, name: String },
    /// Nothing that libpam understands; a facility, if that much could be read.
    Wrong {
        facility: Option<Facility>,
        what: String,
    },
}

/// A line that asks a module.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) facility: Facility,
    pub(crate) module: Module,
}

/// The lines of a service's own file that say something.
pub(crate) fn parse(text: &str) -> Vec<Entry> {
    let entry = |logical: Logical| Entry {
        statement: statement(tokens(&logical.text)),
        first: logical.first,
        last: logical.last,
    };
    logical(text).into_iter().map(entry).collect()
}

/// The lines for one service in the file that is for all.
pub(super) fn parse_single(text: &str, service: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for logical in logical(text) {
        let mut tokens = tokens(&logical.text);
        if tokens.is_empty() || !tokens.remove(0).text.eq_ignore_ascii_case(service) {
            continue;
        }
        entries.push(Entry {
            statement: statement(tokens),
            first: logical.first,
            last: logical.last,
        });
    }
    entries
}

/// The services that the file for all names.
pub(super) fn services(text: &str) -> Vec<String> {
    let first = |logical: Logical| Some(tokens(&logical.text).first()?.text.to_ascii_lowercase());
    logical(text).into_iter().filter_map(first).collect()
}

/// Lines joined where one ends in a backslash, without comments.
struct Logical {
    text: String,
    first: usize,
    last: usize,
}

fn logical(text: &str) -> Vec<Logical> {
    let mut found: Vec<Logical> = Vec::new();
    let mut going_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (part, more) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match found.last_mut().filter(|_| going_on) {
            Some(last) => {
                last.text.push(' ');
                last.text.push_str(part);
                last.last = number;
            }
            None => found.push(Logical {
                text: part.to_owned(),
                first: number,
                last: number,
            }),
        }
        going_on = more;
    }
    found.retain(|line| !line.text.trim().is_empty());
    found
}

/// A word, or what is between brackets.
struct Token {
    text: String,
    bracketed: bool,
}

/// The words of a line. Within brackets, `\]` stands for a bracket.
fn tokens(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (token, end) = match rest.strip_prefix('[') {
            Some(inner) => bracketed(inner),
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let text = rest.get(..end).unwrap_or_default().to_owned();
                let bracketed = false;
                (Token { text, bracketed }, end)
            }
        };
        tokens.push(token);
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    tokens
}

/// What is up to the closing bracket, and where what follows it begins, in the text before the
/// opening one.
fn bracketed(inner: &str) -> (Token, usize) {
    let mut text = String::new();
    let mut characters = inner.char_indices();
    let mut end = inner.len();
    while let Some((index, character)) = characters.next() {
        match character {
            ']' => {
                end = index + 1;
                break;
            }
            '\\' if inner
                .get(index + 1..)
                .is_some_and(|rest| rest.starts_with(']')) =>
            {
                text.push(']');
                characters.next();
            }
            other => text.push(other),
        }
    }
    let bracketed = true;
    (Token { text, bracketed }, end + 1)
}

fn statement(tokens: Vec<Token>) -> Statement {
    let mut tokens = tokens.into_iter();
    let Some(first) = tokens.next() else {
        return wrong(None, "it is empty");
    };
    if first.text.eq_ignore_ascii_case("@include") {
        return match tokens.next() {
            Some(name) => Statement::Include {
                facility: None,
                name: name.text,
            },
            None => wrong(None, "it does not say what to include"),
        };
    }
    // "-auth": a missing module is not logged.
    let word = first.text.strip_prefix('-').unwrap_or(&first.text);
    let Some(facility) = facility(word) else {
        let what = format!("{word} is none of auth, account, password, session");
        return wrong(None, &what);
    };
    let Some((control, path)) = tokens.next().zip(tokens.next()) else {
        return wrong(Some(facility), "it names no module");
    };
    let arguments = tokens.map(|token| token.text).collect();
    of_facility(facility, &control, (path.text, arguments))
}

/// What is said behind the facility.
fn of_facility(
    facility: Facility,
    control: &Token,
    (path, arguments): (String, Vec<String>),
) -> Statement {
    let word = control.text.to_ascii_lowercase();
    let control = match (control.bracketed, word.as_str()) {
        (false, "include") => {
            return Statement::Include {
                facility: Some(facility),
                name: path,
            };
        }
        (false, "substack") => {
            return Statement::Substack {
                facility,
                name: path,
            };
        }
        (false, word) => Control::word(word).ok_or_else(|| format!("{word} is not a control")),
        (true, _) => Control::bracketed(&control.text),
    };
    match control {
        Ok(control) => Statement::Rule(Rule {
            facility,
            module: Module {
                control,
                path,
                arguments,
            },
        }),
        Err(what) => wrong(Some(facility), &what),
    }
}

fn wrong(facility: Option<Facility>, what: &str) -> Statement {
    Statement::Wrong {
        facility,
        what: what.to_owned(),
    }
}

fn facility(word: &str) -> Option<Facility> {
    Some(match word.to_ascii_lowercase().as_str() {
        "auth" => Facility::Auth,
        "account" => Facility::Account,
        "password" => Facility::Password,
        "session" => Facility::Session,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<(usize, usize, Rule)> {
        let rule = |entry: Entry| match entry.statement {
            Statement::Rule(rule) => (entry.first, entry.last, rule),
            other @ (Statement::Include { .. }
            | Statement::Substack { .. }
            | Statement::Wrong { .. }) => panic!("{other:?}"),
        };
        parse(text).into_iter().map(rule).collect()
    }

    #[test]
    fn comments_and_empty_lines_say_nothing_but_are_counted() {
        let rules = rules("# a comment\n\n  auth required pam_unix.so nullok # and why\n");
        let [(3, 3, rule)] = rules.as_slice() else {
            panic!("{rules:?}");
        };
        assert_eq!(rule.facility, Facility::Auth);
        assert_eq!(rule.module.path, "pam_unix.so");
        assert_eq!(rule.module.arguments, ["nullok"]);
    }

    #[test]
    fn a_line_goes_on_behind_a_backslash() {
        let rules = rules("-session \\\n  optional \\\n  pam_x.so a\nauth required pam_y.so\n");
        let [(1, 3, first), (4, 4, second)] = rules.as_slice() else {
            panic!("{rules:?}");
        };
        assert_eq!(first.facility, Facility::Session);
        assert_eq!(first.module.arguments, ["a"]);
        assert_eq!(second.module.path, "pam_y.so");
    }

    #[test]
    fn brackets_hold_words_together_in_controls_and_in_arguments() {
        let rules = rules("AUTH\t[success=1 default=ignore]\t/lib/x/pam_ldap.so [a=b c\\] d] e\n");
        let [(_, _, rule)] = rules.as_slice() else {
            panic!("{rules:?}");
        };
        assert_eq!(rule.module.control.written, "[success=1 default=ignore]");
        assert_eq!(rule.module.arguments, ["a=b c] d", "e"]);
        assert_eq!(rule.module.name(), "pam_ldap.so");
    }

    #[test]
    fn what_libpam_does_not_understand_is_wrong_and_not_skipped() {
        for text in [
            "auht required pam_unix.so",
            "auth",
            "auth required",
            "auth needed pam_unix.so",
            "auth [success=fine] pam_unix.so",
            "@include",
        ] {
            let entries = parse(text);
            assert!(
                matches!(entries.as_slice(), [entry] if matches!(entry.statement, Statement::Wrong { .. })),
                "{text}: {entries:?}"
            );
        }
    }

    #[test]
    fn the_single_file_has_the_service_in_front() {
        let text = "sshd auth required pam_unix.so\nOTHER auth required pam_deny.so\n";
        assert_eq!(services(text), ["sshd", "other"]);
        assert_eq!(parse_single(text, "other").len(), 1);
        assert_eq!(parse_single(text, "su").len(), 0);
    }
}
