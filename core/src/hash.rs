//! What is kept of codes that are only ever compared.

use argon2::{Algorithm, Argon2, Params, Version};

/// A salted hash.
pub(crate) type Hash = [u8; 32];

/// argon2id of small cost. The codes are random and of 80 bits, or short-lived, or few tries are
/// all that anybody gets; what is kept is sealed besides. A larger cost would be a lever for whoever
/// wants to keep the daemon busy (NIST SP 800-63B-4 section 3.1.2.2 allows it).
pub(crate) fn hash(code: &str, salt: &[u8; 16]) -> Option<Hash> {
    let mut hash = [0; 32];
    let params = Params::new(1024, 1, 1, Some(hash.len())).ok()?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(code.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}
