//! The daemon: everything around the decision.

pub mod audit;
pub mod authorize;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod config;
pub mod door;
pub mod engine;
pub mod entropy;
pub mod events;
pub mod init;
pub mod keys;
pub mod log;
pub mod seal;
pub mod serve;
pub mod server;
pub mod service;
pub mod store;
pub mod transactions;
pub mod vault;
