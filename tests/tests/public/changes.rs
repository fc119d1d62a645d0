//! What a user holds, and each way to change it.

use countersign_bus::types::{ChangeOptions, EnrollOptions, Factor, IssueOptions};
use countersign_bus::{Client, Error};
use countersign_tests::world::read;
use countersign_tests::{Enrolled, Public};

/// A user, as root and the user name them.
pub(crate) type User = (u32, &'static str);

/// What a user holds, as root sees it, without what is thought of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Status {
    pub(crate) enrolled: bool,
    /// Id, label, whether it is confirmed.
    pub(crate) credentials: Vec<(String, String, bool)>,
    pub(crate) recovery_left: u32,
    pub(crate) issued: bool,
}

pub(crate) fn status(place: &Public, user: User) -> Status {
    let status = place.world.client().status(user).unwrap();
    let credentials = status.credentials.unwrap_or_default().into_iter();
    Status {
        enrolled: status.enrolled.unwrap(),
        credentials: credentials
            .map(|one| (one.id.unwrap(), one.label.unwrap(), one.confirmed.unwrap()))
            .collect(),
        recovery_left: status.recovery_left.unwrap(),
        issued: status.issued_until.is_some(),
    }
}

pub(crate) fn enroll(place: &Public, (uid, name): User) -> Enrolled {
    place.world.enroll_as(name, uid)
}

/// A code that root issues.
pub(crate) fn issue(place: &Public, user: (u32, &str), seconds: u64) -> String {
    let options = IssueOptions {
        seconds: Some(seconds),
        ..IssueOptions::default()
    };
    let (code, _) = place.world.client().issue_code(user, &options).unwrap();
    read(code).trim_end().to_owned()
}

/// Another code of the same shape.
pub(crate) fn altered(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    let mut code = code.to_owned();
    code.pop();
    code.push(last);
    code
}

/// A credential that is offered to a user, by that user.
pub(crate) fn offer(
    client: &mut Client,
    user: User,
    proof: Option<&String>,
) -> Result<Enrolled, Error> {
    let options = EnrollOptions {
        proof: proof.cloned(),
        ..EnrollOptions::default()
    };
    let (credential, lines) = client.enroll(user, Factor::Totp, &options)?;
    Ok(Enrolled::new(user.1, user.0, credential, &read(lines)))
}

pub(crate) fn offer_to(place: &Public, user: User, proof: &str) -> Enrolled {
    offer(&mut place.client(user), user, Some(&proof.to_owned())).unwrap()
}

pub(crate) fn change(proof: Option<&String>) -> ChangeOptions {
    ChangeOptions {
        proof: proof.cloned(),
    }
}

pub(crate) fn rename(
    client: &mut Client,
    user: User,
    credential: &str,
    label: &str,
    proof: Option<&String>,
) -> Result<(), Error> {
    client.rename(user, credential, label, &change(proof))
}

/// Tries every change that takes a proof.
pub(crate) fn every_change(
    client: &mut Client,
    user: User,
    credential: &str,
    proof: Option<&String>,
) -> Vec<(&'static str, Result<(), Error>)> {
    let change = change(proof);
    vec![
        ("enroll", offer(client, user, proof).map(drop)),
        ("rename", rename(client, user, credential, "mine", proof)),
        (
            "renew",
            client.renew_recovery_codes(user, &change).map(drop),
        ),
        ("remove", client.remove(user, credential, &change)),
    ]
}

/// Every change is refused for the proof, each with no wrong answer before it.
#[track_caller]
pub(crate) fn refused(
    place: &Public,
    client: &mut Client,
    user: User,
    credential: &str,
    proof: &str,
) {
    let proof = proof.to_owned();
    let change = change(Some(&proof));
    for number in 0..4 {
        let outcome = match number {
            0 => offer(client, user, Some(&proof)).map(drop),
            1 => rename(client, user, credential, "mine", Some(&proof)),
            2 => client.renew_recovery_codes(user, &change).map(drop),
            _ => client.remove(user, credential, &change),
        };
        assert!(is_wrong(&outcome), "{number}: {outcome:?}");
        forget(place, user);
    }
}

pub(crate) fn is_wrong(outcome: &Result<(), Error>) -> bool {
    matches!(outcome, Err(Error::Rejected(_)))
}

pub(crate) fn anothers() -> Result<(), Error> {
    Err(Error::NotPermitted("that is another user".to_owned()))
}

/// Has wrong answers forgotten, so that the next one is refused for what it is.
pub(crate) fn forget(place: &Public, (uid, _): User) {
    let _ = place.world.client().unlock(uid);
}
