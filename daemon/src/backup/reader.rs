//! Reads a backup, a chunk at a time. What it gives is authentic; that it is all there was is
//! known once the end has been read.

use std::io::{self, Read};

use aead_stream::{NewStream, StreamPrimitive};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::{BackupError, CHUNK, Cipher, Header, Item, LONGEST, Opener, TAG};

/// A backup that is being read.
pub struct Reader<R> {
    from: R,
    cipher: Cipher,
    header: Header,
    head: Vec<u8>,
    position: u32,
    /// The next chunk, still sealed; none after the last.
    ahead: Vec<u8>,
    /// The open chunk, and how much of it was given away.
    chunk: Zeroizing<Vec<u8>>,
    given: usize,
}

impl<R: Read> Reader<R> {
    /// Begins with one.
    ///
    /// # Errors
    ///
    /// If it is none, or `opener` does not open it.
    pub fn open(mut from: R, opener: &Opener) -> Result<Self, BackupError> {
        let (header, head) = Header::read(&mut from)?;
        let key = opener.key(&header.lock)?;
        let cipher = XChaCha20Poly1305::new((&*key).into());
        let mut reader = Self {
            cipher: Cipher::from_aead(cipher, &header.nonce.into()),
            from,
            header,
            head,
            position: 0,
            ahead: Vec::new(),
            chunk: Zeroizing::default(),
            given: 0,
        };
        let mut first = reader.read_up_to(TAG)?;
        if first.len() < TAG {
            return Err(BackupError::Truncated);
        }
        reader
            .unseal(&mut first, false)
            .map_err(|_| opener.is_wrong())?;
        reader.ahead = reader.read_up_to(CHUNK + TAG)?;
        if reader.ahead.is_empty() {
            return Err(BackupError::Truncated);
        }
        Ok(reader)
    }

    /// What it says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next item; `None` at the end, which is then known to be the end.
    ///
    /// # Errors
    ///
    /// If what comes next is not what was written there.
    pub fn next_item(&mut self) -> Result<Option<Item>, BackupError> {
        if self.is_at_the_end()? {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.take(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > LONGEST {
            return Err(BackupError::Damaged);
        }
        let mut encoded = Zeroizing::new(vec![0; length]);
        self.take(&mut encoded)?;
        // It is authentic, so what cannot be understood is what a later version wrote.
        minicbor::decode(&encoded)
            .map(Some)
            .map_err(|_| BackupError::Newer)
    }

    fn is_at_the_end(&mut self) -> Result<bool, BackupError> {
        while self.given == self.chunk.len() {
            if self.ahead.is_empty() {
                return Ok(true);
            }
            self.advance()?;
        }
        Ok(false)
    }

    fn take(&mut self, mut bytes: &mut [u8]) -> Result<(), BackupError> {
        while !bytes.is_empty() {
            if self.is_at_the_end()? {
                return Err(BackupError::Damaged);
            }
            let left = self.chunk.get(self.given..).unwrap_or_default();
            let now = left.len().min(bytes.len());
            let (to, later) = bytes.split_at_mut(now);
            to.copy_from_slice(left.get(..now).unwrap_or_default());
            self.given += now;
            bytes = later;
        }
        Ok(())
    }

    /// Opens the next chunk, and reads the one after it to know whether it is the last.
    fn advance(&mut self) -> Result<(), BackupError> {
        let mut chunk = std::mem::take(&mut self.ahead);
        self.ahead = self.read_up_to(CHUNK + TAG)?;
        let last = self.ahead.is_empty();
        if self.unseal(&mut chunk, last).is_err() {
            // Whole, and sealed as one that others follow: they are gone.
            let lost = last && self.unseal(&mut chunk, false).is_ok();
            return Err(if lost {
                BackupError::Truncated
            } else {
                BackupError::Damaged
            });
        }
        self.chunk = Zeroizing::new(chunk);
        self.given = 0;
        Ok(())
    }

    fn unseal(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), BackupError> {
        self.cipher
            .decrypt_in_place(self.position, last, &self.head, chunk)
            .map_err(|_| BackupError::Damaged)?;
        self.position = self.position.checked_add(1).ok_or(BackupError::Damaged)?;
        Ok(())
    }

    fn read_up_to(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(most);
        (&mut self.from).take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
