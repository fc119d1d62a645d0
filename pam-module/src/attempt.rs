//! One attempt to log in, as far as PAM knows of it.

use std::ffi::CStr;

use countersign_bus::Profile;
use countersign_bus::types::Login;
use pam::constants::{PAM_SILENT, PamFlag};
use pam::items::{AuthTok, RHost, RUser, Service, Tty};
use pam::module::PamHandle;
use pam::secret::SecretBytes;
use pam_countersign_ffi::{self as ffi, Priority};

use crate::account::{self, Account, UserName};
use crate::authenticate::{authenticate, explain};
use crate::claim::Claim;
use crate::conversation::Claimant;
use crate::daemon::BehindDoor;
use crate::guard::guard;
use crate::mark::Mark;
use crate::options::Options;
use crate::outcome::{Passed, Refusal};
use crate::place;

/// Which version this is. `countersignctl doctor` looks for it in the module's file.
const VERSION: &str = concat!("{pam_countersign version ", env!("CARGO_PKG_VERSION"), "}");

/// A login of which everything is known but the answers.
pub(crate) struct Attempt {
    options: Options,
    profile: Profile,
    silent: bool,
    account: Account,
    login: Login,
    password: Option<SecretBytes>,
}

impl Attempt {
    /// What PAM knows.
    ///
    /// # Errors
    ///
    /// Why the login must not go on; the claimant has been told what there is to tell.
    pub(crate) fn prepare(
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
        let (login, password) = items.of(&account);
        Ok(Self {
            options,
            profile,
            silent,
            account,
            login,
            password,
        })
    }

    /// For the log. A name that stands for nobody may be a password, typed in the wrong place.
    pub(crate) fn whose(&self) -> String {
        match self.account.uid {
            Some(uid) => format!("{} (uid {uid})", self.account.name),
            None => "a user that does not exist".to_owned(),
        }
    }

    /// Asks the claimant what the daemon wants asked, and marks the login if that went well.
    ///
    /// # Errors
    ///
    /// Why the login must not go on; the claimant has been told what there is to tell.
    pub(crate) fn authenticate(&self, handle: &mut PamHandle) -> Result<Passed, Refusal> {
        let mut claimant = Claimant::new(handle, self.profile, self.silent);
        let mut daemon = BehindDoor::new(self.options.door.clone());
        let mut claim = self.claim();
        // The guard does without: no earlier login counts for it.
        place::state(&mut claim.login, self.profile, &self.options.door);
        let outcome = authenticate(&mut daemon, &mut claimant, &claim);
        self.debug(handle, &outcome);

        let passed = outcome?;
        if let Passed::Remembered { rule, seconds } = &passed {
            let ago = format!("a factor proven {seconds} s ago counts, by the rule \"{rule}\"");
            let line = format!("login of {} passed: {ago}", self.whose());
            ffi::log(handle, Priority::Info, &line);
        }
        if let Some(mark) = Mark::of(&self.login, &passed) {
            // Without it the guard knows of nothing proven, and refuses.
            if let Err(why) = ffi::put_mark(handle, mark) {
                ffi::log(handle, Priority::Error, &why.to_string());
            }
        }
        Ok(passed)
    }

    /// Whether the login, whose mark was this, may be let in.
    ///
    /// # Errors
    ///
    /// Why it must not; the claimant has been told what there is to tell.
    pub(crate) fn guard(
        &self,
        handle: &mut PamHandle,
        mark: Option<Mark>,
    ) -> Result<Passed, Refusal> {
        let mut daemon = BehindDoor::new(self.options.door.clone());
        let outcome = guard(&mut daemon, &self.claim(), mark);
        self.debug(handle, &outcome);
        outcome.inspect_err(|refusal| {
            // Nothing is asked here that silence would leave unclear.
            if !self.silent {
                explain(refusal, &mut Claimant::new(handle, self.profile, false));
            }
        })
    }

    fn claim(&self) -> Claim<'_> {
        Claim {
            login: self.login.clone(),
            groups: Box::new(|| self.account.groups()),
            password: self.password.as_ref().map(SecretBytes::as_bytes),
        }
    }

    fn debug(&self, handle: &PamHandle, outcome: &Result<Passed, Refusal>) {
        if self.options.debug {
            let (whose, place) = (self.whose(), self.options.door.place());
            let profile = self.profile;
            let line =
                format!("{VERSION} {whose} by {place}, as shown in {profile:?}: {outcome:?}");
            ffi::log(handle, Priority::Debug, &line);
        }
    }
}

/// `PAM_SERVICE`, if it is set.
pub(crate) fn service(handle: &PamHandle) -> Option<String> {
    let item = handle.get_item::<Service<'_>>().ok().flatten();
    item.map(|item| text(item.0))
}

fn text(item: &CStr) -> String {
    item.to_string_lossy().into_owned()
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
        // An item that cannot be had is as one that is not set: PAM has no other reason.
        Self {
            service: service(handle),
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

    fn of(self, account: &Account) -> (Login, Option<SecretBytes>) {
        let login = Login {
            user: Some(account.name.clone()),
            uid: account.uid,
            groups: None,
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
