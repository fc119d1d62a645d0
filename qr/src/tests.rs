//! What is drawn is turned back into a picture, as a terminal would, and read as a phone would.

use std::io::Write;
use std::process::Command;

use super::*;

const URI: &str = "otpauth://totp/host.example:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\
    &issuer=host.example&algorithm=SHA1&digits=6&period=30";

const BLACK: u8 = 0;
const WHITE: u8 = 255;
/// How many pixels a module is wide and high.
const SCALE: usize = 6;

/// A terminal's own colours.
#[derive(Clone, Copy)]
struct Theme {
    foreground: u8,
    background: u8,
}

const DARK: Theme = Theme {
    foreground: WHITE,
    background: BLACK,
};
const LIGHT: Theme = Theme {
    foreground: BLACK,
    background: WHITE,
};

/// Rows of half cells, as a terminal of that theme shows `text`, with its own background around.
fn shown(text: &str, theme: Theme) -> Vec<Vec<u8>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let (mut top, mut bottom) = (Vec::new(), Vec::new());
        let Theme {
            mut foreground,
            mut background,
        } = theme;
        let mut characters = line.chars();
        while let Some(c) = characters.next() {
            let (upper, lower) = match c {
                '\x1b' => {
                    let sequence: String = characters.by_ref().take_while(|c| *c != 'm').collect();
                    (foreground, background) = match sequence.as_str() {
                        "[38;5;16;48;5;231m" | "[38;5;16;48;5;231" => (BLACK, WHITE),
                        "[0" => (theme.foreground, theme.background),
                        other => panic!("unknown escape sequence {other:?}"),
                    };
                    continue;
                }
                ' ' => (background, background),
                '▀' => (foreground, background),
                '▄' => (background, foreground),
                '█' => (foreground, foreground),
                other => panic!("unknown character {other:?}"),
            };
            top.push(upper);
            bottom.push(lower);
        }
        rows.push(top);
        rows.push(bottom);
    }
    framed(&rows, theme.background)
}

fn framed(rows: &[Vec<u8>], background: u8) -> Vec<Vec<u8>> {
    const FRAME: usize = 3;
    let width = rows[0].len();
    assert!(rows.iter().all(|row| row.len() == width), "a ragged edge");
    let empty = || vec![background; width + 2 * FRAME];
    let side = [background; FRAME];
    let inside = rows.iter().map(|row| [&side, &row[..], &side].concat());
    std::iter::repeat_with(empty)
        .take(FRAME)
        .chain(inside)
        .chain(std::iter::repeat_with(empty).take(FRAME))
        .collect()
}

/// The picture in portable graymap format.
fn pgm(rows: &[Vec<u8>]) -> Vec<u8> {
    let (width, height) = (rows[0].len() * SCALE, rows.len() * SCALE);
    let mut picture = format!("P5\n{width} {height}\n255\n").into_bytes();
    for row in rows {
        let wide: Vec<u8> = row.iter().flat_map(|pixel| [*pixel; SCALE]).collect();
        for _ in 0..SCALE {
            picture.extend_from_slice(&wide);
        }
    }
    picture
}

/// What a reader finds in the picture; `None` without a reader.
fn read(rows: &[Vec<u8>]) -> Option<String> {
    let mut file = tempfile::Builder::new().suffix(".pgm").tempfile().unwrap();
    file.write_all(&pgm(rows)).unwrap();
    let output = match Command::new("zbarimg")
        .args(["--quiet", "--raw"])
        .arg(file.path())
        .output()
    {
        Ok(output) => output,
        Err(error) => {
            println!("SKIPPED: zbarimg (package zbar-tools) cannot be run: {error}");
            return None;
        }
    };
    Some(
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned(),
    )
}

#[track_caller]
fn assert_readable(picture: &str, theme: Theme) {
    if let Some(text) = read(&shown(picture, theme)) {
        assert_eq!(text, URI);
    }
}

#[test]
fn in_colours_it_is_read_from_dark_and_light_terminals() {
    let picture = Qr::new(URI).unwrap().draw(QUIET, Ink::Colours);
    assert_readable(&picture, DARK);
    assert_readable(&picture, LIGHT);
}

#[test]
fn the_least_margin_is_enough() {
    let picture = Qr::new(URI).unwrap().draw(LEAST_QUIET, Ink::Colours);
    assert_readable(&picture, DARK);
    assert_readable(&picture, LIGHT);
}

#[test]
fn in_characters_alone_it_is_read_from_a_dark_terminal() {
    let picture = Qr::new(URI).unwrap().draw(QUIET, Ink::Characters);
    assert!(!picture.contains('\x1b'));
    assert_readable(&picture, DARK);
    let least = Qr::new(URI).unwrap().draw(LEAST_QUIET, Ink::Characters);
    assert_readable(&least, DARK);
}

#[test]
fn what_no_code_can_hold_is_refused() {
    assert_eq!(Qr::new(&"x".repeat(2954)).err(), Some(TooLong));
}

#[test]
fn a_picture_of_something_else_is_not_read_as_the_key() {
    let other = Qr::new("otpauth://totp/other?secret=A").unwrap();
    if let Some(text) = read(&shown(&other.draw(QUIET, Ink::Colours), DARK)) {
        assert_ne!(text, URI);
    }
}

#[test]
fn it_takes_the_lines_and_columns_it_says() {
    let qr = Qr::new(URI).unwrap();
    for quiet in [LEAST_QUIET, QUIET] {
        let picture = qr.draw(quiet, Ink::Characters);
        assert_eq!(picture.lines().count(), qr.lines(quiet));
        for line in picture.lines() {
            assert_eq!(line.chars().count(), qr.columns(quiet));
        }
    }
}

#[test]
fn a_usual_key_fits_a_terminal_of_80_columns() {
    let qr = Qr::new(URI).unwrap();
    assert!(qr.columns(QUIET) <= 80, "{}", qr.columns(QUIET));
    assert!(qr.lines(LEAST_QUIET) <= 25, "{}", qr.lines(LEAST_QUIET));
}
