//! A phone that is held to the screen, and shows codes from then on.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::user::Enrolled;

const BLACK: u8 = 0;
const WHITE: u8 = 255;
/// How many pixels a module is wide and high.
const SCALE: usize = 6;

/// A phone with one key.
#[derive(Clone, Debug)]
pub struct Phone {
    key: Enrolled,
    /// The step of the last code that it gave.
    last: u64,
}

impl Phone {
    /// Scans the QR code on the screen; types the key where no reader is installed.
    ///
    /// # Panics
    ///
    /// If there is none, or if it is not the key that is shown in letters.
    pub fn scan(screen: &str) -> Self {
        let letters = screen
            .split_once("Key:      ")
            .and_then(|(_, rest)| rest.lines().next());
        let letters = letters.expect("a key").replace(' ', "");
        let uri = match read(&pixels(screen)) {
            Some(uri) => uri,
            None => format!("otpauth://totp/?secret={letters}"),
        };
        assert!(
            uri.contains(&format!("secret={letters}")),
            "another key: {uri}"
        );
        Self::with(&uri)
    }

    /// Takes a key URI over.
    pub fn with(uri: &str) -> Self {
        Self {
            key: Enrolled::new("", 0, String::new(), uri),
            last: 0,
        }
    }

    /// A code that it did not give before: this step's, then the next one's, which a login takes
    /// too, and so on.
    pub fn code(&mut self) -> String {
        self.last = (self.last + 1).max(now() / 30);
        self.key.code(self.last * 30)
    }

    /// A code that is right at no time near now.
    pub fn wrong_code(&self) -> String {
        self.key.wrong_code(now())
    }
}

/// The picture on the screen: rows of half cells, black or white.
fn pixels(screen: &str) -> Vec<Vec<u8>> {
    let is_part = |line: &&str| line.contains(['▀', '▄', '█']);
    let mut rows = Vec::new();
    for line in screen.lines().filter(is_part) {
        // In colours it is black on white, in characters alone light on dark.
        let (fore, back) = match line.contains("\x1b[38;5;16;48;5;231m") {
            true => (BLACK, WHITE),
            false => (WHITE, BLACK),
        };
        let halves = |c| match c {
            ' ' => Some((back, back)),
            '▀' => Some((fore, back)),
            '▄' => Some((back, fore)),
            '█' => Some((fore, fore)),
            _ => None,
        };
        let (top, bottom): (Vec<u8>, Vec<u8>) = line.chars().filter_map(halves).unzip();
        rows.extend([top, bottom]);
    }
    assert!(!rows.is_empty(), "no QR code in:\n{screen}");
    rows
}

/// What a reader finds in a picture; `None` without a reader.
fn read(rows: &[Vec<u8>]) -> Option<String> {
    let width = rows.iter().map(Vec::len).max().expect("a row") * SCALE;
    let mut picture = format!("P5\n{width} {}\n255\n", rows.len() * SCALE).into_bytes();
    for row in rows {
        let mut wide: Vec<u8> = row.iter().flat_map(|pixel| [*pixel; SCALE]).collect();
        wide.resize(width, WHITE);
        picture.extend(wide.repeat(SCALE));
    }
    let mut reader = Command::new("zbarimg")
        .args(["--quiet", "--raw", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = reader.stdin.take().expect("a pipe");
    stdin.write_all(&picture).expect("a reader");
    drop(stdin);
    let read = reader.wait_with_output().expect("a reader").stdout;
    let text = String::from_utf8(read).expect("text");
    assert!(
        text.starts_with("otpauth://"),
        "not read as a key: {text:?}"
    );
    Some(text.trim_end().to_owned())
}

fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}
