//! What a backup holds, one after the other.

use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};
use zeroize::Zeroize;

/// One user, in the order of their numbers.
#[derive(CborLen, Debug, Decode, Encode)]
pub enum Item {
    /// All that is remembered of the user.
    #[n(1)]
    User {
        /// The account.
        #[n(0)]
        uid: u32,
        /// The record, as the core encodes it. It holds secrets.
        #[n(1)]
        record: Encoded,
    },
    /// There was something of this user that could not be opened, and it is not in here.
    #[n(2)]
    Missing {
        /// The account.
        #[n(0)]
        uid: u32,
    },
}

/// An encoded record, wiped when dropped.
#[derive(CborLen, Decode, Encode)]
#[cbor(transparent)]
pub struct Encoded(#[n(0)] ByteVec);

impl Encoded {
    /// One of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(ByteVec::from(bytes.to_vec()))
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        std::mem::take(&mut *self.0).zeroize();
    }
}

impl std::fmt::Debug for Encoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoded(..)")
    }
}

impl Item {
    /// Whose it is.
    pub const fn uid(&self) -> u32 {
        match self {
            Self::User { uid, .. } | Self::Missing { uid } => *uid,
        }
    }
}
