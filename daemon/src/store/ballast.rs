//! Disk space held back, to be let go when the disk is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::statvfs::statvfs;
use tracing::{info, warn};

/// How much is held back: some 15,000 logins' worth.
const SIZE: u32 = 8 << 20;

/// How many times its size must be free before it is taken again.
const ROOM: u64 = 4;

/// A file of real blocks, useless but for being deletable.
pub(in crate::store) struct Ballast {
    path: PathBuf,
    held: bool,
    complained: bool,
}

impl Ballast {
    /// The ballast in `directory`, be it there yet or not.
    pub(in crate::store) fn in_directory(directory: &Path) -> Self {
        let path = directory.join("ballast");
        let held = fs::metadata(&path)
            .is_ok_and(|found| found.is_file() && found.blocks() * 512 >= u64::from(SIZE));
        Self {
            path,
            held,
            complained: false,
        }
    }

    /// Takes the ballast if it is not there and the disk has plenty of room. That it cannot be
    /// taken is said once, and ignored.
    pub(in crate::store) fn take_up(&mut self) {
        if self.held || !self.has_room() {
            return;
        }
        match fill(&self.path) {
            Ok(()) => {
                self.held = true;
                self.complained = false;
                info!("{} holds {} MiB back", self.path.display(), SIZE >> 20);
            }
            Err(error) if !self.complained => {
                self.complained = true;
                warn!(
                    "no ballast at {} ({error}): should the disk fill up, logins may stop; ignoring",
                    self.path.display()
                );
            }
            Err(_) => {}
        }
    }

    /// Lets go of the ballast. Whether there was any.
    pub(in crate::store) fn release(&mut self) -> bool {
        self.held = false;
        fs::remove_file(&self.path).is_ok()
    }

    /// Whether the disk has plenty of room.
    pub(in crate::store) fn has_room(&self) -> bool {
        let directory = self.path.parent().unwrap_or(&self.path);
        statvfs(directory).is_ok_and(|disk| {
            #[expect(
                clippy::useless_conversion,
                reason = "these are 32 bits wide on some machines"
            )]
            let free = u64::from(disk.blocks_available()) * u64::from(disk.fragment_size());
            free >= ROOM * u64::from(SIZE)
        })
    }
}

fn fill(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    let filled = match fallocate(&file, FallocateFlags::empty(), 0, i64::from(SIZE)) {
        Err(Errno::EOPNOTSUPP) => write_zeros(&file),
        other => other.map_err(io::Error::from),
    };
    // Half a ballast on a disk that is nearly full helps nobody.
    filled.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Takes blocks where the file system cannot simply set them aside.
fn write_zeros(mut file: &File) -> io::Result<()> {
    let zeros = [0; 64 << 10];
    for _ in 0..SIZE / (64 << 10) {
        file.write_all(&zeros)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ballast_takes_up_real_blocks_and_gives_them_back() {
        let directory = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::in_directory(directory.path());
        ballast.take_up();

        let found = fs::metadata(directory.path().join("ballast")).unwrap();
        assert!(found.blocks() * 512 >= 8 << 20, "{} blocks", found.blocks());
        assert_eq!(found.mode() & 0o777, 0o600);

        assert!(Ballast::in_directory(directory.path()).held);
        assert!(ballast.release());
        assert!(!directory.path().join("ballast").exists());
        assert!(!ballast.release(), "it can be let go only once");

        ballast.take_up();
        assert!(ballast.release(), "and be taken again");
    }

    #[test]
    fn a_sparse_file_is_no_ballast() {
        let directory = tempfile::tempdir().unwrap();
        let file = File::create(directory.path().join("ballast")).unwrap();
        file.set_len(SIZE.into()).unwrap();

        let mut ballast = Ballast::in_directory(directory.path());
        assert!(!ballast.held);
        ballast.take_up();
        assert!(ballast.held);
        assert!(file.metadata().unwrap().blocks() * 512 >= 8 << 20);
    }

    #[test]
    fn blocks_are_taken_even_where_they_must_be_written() {
        let file = tempfile::tempfile().unwrap();
        write_zeros(&file).unwrap();
        assert!(file.metadata().unwrap().blocks() * 512 >= 8 << 20);
    }

    #[test]
    fn ballast_that_cannot_be_made_is_done_without() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("ballast")).unwrap();
        let mut ballast = Ballast::in_directory(directory.path());
        ballast.take_up();
        assert!(!ballast.held && ballast.complained);
    }
}
