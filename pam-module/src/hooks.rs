//! The entry points that PAM calls.

use std::ffi::CStr;

use countersign_bus::types::Login;
use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::items::{AuthTok, RHost, RUser, Service, Tty};
use pam::module::{PamHandle, PamHooks};
use pam::secret::SecretBytes;
use pam_countersign_ffi::{self as ffi, Priority};

use crate::account::{self, Account, UserName};
use crate::authenticate::{authenticate, explain};
use crate::conversation::Claimant;
use crate::daemon::BehindDoor;
use crate::options::Options;
use crate::outcome::{Passed, Refusal, result};
use crate::profile::Profile;

struct Countersign;

pam::pam_hooks!(Countersign);

impl PamHooks for Countersign {
    fn sm_authenticate(
        handle: &mut PamHandle,
        arguments: Vec<&CStr>,
        flags: PamFlag,
    ) -> PamResultCode {
        ffi::quiet_panics();
        let mut whose = String::new();
        let outcome = Attempt::prepare(handle, &arguments, flags).and_then(|attempt| {
            whose = format!(" of {}", attempt.whose());
            attempt.run(handle)
        });
        if let Err(refusal) = &outcome {
            let priority = refusal.consequence().priority;
            let line = format!("login{whose} refused: {refusal}");
            ffi::log(handle, priority, &line);
        }
        result(&outcome)
    }

    /// There are no credentials to set. Saying so by `PAM_IGNORE` would fail a stack in which no
    /// other module has a say.
    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }

    /// Whoever put the module here wants logins without a second factor refused. This version
    /// cannot tell which those are, so it refuses all.
    fn acct_mgmt(handle: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        ffi::quiet_panics();
        ffi::log(
            handle,
            Priority::Error,
            "login refused: the account hook is not part of this version: remove the line",
        );
        PamResultCode::PAM_SERVICE_ERR
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

/// A login of which everything is known but the answers.
struct Attempt {
    options: Options,
    profile: Profile,
    silent: bool,
    login: Login,
    password: Option<SecretBytes>,
}

impl Attempt {
    fn prepare(
        handle: &mut PamHandle,
        arguments: &[&CStr],
        flags: PamFlag,
    ) -> Result<Self, Refusal> {
        let options =
            Options::parse(arguments, account::effective_uid()).map_err(Refusal::Argument)?;
        let name = ffi::user(handle).map_err(Refusal::NoName)?;
        let name = UserName::parse(name).map_err(Refusal::Name)?;
        let items = Items::copied_from(handle);
        let profile = Profile::of(items.service.as_deref().unwrap_or_default());
        let silent = flags & PAM_SILENT != 0;

        let account = Account::resolve(name)
            .map_err(Refusal::Unresolved)
            .inspect_err(|refusal| explain(refusal, &mut Claimant::new(handle, profile, silent)))?;
        let (login, password) = items.of(account);
        Ok(Self {
            options,
            profile,
            silent,
            login,
            password,
        })
    }

    /// For the log. A name that stands for nobody may be a password, typed in the wrong place.
    fn whose(&self) -> String {
        match (&self.login.user, self.login.uid) {
            (Some(name), Some(uid)) => format!("{name} (uid {uid})"),
            (_, None) | (None, _) => "a user that does not exist".to_owned(),
        }
    }

    fn run(self, handle: &mut PamHandle) -> Result<Passed, Refusal> {
        let whose = self.whose();
        let place = self.options.door.place().to_owned();
        let password = self.password.as_ref().map(SecretBytes::as_bytes);

        let mut claimant = Claimant::new(handle, self.profile, self.silent);
        let mut daemon = BehindDoor::new(self.options.door);
        let outcome = authenticate(&mut daemon, &mut claimant, &self.login, password);
        if self.options.debug {
            let profile = self.profile;
            let line = format!("{whose} by {place}, as shown in {profile:?}: {outcome:?}");
            ffi::log(handle, Priority::Debug, &line);
        }
        outcome
    }
}

/// What PAM knows of the login, copied before the first question: while it asks, an application
/// may set items anew, and free what was borrowed of them.
struct Items {
    service: Option<String>,
    rhost: Option<String>,
    tty: Option<String>,
    ruser: Option<String>,
    password: Option<SecretBytes>,
}

impl Items {
    fn copied_from(handle: &PamHandle) -> Self {
        let text = |item: &CStr| item.to_string_lossy().into_owned();
        // An item that cannot be had is as one that is not set: PAM has no other reason.
        Self {
            service: handle
                .get_item::<Service<'_>>()
                .ok()
                .flatten()
                .map(|item| text(item.0)),
            rhost: handle
                .get_item::<RHost<'_>>()
                .ok()
                .flatten()
                .map(|item| text(item.0)),
            tty: handle
                .get_item::<Tty<'_>>()
                .ok()
                .flatten()
                .map(|item| text(item.0)),
            ruser: handle
                .get_item::<RUser<'_>>()
                .ok()
                .flatten()
                .map(|item| text(item.0)),
            password: handle
                .get_item::<AuthTok<'_>>()
                .ok()
                .flatten()
                .map(|item| item.to_owned_secret()),
        }
    }

    fn of(self, account: Account) -> (Login, Option<SecretBytes>) {
        let login = Login {
            user: Some(account.name),
            uid: account.uid,
            groups: Some(account.groups),
            service: self.service,
            rhost: self.rhost,
            tty: self.tty,
            ruser: self.ruser,
            session: None,
            leaders: None,
        };
        (login, self.password)
    }
}
