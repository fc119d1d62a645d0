//! What a user holds: shown, offered, confirmed, taken away.

use countersign_bus::Error;
use countersign_bus::types::{
    ChangeOptions, CredentialStatus, EnrollOptions, Factor as Kind, Status,
};
use countersign_core::credential::{Credential, CredentialId, Factor};
use countersign_core::enrollment::NotConfirmed;
use countersign_core::judgement::{Reason, Response, Verdict, Verified};
use countersign_core::otpauth::key_uri;
use countersign_core::record::Record;
use countersign_core::recovery::{RecoveryCode, RecoverySet};
use countersign_core::secret::Secret;
use countersign_core::throttle::{Demand, Origin};
use countersign_core::totp::{Algorithm, Digits, Totp};
use zbus::OwnedFd;
use zeroize::Zeroizing;

use super::{Engine, SaveError, busy, file};
use crate::audit::Change;
use crate::authorize::Caller;
use crate::vault::Slot;

/// A user, as whoever asks names them.
pub(super) type Account<'a> = (u32, &'a str);

impl Engine {
    /// What is known of a user.
    ///
    /// # Errors
    ///
    /// If the caller may not know, or the store cannot be read.
    pub async fn status(&self, caller: &Caller, account: Account<'_>) -> Result<Status, Error> {
        caller.concerns(account.0)?;
        let record = self.account(caller, account).await?.0;
        Ok(self.describe(&record))
    }

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
        match Kind::try_from(kind)? {
            Kind::Totp => {}
            Kind::Recovery => {
                return Err(Error::InvalidArgs(
                    "recovery codes come with a factor".into(),
                ));
            }
        }
        let at_once = options.unconfirmed.unwrap_or(false);
        if at_once && *caller != Caller::Root {
            return Err(Error::NotPermitted(
                "only root can skip the first code".into(),
            ));
        }
        let label = label(options.label.as_deref())?;
        let totp = self.new_totp(options)?;
        self.authorize(caller, account, options.proof.as_deref())
            .await?;

