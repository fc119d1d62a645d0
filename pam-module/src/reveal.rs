//! What an enrolment shows: a key to add to an app, and recovery codes to keep.

use countersign_bus::Error;
use zeroize::Zeroizing;

/// The longest line that is shown, in bytes: PAM's limit for a message, less what stands in front.
const LONGEST: usize = 500;
/// How many groups of the secret are in a line.
const GROUPS: usize = 12;
/// The columns of the largest QR code there is: 177 modules, and four of margin on each side.
const WIDEST_PICTURE: usize = 185;

/// A key, as it is shown.
pub(crate) struct Key {
    /// The secret in groups of four, as lines.
    pub(crate) secret: Vec<Zeroizing<String>>,
    /// What an app must be told beside the secret, if that is not what every app takes for granted.
    pub(crate) settings: Option<String>,
    /// The address that an app takes the key from, unless it is too long to show.
    pub(crate) uri: Option<Zeroizing<String>>,
    /// A QR code of the address, line by line, if the daemon has drawn one.
    pub(crate) picture: Vec<Zeroizing<String>>,
}

impl Key {
    /// Reads what the daemon reveals: a key URI, and behind it the lines of its picture.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if it is something else, of which nothing may be shown.
    pub(crate) fn read(revealed: &str) -> Result<Self, Error> {
        let mut lines = revealed.lines();
        let uri = lines.next().unwrap_or_default();
        let picture = lines.map(|line| Zeroizing::new(line.to_owned())).collect();
        let key = || {
            let (kind, query) = uri.strip_prefix("otpauth://")?.split_once('?')?;
            let (kind, _label) = kind.split_once('/')?;
            let value = |name: &str| {
                query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            };
            let secret = value("secret").filter(|secret| is_base32(secret))?;
            Some(Self {
                secret: in_groups(secret),
                settings: settings(kind, &value),
                uri: is_showable(uri).then(|| Zeroizing::new(uri.to_owned())),
                picture,
            })
        };
        key()
            .filter(|key| key.picture.iter().all(|line| is_picture(line)))
            .ok_or_else(|| Error::Transport("an enrolment without a key".to_owned()))
    }
}

/// Reads the recovery codes that the daemon reveals, one a line.
///
/// # Errors
///
/// [`Error::Transport`] if there are none, or if they are something else.
pub(crate) fn recovery_codes(revealed: &str) -> Result<Vec<Zeroizing<String>>, Error> {
    let codes: Vec<_> = revealed
        .lines()
        .map(|line| Zeroizing::new(line.to_owned()))
        .collect();
    if !codes.is_empty() && codes.iter().all(|code| is_showable(code)) {
        Ok(codes)
    } else {
        Err(Error::Transport("no recovery codes to keep".to_owned()))
    }
}

/// Whether it can be shown as a line: whatever it holds moves no cursor.
fn is_showable(line: &str) -> bool {
    (1..=LONGEST).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_graphic())
}

fn is_picture(line: &str) -> bool {
    (1..=WIDEST_PICTURE).contains(&line.chars().count())
        && line.chars().all(|c| matches!(c, ' ' | '▀' | '▄' | '█'))
}

fn is_base32(secret: &str) -> bool {
    !secret.is_empty()
        && secret
            .bytes()
            .all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b))
}

/// As it is read out: "JBSW Y3DP EHPK 3PXP".
fn in_groups(secret: &str) -> Vec<Zeroizing<String>> {
    let lines = secret.as_bytes().chunks(4 * GROUPS).map(|line| {
        // As long as it can become, since growing would leave a copy behind.
        let mut groups = Zeroizing::new(String::with_capacity(5 * GROUPS));
        for (at, symbol) in line.iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                groups.push(' ');
            }
            groups.push(char::from(*symbol));
        }
        groups
    });
    lines.collect()
}

