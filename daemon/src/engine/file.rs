//! Secrets on their way to or from a client: in sealed files in memory, never in a message, which
//! the bus and whoever monitors it would keep copies of.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use countersign_bus::Error;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use zbus::OwnedFd;
use zeroize::Zeroizing;

/// A sealed file with `lines` in it.
pub(super) fn seal<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<OwnedFd, Error> {
    write(lines).map_err(|error| Error::Unavailable(format!("no file in memory: {error}")))
}

fn write<'a>(lines: impl IntoIterator<Item = &'a str>) -> io::Result<OwnedFd> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut file = File::from(memfd_create("countersign", flags)?);
    for line in lines {
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")?;
    }
    fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
    Ok(OwnedFd::from(std::os::fd::OwnedFd::from(file)))
}

/// The text in a file that a client handed over.
///
/// It must be a sealed file in memory: anything else could make the daemon wait for ever, or
/// change while it is read.
pub(super) fn read(fd: &OwnedFd) -> Result<Zeroizing<String>, Error> {
    let bytes = read_bytes(fd)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::InvalidArgs("secret: it is not UTF-8".into()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// As [`read`], whether or not it is text.
pub(super) fn read_bytes(fd: &OwnedFd) -> Result<Zeroizing<Vec<u8>>, Error> {
    const LONGEST: u64 = 4096;
    let seals = fcntl(fd.as_fd(), FcntlArg::F_GET_SEALS)
        .ok()
        .map(SealFlag::from_bits_truncate)
        .filter(|seals| seals.contains(SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW));
    if seals.is_none() {
        return Err(Error::InvalidArgs(
            "secret: not a sealed file in memory".into(),
        ));
    }
    let refused = |error: io::Error| Error::InvalidArgs(format!("secret: {}", error.kind()));
    let mut file = File::from(fd.as_fd().try_clone_to_owned().map_err(refused)?);
    io::Seek::rewind(&mut file).map_err(refused)?;

    // Never moved to a larger place, so that no half of a secret is left in an old one.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 1));
    file.take(LONGEST)
        .read_to_end(&mut bytes)
        .map_err(refused)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_can_be_read_and_not_changed() {
        let fd = seal(["first", "second"]).unwrap();
        assert_eq!(*read(&fd).unwrap(), "first\nsecond\n");

        let mut file = File::from(fd.as_fd().try_clone_to_owned().unwrap());
        assert!(file.write_all(b"x").is_err());
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_does_not_hang_the_daemon() {
        let (reader, _writer) = io::pipe().unwrap();
        let fd = OwnedFd::from(std::os::fd::OwnedFd::from(reader));
        assert!(matches!(read(&fd), Err(Error::InvalidArgs(_))));
    }

    #[test]
    fn a_file_that_may_still_change_is_refused() {
        let fd = memfd_create("unsealed", MFdFlags::MFD_ALLOW_SEALING).unwrap();
        assert!(matches!(
            read(&OwnedFd::from(fd)),
            Err(Error::InvalidArgs(_))
        ));
    }
}
