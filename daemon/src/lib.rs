//! The daemon: everything around the decision.

pub mod clock;
pub mod config;
pub mod entropy;
pub mod keys;
pub mod seal;
pub mod store;
pub mod vault;
