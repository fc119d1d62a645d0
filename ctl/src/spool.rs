//! Files for the daemon to write to and read from: regular ones, which never keep it waiting.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// What every backup begins with.
const MAGIC: &[u8] = b"countersign backup\n";
/// Where what comes from or goes to a pipe lies meanwhile, without a name.
const SPOOL: &str = "/var/tmp";

/// Where a backup goes.
pub(crate) enum Target {
    /// Standard output.
    Stdout,
    /// A file; what it held, if it was a backup, is replaced once the new one is whole.
    File {
        /// Its name.
        path: PathBuf,
        /// Whether there is one of that name already.
        exists: bool,
    },
}

impl Target {
    /// The one that `path` names.
    pub(crate) fn named(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let exists = match path.symlink_metadata() {
            Ok(found) if found.is_file() && is_backup(path) => true,
            Ok(_) => {
                return Err(Error::Refused(format!(
                    "{} is there already, and is not a backup. Nothing was done; choose another \
                     name.",
                    path.display()
                )));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(unusable(path, &error)),
        };
        Ok(Self::File {
            path: path.to_owned(),
            exists,
        })
    }

    /// An empty file without a name, on the disk where the backup is to be.
    pub(crate) fn spool(&self) -> Result<File, Error> {
        let directory = match self {
            Self::Stdout => Path::new(SPOOL),
            Self::File { path, .. } => directory(path),
        };
        tempfile::tempfile_in(directory).map_err(|error| unusable(directory, &error))
    }

    /// Puts what is in `spool` where it belongs, all of it or nothing. Says where that is.
    ///
    /// An older backup stays beside one that is not `complete`: it may have what this one lacks.
    pub(crate) fn fill(&self, mut spool: File, complete: bool) -> Result<PathBuf, Error> {
        spool.rewind().map_err(Error::Handover)?;
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                io::copy(&mut spool, &mut stdout)
                    .and_then(|_| stdout.flush())
                    .map_err(Error::Output)?;
                Ok(PathBuf::from("-"))
            }
            Self::File { path, exists } => {
                let mut to = path.clone();
                if *exists && !complete {
                    to.as_mut_os_string().push(".incomplete");
                }
                replace(&to, &mut spool).map_err(|error| unusable(&to, &error))?;
                Ok(to)
            }
        }
    }
}

/// A backup to read, from a file or, for `-`, standard input.
pub(crate) fn source(path: &Path) -> Result<File, Error> {
    if path == Path::new("-") {
        return spooled(&mut io::stdin().lock()).map_err(|error| unusable(path, &error));
    }
    let open = || {
        let mut file = File::open(path)?;
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        spooled(&mut file)
    };
    open().map_err(|error| unusable(path, &error))
}

fn spooled(from: &mut impl Read) -> io::Result<File> {
    let mut spool = tempfile::tempfile_in(SPOOL)?;
    io::copy(from, &mut spool)?;
    Ok(spool)
}

/// Makes the file anew beside itself, readable for its owner only, and then renames it.
fn replace(path: &Path, content: &mut File) -> io::Result<()> {
    let directory = directory(path);
    let mut new = tempfile::NamedTempFile::new_in(directory)?;
    io::copy(content, &mut new)?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    File::open(directory)?.sync_all()
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        None => Path::new("/"),
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
    }
}

fn is_backup(path: &Path) -> bool {
    let mut beginning = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut beginning));
    read.is_ok() && beginning == MAGIC
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::Refused(format!(
        "{} cannot be used: {error}. Nothing was done.",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_backup_is_its_owners_alone_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("backup");
        fill(&path, b"countersign backup\nnew", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"countersign backup\nnew");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_older_backup_is_replaced_and_nothing_else_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("backup");
        fs::write(&path, "countersign backup\nold").unwrap();
        fill(&path, b"countersign backup\nnew", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"countersign backup\nnew");

        fs::write(&path, "root:x:0:0:").unwrap();
        let refusal = Target::named(&path).err().unwrap().to_string();
        assert!(refusal.contains("not a backup"), "{refusal}");
        assert!(Target::named(directory.path()).is_err());
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Target::named(&link).is_err());
    }

    #[test]
    fn a_backup_that_lacks_someone_does_not_replace_one_that_may_have_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("backup");
        fs::write(&path, "countersign backup\nold").unwrap();
        let written = fill(&path, b"countersign backup\nnew", false).unwrap();
        assert_eq!(written, directory.path().join("backup.incomplete"));
        assert_eq!(fs::read(&path).unwrap(), b"countersign backup\nold");
    }

    #[test]
    fn what_comes_from_a_pipe_can_be_read_twice() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"twice").unwrap();
        drop(writer);
        use std::os::fd::AsRawFd;
        let mut file = source(Path::new(&format!("/dev/fd/{}", reader.as_raw_fd()))).unwrap();
        for _ in 0..2 {
            file.rewind().unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "twice");
        }
    }

    fn fill(path: &Path, content: &[u8], complete: bool) -> Result<PathBuf, Error> {
        let target = Target::named(path)?;
        let mut spool = target.spool()?;
        spool.write_all(content).unwrap();
        target.fill(spool, complete)
    }
}
