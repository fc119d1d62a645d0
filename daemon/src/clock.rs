//! The only place that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::pass::Moment;
use countersign_core::policy::WeekMinute;
use countersign_core::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustix::time::{ClockId, clock_gettime};

/// Somewhere to learn the time.
pub trait Clock: Send + Sync {
    /// The wall-clock time, which codes are made from and which anyone may set back.
    fn now(&self) -> Timestamp;

    /// Time that only ever passes, since an arbitrary moment before the first call: for deadlines.
    fn uptime(&self) -> Duration;

    /// How long ago the machine was started, sleep included: what passes last by, which must not
    /// begin anew with this process.
    fn since_boot(&self) -> Duration;

    /// The minute of the week that it is at `at` where this machine is.
    fn week_minute(&self, at: Timestamp) -> WeekMinute;

    /// Now, by the wall clock and since the machine was started.
    fn moment(&self) -> Moment {
        Moment {
            now: self.now(),
            uptime: self.since_boot().as_secs(),
        }
    }
}

/// The system's own clocks.
#[derive(Debug)]
pub struct System {
    started: Instant,
}

impl System {
    /// Clocks whose [`uptime`](Clock::uptime) counts from now.
    pub fn new() -> Self {
        Self {
            started: monotonic(),
        }
    }
}

impl Default for System {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for System {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the source of time")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 accepts no code and lifts no throttle.
        Timestamp::from_unix(since_epoch.map_or(0, |elapsed| elapsed.as_secs()))
    }

    fn uptime(&self) -> Duration {
        monotonic().saturating_duration_since(self.started)
    }

    fn since_boot(&self) -> Duration {
        let since = clock_gettime(ClockId::Boottime);
        Duration::from_secs(u64::try_from(since.tv_sec).unwrap_or(0))
    }

    fn week_minute(&self, at: Timestamp) -> WeekMinute {
        week_minute(at, &TimeZone::system())
    }
}

/// The minute of the week that it is at `at` in `zone`.
fn week_minute(at: Timestamp, zone: &TimeZone) -> WeekMinute {
    let seconds = i64::try_from(at.unix()).unwrap_or(i64::MAX);
    // A time that no calendar has is no time of a rule's: that of the last one it has.
    let at = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    let at = at.to_zoned(zone.clone());
    let day = at.weekday().to_monday_zero_offset();
    let minute = i32::from(at.hour()) * 60 + i32::from(at.minute());
    let whole = u8::try_from(day).ok().zip(u16::try_from(minute).ok());
    let minute = whole.and_then(|(day, minute)| WeekMinute::new(day, minute));
    minute.unwrap_or_default()
}

/// When the clocks of this machine show `time`: the first time, if they do so twice.
pub fn local(time: DateTime) -> Option<Timestamp> {
    let zoned = time.to_zoned(TimeZone::system()).ok()?;
    let seconds = u64::try_from(zoned.timestamp().as_second()).ok()?;
    Some(Timestamp::from_unix(seconds))
}

#[expect(clippy::disallowed_methods, reason = "this is the source of time")]
fn monotonic() -> Instant {
    Instant::now()
}

/// Clocks that a test sets. Both count whole seconds.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Manual {
    unix: std::sync::atomic::AtomicU64,
    uptime: std::sync::atomic::AtomicU64,
}

#[cfg(test)]
impl Manual {
    /// Clocks that stand still at `unix` seconds after the epoch.
    pub(crate) fn at(unix: u64) -> Self {
        Self {
            unix: unix.into(),
            uptime: 0.into(),
        }
    }

    /// Lets `seconds` pass.
    pub(crate) fn pass(&self, seconds: u64) {
        use std::sync::atomic::Ordering::SeqCst;
        self.unix.fetch_add(seconds, SeqCst);
        self.uptime.fetch_add(seconds, SeqCst);
    }

    /// Sets the wall clock, forward or back, while no time passes.
    pub(crate) fn set(&self, unix: u64) {
        self.unix.store(unix, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for Manual {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.unix.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(self.uptime.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn since_boot(&self) -> Duration {
        self.uptime()
    }

    fn week_minute(&self, at: Timestamp) -> WeekMinute {
        week_minute(at, &TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_is_past_the_day_this_was_written() {
        assert!(System::new().now() > Timestamp::from_unix(1_700_000_000));
    }

    #[test]
    fn a_manual_clock_set_back_does_not_turn_back_the_uptime() {
        let clock = Manual::at(1000);
        clock.pass(30);
        clock.set(10);
        assert_eq!(clock.now(), Timestamp::from_unix(10));
        assert_eq!(clock.uptime(), Duration::from_secs(30));
    }

    #[test]
    fn uptime_never_runs_backwards() {
        let clock = System::new();
        let earlier = clock.uptime();
        assert!(clock.uptime() >= earlier);
    }
}
