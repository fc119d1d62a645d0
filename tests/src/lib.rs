//! The harness of the tests that need more than one crate: a daemon of one's own, reached by real
//! PAM logins through the real module.
//!
//! A world is gone when it is dropped. Nothing outside its directory is touched.

#![forbid(unsafe_code)]

pub mod accounts;
pub mod backup;
pub mod bus;
pub mod clock;
pub mod daemon;
pub mod desk;
pub mod flood;
pub mod login;
pub mod phone;
pub mod programs;
pub mod public;
pub mod relay;
pub mod shell;
pub mod terminal;
pub mod transcript;
pub mod user;
pub mod world;

pub use accounts::Accounts;
pub use clock::TestClock;
pub use desk::Desk;
pub use login::{Login, Outcome};
pub use phone::Phone;
pub use public::Public;
pub use relay::Relay;
pub use user::Enrolled;
pub use world::World;
