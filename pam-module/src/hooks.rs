//! The entry points that PAM calls.

use std::ffi::CStr;

use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};
use pam_countersign_ffi as ffi;

use crate::attempt::{Attempt, service};
use crate::mark::Mark;
use crate::outcome::{Passed, Refusal, as_understood, result};

struct Countersign;

pam::pam_hooks!(Countersign);

impl PamHooks for Countersign {
    fn sm_authenticate(
        handle: &mut PamHandle,
        arguments: Vec<&CStr>,
        flags: PamFlag,
    ) -> PamResultCode {
        ffi::quiet_panics();
        // Some applications log in again and again with one handle.
        drop(ffi::take_mark::<Mark>(handle));
        let attempt = Attempt::prepare(handle, &arguments, flags);
        let result = finish(handle, attempt, Attempt::authenticate);
        as_understood(result, &service(handle).unwrap_or_default())
    }

    /// There are no credentials to set. Saying so by `PAM_IGNORE` would fail a stack in which no
    /// other module has a say.
    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }

    fn acct_mgmt(handle: &mut PamHandle, arguments: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        ffi::quiet_panics();
        // Taken first, so that it counts once whatever comes of it.
        let mark = ffi::take_mark::<Mark>(handle);
        let attempt = Attempt::prepare(handle, &arguments, flags);
        finish(handle, attempt, |attempt, handle| {
            attempt.guard(handle, mark)
        })
    }

    fn sm_chauthtok(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_IGNORE
    }

    fn sm_open_session(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_IGNORE
    }

    fn sm_close_session(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_IGNORE
    }
}

/// Goes on with an attempt, and logs what speaks against it.
fn finish(
    handle: &mut PamHandle,
    attempt: Result<Attempt, Refusal>,
    step: impl FnOnce(&Attempt, &mut PamHandle) -> Result<Passed, Refusal>,
) -> PamResultCode {
    let mut whose = String::new();
    let outcome = attempt.and_then(|attempt| {
        whose = format!(" of {}", attempt.whose());
        step(&attempt, handle)
    });
    if let Err(refusal) = &outcome {
        let priority = refusal.consequence().priority;
        ffi::log(
            handle,
            priority,
            &format!("login{whose} refused: {refusal}"),
        );
    }
    result(&outcome)
}
