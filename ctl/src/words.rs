//! Numbers, times and foreign text, as a person reads them.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use zeroize::Zeroizing;

/// `text` without what would steer a terminal: control characters, and marks that turn the
/// direction of writing.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !turns_direction(*c))
        .collect()
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number and what it counts.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// A number of bytes, in one number.
pub(crate) fn size(bytes: u64) -> String {
    const KI: u64 = 1024;
    match bytes {
        0..KI => format!("{bytes} bytes"),
        KI..0x10_0000 => format!("{} KiB", bytes.div_ceil(KI)),
        0x10_0000.. => format!("{} MiB", bytes.div_ceil(KI * KI)),
    }
}

/// A time to wait, in one number, rounded up so that whoever waits for it waits long enough.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds.div_ceil(60)),
        7_200..172_800 => format!("{} h", seconds.div_ceil(3_600)),
        172_800.. => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// How long ago a time was, in one number; both in seconds since the epoch.
pub(crate) fn ago(time: u64, now: u64) -> String {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    const MONTH: u64 = 2_629_746;
    const YEAR: u64 = 12 * MONTH;
    let Some(seconds) = now.checked_sub(time) else {
        return until(time, now);
    };
    let (number, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..HOUR => return format!("{} min ago", seconds / 60),
        HOUR..DAY => return format!("{} h ago", seconds / HOUR),
        DAY..MONTH => (seconds / DAY, "day"),
        MONTH..YEAR => (seconds / MONTH, "month"),
        YEAR.. => (seconds / YEAR, "year"),
    };
    format!(
        "{} ago",
        count(usize::try_from(number).unwrap_or(usize::MAX), unit)
    )
}

/// How soon a time will be; both in seconds since the epoch.
pub(crate) fn until(time: u64, now: u64) -> String {
    format!("in {}", duration(time.saturating_sub(now)))
}

/// A point in time, in seconds since the epoch, to the minute, in the machine's time zone.
pub(crate) fn date(seconds: u64) -> String {
    date_in(&TimeZone::system(), seconds)
}

fn date_in(zone: &TimeZone, seconds: u64) -> String {
    local(zone, seconds).map_or_else(
        || "?".to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M %Z").to_string(),
    )
}

/// The local time of a point in time, in seconds since the epoch; `None` after the year 9999.
pub(crate) fn local(zone: &TimeZone, seconds: u64) -> Option<Zoned> {
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.to_zoned(zone.clone()))
}

/// Text in lines of at most `width` characters, broken between words. Lines that begin with a
/// space are commands, or drawn, and stay whole.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with(' ') {
            lines.push(line.to_owned());
            continue;
        }
        let mut current = String::new();
        for word in line.split(' ') {
            let length = current.chars().count() + 1 + word.chars().count();
            if !current.is_empty() && length > width {
                lines.push(std::mem::take(&mut current));
            } else if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}

/// A length of time as it is typed: a number and its unit, such as `90s`, `10m`, `2h`, `1d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        Some(_) | None => 0,
    };
    let number = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| "write a number and a unit: 90s, 10m, 2h, 1d".to_owned())
}

/// A code as it is read out on the telephone: letters by their names in the spelling alphabet of
/// radio (ICAO), a comma where the code has a hyphen.
pub(crate) fn spoken(code: &str) -> Zeroizing<String> {
    // Room for all of it at once, so that no half-written copy is left behind.
    let mut aloud = Zeroizing::new(String::with_capacity(code.len() * 10));
    for c in code.chars() {
        if c == '-' {
            aloud.push(',');
            continue;
        }
        if !aloud.is_empty() {
            aloud.push(' ');
        }
        match SPELLING.iter().find(|name| name.starts_with(c)) {
            Some(name) => aloud.push_str(name),
            None => aloud.push(c),
        }
    }
    aloud
}

const SPELLING: [&str; 26] = [
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett",
    "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango",
    "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
];

/// A secret in groups of four, as it is easiest to type.
pub(crate) fn grouped(secret: &str) -> Zeroizing<String> {
    // Room for all of it at once, so that no half-written copy is left behind.
    let mut groups = Zeroizing::new(String::with_capacity(secret.len() * 5 / 4 + 1));
    for (index, c) in secret.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            groups.push(' ');
        }
        groups.push(c);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_one_number() {
        for (bytes, text) in [
            (1023, "1023 bytes"),
            (1025, "2 KiB"),
            (1024 * 1024, "1 MiB"),
            (38 * 1024 * 1024 + 1, "39 MiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_date_is_that_of_a_time_zone_and_names_it() {
        let seoul = TimeZone::posix("KST-9").unwrap();
        for (zone, text) in [
            (TimeZone::UTC, "2026-11-21 23:51 UTC"),
            (seoul, "2026-11-22 08:51 KST"),
        ] {
            assert_eq!(date_in(&zone, 1_795_305_090), text);
        }
        assert_eq!(date_in(&TimeZone::UTC, u64::MAX), "?");
    }

    #[test]
    fn a_wait_is_never_rounded_down() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (61, "2 min"),
            (3541, "60 min"),
            (7_200, "2 h"),
            (7_201, "3 h"),
            (172_801, "3 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn times_are_told_from_now() {
        const DAY: u64 = 86_400;
        let now = 1_795_305_090;
        for (seconds, text) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (DAY - 1, "23 h ago"),
            (DAY, "1 day ago"),
            (3 * DAY + 5, "3 days ago"),
            (30 * DAY, "30 days ago"),
            (31 * DAY, "1 month ago"),
            (364 * DAY, "11 months ago"),
            (366 * DAY, "1 year ago"),
            (900 * DAY, "2 years ago"),
        ] {
            assert_eq!(ago(now - seconds, now), text);
        }
        assert_eq!(until(now + 540, now), "in 9 min");
        assert_eq!(until(now - 1, now), "in 0 s");
        // A clock was set back, or is behind the daemon's.
        assert_eq!(ago(now + 61, now), "in 2 min");
    }

    #[test]
    fn a_length_of_time_has_a_unit() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7_200), ("1d", 86_400)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "",
            "10",
            "m",
            "0m",
            "-1m",
            "1.5h",
            "10 min",
            "99999999999999999999d",
            "9999999999999999d",
            "1분",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_code_is_read_out_by_the_names_of_its_letters() {
        assert_eq!(
            *spoken("0-AB7D-QX2H"),
            "0, Alfa Bravo 7 Delta, Quebec X-ray 2 Hotel"
        );
        for (name, letter) in SPELLING.iter().zip('A'..='Z') {
            assert!(name.starts_with(letter), "{name}");
        }
    }

    #[test]
    fn a_secret_is_shown_in_groups_of_four() {
        assert_eq!(*grouped("JBSWY3DPEHPK3PXP"), "JBSW Y3DP EHPK 3PXP");
        assert_eq!(*grouped("JBSWY"), "JBSW Y");
        assert_eq!(*grouped(""), "");
    }

    #[test]
    fn long_lines_break_between_words_and_commands_do_not() {
        assert_eq!(
            wrapped(
                "Make new ones, and keep them:\n  countersignctl recovery-codes",
                15
            ),
            "Make new ones,\nand keep them:\n  countersignctl recovery-codes"
        );
        assert_eq!(wrapped("unbreakable-word", 4), "unbreakable-word");
        assert_eq!(wrapped("", 10), "");
    }

    #[test]
    fn one_is_not_plural() {
        assert_eq!(count(1, "code"), "1 code");
        assert_eq!(count(0, "code"), "0 codes");
    }
}
