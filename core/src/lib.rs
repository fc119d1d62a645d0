//! x

pub mod throttle;
pub mod time;
