//! What is carried over from other modules: credentials with what was used of them, by the user.
//!
//! They hold secrets, so they travel in a sealed file in memory ([`encode`]), and are wiped when
//! dropped.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{Endian, to_bytes};
use zbus::{DeserializeDict, OwnedFd, SerializeDict, Signature, Type};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::client::Client;
use crate::error::Error;
use crate::{ADMIN, PATH};

/// The most users that one call takes.
pub const MOST_USERS: usize = 1000;
/// The most bytes that the file of one call may have.
pub const LARGEST: u64 = 4 * 1024 * 1024;

/// A user, and what another module had of them.
#[derive(Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct ImportUser {
    /// The account.
    pub uid: Option<u32>,
    /// Its name.
    pub name: Option<String>,
    /// What the user is to hold.
    pub credentials: Option<Vec<ImportCredential>>,
    /// Codes of eight digits, each good for one login.
    pub scratch: Option<Vec<Hidden>>,
}

/// One credential of another module's.
#[derive(Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct ImportCredential {
    /// What the user will find it called.
    pub label: Option<String>,
    /// The secret's bytes.
    pub secret: Option<Hidden>,
    /// `SHA1` (if it is not said), `SHA256` or `SHA512`.
    pub algorithm: Option<String>,
    /// How many digits its codes have; 6, if it is not said.
    pub digits: Option<u32>,
    /// RFC 6238's `X`, in seconds; 30, if it is not said.
    pub period: Option<u32>,
    /// RFC 4226's `C` of the next code to be accepted: with it the credential is counter-based,
    /// without it time-based.
    pub counter: Option<u64>,
    /// How many counters beyond the next one were looked at.
    pub look_ahead: Option<u32>,
    /// How many steps to either side of the current one were accepted.
    pub skew: Option<u32>,
    /// By how many steps the device's clock is ahead.
    pub drift: Option<i64>,
    /// The last step that was accepted.
    pub spent: Option<u64>,
    /// The last code that was accepted; its step, if that is not said, is to be found around
    /// `last-time`.
    pub last_code: Option<Hidden>,
    /// When that was, in seconds since the epoch.
    pub last_time: Option<u64>,
}

/// `Import`'s options.
#[derive(Debug, Default, DeserializeDict, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct ImportOptions {
    /// Only say what would come of it.
    pub dry_run: Option<bool>,
}

/// What came of importing one user.
#[derive(Clone, Debug, Default, DeserializeDict, Eq, PartialEq, SerializeDict, Type)]
#[zbus(signature = "dict", rename_all = "kebab-case")]
pub struct ImportOutcome {
    /// The account.
    pub uid: Option<u32>,
    /// An [`ImportResult`].
    pub result: Option<u32>,
    /// What came over in another form than it was: of which credential, counted from 0, an
    /// [`ImportNote`].
    pub notes: Option<Vec<(u32, u32)>>,
    /// With [`ImportResult::Refused`]: why, and what to do about it.
    pub problem: Option<String>,
}

/// What came of importing one user. 0 stands for "nothing".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ImportResult {
    /// Something of it was new, and is kept now.
    Imported = 1,
    /// All of it was there already; nothing was changed.
    Already = 2,
    /// Nothing was changed.
    Refused = 3,
}

impl TryFrom<u32> for ImportResult {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        match number {
            1 => Ok(Self::Imported),
            2 => Ok(Self::Already),
            3 => Ok(Self::Refused),
            other => Err(Error::Transport(format!("unknown result {other}"))),
        }
    }
}

/// What comes over in another form than it was. 0 stands for "nothing".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ImportNote {
    /// Fewer steps to either side, or counters ahead, are looked at than before.
    Narrowed = 1,
    /// The clock was further off than is followed here; only that much is kept.
    DriftCapped = 2,
}

impl ImportNote {
    /// Out of what travelled. A newer daemon's note is none that could be told.
    pub const fn from_wire(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Narrowed),
            2 => Some(Self::DriftCapped),
            _ => None,
        }
    }
}

/// Bytes that are wiped when dropped, and never shown.
#[derive(Clone, Default, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Hidden(Vec<u8>);

