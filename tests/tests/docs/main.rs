//! The manual pages, held to what they are about.

mod examples;
mod pages;
mod promises;
