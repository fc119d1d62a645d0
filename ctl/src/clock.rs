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

/// Clock ticks since the machine started, as `/proc` gives the start of a process; 0 if the system
/// does not say.
pub(crate) fn ticks() -> u64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let uptime = text
        .split(' ')
        .next()
        .and_then(|seconds| seconds.split_once('.'));
    let Some((seconds, hundredths)) = uptime else {
        return 0;
    };
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let per_second = rustix::param::clock_ticks_per_second();
    number(seconds) * per_second + number(hundredths) * per_second / 100
}
