//! What pam-bindings 0.4 lacks, as safe functions: the only unsafe code of the project.
//!
//! libpam is declared here, not wrapped: a [`PamHandle`] is an opaque type of size zero, and a
//! reference to one is the `pam_handle_t *` itself.
//!
//! The module's side, but for [`application`], which is for whoever tries a stack.

pub mod application;
mod choice;
mod conversation;
mod log;
mod mark;
mod password;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;

use pam::module::PamHandle;

pub use choice::{Choice, Chosen, choose};
pub use conversation::{Answer, Echo, Tone, ask, tell};
pub use log::{Priority, log, quiet_panics};
pub use mark::{put_mark, take_mark};
pub use password::set_password;

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_get_item(handle: *const PamHandle, item: c_int, value: *mut *const c_void) -> c_int;
    fn pam_get_user(
        handle: *mut PamHandle,
        user: *mut *const c_char,
        prompt: *const c_char,
    ) -> c_int;
    fn pam_set_item(handle: *mut PamHandle, item: c_int, value: *const c_void) -> c_int;
    fn pam_syslog(handle: *const PamHandle, priority: c_int, format: *const c_char, ...);
}

const PAM_SUCCESS: c_int = 0;

/// The application gave no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoAnswer {
    /// What libpam or the application's conversation function returned.
    pub result: c_int,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.result {
            PAM_SUCCESS => f.write_str("the application says it asked, but has no answer"),
            result => write!(
                f,
                "the application's conversation failed with PAM result {result}"
            ),
        }
    }
}

/// libpam did not keep what it was to keep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotKept {
    /// What it returned.
    pub result: c_int,
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = self.result;
        write!(f, "libpam keeps nothing: PAM result {result}")
    }
}

/// The name of whoever logs in, as bytes: `PAM_USER`, asked for by libpam if it is not set.
///
/// # Errors
///
/// [`NoAnswer`] if it is not set and could not be asked for.
pub fn user(handle: &mut PamHandle) -> Result<Vec<u8>, NoAnswer> {
    let mut name: *const c_char = std::ptr::null();
    // SAFETY: the handle is libpam's own, and `name` outlives the call. Without a prompt libpam
    // takes the application's.
    let result = unsafe { pam_get_user(handle, &raw mut name, std::ptr::null()) };
    if result != PAM_SUCCESS || name.is_null() {
        return Err(NoAnswer { result });
    }
    // SAFETY: on success it is a C string of libpam's, which lives until the item is set anew,
    // and so through this copy.
    Ok(unsafe { CStr::from_ptr(name) }.to_bytes().to_vec())
}
