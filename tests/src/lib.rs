//! The harness of the tests that need more than one crate: a daemon of one's own, reached by real
//! PAM logins through the real module.
//!
//! A world is gone when it is dropped. Nothing outside its directory is touched.

#![forbid(unsafe_code)]

pub mod bus;
pub mod clock;
pub mod daemon;
pub mod flood;
pub mod login;
pub mod programs;
pub mod public;
pub mod user;
pub mod world;

pub use clock::TestClock;
pub use login::{Login, Outcome};
pub use public::Public;
pub use user::Enrolled;
pub use world::World;
