//! A QR code (ISO/IEC 18004) drawn with characters, two modules in each.

use qrcode::{Color, EcLevel, QrCode};
use thiserror::Error;
use zeroize::Zeroizing;

/// The light margin that the standard asks for, in modules.
pub const QUIET: usize = 4;
/// The least margin that readers cope with, where there is no room for [`QUIET`].
pub const LEAST_QUIET: usize = 2;

/// Black on white, by the numbers that no terminal theme redefines.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// The modules of a QR code.
pub struct Qr {
    width: usize,
    dark: Zeroizing<Vec<bool>>,
}

/// What it is drawn with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ink {
    /// Black on white by ANSI colours: right on dark and on light terminals.
    Colours,
    /// Characters alone: light modules in the terminal's foreground, right on dark terminals.
    Characters,
}

impl Qr {
    /// The code for `text`, with the least redundancy, which a screen's picture does not need
    /// more of and which keeps it small.
    ///
    /// # Errors
    ///
    /// If it is longer than any code can be.
    pub fn new(text: &str) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| TooLong)?;
        Ok(Self {
            width: code.width(),
            dark: Zeroizing::new(
                code.into_colors()
                    .into_iter()
                    .map(|module| module == Color::Dark)
                    .collect(),
            ),
        })
    }

    /// How many columns it takes with a margin of `quiet` modules.
    pub fn columns(&self, quiet: usize) -> usize {
        self.width + 2 * quiet
    }

    /// How many lines it takes with a margin of `quiet` modules.
    pub fn lines(&self, quiet: usize) -> usize {
        self.columns(quiet).div_ceil(2)
    }

    /// The code as lines of characters, with a margin of `quiet` modules.
    pub fn draw(&self, quiet: usize, ink: Ink) -> Zeroizing<String> {
        let size = self.columns(quiet);
        // Three bytes at most for each character, and the colours of each line.
        let room = self.lines(quiet) * (3 * size + BLACK_ON_WHITE.len() + RESET.len() + 1);
        let mut picture = Zeroizing::new(String::with_capacity(room));
        for y in (0..size).step_by(2) {
            if ink == Ink::Colours {
                picture.push_str(BLACK_ON_WHITE);
            }
            for x in 0..size {
                let top = self.is_dark(x, y, quiet);
                let bottom = self.is_dark(x, y + 1, quiet);
                picture.push(match ink {
                    Ink::Colours => half_block(top, bottom),
                    Ink::Characters => half_block(!top, !bottom),
                });
            }
            if ink == Ink::Colours {
                picture.push_str(RESET);
            }
            picture.push('\n');
        }
        picture
    }

    /// Whether a module is dark, `x` and `y` counted from the margin's corner. The margin is
    /// light, and so is all beyond it.
    fn is_dark(&self, x: usize, y: usize, quiet: usize) -> bool {
        let inside = |n: usize| n.checked_sub(quiet).filter(|n| *n < self.width);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else {
            return false;
        };
        self.dark
            .get(y * self.width + x)
            .copied()
            .unwrap_or_default()
    }
}

/// A text has more than the 2,953 bytes that a QR code holds.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("it is too long for a QR code")]
pub struct TooLong;

/// The character whose upper and lower half are in the foreground's colour, or not.
fn half_block(top: bool, bottom: bool) -> char {
    match (top, bottom) {
        (false, false) => ' ',
        (true, false) => '▀',
        (false, true) => '▄',
        (true, true) => '█',
    }
}

#[cfg(test)]
mod tests;
