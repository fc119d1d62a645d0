//! What is shown: words for people, JSON for programs.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use countersign_qr::Ink;
use rustix::termios::tcgetwinsize;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::table::{Columns, Drawing};
use crate::words;

/// Room for any answer in JSON that holds a secret.
const ANSWER: usize = 16 * 1024;

/// Standard output.
pub(crate) struct Output {
    /// `None` if it is no terminal.
    size: Option<Size>,
    colour: bool,
}

/// A terminal's size in characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) lines: u16,
}

impl Size {
    /// The size of a terminal; `None` if it is none.
    fn of(file: impl AsFd + IsTerminal) -> Option<Self> {
        if !file.is_terminal() {
            return None;
        }
        let size = tcgetwinsize(file.as_fd()).ok()?;
        // A serial line knows no size, and says 0.
        Some(match (size.ws_col, size.ws_row) {
            (0, _) | (_, 0) => Self {
                columns: 80,
                lines: 24,
            },
            (columns, lines) => Self { columns, lines },
        })
    }

    fn wrapped(size: Option<Self>, text: &str) -> String {
        let width = size.map_or(usize::MAX, |size| usize::from(size.columns));
        words::wrapped(text, width)
    }
}

impl Output {
    /// Standard output, with the terminal's size if it is one.
    pub(crate) fn open() -> Self {
        let size = Size::of(io::stdout());
        Self {
            size,
            colour: size.is_some() && environment_wants_colour(),
        }
    }

    /// The terminal's size, if it is one.
    pub(crate) fn size(&self) -> Option<Size> {
        self.size
    }

    /// The terminal's width, if it is one.
    pub(crate) fn width(&self) -> Option<u16> {
        self.size.map(|size| size.columns)
    }

    /// Whether it is a terminal that has colours.
    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// What to draw a QR code with.
    pub(crate) fn ink(&self) -> Ink {
        if self.colour {
            Ink::Colours
        } else {
            Ink::Characters
        }
    }

    /// Sentences, broken where the terminal ends.
    pub(crate) fn say(&self, text: &str) -> Result<(), Error> {
        self.line(&Size::wrapped(self.size, text))
    }

    /// A line as it is; an empty one separates.
    pub(crate) fn line(&self, text: &str) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.write_all(b"\n"))
            .and_then(|()| stdout.flush())
            .map_err(Error::Output)
    }

    /// A line that a reader should not miss.
    pub(crate) fn strong(&self, text: &str) -> Result<(), Error> {
        if self.colour {
            self.line(&format!("\x1b[1m{text}\x1b[0m"))
        } else {
            self.line(text)
        }
    }

    /// A line that says how things stand.
    pub(crate) fn tell(&self, tone: Tone, text: &str) -> Result<(), Error> {
        let text = Size::wrapped(self.size, text);
        self.line(&tone.dye(&text, self.colour))
    }

    /// A table.
    pub(crate) fn table<const N: usize>(&self, table: &Columns<N>) -> Result<(), Error> {
        let lines = match table.drawing() {
            Drawing::Rows { headings, rows } => {
                self.strong(&headings)?;
                rows
            }
            Drawing::Cells(lines) => lines,
        };
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// One JSON value on one line.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Error> {
        let mut text = Zeroizing::new(Vec::with_capacity(ANSWER));
        serde_json::to_writer(&mut *text, value).map_err(|error| Error::Output(error.into()))?;
        text.push(b'\n');
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(&text)
            .and_then(|()| stdout.flush())
            .map_err(Error::Output)
    }
}

/// How things stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tone {
    /// As they should.
    Good,
    /// Neither well nor badly.
    Note,
    /// Somebody should do something about it.
    Caution,
    /// Not as they should.
    Bad,
}

impl Tone {
    /// The text in this tone's colour, if there are colours. Commands in it stay as they are, so
    /// that they stand out.
    pub(crate) fn dye(self, text: &str, colour: bool) -> String {
        let code = match self {
            Self::Good => 32,
            Self::Caution => 33,
            Self::Bad => 31,
            Self::Note => return text.to_owned(),
        };
        if !colour {
            return text.to_owned();
        }
        let dyed = |line: &str| match line {
            command if command.starts_with(' ') => command.to_owned(),
            line => format!("\x1b[{code}m{line}\x1b[0m"),
        };
        text.lines().map(dyed).collect::<Vec<_>>().join("\n")
    }
}

/// Says on standard error what went wrong. If that is closed too, there is nowhere left to say it.
pub(crate) fn complain(text: &str) {
    const WHO: &str = "countersignctl:";
    let size = Size::of(io::stderr());
    let text = Size::wrapped(size, &format!("{WHO} {text}"));
    let said = text.strip_prefix(WHO).unwrap_or(&text);
    let who = Tone::Bad.dye(WHO, size.is_some() && environment_wants_colour());
    let _ = writeln!(io::stderr(), "{who}{said}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "these two variables choose colours and nothing else: https://no-color.org"
)]
fn environment_wants_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
    !refused && !dumb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_have_a_tone_and_commands_have_none() {
        let text = "No code is left.\n  countersignctl recovery-codes";
        assert_eq!(Tone::Caution.dye(text, false), text);
        assert_eq!(
            Tone::Caution.dye(text, true),
            "\x1b[33mNo code is left.\x1b[0m\n  countersignctl recovery-codes"
        );
    }
}
