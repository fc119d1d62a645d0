//! What is shown: words for people, JSON for programs.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::qr::Ink;
use crate::table::Columns;
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

    /// A table.
    pub(crate) fn table(&self, table: &Columns) -> Result<(), Error> {
        for (index, line) in table.lines().enumerate() {
            match index {
                0 => self.strong(&line)?,
                _ => self.line(&line)?,
            }
        }
        Ok(())
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

/// Says on standard error what went wrong. If that is closed too, there is nowhere left to say it.
pub(crate) fn complain(text: &str) {
    let text = format!("countersignctl: {text}");
    let text = Size::wrapped(Size::of(io::stderr()), &text);
    let _ = writeln!(io::stderr(), "{text}");
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
