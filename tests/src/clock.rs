//! A clock that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use countersign_core::time::Timestamp;
use countersignd::clock::Clock;

/// Both clocks of a daemon that runs within a test. Clones show the same time.
#[derive(Clone, Debug)]
pub struct TestClock {
    unix: Arc<AtomicU64>,
    uptime: Arc<AtomicU64>,
}

impl Default for TestClock {
    /// A day in 2026, at the beginning of a step.
    fn default() -> Self {
        Self {
            unix: Arc::new(AtomicU64::new(1_790_000_010)),
            uptime: Arc::default(),
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
}
