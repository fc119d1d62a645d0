//! A clock that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use countersign_core::policy::WeekMinute;
use countersign_core::time::Timestamp;
use countersignd::clock::Clock;

/// Both clocks of a daemon that runs within a test. Clones show the same time.
#[derive(Clone, Debug)]
pub struct TestClock {
    unix: Arc<AtomicU64>,
    uptime: Arc<AtomicU64>,
    /// How long before the daemon the machine was started.
    booted: Arc<AtomicU64>,
}

impl Default for TestClock {
    /// A day in 2026, at the beginning of a step.
    fn default() -> Self {
        Self {
            unix: Arc::new(AtomicU64::new(1_790_000_010)),
            uptime: Arc::default(),
            booted: Arc::new(AtomicU64::new(1_000_000)),
        }
    }
}

impl TestClock {
    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.unix.fetch_add(seconds, SeqCst);
        self.uptime.fetch_add(seconds, SeqCst);
    }

    /// Sets the wall clock, forward or back, while no time passes.
    pub fn set(&self, unix: u64) {
        self.unix.store(unix, SeqCst);
    }

    /// Restarts the machine, which takes no time.
    pub fn reboot(&self) {
        // The uptime goes on for the daemon, which a test does not restart with it.
        self.booted.store(0, SeqCst);
    }

    /// The wall clock, in seconds since the epoch.
    pub fn unix(&self) -> u64 {
        self.unix.load(SeqCst)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.unix())
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(self.uptime.load(SeqCst))
    }

    fn since_boot(&self) -> Duration {
        self.uptime() + Duration::from_secs(self.booted.load(SeqCst))
    }

    /// In UTC.
    fn week_minute(&self, at: Timestamp) -> WeekMinute {
        // The epoch was on a Thursday.
        let day = (at.unix() / 86_400 + 3) % 7;
        let minute = at.unix() % 86_400 / 60;
        let parts = u8::try_from(day).ok().zip(u16::try_from(minute).ok());
        let minute = parts.and_then(|(day, minute)| WeekMinute::new(day, minute));
        minute.expect("a minute of a week")
    }
}
