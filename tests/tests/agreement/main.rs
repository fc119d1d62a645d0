//! A policy of twenty rules and two hundred logins: what is explained is what happens.

// So that clippy takes all of it for a test, also what is no #[test] itself.
#![cfg(test)]

mod people;
mod table;
