//! The decision: what a second factor is, and whether a response proves it.
//!
//! Nothing here reads a clock, a file or a socket, or draws a random number. Each function is
//! given the time, the randomness and the record it judges, and returns the record to keep.

pub mod code;
pub mod credential;
mod crockford;
pub mod enrollment;
pub mod factors;
mod hash;
pub mod hotp;
pub mod import;
pub mod issued;
pub mod judgement;
mod number;
pub mod otp;
pub mod otpauth;
pub mod pass;
pub mod policy;
pub mod record;
pub mod recovery;
pub mod restore;
pub mod scratch;
pub mod secret;
pub mod throttle;
pub mod time;
pub mod totp;
pub mod transaction;
