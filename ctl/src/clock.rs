//! The time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the epoch, for what is said of a time: that it is so long ago, or so soon.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this program reads a clock; nothing is judged by it"
)]
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}
