//! The password, from a module that took it off what was typed to those behind it.

use std::ffi::c_int;

use pam::module::PamHandle;
use zeroize::Zeroizing;

use crate::{NotKept, PAM_SUCCESS, pam_set_item};

const PAM_AUTHTOK: c_int = 6;
/// What libpam returns for a value that an item cannot have.
const PAM_BAD_ITEM: c_int = 29;

/// Sets `PAM_AUTHTOK`, which modules further down the stack take for what was typed. libpam keeps
/// a copy, and wipes it when `pam_authenticate` ends.
///
/// # Errors
///
/// [`NotKept`] if libpam does not take it, or C would cut it short.
pub fn set_password(handle: &mut PamHandle, password: &[u8]) -> Result<(), NotKept> {
    let c_string = c_string(password)?;
    // SAFETY: the handle is libpam's own; the value ends with NUL, and libpam copies it.
    let result = unsafe { pam_set_item(handle, PAM_AUTHTOK, c_string.as_ptr().cast()) };
    if result == PAM_SUCCESS {
        Ok(())
    } else {
        Err(NotKept { result })
    }
}

/// A copy that ends with NUL, and is wiped.
fn c_string(password: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotKept> {
    if password.contains(&0) {
        return Err(NotKept {
            result: PAM_BAD_ITEM,
        });
    }
    let mut c_string = Zeroizing::new(Vec::with_capacity(password.len() + 1));
    c_string.extend_from_slice(password);
    c_string.push(0);
    Ok(c_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_any_bytes_and_may_be_empty() {
        for password in [&b""[..], b" ", b"hunter2", b"p\xe4ss\xff"] {
            let c_string = c_string(password).unwrap();
            assert_eq!(c_string.strip_suffix(&[0]), Some(password));
        }
    }

    #[test]
    fn a_password_that_c_would_cut_short_is_not_handed_on() {
        assert_eq!(c_string(b"hunter2\0 "), Err(NotKept { result: 29 }));
    }
}
