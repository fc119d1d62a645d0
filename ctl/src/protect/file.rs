//! Files as they are, and how they are replaced: wholly or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// Where SELinux keeps a file's label.
const LABEL: &str = "security.selinux";
/// No label is longer, in bytes.
const LONGEST_LABEL: usize = 1024;
/// What a file is called until it is whole. Neither PAM nor sshd reads one of such a name.
const UNFINISHED: &str = ".countersign-";

/// A file as it is at one moment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Snapshot {
    pub(crate) content: Content,
    mode: u32,
    uid: u32,
    gid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Vec<u8>>,
}

/// A file's bytes; in the ledger, text where they are text, so that a person can read it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl Content {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|odd| Self::Bytes(odd.into_bytes()), Self::Text)
    }
}

impl Snapshot {
    /// The file as it is now; `None` if there is none.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let about = file.metadata()?;
        let mut bytes = Vec::new();
        io::copy(&mut file, &mut bytes)?;
        Ok(Some(Self {
            content: bytes.into(),
            mode: about.mode() & 0o7777,
            uid: about.uid(),
            gid: about.gid(),
            label: label(&file)?,
        }))
    }

    /// A new file that everybody may read, as whoever runs this would make it.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self {
            content: bytes.into(),
            mode: 0o644,
            uid: nix::unistd::geteuid().as_raw(),
            gid: nix::unistd::getegid().as_raw(),
            label: None,
        }
    }

    /// The same file with other bytes.
    pub(crate) fn with(&self, bytes: Vec<u8>) -> Self {
        Self {
            content: bytes.into(),
            ..self.clone()
        }
    }

    /// Puts it at `path`: whoever looks finds the old file or this one, and once this returns, so
    /// does whoever looks after a power cut.
    pub(crate) fn put(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut new = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(directory)?;
        new.write_all(self.content.bytes())?;
        let file = new.as_file();
        fchown(file, Some(self.uid), Some(self.gid))?;
        file.set_permissions(Permissions::from_mode(self.mode))?;
        if let Some(label) = &self.label {
            fsetxattr(file, LABEL, label, XattrFlags::empty())?;
        }
        file.sync_all()?;
        #[cfg(test)]
        kill::here();
        new.persist(path)?;
        #[cfg(test)]
        kill::here();
        File::open(directory)?.sync_all()
    }
}

/// Takes a file away, if it is there.
pub(crate) fn take_away(path: &Path) -> io::Result<()> {
    #[cfg(test)]
    kill::here();
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// Takes away what a program that was killed left half written in this directory.
pub(crate) fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(UNFINISHED.as_bytes())
        {
            // It is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn label(file: &File) -> io::Result<Option<Vec<u8>>> {
    let mut label = vec![0; LONGEST_LABEL];
    match fgetxattr(file, LABEL, &mut label) {
        Ok(length) => {
            label.truncate(length);
            Ok(Some(label))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A test's `kill -9`: the program goes no further than a point that the test chose.
#[cfg(test)]
pub(crate) mod kill {
    use std::cell::Cell;

    thread_local! {
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Dies at the point after so many; `None` for never.
    pub(crate) fn after(points: Option<usize>) {
        LEFT.set(points);
    }

    pub(super) fn here() {
        match LEFT.get() {
            Some(0) => {
                LEFT.set(None);
                panic!("killed");
            }
            Some(left) => LEFT.set(Some(left - 1)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_put_back_is_the_same_in_all_that_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sshd");
        fs::write(&path, b"auth\xff\r\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let before = Snapshot::of(&path).unwrap().unwrap();
        before.with(b"new".to_vec()).put(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        before.put(&path).unwrap();
        assert_eq!(Snapshot::of(&path).unwrap().unwrap(), before);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_never_there_can_be_taken_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gone");
        assert_eq!(Snapshot::of(&path).unwrap(), None);
        Snapshot::new(b"x".to_vec()).put(&path).unwrap();
        take_away(&path).unwrap();
        take_away(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_half_written_file_is_swept_up_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        for name in [".countersign-x", "sshd", ".sshd"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        sweep(directory.path());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
