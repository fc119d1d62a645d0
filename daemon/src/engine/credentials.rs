//! What a user holds is taken away, renamed, renewed, found again.

use std::convert::Infallible;

use countersign_bus::Error;
use countersign_bus::types::ChangeOptions;
use countersign_core::credential::CredentialId;
use countersign_core::judgement::{Proof, Response, Row, Verdict};
use countersign_core::record::Record;
use countersign_core::recovery::RecoveryCode;
use countersign_core::throttle::Origin;
use zbus::OwnedFd;
use zeroize::Zeroizing;

use super::change::{Account, Demanded, invalid, refusal};
use super::{Engine, file};
use crate::audit::Change;
use crate::authorize::Caller;
use crate::vault::Slot;

impl Engine {
    /// Takes a credential away.
    ///
    /// # Errors
    ///
    /// If the caller may not, or the store fails.
    pub async fn remove(
        &self,
        caller: &Caller,
        account: Account<'_>,
        credential: &str,
        options: &ChangeOptions,
    ) -> Result<(), Error> {
        caller.concerns(account.0)?;
        let id: CredentialId = credential.parse().map_err(invalid)?;
        let demanded = Demanded::Proof(options.proof.as_deref());
        let remove = |_: &Self, record: Record| record.remove(id).map_err(invalid);
        let name = self.change(caller, account, demanded, remove).await?;
        let note = format!("credential {id}");
        self.tell_change(caller, (account.0, &name), Change::Removed, &note);
        Ok(())
    }

    /// Calls a credential otherwise.
    ///
    /// # Errors
    ///
    /// As [`remove`](Self::remove).
    pub async fn rename(
        &self,
        caller: &Caller,
        account: Account<'_>,
        (credential, text): (&str, &str),
        options: &ChangeOptions,
    ) -> Result<(), Error> {
        caller.concerns(account.0)?;
        let id: CredentialId = credential.parse().map_err(invalid)?;
        let label = label(Some(text))?;
        let demanded = Demanded::Proof(options.proof.as_deref());
        let rename = |_: &Self, record: Record| record.rename(id, &label).map_err(invalid);
        let name = self.change(caller, account, demanded, rename).await?;
        let note = format!("credential {id}");
        self.tell_change(caller, (account.0, &name), Change::Renamed, &note);
        Ok(())
    }

    /// Finds a device again by two codes in a row, which are used up: the id of the credential
    /// that they are of. They are judged as those of a login are.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if they are no two codes in a row, [`Error::Throttled`] if three are
    /// demanded now; else if the caller may not, or the store fails.
    pub async fn resynchronize(
        &self,
        caller: &Caller,
        account: Account<'_>,
        codes: [&str; 2],
    ) -> Result<String, Error> {
        caller.concerns(account.0)?;
        let record = self.account(caller, account).await?.0;
        if !record.is_enrolled() {
            return Err(Error::NotEnrolled("enrol a factor first".into()));
        }
        let malformed = |_| Error::Rejected("type two codes that follow each other".into());
        let [earlier, code] = codes;
        // As in a login where the first was wrong: looked for far away, and admitted as rarely.
        let response = Response::Codes(Row {
            codes: vec![code.parse().map_err(malformed)?],
            earlier: vec![earlier.parse().map_err(malformed)?],
        });
        let config = self.config();
        let judge = |record: Record, _| {
            let judgement = record.judge(&response, self.circumstances(&config, Origin::Locker));
            // A device that went astray is one that changed: no pass outlives that.
            judgement
                .amend(|record| Ok::<_, Infallible>(record.forget()))
                .0
        };
        let (verdict, _) = self.judge(&Slot::User(account.0), judge).await?;
        match verdict {
            Verdict::Accept(verified) => match verified.proof() {
                Proof::Code(id) => {
                    let account = (account.0, record.name());
                    let note = format!("credential {id}");
                    self.tell_change(caller, account, Change::Resynchronized, &note);
                    Ok(id.to_string())
                }
                // Of eight digits, as a code may be, and used up now.
                Proof::Scratch => Err(Error::Rejected(
                    "that was a scratch code of the old module, which is used up now".into(),
                )),
                Proof::Recovery | Proof::Issued | Proof::Pass(_) | Proof::Enrollment(_) => {
                    Err(Error::Unavailable("codes proved something else".into()))
                }
            },
            Verdict::Reject(reason) => Err(refusal(reason)),
        }
    }

    /// Makes new recovery codes, and the old ones void.
    ///
    /// # Errors
    ///
    /// [`Error::NotEnrolled`] without a factor for them to stand in for; else as
    /// [`remove`](Self::remove).
    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        account: Account<'_>,
        options: &ChangeOptions,
    ) -> Result<OwnedFd, Error> {
        caller.concerns(account.0)?;
        let demanded = Demanded::Proof(options.proof.as_deref());
        let mut made = Vec::new();
        let renew = |engine: &Self, record: Record| {
            if !record.is_enrolled() {
                return Err(Error::NotEnrolled("enrol a factor first".into()));
            }
            let (record, codes) = record.renew_recovery_codes(&*engine.random()?);
            made = codes;
            Ok(record)
        };
        let name = self.change(caller, account, demanded, renew).await?;
        self.tell_change(caller, (account.0, &name), Change::RecoveryCodes, "");
        file::seal(spelled(&made).iter().map(|code| code.as_str()))
    }
}

/// What a credential may be called.
pub(super) fn label(text: Option<&str>) -> Result<String, Error> {
    let text = text.unwrap_or_default();
    if text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err(Error::InvalidArgs(
            "label: at most 64 printable letters".into(),
        ));
    }
    Ok(text.to_owned())
}

/// Recovery codes as they are shown.
pub(super) fn spelled(codes: &[RecoveryCode]) -> Vec<Zeroizing<String>> {
    codes.iter().map(RecoveryCode::expose).collect()
}
