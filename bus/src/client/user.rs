//! What a user holds, over the bus.

use zbus::OwnedFd;

use super::{Account, Client};
use crate::error::Error;
use crate::types::{ChangeOptions, EnrollOptions, Factor, Status};
use crate::{PATH, USER};

impl Client {
    /// What is known of a user.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn status(&mut self, (uid, name): Account<'_>) -> Result<Status, Error> {
        self.call(PATH, USER, "Status", &(uid, name))
    }

    /// Forgets which logins of a user are remembered.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn forget(&mut self, (uid, name): Account<'_>) -> Result<(), Error> {
        self.call(PATH, USER, "Forget", &(uid, name))
    }

    /// Offers a user a new credential: its id, and a file with its key URI in the first line and
    /// recovery codes, if any were made, in the others.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn enroll(
        &mut self,
        (uid, name): Account<'_>,
        factor: Factor,
        options: &EnrollOptions,
    ) -> Result<(String, OwnedFd), Error> {
        let arguments = (uid, name, factor as u32, options);
        self.call(PATH, USER, "Enroll", &arguments)
    }

    /// Confirms a credential by its first code; the file holds recovery codes, if any were made.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn confirm(
        &mut self,
        (uid, name): Account<'_>,
        credential: &str,
        code: &str,
    ) -> Result<OwnedFd, Error> {
        self.call(PATH, USER, "Confirm", &(uid, name, credential, code))
    }

    /// Takes a credential away from a user.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn remove(
        &mut self,
        (uid, name): Account<'_>,
        credential: &str,
        options: &ChangeOptions,
    ) -> Result<(), Error> {
        self.call(PATH, USER, "Remove", &(uid, name, credential, options))
    }

    /// Calls a credential of a user otherwise.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn rename(
        &mut self,
        (uid, name): Account<'_>,
        credential: &str,
        label: &str,
        options: &ChangeOptions,
    ) -> Result<(), Error> {
        let arguments = (uid, name, credential, label, options);
        self.call(PATH, USER, "Rename", &arguments)
    }

    /// Finds a device again by two codes in a row: the id of the credential that they are of.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn resynchronize(
        &mut self,
        (uid, name): Account<'_>,
        codes: [&str; 2],
    ) -> Result<String, Error> {
        let arguments = (uid, name, codes[0], codes[1]);
        self.call(PATH, USER, "Resynchronize", &arguments)
    }

    /// Makes new recovery codes, and the old ones void.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn renew_recovery_codes(
        &mut self,
        (uid, name): Account<'_>,
        options: &ChangeOptions,
    ) -> Result<OwnedFd, Error> {
        self.call(PATH, USER, "RenewRecoveryCodes", &(uid, name, options))
    }
}
