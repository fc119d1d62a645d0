//! Where a login is made: in a login session of the user's, or to begin one.

use countersign_bus::session::{Process, Session, Unknown};
use countersign_bus::types::Login;

use crate::profile::Profile;

/// Says in `login` which session it is made in, or who may come to lead the one that it begins.
///
/// What cannot be known is not said: then a login is asked for a code, where one in a session that
/// is known would have been spared it.
pub(crate) fn state(login: &mut Login, profile: Profile) {
    match Place::of(Session::of_this_process(), login) {
        Place::Session(leader) => login.session = Some(travelling(leader)),
        Place::Apart => {
            // sshd asks in a process of its own, and opens the session in the one that made it.
            let parent = (profile == Profile::Ssh).then(Process::parent);
            let leaders = [Some(Process::this()), parent];
            let leaders: Vec<_> = leaders.into_iter().flatten().flatten().collect();
            login.leaders =
                (!leaders.is_empty()).then(|| leaders.into_iter().map(travelling).collect());
        }
        Place::Unsaid => {}
    }
}

#[derive(Debug, Eq, PartialEq)]
enum Place {
    /// In the user's own session, which this process leads.
    Session(Process),
    /// In none, so that one may begin.
    Apart,
    /// Somewhere that says nothing about this login.
    Unsaid,
}

impl Place {
    /// A session counts if it is the user's own, and if who logs in is in it: behind a server that
    /// was started there, anybody may be who knows the password.
    fn of(found: Result<Option<Session>, Unknown>, login: &Login) -> Self {
        let remote = login.rhost.as_deref().is_some_and(|host| !host.is_empty());
        match found {
            Ok(Some(session)) if login.uid == Some(session.uid) && !remote => {
                Self::Session(session.leader)
            }
            Ok(None) => Self::Apart,
            Ok(Some(_)) | Err(_) => Self::Unsaid,
        }
    }
}

fn travelling(process: Process) -> (u32, u64) {
    (process.pid, process.started)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEADER: Process = Process {
        pid: 42,
        started: 777,
    };

    fn place(uid: u32, rhost: Option<&str>) -> Place {
        let session = Session {
            id: "3".to_owned(),
            uid: 1000,
            leader: LEADER,
            service: None,
        };
        let login = Login {
            uid: Some(uid),
            rhost: rhost.map(str::to_owned),
            ..Login::default()
        };
        Place::of(Ok(Some(session)), &login)
    }

    #[test]
    fn a_login_is_in_the_session_of_its_own_user_alone() {
        assert_eq!(place(1000, None), Place::Session(LEADER));
        assert_eq!(place(1000, Some("")), Place::Session(LEADER));
        assert_eq!(place(1001, None), Place::Unsaid);
        assert_eq!(place(0, None), Place::Unsaid);
    }

    #[test]
    fn a_login_from_elsewhere_is_not_in_the_session_that_its_server_was_started_in() {
        for host in ["192.0.2.1", "UNKNOWN", "localhost"] {
            assert_eq!(place(1000, Some(host)), Place::Unsaid);
        }
    }

    #[test]
    fn nobody_is_in_a_session() {
        let session = Session {
            id: "3".to_owned(),
            uid: 1000,
            leader: LEADER,
            service: None,
        };
        assert_eq!(
            Place::of(Ok(Some(session)), &Login::default()),
            Place::Unsaid
        );
    }

    #[test]
    fn a_login_outside_of_sessions_states_who_may_lead_one() {
        // Wherever this test runs, it says one or the other or nothing, and never both.
        let mut login = Login::default();
        state(&mut login, Profile::Ssh);
        assert_eq!(login.session, None, "nobody's");
        for (pid, _) in login.leaders.iter().flatten() {
            let (this, parent) = (std::process::id(), std::os::unix::process::parent_id());
            assert!([this, parent].contains(pid), "{login:?}");
        }
    }
}
