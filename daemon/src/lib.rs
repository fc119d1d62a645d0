//! The daemon: everything around the decision.

pub mod clock;
pub mod entropy;
pub mod store;
