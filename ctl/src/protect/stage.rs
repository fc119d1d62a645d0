//! PAM's configuration as it would be, in a directory that no login reads.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;
use crate::pam_stack::Configuration;

/// Where services are, and where it stands for both of the system's directories here.
pub(crate) const SERVICES: &str = "etc/pam.d";
/// What comes with packages, and counts where there is no file in [`SERVICES`].
const PACKAGED: &str = "usr/lib/pam.d";
/// Where it lies meanwhile: root's, and gone after a reboot.
const RUN: &str = "run";

/// A copy of the services' files.
#[derive(Debug)]
pub(crate) struct Stage {
    directory: TempDir,
}

impl Stage {
    /// A copy of those beneath `root`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it cannot be made.
    pub(crate) fn of(root: &Path) -> Result<Self, Error> {
        copied(root).map_err(|error| failed(&error))
    }

    /// Has `service` be configured by these bytes.
    pub(crate) fn put(&self, service: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.services().join(service);
        let is_new = !path.exists();
        let written = fs::write(&path, bytes);
        let written = written.and_then(|()| match is_new {
            true => fs::set_permissions(&path, Permissions::from_mode(0o644)),
            false => Ok(()),
        });
        written.map_err(|error| failed(&error))
    }

    /// What `service` is configured by.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it cannot be read.
    pub(crate) fn read(&self, service: &str) -> Result<Vec<u8>, Error> {
        fs::read(self.services().join(service)).map_err(|error| {
            let path = Path::new("/").join(SERVICES).join(service);
            let path = path.display();
            Error::Refused(format!(
                "{path} cannot be read: {error}. Nothing was changed."
            ))
        })
    }

    /// The directory for libpam.
    pub(crate) fn services(&self) -> PathBuf {
        self.directory.path().join(SERVICES)
    }

    /// The configuration, as it is read.
    pub(crate) fn configuration(&self) -> Configuration {
        Configuration::beneath(self.directory.path())
    }
}

fn copied(root: &Path) -> io::Result<Stage> {
    let directory = tempfile::Builder::new()
        .prefix("countersign-try-")
        .tempdir_in(root.join(RUN))?;
    let services = directory.path().join(SERVICES);
    fs::create_dir_all(&services)?;
    // A locker reads it as its user. The files keep the modes that they have.
    for made in services
        .ancestors()
        .take_while(|path| *path != root.join(RUN))
    {
        fs::set_permissions(made, Permissions::from_mode(0o755))?;
    }
    // What counts is copied last.
    for from in [PACKAGED, SERVICES] {
        let entries = match fs::read_dir(root.join(from)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            if let Some(name) = path.file_name().filter(|_| path.is_file()) {
                fs::copy(&path, services.join(name))?;
            }
        }
    }
    Ok(Stage { directory })
}

fn failed(error: &io::Error) -> Error {
    Error::Refused(format!(
        "PAM's configuration could not be copied to try a login with it: {error}. Nothing was \
         changed."
    ))
}
