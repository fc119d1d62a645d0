//! The two ways in.

pub mod public;
pub mod root;
