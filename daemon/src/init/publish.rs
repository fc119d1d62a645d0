//! Files that are there whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

/// Makes a file of `bytes` at `path`, which only its owner can read, in a directory that is made
/// if need be.
///
/// # Errors
///
/// If it cannot be made, or if there is one.
pub(super) fn bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).create(directory)?;
    }
    let draft = draft(path)?;
    let mut file = OpenOptions::new().write(true).open(&draft)?;
    file.write_all(bytes)?;
    publish(&draft, path)
}

/// A new and empty file beside `path`, which only its owner can read, to become it later.
///
/// # Errors
///
/// If it cannot be made.
pub(super) fn draft(path: &Path) -> io::Result<PathBuf> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);

    // One that is there was left behind by a run that did not come to its end.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    Ok(draft)
}

/// Gives `draft` the name `path`, durably, unless something has that name.
///
/// # Errors
///
/// If something has, or if it cannot be done.
pub(super) fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    match renameat2(
        AT_FDCWD,
        draft,
        AT_FDCWD,
        path,
        RenameFlags::RENAME_NOREPLACE,
    ) {
        // Some file systems cannot do both in one. The caller has looked.
        Err(Errno::EINVAL) if path.symlink_metadata().is_err() => fs::rename(draft, path)?,
        other => other?,
    }
    let directory = path.parent().unwrap_or(path);
    File::open(directory)?.sync_all()
}
