//! What can be told of a user.

use countersign_bus::Error;
use countersign_bus::types::{CredentialStatus, Factor as Kind, PlaceStatus, Status};
use countersign_core::credential::{Credential, Factor};
use countersign_core::record::Record;
use countersign_core::throttle::{Demand, Origin};

use super::change::Account;
use super::{Engine, passes};
use crate::authorize::Caller;

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

    /// What can be told of a record.
    pub(super) fn describe(&self, record: &Record) -> Status {
        let config = self.config();
        let now = self.clock.now();
        let throttle = record.throttle();
        let demand = throttle.demand(&config.backoff, Origin::Unknown, now);
        let (codes_demanded, wait) = codes_and_wait(demand);
        let places = throttle.demands(&config.backoff, now).into_iter();
        let recovery_wait = throttle.recovery_wait(&config.backoff, Origin::Unknown, now);
        Status {
            uid: Some(record.uid()),
            user: Some(record.name().to_owned()),
            enrolled: Some(record.is_enrolled()),
            credentials: Some(record.credentials().iter().map(describe).collect()),
            recovery_left: u32::try_from(record.recovery_codes_left()).ok(),
            codes_demanded: Some(codes_demanded),
            wait,
            places: Some(places.map(place).collect()),
            recovery_wait: recovery_wait.map(|wait| wait.as_secs()),
            scratch_left: u32::try_from(record.scratch_codes_left()).ok(),
            issued_until: record
                .issued_code(now)
                .map(|issued| issued.expires().unix()),
            known_origins: Some(
                throttle
                    .known_origins()
                    .map(|origin| origin.to_string())
                    .collect(),
            ),
            passes: Some(passes::describe(record, self.clock.moment())),
            problem: None,
        }
    }
}

fn codes_and_wait(demand: Demand) -> (u32, Option<u64>) {
    match demand {
        Demand::One => (1, None),
        Demand::Two { wait } => (2, wait.map(|wait| wait.as_secs())),
        Demand::Three => (3, None),
    }
}

fn place((origin, demand): (Origin, Demand)) -> PlaceStatus {
    let (codes, wait) = codes_and_wait(demand);
    PlaceStatus {
        place: Some(origin.to_string()),
        codes: Some(codes),
        wait,
    }
}

fn describe(credential: &Credential) -> CredentialStatus {
    let otp = credential.factor().otp();
    let common = CredentialStatus {
        id: Some(credential.id().to_string()),
        label: Some(credential.label().to_owned()),
        confirmed: Some(credential.is_confirmed()),
        created: Some(credential.created().unix()),
        last_used: credential.last_used().map(|at| at.unix()),
        digits: Some(otp.digits().count().into()),
        algorithm: Some(otp.algorithm().name().to_owned()),
        ..CredentialStatus::default()
    };
    match credential.factor() {
        Factor::Totp { totp, drift, .. } => CredentialStatus {
            factor: Some(Kind::Totp as u32),
            period: u32::try_from(totp.period().seconds()).ok(),
            drift: i32::try_from(drift.steps()).ok(),
            ..common
        },
        Factor::Hotp {
            next, uncertain, ..
        } => CredentialStatus {
            factor: Some(Kind::Hotp as u32),
            counter: Some(next.value()),
            uncertain: Some(*uncertain),
            ..common
        },
    }
}
