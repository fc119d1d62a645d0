//! The two ways in.

pub mod guests;
pub mod public;
pub mod root;
