//! The D-Bus contract between the daemon and its clients, and the one client they share.
//!
//! Names, types and errors; nothing here decides anything.

pub mod client;
pub mod door;
pub mod error;
pub mod events;
pub mod import;
pub mod profile;
mod runtime;
pub mod session;
pub mod types;

pub use client::Client;
pub use door::Door;
pub use error::Error;
pub use profile::Profile;
pub use zbus::OwnedObjectPath;

/// The well-known name on the system bus.
pub const NAME: &str = "org.countersign.Countersign1";
/// The object that [`VERIFIER`], [`USER`] and, on the root door, [`ADMIN`] are served at.
pub const PATH: &str = "/org/countersign/Countersign1";
/// What stands before a transaction's id in its object path.
pub const TRANSACTION_PATH: &str = "/org/countersign/Countersign1/transaction/";

/// Begins a login.
pub const VERIFIER: &str = "org.countersign.Countersign1.Verifier";
/// One login in progress.
pub const TRANSACTION: &str = "org.countersign.Countersign1.Transaction";
/// What a user holds.
pub const USER: &str = "org.countersign.Countersign1.User";
/// What only root may do.
pub const ADMIN: &str = "org.countersign.Countersign1.Admin";

/// The root door: a Unix socket that only uid 0 can reach.
pub const SOCKET: &str = "/run/countersign/socket";
/// The public door's bus. A constant: an address from the environment is an attacker's to choose.
pub const SYSTEM_BUS: &str = "unix:path=/run/dbus/system_bus_socket";
