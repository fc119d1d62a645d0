//! Backups, as files that a test holds.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};

use countersign_bus::Error;
use countersign_bus::types::{BackupOptions, BackupReport, RestoreOptions, RestoreReport};

use crate::world::World;

/// A passphrase of the shortest length.
pub const PASSPHRASE: &str = "twelve chars";

/// A backup, in a file without a name.
#[derive(Debug)]
pub struct Backup {
    file: File,
    /// What the daemon said of it.
    pub report: BackupReport,
}

impl Backup {
    /// All users of `world`, sealed with its master key, or with a passphrase.
    pub fn of(world: &World, passphrase: Option<&str>) -> Self {
        let file = tempfile::tempfile().expect("a file");
        let options = BackupOptions {
            passphrase: passphrase.map(|text| sealed(text.as_bytes())),
        };
        let report = world.client().backup(file.as_fd(), &options);
        Self {
            file,
            report: report.expect("a backup"),
        }
    }

    /// One of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("a file");
        Self {
            file,
            report: BackupReport::default(),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.rewind().expect("a file");
        file.read_to_end(&mut bytes).expect("a file");
        bytes
    }

    /// Restores it to `world`.
    ///
    /// # Errors
    ///
    /// The daemon's refusal.
    pub fn restore(&self, world: &World, options: &RestoreOptions) -> Result<RestoreReport, Error> {
        world.client().restore(self.file.as_fd(), options)
    }
}

/// What opens a backup that was sealed with a passphrase.
pub fn by_passphrase(passphrase: &str) -> RestoreOptions {
    RestoreOptions {
        passphrase: Some(sealed(passphrase.as_bytes())),
        ..RestoreOptions::default()
    }
}

/// What opens a backup of `world`, elsewhere.
pub fn by_master_key_of(world: &World) -> RestoreOptions {
    let key = std::fs::read(world.path().join("master.key")).expect("a key");
    RestoreOptions {
        master_key: Some(sealed(&key)),
        ..RestoreOptions::default()
    }
}

/// A sealed file in memory.
pub fn sealed(bytes: &[u8]) -> zbus::OwnedFd {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    use nix::sys::memfd::{MFdFlags, memfd_create};

    let file = memfd_create("secret", MFdFlags::MFD_ALLOW_SEALING).expect("a file in memory");
    let mut file = File::from(file);
    file.write_all(bytes).expect("a file in memory");
    fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all())).expect("seals");
    OwnedFd::from(file).into()
}
