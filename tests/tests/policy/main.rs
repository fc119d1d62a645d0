//! What the policy makes of logins: by the contract, through the real engine and store.

mod entry;
mod guard;
mod passes;
mod public;
mod report;
mod rules;
mod seat;
