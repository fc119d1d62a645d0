//! What opens a backup, and the key that comes of it.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, Zeroizing};

use super::{BackupError, Lock};
use crate::entropy::{Entropy, NoEntropy};
use crate::keys::MasterKey;

/// What opens a backup. Wiped when dropped.
pub enum Opener {
    /// The master key of the store that it is made of.
    MasterKey(MasterKey),
    /// A passphrase.
    Passphrase(Zeroizing<String>),
}

impl Opener {
    const PURPOSE: &str = "countersign/backup/v1";

    /// RFC 9106 section 4, the second recommendation: 64 MiB, which the daemon's unit has room
    /// for, three passes, four lanes.
    const MEMORY: u32 = 64 * 1024;
    const PASSES: u32 = 3;
    const LANES: u32 = 4;
    /// The most that a file may ask for. More would be a way to stop logins with a file.
    const MOST_PASSES: u32 = 16;
    const MOST_LANES: u32 = 16;

    /// A lock for a new backup, which this opens.
    pub(super) fn draw(&self, entropy: &dyn Entropy) -> Result<Lock, NoEntropy> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt)?;
        Ok(match self {
            Self::MasterKey(_) => Lock::MasterKey { salt },
            Self::Passphrase(_) => Lock::Passphrase {
                salt,
                memory: Self::MEMORY,
                passes: Self::PASSES,
                lanes: Self::LANES,
            },
        })
    }

    /// The key to what is behind `lock`. Of a passphrase it takes a good part of a second.
    pub(super) fn key(&self, lock: &Lock) -> Result<Zeroizing<[u8; 32]>, BackupError> {
        match (self, *lock) {
            (Self::MasterKey(key), Lock::MasterKey { salt }) => {
                Ok(key.derive(&salt, Self::PURPOSE))
            }
            (
                Self::Passphrase(passphrase),
                Lock::Passphrase {
                    salt,
                    memory,
                    passes,
                    lanes,
                },
            ) => stretch(passphrase, &salt, (memory, passes, lanes)),
            (Self::MasterKey(_), Lock::Passphrase { .. }) => Err(BackupError::NeedsPassphrase),
            (Self::Passphrase(_), Lock::MasterKey { .. }) => Err(BackupError::NeedsMasterKey),
        }
    }

    /// What it means that the key opens nothing.
    pub(super) const fn is_wrong(&self) -> BackupError {
        match self {
            Self::MasterKey(_) => BackupError::WrongMasterKey,
            Self::Passphrase(_) => BackupError::WrongPassphrase,
        }
    }
}

fn stretch(
    passphrase: &str,
    salt: &[u8; 16],
    (memory, passes, lanes): (u32, u32, u32),
) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let affordable =
        memory <= Opener::MEMORY && passes <= Opener::MOST_PASSES && lanes <= Opener::MOST_LANES;
    if !affordable {
        return Err(BackupError::Damaged);
    }
    let mut key = Zeroizing::new([0; 32]);
    let params = Params::new(memory, passes, lanes, Some(key.len()));
    let params = params.map_err(|_| BackupError::Damaged)?;
    let mut room = vec![Block::new(); params.block_count()];
    let stretched = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase.as_bytes(), salt, &mut *key, &mut room);
    room.iter_mut().for_each(Zeroize::zeroize);
    stretched.map_err(|_| BackupError::Damaged)?;
    Ok(key)
}
