//! The only place that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::time::Timestamp;

/// Somewhere to learn the time.
pub trait Clock: Send + Sync {
    /// The wall-clock time, which codes are made from and which anyone may set back.
    fn now(&self) -> Timestamp;

    /// Time that only ever passes, since an arbitrary moment before the first call: for deadlines.
    fn uptime(&self) -> Duration;
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
