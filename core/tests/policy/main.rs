//! Policies against a naive model of them: which rule decides a login, which rules are told to be
//! in each other's way, and what texts mean.

// So that clippy takes all of it for a test, also what is no #[test] itself.
#![cfg(test)]

mod decision;
mod draw;
mod naive;
mod overlap;
mod text;