impl Hidden {
    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Hidden {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Type for Hidden {
    const SIGNATURE: &'static Signature = <Vec<u8>>::SIGNATURE;
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl de::Visitor<'_> for Bytes {
            type Value = Hidden;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Hidden, E> {
                Ok(Hidden::from(bytes))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

impl Client {
    /// Imports users: a sealed file with what [`encode`] made of them. Answers with what came of
    /// each, in their order.
    ///
    /// # Errors
    ///
    /// Whatever the daemon says no with, or [`Error::Transport`].
    pub fn import(
        &mut self,
        users: OwnedFd,
        options: &ImportOptions,
    ) -> Result<Vec<ImportOutcome>, Error> {
        self.unhurried(|client| client.call(PATH, ADMIN, "Import", &(users, options)))
    }
}

/// Users as they travel: an array of dictionaries in D-Bus's little-endian encoding.
///
/// # Errors
///
/// [`Error::InvalidArgs`] if it is more than one call takes.
pub fn encode(users: &[ImportUser]) -> Result<Encoded, Error> {
    let refused = || Error::InvalidArgs("too much to import at once".to_owned());
    if users.len() > MOST_USERS {
        return Err(refused());
    }
    let data = to_bytes(Context::new(Endian::Little, 0), users)?;
    if data.bytes().len() as u64 > LARGEST {
        return Err(refused());
    }
    Ok(Encoded(data))
}

/// Users, encoded.
pub struct Encoded(Data<'static, 'static>);

impl Encoded {
    /// What to write into a sealed file.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// The users that `bytes` hold.
///
/// # Errors
///
/// [`Error::InvalidArgs`] if they hold anything else, or more than one call takes.
pub fn decode(bytes: &[u8]) -> Result<Vec<ImportUser>, Error> {
    let malformed = |_| Error::InvalidArgs("users: not an array of dictionaries".to_owned());
    let no_files: [std::os::fd::BorrowedFd<'_>; 0] = [];
    let context = Context::new(Endian::Little, 0);
    let data = Data::new_borrowed_fds(bytes, context, no_files);
    let (users, read) = data.deserialize::<Vec<ImportUser>>().map_err(malformed)?;
    if read != bytes.len() {
        return Err(Error::InvalidArgs("users: more than an array".to_owned()));
    }
    if users.len() > MOST_USERS {
        return Err(Error::InvalidArgs("users: too many at once".to_owned()));
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> ImportUser {
        ImportUser {
            uid: Some(1000),
            name: Some("alice".to_owned()),
            credentials: Some(vec![ImportCredential {
                label: Some("pam_oath".to_owned()),
                secret: Some(Hidden::from(&b"12345678901234567890"[..])),
                digits: Some(8),
                counter: Some(u64::MAX),
                drift: Some(-3),
                last_code: Some(Hidden::from(&b"755224"[..])),
                ..ImportCredential::default()
            }]),
            scratch: Some(vec![Hidden::from(&b"12345678"[..])]),
        }
    }

    #[test]
    fn users_come_out_as_they_went_in() {
        let users = decode(encode(&[alice(), ImportUser::default()]).unwrap().bytes()).unwrap();
        let [alice, nobody] = &users[..] else {
            panic!("{} users", users.len());
        };
        assert_eq!(alice.uid, Some(1000));
        assert_eq!(alice.name.as_deref(), Some("alice"));
        let [credential] = &alice.credentials.as_deref().unwrap() else {
            panic!("credentials");
        };
        let secret = credential.secret.as_ref().unwrap();
        assert_eq!(secret.expose(), b"12345678901234567890");
        assert_eq!(credential.last_code.as_ref().unwrap().expose(), b"755224");
        assert_eq!(credential.counter, Some(u64::MAX));
        assert_eq!(credential.drift, Some(-3));
        assert_eq!(credential.spent, None);
        let [code] = &alice.scratch.as_deref().unwrap() else {
            panic!("scratch codes");
        };
        assert_eq!(code.expose(), b"12345678");
        assert!(nobody.uid.is_none() && nobody.credentials.is_none());
    }

    #[test]
    fn whatever_is_cut_off_added_or_flipped_is_refused_or_read_without_a_panic() {
        let encoded = encode(&[alice()]).unwrap();
        let bytes = encoded.bytes();
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "{end}");
        }
        assert!(decode(&[bytes, b"x"].concat()).is_err());
        for place in 0..bytes.len() {
            let mut flipped = bytes.to_vec();
            flipped[place] ^= 0xff;
            let _ = decode(&flipped);
        }
    }

    #[test]
    fn more_than_one_call_takes_is_refused() {
        let many: Vec<_> = (0..=MOST_USERS).map(|_| ImportUser::default()).collect();
        assert!(encode(&many).is_err());
        let large = ImportUser {
            name: Some("x".repeat(LARGEST as usize)),
            ..ImportUser::default()
        };
        assert!(encode(&[large]).is_err());
    }

    #[test]
    fn debug_output_shows_nothing_of_what_is_hidden() {
        let shown = format!("{:?}", Hidden::from(&b"12345678"[..]));
        assert_eq!(shown, "Hidden(..)");
    }

    #[test]
    fn an_unknown_result_is_not_taken_for_a_success() {
        assert!(ImportResult::try_from(0).is_err());
        assert!(ImportResult::try_from(17).is_err());
        for result in [
            ImportResult::Imported,
            ImportResult::Already,
            ImportResult::Refused,
        ] {
            assert_eq!(ImportResult::try_from(result as u32), Ok(result));
        }
    }
}
