//! The master key, and the file that it is in.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::KeyError;
use crate::entropy::{Entropy, NoEntropy};

/// The key that all others rest on. It is wiped when dropped.
pub struct MasterKey(Zeroizing<[u8; Self::LENGTH]>);

impl MasterKey {
    /// How many bytes it has.
    pub const LENGTH: usize = 32;

    /// What our systemd unit passes on where the key's file is missing: else the daemon could not
    /// start and say so.
    const STAND_IN: &[u8] = b"absent";

    /// Draws one.
    ///
    /// # Errors
    ///
    /// If there are no random bytes.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        entropy.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Reads the one in the file at `path`.
    ///
    /// # Errors
    ///
    /// If there is none, if it cannot be a key, or if anyone may read it.
    pub fn read_file(path: &Path) -> Result<Self, KeyError> {
        let unreadable = |error: io::Error| {
            if error.kind() == io::ErrorKind::NotFound {
                KeyError::Missing(path.to_owned())
            } else {
                KeyError::Unreadable(path.to_owned(), error.to_string())
            }
        };
        let file = File::open(path).map_err(unreadable)?;
        // A credential from systemd may belong to root, and be shared with the service's user by
        // an access control list, which shows as rights of the group. So only the rest can tell.
        if file.metadata().map_err(unreadable)?.permissions().mode() & 0o007 != 0 {
            return Err(KeyError::Exposed(path.to_owned()));
        }
        Self::read(file).map_err(unreadable)?.ok_or_else(|| {
            if fs::read(path).is_ok_and(|content| content == Self::STAND_IN) {
                return KeyError::NotPassedOn(path.to_owned());
            }
            KeyError::Malformed(path.to_owned())
        })
    }

    /// Reads one from `source`, if there are exactly as many bytes as a key has and they can be
    /// one: a file that a crash left full of zeros is not.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(source: impl Read) -> io::Result<Option<Self>> {
        // One more byte than there should be, so that the buffer never grows and leaves a copy.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * Self::LENGTH));
        source
            .take(Self::LENGTH as u64 + 1)
            .read_to_end(&mut bytes)?;
        let key = <[u8; Self::LENGTH]>::try_from(bytes.as_slice()).map(Zeroizing::new);
        Ok(key.ok().filter(|key| **key != [0; Self::LENGTH]).map(Self))
    }

    /// The bytes, to be written to where only root may read them.
    pub fn expose(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The key for one purpose in one store: HKDF-SHA256 (RFC 5869) with the store's id for a salt.
    pub(crate) fn derive(&self, store: &[u8; 16], purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        #[expect(
            clippy::expect_used,
            reason = "RFC 5869 section 2.3: up to 255 times 32 bytes can be derived"
        )]
        Hkdf::<Sha256>::new(Some(store), &*self.0)
            .expand(purpose.as_bytes(), &mut *key)
            .expect("32 bytes can be derived");
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivation_is_hkdf_sha256_as_another_implementation_has_it() {
        // python3 -c 'import hmac; h = lambda k, m: hmac.new(k, m, "sha256").digest();
        // print(h(h(bytes([7]*16), bytes([1]*32)), b"countersign/wrap/v1\x01").hex())'
        let derived = MasterKey(Zeroizing::new([1; 32])).derive(&[7; 16], "countersign/wrap/v1");
        let hex: String = derived.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, EXPECTED);
    }

    #[test]
    fn a_master_key_has_32_bytes_that_are_not_all_zero() {
        let read = |bytes: &[u8]| MasterKey::read(bytes).unwrap();
        assert_eq!(read(&[1; 32]).unwrap().expose(), &[1; 32]);
        for wrong in [&[1; 31][..], &[1; 33], &[1; 1000], &[0; 32], &[]] {
            assert!(read(wrong).is_none(), "{} bytes", wrong.len());
        }
    }

    #[test]
    fn a_file_that_is_no_key_says_so_and_is_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let error = || MasterKey::read_file(&path).err().unwrap();
        assert_eq!(error(), KeyError::Missing(path.clone()));

        fs::write(&path, "correct horse").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(error(), KeyError::Malformed(path.clone()));
        assert!(!error().to_string().contains("horse"));

        fs::write(&path, "absent").unwrap();
        assert_eq!(error(), KeyError::NotPassedOn(path.clone()));

        fs::write(&path, [1; 32]).unwrap();
        assert!(MasterKey::read_file(&path).is_ok());
        fs::set_permissions(&path, PermissionsExt::from_mode(0o604)).unwrap();
        assert_eq!(error(), KeyError::Exposed(path.clone()));
    }

    const EXPECTED: &str = "022813ac925f47471a019c4fa0da0afedfb9f67d0e73f5fb1264b0d47cec636c";
}
