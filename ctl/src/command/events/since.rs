//! A point in time, as people name it.

use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::error::Error;
use crate::words::local;

/// A point in time, as people name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Since {
    /// So many seconds ago.
    Ago(u64),
    /// The beginning of a day so many before this one.
    Day(i64),
    /// This time of today.
    Time(Time),
    /// This local time.
    Local(DateTime),
    /// This point in time.
    Absolute(Timestamp),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "write 10m, 2h, 3d, today, yesterday, 14:00, 2026-11-22 or \"2026-11-22 14:00\"".into()
        };
        match text {
            "today" => return Ok(Self::Day(0)),
            "yesterday" => return Ok(Self::Day(1)),
            _ => {}
        }
        if let Some(seconds) = ago(text) {
            return Ok(Self::Ago(seconds));
        }
        // What names its zone first: else it would be left out of account.
        let absolute = || text.parse().map(Self::Absolute).ok();
        let time = || Time::strptime("%H:%M", text).map(Self::Time).ok();
        let local = || text.parse().map(Self::Local).ok();
        absolute().or_else(time).or_else(local).ok_or_else(wrong)
    }
}

impl Since {
    /// In seconds since the epoch, in the machine's time zone; `now` likewise.
    pub(super) fn unix(&self, now: u64) -> Result<u64, Error> {
        local(&TimeZone::system(), now)
            .and_then(|now| self.before(&now))
            .and_then(|time| u64::try_from(time.as_second()).ok())
            .ok_or_else(|| Error::Refused("There is no such time. Give a later one.".to_owned()))
    }

    fn before(&self, now: &Zoned) -> Option<Timestamp> {
        let zoned = match self {
            Self::Absolute(time) => return Some(*time),
            Self::Ago(seconds) => {
                let seconds = now.timestamp().as_second().checked_sub_unsigned(*seconds)?;
                return Timestamp::from_second(seconds).ok();
            }
            Self::Day(before) => now.start_of_day().ok()?.checked_sub(before.days()).ok()?,
            Self::Time(time) => now
                .date()
                .to_datetime(*time)
                .to_zoned(now.time_zone().clone())
                .ok()?,
            Self::Local(time) => time.to_zoned(now.time_zone().clone()).ok()?,
        };
        Some(zoned.timestamp())
    }
}

/// Seconds, of a number and a unit.
fn ago(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits)? {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 14:00:30 in Seoul.
    const NOW: i64 = 1_795_323_630;

    fn since(text: &str) -> i64 {
        let seoul = TimeZone::fixed(jiff::tz::offset(9));
        let now = Timestamp::from_second(NOW).unwrap().to_zoned(seoul);
        let since: Since = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        since.before(&now).unwrap().as_second()
    }

    #[test]
    fn a_time_is_named_as_people_do() {
        let midnight = NOW - 14 * 3600 - 30;
        for (text, seconds) in [
            ("30s", NOW - 30),
            ("10m", NOW - 600),
            ("10min", NOW - 600),
            ("2h", NOW - 7200),
            ("3d", NOW - 259_200),
            ("1w", NOW - 604_800),
            ("today", midnight),
            ("yesterday", midnight - 86_400),
            ("13:30", NOW - 1830),
            ("2026-11-22", midnight),
            ("2026-11-22 13:00", NOW - 3630),
            ("2026-11-22T13:00:30", NOW - 3600),
            ("2026-11-22T04:00:30Z", NOW - 3600),
            ("2026-11-22T04:00:30+00:00", NOW - 3600),
        ] {
            assert_eq!(since(text), seconds, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "m",
            "10",
            "10x",
            "-5m",
            "2026-13-01",
            "soon",
            "25:00",
            "99999999999999999999d",
        ] {
            assert!(text.parse::<Since>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_time_before_all_time_is_refused_and_not_taken_for_another() {
        for text in ["1960-01-01", "30000d", "18446744073709551615s"] {
            let since: Since = text.parse().unwrap();
            assert!(since.unix(1_795_323_630).is_err(), "{text}");
        }
    }
}
