//! A copy of all users in one sealed file, to be put back on this machine or another.
//!
//! ```text
//! backup = head | sealed ""  | sealed chunk | …
//! head   = "countersign backup\n" | version (1) = 1 | length (2, big endian) | Header, in CBOR
//! chunk  = 65,536 bytes of the items, the last one fewer
//! items  = each: length (4, big endian) | Item, in CBOR
//! ```
//!
//! Sealed is by XChaCha20-Poly1305 in the STREAM construction (Hoang, Reyhanitabar, Rogaway and
//! Vizár, 2015; 19 random bytes, a counter of 32 bits, a flag on the last), with the whole head as
//! associated data. So a chunk opens only in its own place of its own file, and a file without its
//! end is known for one. The empty first chunk tells a wrong key from a damaged file.
//!
//! The key comes from the master key or from a passphrase; the records' own keys have no part in
//! it, so that they can be put back under any others.

use std::io;

use thiserror::Error;

use crate::entropy::NoEntropy;

mod header;
mod item;
mod lock;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use self::header::{Header, Lock};
pub use self::item::{Encoded, Item};
pub use self::lock::Opener;
pub use self::reader::Reader;
pub use self::writer::Writer;

/// How much is sealed at once.
const CHUNK: usize = 64 * 1024;
/// How much longer that makes it.
const TAG: usize = 16;
/// The longest item there may be: a hundred times the largest record.
const LONGEST: usize = 1024 * 1024;

type Cipher = aead_stream::StreamBE32<chacha20poly1305::XChaCha20Poly1305>;

/// Why a backup cannot be written or read. The text says what happened and what to do next.
#[derive(Debug, Error)]
pub enum BackupError {
    /// It is another kind of file.
    #[error(
        "that is not a backup of Countersign: name the file that `countersignctl backup` wrote"
    )]
    NotABackup,
    /// It is of a version that is not known here.
    #[error(
        "a newer version of Countersign wrote that backup: restore it with that one, or a newer one"
    )]
    Newer,
    /// A passphrase opens it, and none was given.
    #[error("that backup is sealed with a passphrase: give it, with --passphrase")]
    NeedsPassphrase,
    /// A master key opens it, and a passphrase was given.
    #[error("that backup is sealed with a master key, and not with a passphrase: leave it out")]
    NeedsMasterKey,
    /// The passphrase is not the one.
    #[error(
        "that is not the passphrase of this backup, or its beginning is damaged: type it again"
    )]
    WrongPassphrase,
    /// The master key is not the one.
    #[error(
        "this master key is not the one that the backup was sealed with, or its beginning is \
         damaged: give the key of the machine that it was made on, with --master-key FILE"
    )]
    WrongMasterKey,
    /// Its end is missing.
    #[error("the end of that backup is missing: copy the file again, or take another backup")]
    Truncated,
    /// A part of it is not what was sealed there.
    #[error(
        "that backup is damaged or incomplete, and nothing of it can be trusted: copy the file \
         again, or take another backup"
    )]
    Damaged,
    /// The file cannot be read or written.
    #[error("the file cannot be used: {0}")]
    File(#[from] io::Error),
    /// There are no random bytes.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}
