//! Names of services and terminals, as rules name them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A name, or the beginning of names: `sshd`, `gdm-*`, `*`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern {
    beginning: String,
    open: bool,
}

impl Pattern {
    /// Whether `name` is one of those meant.
    pub fn matches(&self, name: &str) -> bool {
        if self.open {
            name.starts_with(&self.beginning)
        } else {
            name == self.beginning
        }
    }

    /// Whether every name is meant.
    pub(super) const fn means_all(&self) -> bool {
        self.open && self.beginning.is_empty()
    }

    /// Whether all that `other` means is meant.
    pub fn covers(&self, other: &Self) -> bool {
        (self.open || !other.open) && self.matches(&other.beginning)
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let (beginning, open) = match text.strip_suffix('*') {
            None => (text, false),
            Some(beginning) => (beginning, true),
        };
        let named = open || !beginning.is_empty();
        let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '*';
        if named && beginning.chars().all(plain) && beginning.len() <= 256 {
            Ok(Self {
                beginning: beginning.to_owned(),
                open,
            })
        } else {
            Err(BadPattern(text.to_owned()))
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.beginning, if self.open { "*" } else { "" })
    }
}

/// A text that names nothing.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "{0:?} is no name; write a name like \"sshd\", or its beginning with a * behind, like \"gdm-*\""
)]
pub struct BadPattern(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_means_itself_and_a_beginning_all_that_begins_so() {
        for (text, meant, other) in [
            ("sshd", "sshd", "sshd2"),
            ("sshd", "sshd", "SSHD"),
            ("gdm-*", "gdm-password", "gdm"),
            ("gdm-*", "gdm-", "xgdm-"),
        ] {
            assert!(pattern(text).matches(meant), "{text} {meant}");
            assert!(!pattern(text).matches(other), "{text} {other}");
        }
        assert!(pattern("*").matches("") && pattern("*").matches("anything"));
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in ["", "s*d", "**", "a b", "sshd\n", &"a".repeat(257)] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_beginning_covers_what_begins_so() {
        assert!(pattern("gdm-*").covers(&pattern("gdm-password")));
        assert!(pattern("*").covers(&pattern("gdm-*")));
        assert!(!pattern("gdm-password").covers(&pattern("gdm-*")));
        assert!(!pattern("sshd").covers(&pattern("sshd*")));
    }
}
