//! A file in somebody's home, opened with the owner's rights and without following a link out of
//! the home. Whoever owns a home puts into it what they like.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, SFlag, fstatat};
use nix::unistd::{Gid, Uid, getgroups, setfsgid, setfsuid, setgroups};
use thiserror::Error;
use zeroize::Zeroizing;

use super::passwd::Entry;

/// Why a file was not read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(crate) enum NotRead {
    #[error("only root may read other people's homes: run this with sudo")]
    Rights,
    #[error("the home is a link that is not root's, and is not followed")]
    LinkedHome,
    #[error("the home belongs to somebody else")]
    ForeignHome,
    #[error("it is a link, or behind one, and links are not followed")]
    Link,
    #[error("it is no regular file")]
    Irregular,
    #[error("it belongs to somebody else")]
    Foreign,
    #[error("others may read or write it: chmod 600 makes it the owner's alone")]
    Mode,
    #[error("it is empty, or longer than the {0} bytes that are read")]
    Length(u64),
    #[error("{}", .0.desc())]
    System(Errno),
}

/// What is in `file`, a path beneath the account's home, of at most `largest` bytes; `None` if
/// there is no such file or no home.
pub(crate) fn read(
    account: &Entry,
    file: &Path,
    largest: u64,
) -> Result<Option<Zeroizing<Vec<u8>>>, NotRead> {
    let uid = Uid::from_raw(account.uid);
    let euid = Uid::effective();
    let _rights = match (euid.is_root(), euid == uid) {
        (true, _) => Some(Rights::of(uid, Gid::from_raw(account.gid))?),
        (false, true) => None,
        (false, false) => return Err(NotRead::Rights),
    };
    let opened = home(account).and_then(|home| match home {
        Some(home) => beneath(&home, file),
        None => Ok(None),
    })?;
    opened.map(|file| contents(file, uid, largest)).transpose()
}

/// The home, if there is one.
fn home(account: &Entry) -> Result<Option<OwnedFd>, NotRead> {
    let path = Path::new(&account.home);
    let itself = fstatat(nix::fcntl::AT_FDCWD, path, AtFlags::AT_SYMLINK_NOFOLLOW);
    let Some(itself) = present(itself)? else {
        return Ok(None);
    };
    // A link of root's is how the system is arranged; anybody else's is somebody's idea.
    if is(itself.st_mode, SFlag::S_IFLNK) && itself.st_uid != 0 {
        return Err(NotRead::LinkedHome);
    }
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Some(home) = present(open(path, flags, Mode::empty()))? else {
        return Ok(None);
    };
    let owner = File::from(home.try_clone().map_err(system)?)
        .metadata()
        .map_err(system)?
        .uid();
    if owner != account.uid && owner != 0 {
        return Err(NotRead::ForeignHome);
    }
    Ok(Some(home))
}

fn beneath(home: &OwnedFd, file: &Path) -> Result<Option<File>, NotRead> {
    let how = OpenHow::new()
        // A pipe that nobody writes to must not keep anybody waiting.
        .flags(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)
        .resolve(
            ResolveFlag::RESOLVE_BENEATH
                | ResolveFlag::RESOLVE_NO_SYMLINKS
                | ResolveFlag::RESOLVE_NO_MAGICLINKS,
        );
    match present(openat2(home, file, how)) {
        Err(NotRead::System(Errno::ELOOP | Errno::EXDEV)) => Err(NotRead::Link),
        // A socket cannot be opened.
        Err(NotRead::System(Errno::ENXIO)) => Err(NotRead::Irregular),
        opened => Ok(opened?.map(File::from)),
    }
}

fn contents(file: File, uid: Uid, largest: u64) -> Result<Zeroizing<Vec<u8>>, NotRead> {
    let status = file.metadata().map_err(system)?;
    if !is(status.mode(), SFlag::S_IFREG) {
        return Err(NotRead::Irregular);
    }
    if status.uid() != uid.as_raw() {
        return Err(NotRead::Foreign);
    }
    if status.mode() & 0o7777 & !0o600 != 0 {
        return Err(NotRead::Mode);
    }
    if !(1..=largest).contains(&status.len()) {
        return Err(NotRead::Length(largest));
    }
    bounded(file, largest)
}

/// All of a file that is not longer than `largest` bytes, which it may have become meanwhile.
pub(crate) fn bounded(file: File, largest: u64) -> Result<Zeroizing<Vec<u8>>, NotRead> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(largest + 1)
        .read_to_end(&mut bytes)
        .map_err(system)?;
    if bytes.is_empty() || bytes.len() as u64 > largest {
        return Err(NotRead::Length(largest));
    }
    Ok(bytes)
}

/// `None` if there is nothing of that name.
fn present<T>(outcome: nix::Result<T>) -> Result<Option<T>, NotRead> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
        Err(error) => Err(NotRead::System(error)),
    }
}

fn is(mode: u32, kind: SFlag) -> bool {
    mode & SFlag::S_IFMT.bits() == kind.bits()
}

fn system(error: std::io::Error) -> NotRead {
    NotRead::System(Errno::from_raw(error.raw_os_error().unwrap_or_default()))
}

/// The rights of a user over files, until dropped.
struct Rights {
    groups: Vec<Gid>,
    gid: Gid,
    uid: Uid,
}

impl Rights {
    fn of(uid: Uid, gid: Gid) -> Result<Self, NotRead> {
        let before = Self {
            groups: getgroups().map_err(NotRead::System)?,
            gid: current_gid(),
            uid: current_uid(),
        };
        setgroups(&[]).map_err(NotRead::System)?;
        setfsgid(gid);
        setfsuid(uid);
        // These two say nothing of whether it was done.
        if current_uid() == uid && current_gid() == gid {
            Ok(before)
        } else {
            Err(NotRead::Rights)
        }
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        setfsuid(self.uid);
        setfsgid(self.gid);
        let restored = setgroups(&self.groups).is_ok()
            && current_uid() == self.uid
            && current_gid() == self.gid;
        if !restored {
            // Nothing that follows could be trusted to be done as whom it should.
            std::process::abort();
        }
    }
}

/// An impossible number changes nothing, and is answered with the present one.
fn current_uid() -> Uid {
    setfsuid(Uid::from_raw(u32::MAX))
}

fn current_gid() -> Gid {
    setfsgid(Gid::from_raw(u32::MAX))
}

#[cfg(test)]
#[path = "home_tests.rs"]
mod tests;
