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

/// The most bytes that one secret may have.
pub(super) const LONGEST: u64 = 4096;

/// The text in a file that a client handed over.
pub(super) fn read(fd: &OwnedFd) -> Result<Zeroizing<String>, Error> {
    let bytes = read_bytes(fd, LONGEST)?;
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Error::InvalidArgs("secret: it is not UTF-8".into()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// What is in a file that a client handed over, of at most `longest` bytes.
///
/// It must be a sealed file in memory: anything else could make the daemon wait for ever, or
/// change while it is read.
pub(super) fn read_bytes(fd: &OwnedFd, longest: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
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
    let length = file.metadata().map_err(refused)?.len();
    if length > longest {
        return Err(Error::InvalidArgs("secret: too long".into()));
    }
    // Room for all of it at once, so that no half-read copy is left behind.
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or_default()]);
    file.read_exact(&mut bytes).map_err(refused)?;
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
    fn a_file_that_is_too_long_is_refused_whole() {
        let fd = seal(["0123456789"]).unwrap();
        assert!(matches!(read_bytes(&fd, 10), Err(Error::InvalidArgs(_))));
        assert_eq!(&**read_bytes(&fd, 11).unwrap(), b"0123456789\n");
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