/// What differs from a time-based code by SHA1 of six digits every thirty seconds.
fn settings<'a>(kind: &str, value: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let usual = [("algorithm", "SHA1"), ("digits", "6"), ("period", "30")];
    let plain = |value: &str| value.len() <= 16 && value.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut settings: Vec<String> = usual
        .into_iter()
        .filter_map(|(name, usual)| Some((name, value(name).filter(|value| *value != usual)?)))
        .filter(|(_, value)| plain(value))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if kind != "totp" && plain(kind) {
        settings.insert(0, format!("type {kind}"));
    }
    (!settings.is_empty()).then(|| settings.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(revealed: &str) -> Key {
        Key::read(revealed).unwrap_or_else(|error| panic!("{revealed}: {error}"))
    }

    fn shown(lines: &[Zeroizing<String>]) -> Vec<&str> {
        lines.iter().map(|line| line.as_str()).collect()
    }

    #[test]
    fn a_key_is_read_out_of_its_uri() {
        let uri = "otpauth://totp/host:ada?secret=JBSWY3DPEHPK3PXPJB&issuer=host";
        for revealed in [uri.to_owned(), format!("{uri}\n")] {
            let key = key(&revealed);
            assert_eq!(shown(&key.secret), ["JBSW Y3DP EHPK 3PXP JB"]);
            assert_eq!(key.settings, None);
            assert_eq!(key.uri.as_ref().map(|uri| uri.as_str()), Some(uri));
            assert!(key.picture.is_empty());
        }
    }

    #[test]
    fn what_not_every_app_takes_for_granted_is_said() {
        for (rest, settings) in [
            ("totp/a?secret=AA&algorithm=SHA1&digits=6&period=30", None),
            ("totp/a?secret=AA&digits=8", Some("digits 8")),
            (
                "totp/a?algorithm=SHA256&period=60&secret=AA",
                Some("algorithm SHA256, period 60"),
            ),
            ("hotp/a?secret=AA&counter=0", Some("type hotp")),
            ("totp/a?secret=AA&digits=<8>", None),
        ] {
            let key = key(&format!("otpauth://{rest}"));
            assert_eq!(key.settings.as_deref(), settings, "{rest}");
        }
    }

    #[test]
    fn a_long_secret_takes_several_lines_and_a_long_uri_is_left_out() {
        let secret = "A".repeat(103);
        let key = key(&format!(
            "otpauth://totp/{}?secret={secret}",
            "a".repeat(500)
        ));
        let widths: Vec<_> = key.secret.iter().map(|line| line.len()).collect();
        assert_eq!(widths, [59, 59, 8]);
        assert!(key.uri.is_none());
    }

    #[test]
    fn a_picture_is_blocks_and_blanks() {
        let widest = "█".repeat(WIDEST_PICTURE);
        let key = key(&format!(
            "otpauth://totp/a?secret=AA\n ▄▄ \n▀██▀\n{widest}\n"
        ));
        assert_eq!(shown(&key.picture), [" ▄▄ ", "▀██▀", &widest]);
    }

    #[test]
    fn what_is_no_key_is_not_shown() {
        let wide = format!(
            "otpauth://totp/a?secret=AA\n{}",
            "█".repeat(WIDEST_PICTURE + 1)
        );
        for revealed in [
            "",
            "\n",
            "JBSWY3DPEHPK3PXP",
            "https://totp/a?secret=AA",
            "otpauth://totp/a",
            "otpauth://totp?secret=AA",
            "otpauth://totp/a?secret=",
            "otpauth://totp/a?secret=aa",
            "otpauth://totp/a?secret=A1",
            "otpauth://totp/a?secret=A A",
            "otpauth://totp/a?xsecret=AA",
            "otpauth://totp/a?secret=AA\n\n",
            "otpauth://totp/a?secret=AA\n\u{1b}[2J",
            "otpauth://totp/a?secret=AA\notpauth://totp/a?secret=AA",
            &wide,
        ] {
            assert!(Key::read(revealed).is_err(), "{revealed:?}");
        }
        // A line that would do more than be read is left out.
        for label in ["a b", "\u{1b}[2J", "zoë", "a\tb"] {
            let key = key(&format!("otpauth://totp/{label}?secret=AA"));
            assert!(key.uri.is_none(), "{label:?}");
        }
    }

    #[test]
    fn recovery_codes_are_lines_that_can_be_shown() {
        let codes = recovery_codes("1-ABCD\n2-EFGH\n").unwrap();
        assert_eq!(shown(&codes), ["1-ABCD", "2-EFGH"]);
        for revealed in ["", "\n", "1-ABCD\n\n2-EFGH", "1-\u{1b}[2J", "1-zoë"] {
            assert!(recovery_codes(revealed).is_err(), "{revealed:?}");
        }
    }
}
