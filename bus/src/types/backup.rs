//! What a backup takes, and what came of it.

use zbus::{DeserializeDict, OwnedFd, SerializeDict, Type};

/// The fewest characters of a passphrase that a backup is sealed with.
pub const SHORTEST_PASSPHRASE: usize = 12;

/// `Backup`'s options.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct BackupOptions {
    /// A sealed file with a passphrase to seal it with, instead of the master key.
    pub passphrase: Option<OwnedFd>,
}

/// What came of a backup.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct BackupReport {
    /// How many users are in it.
    pub users: Option<u32>,
    /// How many are not, since what is kept of them cannot be read.
    pub skipped: Option<u32>,
    /// How large it is.
    pub bytes: Option<u64>,
    /// Of those who are not in it, the first hundred, with the reason.
    pub problems: Option<Vec<Problem>>,
}

/// `Restore`'s options.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct RestoreOptions {
    /// A sealed file with the passphrase that it was sealed with.
    pub passphrase: Option<OwnedFd>,
    /// A sealed file with the master key that it was sealed with, if that is not the daemon's.
    pub master_key: Option<OwnedFd>,
    /// Users who are there already are restored too, and not kept as they are.
    pub overwrite: Option<bool>,
    /// Recovery codes stay good though nobody knows which were used since the backup.
    pub keep_recovery_codes: Option<bool>,
    /// Nothing is changed; the report says what would be.
    pub dry_run: Option<bool>,
    /// A file in memory, to have a line written to for each user: what came of it (as the
    /// report's members are called), uid, name.
    pub list: Option<OwnedFd>,
}

/// What came of restoring a backup.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct RestoreReport {
    /// When the backup was made, in seconds since the epoch.
    pub created: Option<u64>,
    /// How many users were not there and are now.
    pub restored: Option<u32>,
    /// How many were there, and are as they were.
    pub kept: Option<u32>,
    /// How many were there, and are as in the backup but for what they have used since.
    pub merged: Option<u32>,
    /// How many were not restored.
    pub refused: Option<u32>,
    /// How many were missing in the backup already.
    pub skipped: Option<u32>,
    /// Of how many the recovery codes are void now.
    pub without_recovery_codes: Option<u32>,
    /// How many must give two codes in a row of a counter-based credential before one counts.
    pub unsynchronized: Option<u32>,
    /// Of those who were refused or skipped, the first hundred, with the reason.
    pub problems: Option<Vec<Problem>>,
}

/// A user of whom something could not be done.
#[derive(Clone, Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct Problem {
    /// The account.
    pub uid: Option<u32>,
    /// Its name, if it is known.
    pub user: Option<String>,
    /// Why, and what to do next.
    pub problem: Option<String>,
}
