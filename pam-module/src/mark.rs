//! What this very login has proven, from the hook that asks to the one that guards.

use countersign_bus::types::Login;

use crate::outcome::Passed;

/// What the authentication of a login came to, kept in its handle and nowhere else: no other
/// process, no other login and no file can have made it.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Mark {
    uid: u32,
    service: Option<String>,
    passed: Passed,
}

impl Mark {
    /// The mark of a login that passed, unless it is nobody's.
    pub(crate) fn of(login: &Login, passed: &Passed) -> Option<Self> {
        Some(Self {
            uid: login.uid?,
            service: login.service.clone(),
            passed: passed.clone(),
        })
    }

    /// What it says of `login`: nothing, if that is another user's by now, or through another
    /// service.
    pub(crate) fn says_of(self, login: &Login) -> Option<Passed> {
        (login.uid == Some(self.uid) && login.service == self.service).then_some(self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(uid: Option<u32>, service: Option<&str>) -> Login {
        Login {
            uid,
            service: service.map(str::to_owned),
            ..Login::default()
        }
    }

    #[test]
    fn a_mark_speaks_of_its_own_user_and_service_alone() {
        let ours = login(Some(1000), Some("sshd"));
        let mark = || Mark::of(&ours, &Passed::Finished).unwrap();
        assert_eq!(mark().says_of(&ours), Some(Passed::Finished));
        for other in [
            login(Some(1001), Some("sshd")),
            login(Some(0), Some("sshd")),
            login(None, Some("sshd")),
            login(Some(1000), Some("sudo")),
            login(Some(1000), None),
        ] {
            assert_eq!(mark().says_of(&other), None, "{other:?}");
        }
    }

    #[test]
    fn nobody_has_no_mark() {
        assert_eq!(Mark::of(&login(None, None), &Passed::Finished), None);
    }
}
