//! What a check is, and what it may find.

use std::fmt;

use serde::Serialize;

use crate::output::Tone;
use crate::pam_stack::Place;
use crate::words::printable;

/// How bad a finding is; the worst comes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// A way around the second factor, or to be locked out, that is open now.
    Danger,
    /// One that is open to some, or opens with the next mishap.
    Warning,
    /// What an admin should know.
    Note,
}

impl Severity {
    /// In which tone it is told.
    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Danger => Tone::Bad,
            Self::Warning => Tone::Caution,
            Self::Note => Tone::Note,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Danger => "danger",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One kind of thing that is looked for.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// Its name, which scripts may rely on.
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    /// What it looks for.
    pub(crate) finds: &'static str,
    /// What it means where that is so.
    pub(crate) means: &'static str,
    /// What mends it.
    pub(crate) mends: &'static str,
}

impl Check {
    /// It is so: in a sentence of its own.
    pub(crate) fn found(&self, found: impl AsRef<str>) -> Finding {
        Finding {
            id: self.id,
            severity: self.severity,
            found: printable(found.as_ref()),
            file: None,
            line: None,
            means: self.means,
            mends: self.mends,
            fix: Vec::new(),
        }
    }
}

/// Something that a check found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    /// What was found, in a sentence.
    pub(crate) found: String,
    /// Where, if it is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// In which line of it, from 1, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// What it means.
    pub(crate) means: &'static str,
    /// What mends it, in a sentence.
    pub(crate) mends: &'static str,
    /// Commands to run, or lines to write.
    pub(crate) fix: Vec<String>,
}

impl Finding {
    /// In this file.
    pub(crate) fn in_file(mut self, file: impl AsRef<str>) -> Self {
        self.file = Some(printable(file.as_ref()));
        self
    }

    /// In this line of a file.
    pub(crate) fn at(mut self, place: &Place) -> Self {
        self.line = Some(place.line);
        self.in_file(place.file.to_string_lossy())
    }

    /// With a command to run, or a line to write.
    pub(crate) fn fix(mut self, line: impl AsRef<str>) -> Self {
        self.fix.push(printable(line.as_ref()));
        self
    }

    /// Where it is, if it is in a file.
    pub(crate) fn place(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(match self.line {
            Some(line) => format!("{file}:{line}"),
            None => file.clone(),
        })
    }
}

/// What was not looked at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Unchecked {
    /// The check's.
    pub(crate) id: &'static str,
    pub(crate) why: String,
}
