//! When a login would be, as people name it.

use std::str::FromStr;

use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::error::Error;
use crate::words::local;

/// When a login would be, as people name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum At {
    /// This time of today.
    Time(Time),
    /// This time of the next such day, which may be today.
    Weekday(Weekday, Time),
    /// This local time.
    Local(DateTime),
    /// This point in time.
    Absolute(Timestamp),
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |text: &str| Time::strptime("%H:%M", text).ok();
        let weekday = || {
            let (day, hour) = text.split_once(' ')?;
            Some(Self::Weekday(weekday(day)?, time(hour)?))
        };
        // What names its zone first: else it would be left out of account.
        let absolute = text.parse().map(Self::Absolute).ok();
        absolute
            .or_else(|| time(text).map(Self::Time))
            .or_else(weekday)
            .or_else(|| text.parse().map(Self::Local).ok())
            .ok_or_else(|| {
                "write 14:00, \"sat 14:00\", \"2026-11-22 14:00\" or 2026-11-22T14:00:00Z".into()
            })
    }
}

impl At {
    /// In seconds since the epoch, in the machine's time zone; `now` likewise.
    pub(super) fn unix(&self, now: u64) -> Result<u64, Error> {
        local(&TimeZone::system(), now)
            .and_then(|now| self.near(&now))
            .and_then(|time| u64::try_from(time.as_second()).ok())
            .ok_or_else(|| Error::Refused("There is no such time. Give a later one.".to_owned()))
    }

    fn near(&self, now: &Zoned) -> Option<Timestamp> {
        let on = |date: jiff::civil::Date, time: &Time| {
            let time = date.to_datetime(*time).to_zoned(now.time_zone().clone());
            Some(time.ok()?.timestamp())
        };
        match self {
            Self::Absolute(time) => Some(*time),
            Self::Time(time) => on(now.date(), time),
            Self::Weekday(day, time) => {
                let days = i64::from(now.date().weekday().until(*day));
                on(now.date().checked_add(days.days()).ok()?, time)
            }
            Self::Local(time) => Some(time.to_zoned(now.time_zone().clone()).ok()?.timestamp()),
        }
    }
}

/// A day by its first three letters, as the policy's hours have it, or by more of them.
fn weekday(text: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let text = text.to_ascii_lowercase();
    let named = |(name, _): &&(&str, Weekday)| text.len() >= 3 && name.starts_with(&text);
    NAMES.iter().find(named).map(|(_, day)| *day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 14:00:30 in Seoul, a Sunday.
    const NOW: i64 = 1_795_323_630;
    const DAY: i64 = 86_400;

    fn at(text: &str) -> i64 {
        let seoul = TimeZone::fixed(jiff::tz::offset(9));
        let now = Timestamp::from_second(NOW).unwrap().to_zoned(seoul);
        let at: At = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        at.near(&now).unwrap().as_second()
    }

    #[test]
    fn a_time_to_come_is_named_as_people_do() {
        let two = NOW - 30;
        for (text, seconds) in [
            ("14:00", two),
            ("03:00", two - 11 * 3600),
            ("sun 14:00", two),
            ("Sunday 15:00", two + 3600),
            ("mon 14:00", two + DAY),
            ("sat 14:00", two + 6 * DAY),
            ("2026-11-29 14:00", two + 7 * DAY),
            ("2026-11-22T14:00:00", two),
            ("2026-11-22T05:00:00Z", two),
        ] {
            assert_eq!(at(text), seconds, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_to_write() {
        for text in [
            "",
            "noon",
            "25:00",
            "sa 14:00",
            "sat",
            "2h",
            "2026-13-01",
            "14:00 sat",
        ] {
            let refused = text.parse::<At>().unwrap_err();
            assert!(refused.contains("sat 14:00"), "{text:?}: {refused}");
        }
    }

    #[test]
    fn a_time_before_all_time_is_refused() {
        let at: At = "1960-01-01 00:00".parse().unwrap();
        assert!(at.unix(1_795_323_630).is_err());
    }
}
