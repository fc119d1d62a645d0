//! What a backup says of itself before anything of it can be opened.

use std::io::{self, Read};

use minicbor::{Decode, Encode};

use super::BackupError;

/// What is known of a backup before it is opened. Nothing of it is secret, and once the backup
/// opens, all of it is authentic.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Header {
    /// When it was begun, in seconds since the epoch.
    #[n(0)]
    pub created: u64,
    /// The version of the program that made it.
    #[n(1)]
    pub maker: String,
    /// What it takes to open it.
    #[n(2)]
    pub lock: Lock,
    /// What makes the chunks' nonces this backup's own.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 19],
}

/// What it takes to open a backup.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Lock {
    /// The master key of the store that it was made of: HKDF-SHA256 (RFC 5869) of it.
    #[n(1)]
    MasterKey {
        /// Drawn for this backup.
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        salt: [u8; 16],
    },
    /// A passphrase: argon2id (RFC 9106) of it.
    #[n(2)]
    Passphrase {
        /// Drawn for this backup.
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        salt: [u8; 16],
        /// How much memory it takes, in KiB.
        #[n(1)]
        memory: u32,
        /// How often it goes over that.
        #[n(2)]
        passes: u32,
        /// In how many lanes.
        #[n(3)]
        lanes: u32,
    },
}

impl Header {
    const MAGIC: &[u8; 19] = b"countersign backup\n";
    const VERSION: u8 = 1;

    /// As it stands at the beginning of the file, and in each chunk's associated data.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let header = minicbor::to_vec(self).map_err(io::Error::other)?;
        let length = u16::try_from(header.len()).map_err(io::Error::other)?;
        Ok([
            Self::MAGIC.as_slice(),
            &[Self::VERSION],
            &length.to_be_bytes(),
            &header,
        ]
        .concat())
    }

    /// Reads it, and says what stood there too.
    ///
    /// # Errors
    ///
    /// If what is there is none, or of a version that is not known here.
    pub(super) fn read(source: &mut impl Read) -> Result<(Self, Vec<u8>), BackupError> {
        let mut beginning = [0; Self::MAGIC.len() + 1];
        read_exact(source, &mut beginning, BackupError::NotABackup)?;
        let [magic @ .., version] = &beginning;
        if magic != Self::MAGIC {
            return Err(BackupError::NotABackup);
        }
        if *version != Self::VERSION {
            return Err(BackupError::Newer);
        }
        let mut length = [0; 2];
        read_exact(source, &mut length, BackupError::Truncated)?;
        let mut header = vec![0; usize::from(u16::from_be_bytes(length))];
        read_exact(source, &mut header, BackupError::Truncated)?;
        let decoded = minicbor::decode(&header).map_err(|_| BackupError::Damaged)?;
        Ok((decoded, [&beginning[..], &length, &header].concat()))
    }
}

fn read_exact(
    source: &mut impl Read,
    bytes: &mut [u8],
    at_the_end: BackupError,
) -> Result<(), BackupError> {
    source.read_exact(bytes).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            at_the_end
        } else {
            error.into()
        }
    })
}
