//! Times of the week, as rules name them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const MINUTES_A_DAY: u16 = 24 * 60;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A minute of the week, in the machine's local time; the first one, by default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WeekMinute(u16);

impl WeekMinute {
    /// How many there are.
    pub const COUNT: u16 = 7 * MINUTES_A_DAY;

    /// The minute `minute` of the day `day`, both counted from 0, Monday being the first day;
    /// `None` if there is none such.
    pub const fn new(day: u8, minute: u16) -> Option<Self> {
        if day < 7 && minute < MINUTES_A_DAY {
            Some(Self(day as u16 * MINUTES_A_DAY + minute))
        } else {
            None
        }
    }

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }
}

impl fmt::Display for WeekMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, minute) = (self.0 / MINUTES_A_DAY, self.0 % MINUTES_A_DAY);
        let day = DAYS.get(usize::from(day)).copied().unwrap_or_default();
        write!(f, "{day} {:02}:{:02}", minute / 60, minute % 60)
    }
}

/// Hours of some days of the week: `mon-fri 08:00-18:00`, `sat,sun 10:00-14:00`, `22:00-06:00`.
///
/// Its last minute is the one before its end. An end that is before the beginning is on the next
/// day, so `fri 22:00-06:00` ends on Saturday morning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hours {
    /// One bit a day, Monday's the lowest.
    days: u8,
    from: u16,
    to: u16,
}

impl Hours {
    /// Whether `moment` is among them.
    pub const fn contain(&self, moment: WeekMinute) -> bool {
        let (day, minute) = (moment.0 / MINUTES_A_DAY, moment.0 % MINUTES_A_DAY);
        let today = self.days >> day & 1 == 1;
        let yesterday = self.days >> ((day + 6) % 7) & 1 == 1;
        if self.from < self.to {
            today && self.from <= minute && minute < self.to
        } else {
            today && self.from <= minute || yesterday && minute < self.to
        }
    }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let bad = || BadHours(text.to_owned());
        let (days, span) = text.split_once(' ').unwrap_or(("mon-sun", text));
        let (from, to) = span.split_once('-').ok_or_else(bad)?;
        let (from, to) = (minute(from), minute(to));
        match (week(days), from, to) {
            (Some(days), Some(from), Some(to)) if from != to && from < MINUTES_A_DAY => {
                Ok(Self { days, from, to })
            }
            _ => Err(bad()),
        }
    }
}

/// The days of `mon-fri`, `sat,sun` or `mon,wed-fri`; a range may go on over Sunday.
fn week(text: &str) -> Option<u8> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let mut days = 0_u8;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let length = (last + 7 - first) % 7;
        for next in 0..=length {
            days |= 1 << ((first + next) % 7);
        }
    }
    Some(days)
}

/// The minute of the day that `08:00` is; `24:00` is its end.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= MINUTES_A_DAY).then_some(of_day)
}

/// A text that names no hours.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "{0:?} names no hours; write them like \"mon-fri 08:00-18:00\", \"sat,sun 10:00-14:00\" or \
     \"22:00-06:00\" (which ends on the next day)"
)]
pub struct BadHours(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn contain(hours: &str, day: u8, time: &str) -> bool {
        let hours: Hours = hours.parse().unwrap();
        hours.contain(WeekMinute::new(day, minute(time).unwrap()).unwrap())
    }

    #[test]
    fn hours_begin_with_their_first_minute_and_end_before_their_last() {
        for (time, inside) in [
            ("07:59", false),
            ("08:00", true),
            ("17:59", true),
            ("18:00", false),
        ] {
            assert_eq!(contain("mon-fri 08:00-18:00", 0, time), inside, "{time}");
            assert!(
                !contain("mon-fri 08:00-18:00", 5, time),
                "{time} on Saturday"
            );
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        for (day, time, inside) in [
            (4, "21:59", false),
            (4, "22:00", true),
            (4, "05:59", false),
            (5, "05:59", true),
            (5, "06:00", false),
            (5, "22:00", false),
            (6, "00:00", false),
        ] {
            assert_eq!(
                contain("fri 22:00-06:00", day, time),
                inside,
                "{day} {time}"
            );
        }
        assert!(
            contain("sun 22:00-06:00", 0, "05:59"),
            "Sunday night ends on Monday"
        );
    }

    #[test]
    fn a_day_can_be_whole_and_so_can_the_week() {
        assert!(contain("sat 00:00-24:00", 5, "23:59"));
        assert!(WeekMinute::all().all(|m| "00:00-24:00".parse::<Hours>().unwrap().contain(m)));
    }

    #[test]
    fn days_are_named_alone_in_lists_and_in_ranges_over_sunday() {
        for (text, days) in [
            ("mon", 0b000_0001),
            ("sat,sun", 0b110_0000),
            ("mon-fri", 0b001_1111),
            ("sat-mon", 0b110_0001),
            ("mon,wed-thu,sun", 0b100_1101),
            ("mon-sun", 0b111_1111),
            ("tue-tue", 0b000_0010),
        ] {
            assert_eq!(week(text), Some(days), "{text}");
        }
    }

    #[test]
    fn what_names_no_hours_is_refused() {
        for text in [
            "",
            "mon",
            "mon-fri",
            "8:00-18:00",
            "08:00-08:00",
            "08:00",
            "24:00-06:00",
            "08:00-24:01",
            "08:60-09:00",
            "Mon 08:00-18:00",
            "mon  08:00-18:00",
            "mon-fri 08:00 - 18:00",
            "monday 08:00-18:00",
            "mon,,tue 08:00-18:00",
            "mon-tue-wed 08:00-18:00",
            "+8:00-18:00",
            " 08:00-18:00",
        ] {
            assert!(text.parse::<Hours>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_moment_is_shown_as_people_say_it() {
        assert_eq!(
            WeekMinute::new(2, 9 * 60 + 5).unwrap().to_string(),
            "wed 09:05"
        );
        assert_eq!(WeekMinute::new(7, 0), None);
        assert_eq!(WeekMinute::new(0, 1440), None);
    }
}
