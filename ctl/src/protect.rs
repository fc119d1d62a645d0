//! Putting the module into the way of a login, so that a change that does not work undoes itself.
//!
//! [`plan`] says what is to be changed, [`trial`] goes through a login with it before it counts,
//! [`change`] writes it once systemd is to undo it, and [`ledger`] knows how everything was
//! before. To undo takes files, systemd and this program: no daemon, no bus, no PAM.

pub(crate) mod block;
pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod diff;
mod edit;
pub(crate) mod file;
pub(crate) mod host;
pub(crate) mod ledger;
pub(crate) mod listener;
pub(crate) mod login;
pub(crate) mod person;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod sshd;
pub(crate) mod stage;
pub(crate) mod trial;
