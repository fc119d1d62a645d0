//! What a login says of itself to the daemon.

use countersign_bus::Error;
use countersign_bus::types::Login;

use crate::account::Unresolved;
use crate::outcome::Refusal;

/// A login, and what it says only if it is asked.
pub(crate) struct Claim<'a> {
    /// What it says.
    pub(crate) login: Login,
    /// The names of the user's groups. Looking them up can take longer than all the rest, and
    /// most policies do without.
    pub(crate) groups: Box<dyn Fn() -> Result<Vec<String>, Unresolved> + 'a>,
    /// What the claimant gave to an earlier module. It never goes to the daemon.
    pub(crate) password: Option<&'a [u8]>,
}

impl Claim<'_> {
    /// Puts it to the daemon, and once more, with the groups, if the daemon needs them.
    ///
    /// # Errors
    ///
    /// Why the login must not go on. A daemon that needs them again is not understood.
    pub(crate) fn put<T>(
        &self,
        mut to: impl FnMut(&Login) -> Result<T, Error>,
    ) -> Result<T, Refusal> {
        match to(&self.login) {
            Err(Error::GroupsNeeded(_)) => {
                let login = Login {
                    groups: Some((self.groups)().map_err(Refusal::Unresolved)?),
                    ..self.login.clone()
                };
                to(&login)
            }
            other => other,
        }
        .map_err(Refusal::Daemon)
    }
}
