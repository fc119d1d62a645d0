//! Somebody who is enrolled, and what their app and their drawer hold.

use countersign_core::otp::{Algorithm, Digits};
use countersign_core::secret::Secret;
use countersign_core::time::{Period, Timestamp};
use countersign_core::totp::Totp;

/// A user with an app.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The account's name.
    pub name: String,
    /// Its uid.
    pub uid: u32,
    /// The credential's id.
    pub credential: String,
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
    totp: Totp,
}

impl Enrolled {
    /// Out of the lines that enrolling answers with: a key URI, then recovery codes.
    pub fn new(name: &str, uid: u32, credential: String, lines: &str) -> Self {
        let mut lines = lines.lines();
        let uri = lines.next().expect("a key URI");
        let (_, secret) = uri.split_once("secret=").expect("a secret");
        let secret = secret.split('&').next().expect("its letters");
        Self {
            name: name.to_owned(),
            uid,
            credential,
            recovery_codes: lines.map(str::to_owned).collect(),
            totp: Totp::new(
                Secret::from_base32(secret).expect("base 32"),
                Algorithm::Sha1,
                Digits::DEFAULT,
                Period::DEFAULT,
            ),
        }
    }

    /// The code that the app shows at `unix` seconds after the epoch.
    pub fn code(&self, unix: u64) -> String {
        self.totp
            .code_at(Period::DEFAULT.step_at(Timestamp::from_unix(unix)))
    }

    /// A code that is right at no time near `unix`.
    pub fn wrong_code(&self, unix: u64) -> String {
        let right: Vec<String> = (0..20)
            .map(|step| self.code((unix + step * 30).saturating_sub(300)))
            .collect();
        (0..)
            .map(|number: u32| format!("{number:06}"))
            .find(|code| !right.contains(code))
            .expect("one of a million")
    }
}
