//! `pam_countersign.so`: asks the claimant what the daemon wants asked, carries the answers, and
//! tells PAM what came of it. It knows no factor and no rule.
//!
//! It runs inside sshd, sudo and login: no thread, no output of its own, nothing left behind. Of the
//! environment it reads nothing, but in GDM's worker whether the login screen shows lists.

mod account;
mod answer;
mod attempt;
mod authenticate;
mod claim;
mod conversation;
mod daemon;
mod field;
mod guard;
mod hooks;
mod language;
mod mark;
mod messages;
mod options;
mod outcome;
mod place;
mod reveal;
#[cfg(test)]
mod script;