        let mut made = None;
        let name = self
            .change(caller, account, |engine, record| {
                let now = engine.clock.now();
                let (record, id) = record.offer(totp.clone(), &label, now).map_err(invalid)?;
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

        let uri = key_uri(&totp, &self.config().issuer, &name);
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
            .change(caller, account, |engine, record| {
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

    /// Takes a credential away.
    ///
    /// # Errors
    ///
    /// As [`enroll`](Self::enroll).
    pub async fn remove(
        &self,
        caller: &Caller,
        account: Account<'_>,
        credential: &str,
        options: &ChangeOptions,
    ) -> Result<(), Error> {
        caller.concerns(account.0)?;
        let id: CredentialId = credential.parse().map_err(invalid)?;
        self.authorize(caller, account, options.proof.as_deref())
            .await?;
        let name = self
            .change(caller, account, |_, record| {
                record.remove(id).map_err(invalid)
            })
            .await?;
        let note = format!("credential {id}");
        self.tell_change(caller, (account.0, &name), Change::Removed, &note);
        Ok(())
    }

    /// Makes new recovery codes, and the old ones void.
    ///
    /// # Errors
    ///
    /// [`Error::NotEnrolled`] without a factor for them to stand in for; else as
    /// [`enroll`](Self::enroll).
    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        account: Account<'_>,
        options: &ChangeOptions,
    ) -> Result<OwnedFd, Error> {
        caller.concerns(account.0)?;
        self.authorize(caller, account, options.proof.as_deref())
            .await?;
        let mut made = Vec::new();
        let name = self
            .change(caller, account, |engine, record| {
                if !record.is_enrolled() {
                    return Err(Error::NotEnrolled("enrol a factor first".into()));
                }
                let (record, codes) = record.renew_recovery_codes(&*engine.recovery_entropy()?);
                made = codes;
                Ok(record)
            })
            .await?;
        self.tell_change(caller, (account.0, &name), Change::RecoveryCodes, "");
        file::seal(spelled(&made).iter().map(|code| code.as_str()))
    }

    /// What can be told of a record.
    pub(super) fn describe(&self, record: &Record) -> Status {
        let config = self.config();
        let now = self.clock.now();
        let (codes_demanded, wait) =
            match record
                .throttle()
                .demand(&config.backoff, Origin::Unknown, now)
            {
                Demand::One => (1, None),
                Demand::Two { wait } => (2, wait),
                Demand::Three => (3, None),
            };
        Status {
            uid: Some(record.uid()),
            user: Some(record.name().to_owned()),
            enrolled: Some(record.is_enrolled()),
            credentials: Some(record.credentials().iter().map(describe).collect()),
            recovery_left: u32::try_from(record.recovery_codes_left()).ok(),
            codes_demanded: Some(codes_demanded),
            wait: wait.map(|wait| wait.as_secs()),
            known_origins: Some(
                record
                    .throttle()
                    .known_origins()
                    .map(|origin| origin.to_string())
                    .collect(),
            ),
            problem: None,
        }
    }

    /// May this change be made? Root may; others as the configuration says for a first factor,
    /// and with a fresh proof of a factor for everything after it.
    async fn authorize(
        &self,
        caller: &Caller,
        account: Account<'_>,
        proof: Option<&str>,
    ) -> Result<(), Error> {
        if *caller == Caller::Root {
            return Ok(());
        }
        let record = self.account(caller, account).await?.0;
        if !record.is_enrolled() {
            return if self.config().self_service {
                Ok(())
            } else {
                Err(Error::NotPermitted(
                    "a first factor is the admin's to enrol here".into(),
                ))
            };
        }
        let code = proof
            .ok_or_else(|| Error::NotPermitted("this takes a code of a factor you hold".into()))?
            .parse()
            .map_err(|_| Error::Rejected("the proof is not a code".into()))?;
        let response = Response::Codes(vec![code]);
        let (verdict, _) = self
            .judge(&Slot::User(account.0), &response, Origin::Locker)
            .await?;
        match verdict {
            Verdict::Accept(Verified { .. }) => Ok(()),
            Verdict::Reject(Reason::SeveralDemanded | Reason::RecoveryWait(_)) => Err(
                Error::Throttled("too many wrong codes: wait, or ask your admin".into()),
            ),
            Verdict::Reject(Reason::Wrong | Reason::Used | Reason::WrongRecovery) => Err(
                Error::Rejected("the proof is not right, or was used before".into()),
            ),
        }
    }

    /// Changes a record, again and again until nobody else's change got in between. Answers with
    /// the account's name.
    async fn change(
        &self,
        caller: &Caller,
        account: Account<'_>,
        mut change: impl FnMut(&Self, Record) -> Result<Record, Error>,
    ) -> Result<String, Error> {
        let slot = Slot::User(account.0);
        for _ in 0..Self::ROUNDS {
            let (record, revision) = self.account(caller, account).await?;
            let name = record.name().to_owned();
            let changed = change(self, record)?;
            match self.save(&slot, &changed, revision).await {
                Ok(()) => return Ok(name),
                Err(SaveError::Conflict) => {}
                Err(SaveError::Failed(error)) => return Err(error),
            }
        }
        Err(busy())
    }

    /// The record of an account, blank if there is none. On the public door, where only the uid
    /// is vouched for, an enrolled name stands.
    async fn account(
        &self,
        caller: &Caller,
        (uid, name): Account<'_>,
    ) -> Result<(Record, crate::store::Revision), Error> {
        let plain = !name.is_empty() && name.len() <= 256 && !name.chars().any(char::is_control);
        let loaded = self.load(&Slot::User(uid)).await?;
        match loaded.record {
            Some(record) => {
                if *caller == Caller::Root && !name.is_empty() {
                    record
                        .belongs_to(uid, name)
                        .map_err(|foreign| Error::NotPermitted(foreign.to_string()))?;
                }
                Ok((record, loaded.revision))
            }
            None if plain => Ok((Record::new(uid, name), loaded.revision)),
            None => Err(Error::InvalidArgs("name: 1 to 256 printable bytes".into())),
        }
    }

    fn with_recovery_codes(&self, record: Record) -> Result<(Record, Vec<RecoveryCode>), Error> {
        if record.recovery_codes_left() > 0 {
            return Ok((record, Vec::new()));
        }
        Ok(record.renew_recovery_codes(&*self.recovery_entropy()?))
    }

    fn recovery_entropy(&self) -> Result<Zeroizing<[u8; RecoverySet::ENTROPY]>, Error> {
        let mut entropy = Zeroizing::new([0; RecoverySet::ENTROPY]);
        self.entropy
            .fill(entropy.as_mut_slice())
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(entropy)
    }

    fn new_totp(&self, options: &EnrollOptions) -> Result<Totp, Error> {
        let config = self.config();
        let algorithm = match options.algorithm.as_deref() {
            Some(name) => Algorithm::named(name).map_err(invalid)?,
            None => config.algorithm,
        };
        let digits = match options.digits {
            Some(count) => Digits::new(count).map_err(invalid)?,
            None => config.digits,
        };
        let secret = match &options.secret {
            Some(fd) => Secret::from_base32(&file::read(fd)?).map_err(invalid)?,
            None => {
                let mut entropy = Zeroizing::new([0; 64]);
                self.entropy
                    .fill(entropy.as_mut_slice())
                    .map_err(|error| Error::Unavailable(error.to_string()))?;
                let (bytes, _) = entropy.split_at(algorithm.secret_bytes());
                Secret::from_entropy(bytes)
            }
        };
        Ok(Totp::new(secret, algorithm, digits, config.period))
    }
}

fn describe(credential: &Credential) -> CredentialStatus {
    CredentialStatus {
        id: Some(credential.id().to_string()),
        factor: Some(match credential.factor() {
            Factor::Totp { .. } => Kind::Totp as u32,
        }),
        label: Some(credential.label().to_owned()),
        confirmed: Some(credential.is_confirmed()),
        created: Some(credential.created().unix()),
        last_used: credential.last_used().map(|at| at.unix()),
    }
}

fn label(text: Option<&str>) -> Result<String, Error> {
    let text = text.unwrap_or_default();
    if text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err(Error::InvalidArgs(
            "label: at most 64 printable letters".into(),
        ));
    }
    Ok(text.to_owned())
}

fn spelled(codes: &[RecoveryCode]) -> Vec<Zeroizing<String>> {
    codes.iter().map(RecoveryCode::expose).collect()
}

fn invalid(error: impl std::error::Error) -> Error {
    Error::InvalidArgs(error.to_string())
}
