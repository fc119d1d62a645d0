//! The guard: whether a login that is about to be let in has done what the policy demands.
//!
//! It sees logins that nothing asked for a code, such as those by an ssh key.

use countersign_bus::Error;

use crate::claim::Claim;
use crate::daemon::Daemon;
use crate::mark::Mark;
use crate::outcome::{Passed, Refusal};

/// Whether the login may go on: by its `mark`, or without one because the policy demands nothing.
///
/// # Errors
///
/// Why it must not; that nobody can tell is one reason.
pub(crate) fn guard(
    daemon: &mut impl Daemon,
    claim: &Claim<'_>,
    mark: Option<Mark>,
) -> Result<Passed, Refusal> {
    if let Some(passed) = mark.and_then(|mark| mark.says_of(&claim.login)) {
        return Ok(passed);
    }
    match claim.put(|login| daemon.guard(login)) {
        Ok(rule) => Ok(Passed::NotDemanded { rule }),
        Err(Refusal::Daemon(Error::NotPermitted(why))) => Err(Refusal::Unproven(why)),
        Err(refusal) => Err(refusal),
    }
}

#[cfg(test)]
mod tests;
