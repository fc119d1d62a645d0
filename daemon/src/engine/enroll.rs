//! How a user comes to hold a credential: it is offered, and then confirmed.

use countersign_bus::Error;
use countersign_bus::types::{EnrollOptions, Factor as Kind};
use countersign_core::credential::{CredentialId, Factor};
use countersign_core::enrollment::NotConfirmed;
use countersign_core::hotp::{Counter, Hotp};
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::otpauth::key_uri;
use countersign_core::record::Record;
use countersign_core::recovery::RecoveryCode;
use countersign_core::secret::Secret;
use countersign_core::time::Period;
use countersign_core::totp::Totp;
use zbus::OwnedFd;
use zeroize::Zeroizing;

use super::change::{Account, Demanded, invalid};
use super::credentials::{label, spelled};
use super::{Engine, busy, file};
use crate::audit::Change;
use crate::authorize::Caller;

impl Engine {
    /// Offers a user a new credential; with `unconfirmed`, it counts at once.
    ///
    /// # Errors
    ///
    /// If the caller may not, the options make no sense, or the store fails.
    pub async fn enroll(
        &self,
        caller: &Caller,
        account: Account<'_>,
        kind: u32,
        options: &EnrollOptions,
    ) -> Result<(String, OwnedFd), Error> {
        caller.concerns(account.0)?;
        let factor = self.new_factor(Kind::try_from(kind)?, options)?;
        let at_once = options.unconfirmed.unwrap_or(false);
        if at_once && *caller != Caller::Root {
            return Err(Error::NotPermitted(
                "only root can skip the first code".into(),
            ));
        }
        let label = label(options.label.as_deref())?;

        let demanded = Demanded::Proof(options.proof.as_deref());
        let mut made = None;
        let name = self
            .change(caller, account, demanded, |engine, record| {
                let now = engine.clock.now();
                let (record, id) = record.offer(factor.clone(), &label, now).map_err(invalid)?;
                let (record, codes) = if at_once {
                    engine.with_recovery_codes(record.trust(id).map_err(invalid)?)?
                } else {
                    (record, Vec::new())
                };
                made = Some((id, codes));
                Ok(record)
            })
            .await?;
        let (id, codes) = made.ok_or_else(busy)?;
        let change = if at_once {
            Change::Enrolled
        } else {
            Change::Offered
        };
        let note = format!("credential {id}");
        self.tell_change(caller, (account.0, &name), change, &note);

        let uri = key_uri(&factor, &self.config().issuer, &name);
        let codes = spelled(&codes);
        let lines = std::iter::once(uri.as_str()).chain(codes.iter().map(|code| code.as_str()));
        Ok((id.to_string(), file::seal(lines)?))
    }

    /// Confirms an offered credential by its first code. The first one that a user confirms comes
    /// with recovery codes.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the code does not fit the offer; else as [`enroll`](Self::enroll).
    pub async fn confirm(
        &self,
        caller: &Caller,
        account: Account<'_>,
        credential: &str,
        typed: &str,
    ) -> Result<OwnedFd, Error> {
        caller.concerns(account.0)?;
        let id: CredentialId = credential.parse().map_err(invalid)?;
        let code = typed
            .parse()
            .map_err(|_| Error::Rejected("not a code".into()))?;

        let mut made = Vec::new();
        let name = self
            .change(caller, account, Demanded::Nothing, |engine, record| {
                let confirmed = record
                    .confirm(id, &code, engine.clock.now())
                    .map_err(|error| match error {
                        NotConfirmed::WrongCode => Error::Rejected(error.to_string()),
                        NotConfirmed::NoOffer => Error::InvalidArgs(error.to_string()),
                    })?;
                let (record, codes) = engine.with_recovery_codes(confirmed)?;
                made = codes;
                Ok(record)
            })
            .await?;
        let note = format!("credential {id}");
        self.tell_change(caller, (account.0, &name), Change::Enrolled, &note);
        file::seal(spelled(&made).iter().map(|code| code.as_str()))
    }

    fn with_recovery_codes(&self, record: Record) -> Result<(Record, Vec<RecoveryCode>), Error> {
        if record.recovery_codes_left() > 0 {
            return Ok((record, Vec::new()));
        }
        Ok(record.renew_recovery_codes(&*self.random()?))
    }

    pub(super) fn new_factor(&self, kind: Kind, options: &EnrollOptions) -> Result<Factor, Error> {
        let config = self.config();
        let algorithm = match options.algorithm.as_deref() {
            Some(name) => Algorithm::named(name).map_err(invalid)?,
            None => config.algorithm,
        };
        let digits = match options.digits {
            Some(count) => Digits::new(count).map_err(invalid)?,
            None => config.digits,
        };
        let period = match options.period {
            Some(seconds) => Period::from_seconds(seconds.into()).map_err(invalid)?,
            None => config.period,
        };
        let counter = Counter::new(options.counter.unwrap_or_default()).map_err(invalid)?;
        let secret = self.new_secret(algorithm, options)?;
        match (kind, options.period, options.counter) {
            (Kind::Totp, _, None) => Ok(Factor::totp(Totp::new(secret, algorithm, digits, period))),
            (Kind::Hotp, None, _) => {
                Ok(Factor::hotp(Hotp::new(secret, algorithm, digits), counter))
            }
            (Kind::Totp, _, Some(_)) => Err(refused("a time-based code has no counter")),
            (Kind::Hotp, Some(_), _) => Err(refused("a counter-based code has no period")),
            (Kind::Recovery, _, _) => Err(refused("recovery codes come with a factor")),
        }
    }

    fn new_secret(&self, algorithm: Algorithm, options: &EnrollOptions) -> Result<Secret, Error> {
        if let Some(fd) = &options.secret {
            return Secret::from_base32(&file::read(fd)?).map_err(invalid);
        }
        let entropy: Zeroizing<[u8; 64]> = self.random()?;
        let (bytes, _) = entropy.split_at(algorithm.secret_bytes());
        Ok(Secret::from_entropy(bytes))
    }
}

fn refused(why: &str) -> Error {
    Error::InvalidArgs(why.to_owned())
}
