//! What is shown: words for people, JSON for programs.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::qr::Ink;
use crate::table::Columns;

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

impl Output {
    /// Standard output, with the terminal's size if it is one.
    pub(crate) fn open() -> Self {
        let stdout = io::stdout();
        let size = stdout
            .is_terminal()
            .then(|| tcgetwinsize(stdout.as_fd()).ok())
            .flatten()
            .map(|size| Size {
                columns: size.ws_col,
                lines: size.ws_row,
            })
            // A serial line knows no size, and says 0.
            .map(|size| match size {
                Size { columns: 0, .. } | Size { lines: 0, .. } => Size {
                    columns: 80,
                    lines: 24,
                },
                known => known,
            });
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

    /// A line of text; an empty one separates.
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
    let _ = writeln!(io::stderr(), "countersignctl: {text}");
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
