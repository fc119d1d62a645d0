//! Secrets on their way between this program and the daemon: files in memory, which no other
//! process can open and, once sealed, none can change.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use zeroize::Zeroizing;

use crate::error::Error;

/// No answer of the daemon's is longer than this many bytes.
const LONGEST: u64 = 64 * 1024;

/// A sealed file that holds `secret`, to be read from its beginning.
pub(crate) fn seal(secret: impl AsRef<[u8]>) -> Result<OwnedFd, Error> {
    write(secret.as_ref()).map_err(Error::Handover)
}

/// A file in memory for the daemon to write to.
pub(crate) fn blank() -> Result<File, Error> {
    memfd_create(c"countersign-list", MFdFlags::MFD_CLOEXEC)
        .map(File::from)
        .map_err(|error| Error::Handover(error.into()))
}

/// The lines of a file from the daemon.
pub(crate) fn lines(file: impl Into<OwnedFd>) -> Result<Vec<Zeroizing<String>>, Error> {
    let text = read(File::from(file.into())).map_err(Error::Handover)?;
    let text =
        std::str::from_utf8(&text).map_err(|_| Error::Garbled("what it hands over is no text"))?;
    Ok(text
        .lines()
        .map(|line| Zeroizing::new(line.to_owned()))
        .collect())
}

fn write(secret: &[u8]) -> io::Result<OwnedFd> {
    let name = CString::new("countersign-secret")?;
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut file = File::from(memfd_create(name.as_c_str(), flags)?);
    file.write_all(secret)?;
    file.rewind()?;
    let seals = SealFlag::F_SEAL_SEAL
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file.into())
}

fn read(mut file: File) -> io::Result<Zeroizing<Vec<u8>>> {
    let length = file.metadata()?.len();
    if length > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the daemon hands over {length} bytes"),
        ));
    }
    file.rewind()?;
    // All the room it can take is made at once, so that nothing of it is left elsewhere.
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or_default()]);
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_read_from_its_beginning() {
        let mut text = String::new();
        File::from(seal(b"JBSWY3DPEHPK3PXP").unwrap())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "JBSWY3DPEHPK3PXP");
    }

    #[test]
    fn what_is_sealed_cannot_be_changed() {
        let mut file = File::from(seal(b"JBSWY3DPEHPK3PXP").unwrap());
        assert!(file.write_all(b"MMMM").is_err());
        assert!(file.set_len(0).is_err());
    }

    #[test]
    fn lines_come_back_whatever_the_offset() {
        let mut file = File::from(seal(b"otpauth://totp/x\n1-AAAA\n2-BBBB\n").unwrap());
        file.seek(io::SeekFrom::End(0)).unwrap();
        let lines = lines(file).unwrap();
        let lines: Vec<_> = lines.iter().map(|line| line.as_str()).collect();
        assert_eq!(lines, ["otpauth://totp/x", "1-AAAA", "2-BBBB"]);
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(LONGEST + 1).unwrap();
        assert!(matches!(lines(file), Err(Error::Handover(_))));
    }
}
