//! Writes a backup, a chunk at a time.

use std::io::{self, Write};

use aead_stream::{NewStream, StreamPrimitive};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::{BackupError, CHUNK, Cipher, Header, Item, LONGEST, Opener, TAG};
use crate::entropy::Entropy;

/// A backup that is being written.
pub struct Writer<W> {
    to: W,
    cipher: Cipher,
    head: Vec<u8>,
    position: u32,
    /// What is not sealed yet: less than a chunk, unless more is to come.
    chunk: Zeroizing<Vec<u8>>,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Begins one that `opener` will open.
    ///
    /// # Errors
    ///
    /// If there are no random bytes, or it cannot be written.
    pub fn begin(
        to: W,
        opener: &Opener,
        created: u64,
        entropy: &dyn Entropy,
    ) -> Result<Self, BackupError> {
        let mut nonce = [0; 19];
        entropy.fill(&mut nonce)?;
        let header = Header {
            created,
            maker: env!("CARGO_PKG_VERSION").to_owned(),
            lock: opener.draw(entropy)?,
            nonce,
        };
        let key = opener.key(&header.lock)?;
        let cipher = XChaCha20Poly1305::new((&*key).into());
        let mut writer = Self {
            to,
            cipher: Cipher::from_aead(cipher, &nonce.into()),
            head: header.to_bytes()?,
            position: 0,
            // Sealing makes it longer, and it must not leave a copy behind by growing.
            chunk: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
            written: 0,
        };
        writer.to.write_all(&writer.head)?;
        writer.written = writer.head.len() as u64;
        writer.seal(false)?;
        Ok(writer)
    }

    /// One more item.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&mut self, item: &Item) -> Result<(), BackupError> {
        let mut encoded = Zeroizing::new(Vec::with_capacity(minicbor::len(item)));
        minicbor::encode(item, &mut *encoded).map_err(io::Error::other)?;
        let length = u32::try_from(encoded.len()).map_err(io::Error::other)?;
        if encoded.len() > LONGEST {
            return Err(io::Error::other("a record is larger than any should be").into());
        }
        self.push(&length.to_be_bytes())?;
        self.push(&encoded)
    }

    /// Ends it: how many bytes it has become. Without this it is none.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<u64, BackupError> {
        self.seal(true)?;
        self.to.flush()?;
        Ok(self.written)
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        while !bytes.is_empty() {
            if self.chunk.len() == CHUNK {
                self.seal(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn seal(&mut self, last: bool) -> Result<(), BackupError> {
        self.cipher
            .encrypt_in_place(self.position, last, &self.head, &mut *self.chunk)
            .map_err(|_| io::Error::other("a chunk cannot be sealed"))?;
        self.position = self
            .position
            .checked_add(1)
            .ok_or_else(|| io::Error::other("a backup has 256 TiB at most"))?;
        self.to.write_all(&self.chunk)?;
        self.written = self.written.saturating_add(self.chunk.len() as u64);
        self.chunk.clear();
        Ok(())
    }
}
