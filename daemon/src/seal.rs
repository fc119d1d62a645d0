//! The envelope that every record lies in on the disk.
//!
//! ```text
//! envelope        = header | nonce (24) | ciphertext and tag (16)
//! header          = format (1) = 1 | algorithm (1) = 1 | key id (4, big endian)
//! associated data = header | "countersign/record/v1\0" | each field: length (4, big endian), bytes
//! fields          = kind, store id, key of the entry
//! ```
//!
//! Algorithm 1 is XChaCha20-Poly1305. Its nonces are long enough to be drawn at random, so that
//! there is no counter for a restored backup to set back. The associated data is not stored: it
//! is what the reader knows, so that an envelope opens only where it was put.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use thiserror::Error;
use zeroize::Zeroizing;

/// How long an envelope is beyond what is in it.
pub const OVERHEAD: usize = HEADER + NONCE + TAG;

/// How many bytes a nonce has.
pub const NONCE: usize = 24;

const HEADER: usize = 6;
const TAG: usize = 16;
const FORMAT: u8 = 1;
const XCHACHA20_POLY1305: u8 = 1;
const DOMAIN: &[u8] = b"countersign/record/v1\0";

/// A key that seals and opens. It is wiped when dropped.
pub struct SealingKey {
    id: u32,
    cipher: XChaCha20Poly1305,
}

impl SealingKey {
    /// The key of these bytes, which envelopes will call `id`.
    pub fn new(id: u32, bytes: &[u8; 32]) -> Self {
        Self {
            id,
            cipher: XChaCha20Poly1305::new(bytes.into()),
        }
    }

    /// What envelopes call it.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Puts `plaintext` in an envelope that opens in the same `place` only.
    ///
    /// A nonce must be drawn anew for each.
    ///
    /// # Errors
    ///
    /// If there is too much to seal: more than 256 GiB.
    pub fn seal(
        &self,
        place: &Place<'_>,
        nonce: [u8; NONCE],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Unsealable> {
        let header = self.header();
        let payload = Payload {
            msg: plaintext,
            aad: &place.associated_data(header),
        };
        let sealed = self.cipher.encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| Unsealable)?;
        Ok([&header[..], &nonce, &sealed].concat())
    }

    /// What is in `envelope`, if this key sealed it in this `place` and it was not touched since.
    ///
    /// # Errors
    ///
    /// Otherwise.
    pub fn open(
        &self,
        place: &Place<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (header, rest) = envelope.split_first_chunk().ok_or(Unsealable)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
        if *header != self.header() {
            return Err(Unsealable);
        }
        let payload = Payload {
            msg: sealed,
            aad: &place.associated_data(*header),
        };
        let opened = self.cipher.decrypt(&(*nonce).into(), payload);
        opened.map(Zeroizing::new).map_err(|_| Unsealable)
    }

    fn header(&self) -> [u8; HEADER] {
        let [a, b, c, d] = self.id.to_be_bytes();
        [FORMAT, XCHACHA20_POLY1305, a, b, c, d]
    }
}

/// The id of the key that `envelope` says it was sealed with, if it says so.
pub fn key_id(envelope: &[u8]) -> Option<u32> {
    let (header, _) = envelope.split_first_chunk::<HEADER>()?;
    let [FORMAT, XCHACHA20_POLY1305, id @ ..] = header else {
        return None;
    };
    Some(u32::from_be_bytes(*id))
}

/// Where an envelope belongs. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What is in it.
    pub kind: &'static str,
    /// The store that it is in.
    pub store: &'a [u8; 16],
    /// The key of its entry there.
    pub entry: &'a [u8],
}

impl Place<'_> {
    /// The fields are length-prefixed, so that no two places have the same.
    fn associated_data(&self, header: [u8; HEADER]) -> Vec<u8> {
        let mut data = Vec::with_capacity(128);
        data.extend_from_slice(&header);
        data.extend_from_slice(DOMAIN);
        for field in [self.kind.as_bytes(), self.store, self.entry] {
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(field);
        }
        data
    }
}

/// An envelope that cannot be made or opened. Why is not to be known.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the envelope does not open: it was changed, moved, or sealed with another key")]
pub struct Unsealable;

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: [u8; 16] = [1; 16];
    const PLACE: Place<'_> = Place {
        kind: "user",
        store: &STORE,
        entry: b"u\0\0\x03\xe8",
    };

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        let envelope = seal();
        assert_eq!(envelope.len(), b"plaintext".len() + OVERHEAD);
        assert_eq!(key_id(&envelope), Some(7));
        assert_eq!(**key(7).open(&PLACE, &envelope).unwrap(), *b"plaintext");
    }

    #[test]
    fn the_layout_is_the_one_documented() {
        let envelope = seal();
        assert_eq!(envelope[..6], [1, 1, 0, 0, 0, 7]);
        assert_eq!(envelope[6..30], [9; 24]);
        assert_ne!(envelope[30..39], *b"plaintext");
    }

    #[test]
    fn every_flip_of_one_byte_is_refused() {
        let envelope = seal();
        for byte in 0..envelope.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut flipped = envelope.clone();
                flipped[byte] ^= flip;
                assert!(key(7).open(&PLACE, &flipped).is_err(), "byte {byte}");
            }
        }
    }

    #[test]
    fn every_other_length_is_refused() {
        let envelope = seal();
        for length in 0..envelope.len() {
            assert!(key(7).open(&PLACE, &envelope[..length]).is_err());
        }
        let longer = [&envelope[..], &[0]].concat();
        assert!(key(7).open(&PLACE, &longer).is_err());
    }

    #[test]
    fn every_other_place_is_refused() {
        let elsewhere = [
            Place {
                entry: b"u\0\0\x03\xe9",
                ..PLACE
            },
            Place {
                entry: b"d\0\0\x03\xe8",
                ..PLACE
            },
            Place {
                entry: b"",
                ..PLACE
            },
            Place {
                kind: "decoy",
                ..PLACE
            },
            Place { kind: "", ..PLACE },
            Place {
                store: &[2; 16],
                ..PLACE
            },
        ];
        for place in elsewhere {
            assert!(key(7).open(&place, &seal()).is_err(), "{place:?}");
        }
    }

    #[test]
    fn every_other_key_is_refused() {
        let envelope = seal();
        assert!(key(8).open(&PLACE, &envelope).is_err());
        assert!(
            SealingKey::new(7, &[4; 32])
                .open(&PLACE, &envelope)
                .is_err()
        );

        // The same key under another id, with the id in the header changed to fit.
        let mut renamed = envelope;
        renamed[5] = 8;
        assert!(key(8).open(&PLACE, &renamed).is_err());
    }

    #[test]
    fn no_two_places_have_the_same_associated_data() {
        let one = Place {
            kind: "user",
            store: &STORE,
            entry: b"",
        };
        let other = Place {
            kind: "use",
            store: &STORE,
            entry: b"",
        };
        let header = key(7).header();
        assert_ne!(one.associated_data(header), other.associated_data(header));
    }

    fn seal() -> Vec<u8> {
        key(7).seal(&PLACE, [9; NONCE], b"plaintext").unwrap()
    }

    fn key(id: u32) -> SealingKey {
        SealingKey::new(id, &[3; 32])
    }
}
