//! Histories of logins, one after the other, at the same time, and through power cuts, while the
//! clock goes back and forth: what no history brings about, and what every history leaves possible.

// So that clippy takes all of it for a test, also what is no #[test] itself.
#![cfg(test)]

mod attempt;
mod changes;
mod damage;
mod drift;
mod expected;
mod history;
mod ledger;
mod owner;
mod parallel;
mod property;
mod store;
mod user;
mod world;
