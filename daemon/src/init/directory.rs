//! The directory that the database is in, and who may write there.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, fchown};
use std::path::Path;

use nix::unistd::{Gid, Uid, User, geteuid};

use super::{InitError, failed};

/// Who makes the database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Writer {
    /// Whoever runs this.
    Myself,
    /// A user that only root can become.
    Other {
        /// Their number.
        uid: Uid,
        /// Their group's.
        gid: Gid,
    },
}

impl Writer {
    /// The user of this name.
    ///
    /// # Errors
    ///
    /// If there is none, or if it is not for us to become them.
    pub(super) fn named(name: &str) -> Result<Self, InitError> {
        let user = User::from_name(name)
            .ok()
            .flatten()
            .ok_or_else(|| InitError::NoSuchUser(name.to_owned()))?;
        if user.uid == geteuid() {
            return Ok(Self::Myself);
        }
        if !geteuid().is_root() {
            return Err(InitError::NotRoot(name.to_owned()));
        }
        Ok(Self::Other {
            uid: user.uid,
            gid: user.gid,
        })
    }

    fn uid(self) -> Uid {
        match self {
            Self::Myself => geteuid(),
            Self::Other { uid, .. } => uid,
        }
    }
}

/// Sees to it that `path` is a directory where `writer` can write and nobody else can.
///
/// # Errors
///
/// If it is anything else, or cannot be made.
pub(super) fn ensure(path: &Path, writer: Writer) -> Result<(), InitError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path, writer).map_err(failed("make the directory", path))
        }
        Err(error) => Err(failed("look at", path)(error)),
        Ok(found) => examine(path, &found, writer),
    }
}

fn make(path: &Path, writer: Writer) -> io::Result<()> {
    if let Some(above) = path.parent() {
        DirBuilder::new().recursive(true).create(above)?;
    }
    DirBuilder::new().mode(0o700).create(path)?;
    if let Writer::Other { uid, gid } = writer {
        fchown(File::open(path)?, Some(uid.as_raw()), Some(gid.as_raw()))?;
    }
    Ok(())
}

fn examine(path: &Path, found: &fs::Metadata, writer: Writer) -> Result<(), InitError> {
    let directory = path.display();
    if !found.is_dir() {
        return Err(InitError::Directory(format!(
            "{directory} is not a directory; move it away"
        )));
    }
    let (owner, wanted) = (found.uid(), writer.uid());
    if owner != wanted.as_raw() {
        return Err(InitError::Directory(format!(
            "{directory} belongs to user number {owner}, and the database is to be made by number \
             {wanted}; name the directory's owner with --user, or change the owner"
        )));
    }
    if found.mode() & 0o022 != 0 {
        return Err(InitError::Directory(format!(
            "others than its owner may write in {directory}; run `chmod 0700 {directory}`"
        )));
    }
    Ok(())
}
