//! The two ways in.

pub mod guests;
pub mod peer;
pub mod public;
pub mod root;
