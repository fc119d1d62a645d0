//! Where a login is made: in a login session of the user's, or to begin one.

use countersign_bus::Door;
use countersign_bus::Profile;
use countersign_bus::session::{Process, Session, Unknown};
use countersign_bus::types::Login;

/// Says in `login` which session it is made in, or who may come to lead the one that it begins.
///
/// What cannot be known is not said: then a login is asked for a code, where one in a session that
/// is known would have been spared it.
pub(crate) fn state(login: &mut Login, profile: Profile, door: &Door) {
    match (Place::of(Session::of_this_process(), login, door), door) {
        (Place::Session(leader), _) => login.session = Some(travelling(leader)),
        (Place::Apart, Door::Root { .. }) => login.leaders = Some(leaders(profile)),
        // Whoever is not root begins no sessions.
        (Place::Apart, Door::Public { .. }) | (Place::Unsaid, _) => {}
    }
}

/// Who may come to lead the session that this login begins.
fn leaders(profile: Profile) -> Vec<(u32, u64)> {
    // sshd asks in a process of its own, and opens the session in the one that made it.
    let parent = (profile == Profile::Ssh).then(Process::parent);
    let processes = [Some(Process::this()), parent];
    let known = processes.into_iter().flatten().flatten();
    known.map(travelling).collect()
}

/// What xsecurelock, a screen locker, says is the host that its login comes from: always this, since
/// it takes no other. It runs as the user, hence at the public door; there a verdict is good for the
/// user's own processes alone, who could as well say nothing. At the root door it is a server that
/// says so, of anybody who came through a tunnel; and an address is a server's word at either.
const OWN_LOCKER: &str = "localhost";

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
    /// A session counts if it is the user's own, and if it is the user who asks, in it: behind a
    /// server that was started there, anybody may be who knows the password, and so may whoever
    /// the user has become there by su, or left something running as.
    fn of(found: Result<Option<Session>, Unknown>, login: &Login, door: &Door) -> Self {
        let remote = match login.rhost.as_deref() {
            None | Some("") => false,
            Some(host) => !(host == OWN_LOCKER && matches!(door, Door::Public { .. })),
        };
        let by_another = match login.ruser.as_deref() {
            None | Some("") => false,
            asking => asking != login.user.as_deref(),
        };
        match found {
            Ok(Some(session)) if login.uid == Some(session.uid) && !remote && !by_another => {
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

    /// Where a login is that is made at the root door in a session of uid 1000.
    fn place(login: Login) -> Place {
        place_at(&Door::root(), login)
    }

    fn place_at(door: &Door, login: Login) -> Place {
        let session = Session {
            id: "3".to_owned(),
            uid: 1000,
            leader: LEADER,
            service: None,
        };
        Place::of(Ok(Some(session)), &login, door)
    }

    fn ada() -> Login {
        Login {
            user: Some("ada".to_owned()),
            uid: Some(1000),
            ..Login::default()
        }
    }

    #[test]
    fn a_login_is_in_the_session_of_its_own_user_alone() {
        assert_eq!(place(ada()), Place::Session(LEADER));
        for uid in [Some(1001), Some(0), None] {
            assert_eq!(place(Login { uid, ..ada() }), Place::Unsaid, "{uid:?}");
        }
    }

    #[test]
    fn a_login_from_elsewhere_is_not_in_the_session_that_its_server_was_started_in() {
        for (host, expected) in [
            ("", Place::Session(LEADER)),
            ("192.0.2.1", Place::Unsaid),
            ("UNKNOWN", Place::Unsaid),
            ("localhost", Place::Unsaid),
        ] {
            let rhost = Some(host.to_owned());
            assert_eq!(place(Login { rhost, ..ada() }), expected, "{host}");
        }
    }

    #[test]
    fn what_a_locker_run_by_the_user_says_of_this_host_counts_as_here_and_no_address_does() {
        for (host, expected) in [
            ("localhost", Place::Session(LEADER)),
            ("", Place::Session(LEADER)),
            ("127.0.0.1", Place::Unsaid),
            ("::1", Place::Unsaid),
            ("LOCALHOST", Place::Unsaid),
            ("localhost.", Place::Unsaid),
            ("localhost.localdomain", Place::Unsaid),
            ("192.0.2.1", Place::Unsaid),
        ] {
            let rhost = Some(host.to_owned());
            let login = Login { rhost, ..ada() };
            assert_eq!(place_at(&Door::public(), login), expected, "{host}");
        }
    }

    #[test]
    fn a_locker_is_in_the_session_of_its_own_user_alone() {
        for (uid, ruser) in [(Some(1001), None), (None, None), (Some(1000), Some("bob"))] {
            let (rhost, ruser) = (Some("localhost".to_owned()), ruser.map(str::to_owned));
            let login = Login {
                uid,
                ruser,
                rhost,
                ..ada()
            };
            assert_eq!(place_at(&Door::public(), login), Place::Unsaid, "{uid:?}");
        }
    }

    #[test]
    fn what_another_asks_for_in_the_users_session_is_not_the_users() {
        for (asking, expected) in [
            ("", Place::Session(LEADER)),
            ("ada", Place::Session(LEADER)),
            ("bob", Place::Unsaid),
            ("root", Place::Unsaid),
        ] {
            let ruser = Some(asking.to_owned());
            assert_eq!(place(Login { ruser, ..ada() }), expected, "{asking}");
        }
    }

    #[test]
    fn a_login_begins_a_session_of_its_own_process_or_under_sshd_of_its_parent() {
        let (this, parent) = (std::process::id(), std::os::unix::process::parent_id());
        let pids = |profile| -> Vec<u32> {
            let leaders = leaders(profile);
            leaders.into_iter().map(|(pid, _)| pid).collect()
        };
        assert_eq!(pids(Profile::Terminal), [this]);
        assert_eq!(pids(Profile::Ssh), [this, parent]);
    }

    #[test]
    fn nobodys_login_is_in_no_session_and_at_the_public_door_none_begins() {
        // Wherever this test runs.
        for (door, may_begin) in [(Door::root(), true), (Door::public(), false)] {
            let mut login = Login::default();
            state(&mut login, Profile::Ssh, &door);
            assert_eq!(login.session, None);
            assert!(login.leaders.is_none() || may_begin, "{login:?}");
        }
    }
}
