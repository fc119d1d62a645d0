//! What the kernel and logind write down, read strictly: what merely looks alike does not count.

use super::Process;

/// Where a process is among the control groups.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Group {
    /// In a login session.
    Session {
        /// Whose.
        uid: u32,
        /// Its name.
        id: String,
    },
    /// Among a user's, but in no session: this path.
    OfUser(String),
    /// In none that logind has to do with.
    Apart,
    /// Nobody can tell.
    Odd(&'static str),
}

impl Group {
    /// Reads `/proc/PID/cgroup`: cgroups(7), a line for each hierarchy, "number:controllers:path".
    ///
    /// logind's is the unified one, or the one named systemd, or both, and then in both alike. A
    /// path cannot hold a line's end (the kernel refuses to make such a group), so whoever makes
    /// two lines differ gains nothing.
    pub(super) fn of(text: &str) -> Self {
        let mut paths: Vec<&str> = text.split('\n').filter_map(path_of_systemd).collect();
        let found = !paths.is_empty();
        // Where the other hierarchy is in use, a process is at the root of the unified one.
        paths.retain(|path| *path != "/");
        paths.dedup();
        match paths.as_slice() {
            [] if found => Self::Apart,
            [] => Self::Odd("names no hierarchy of systemd's"),
            [path] => Self::at(path),
            [_, _, ..] => Self::Odd("is at odds with itself"),
        }
    }

    fn at(path: &str) -> Self {
        let Some(place) = path.strip_prefix("/user.slice/") else {
            // Such as "/../user.slice/…", as seen from within a namespace of its own.
            return match path.split('/').any(|part| part == "..") {
                true => Self::Odd("is seen from within another namespace"),
                false => Self::Apart,
            };
        };
        session(place).map_or_else(
            || Self::OfUser(path.escape_debug().to_string()),
            |(uid, id)| Self::Session {
                uid,
                id: id.to_owned(),
            },
        )
    }
}

fn path_of_systemd(line: &str) -> Option<&str> {
    let (number, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let unified = number == "0" && controllers.is_empty();
    let named = number != "0" && controllers == "name=systemd";
    (unified || named).then_some(path)
}

/// The uid and the session's name in "user-UID.slice/session-ID.scope", and in what is below.
fn session(place: &str) -> Option<(u32, &str)> {
    let mut parts = place.split('/');
    let uid = parts.next()?.strip_prefix("user-")?;
    let uid = number(uid.strip_suffix(".slice")?)?;
    let id = parts.next()?.strip_prefix("session-")?;
    let id = id.strip_suffix(".scope")?;

    let plain = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let below = parts.all(|part| !matches!(part, "" | "." | ".."));
    (plain && below).then_some((uid, id))
}

/// What logind notes of a session, in `/run/systemd/sessions/ID`.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Notes {
    pub(super) uid: u32,
    pub(super) leader: u32,
    pub(super) service: Option<String>,
}

impl Notes {
    /// Reads them: lines of NAME=VALUE, of which logind escapes what others have a say in.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let uid = number(value(text, "UID")?.ok_or("no UID")?).ok_or("an odd UID")?;
        let leader = number(value(text, "LEADER")?.ok_or("no LEADER")?);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.@+".contains(&b);
        Ok(Self {
            uid,
            leader: leader.filter(|pid| *pid > 0).ok_or("an odd LEADER")?,
            service: value(text, "SERVICE")?
                .filter(|name| !name.is_empty() && name.bytes().all(plain))
                .map(str::to_owned),
        })
    }
}

/// The value of `name`, which may be there once.
fn value<'a>(text: &'a str, name: &str) -> Result<Option<&'a str>, &'static str> {
    let mut values = text
        .split('\n')
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err("a value that is there twice"),
    }
}

impl Process {
    /// Reads `/proc/PID/stat`, and the parent's number: proc_pid_stat(5).
    ///
    /// A program names its processes as it likes, and so with blanks, parentheses, line ends and
    /// what is no text: what counts is behind the last parenthesis.
    pub(super) fn parse(stat: &[u8]) -> Option<(Self, u32)> {
        let open = stat.iter().position(|b| *b == b'(')?;
        let close = stat.iter().rposition(|b| *b == b')')?;
        let (before, behind) = (stat.get(..open)?, stat.get(close + 1..)?);
        let before = std::str::from_utf8(before).ok()?;
        let behind = std::str::from_utf8(behind).ok()?;

        // Behind the name stands field 3; the parent is field 4, the start field 22.
        let fields: Vec<_> = behind.strip_prefix(' ')?.split(' ').collect();
        let process = Self {
            pid: number(before.strip_suffix(' ')?)?,
            started: number(fields.get(19)?)?,
        };
        Some((process, number(fields.get(1)?)?))
    }
}

/// A decimal number as programs write it: no sign, no blank, no zero in front.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let zero_in_front = text.len() > 1 && text.starts_with('0');
    (plain && !zero_in_front)
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(uid: u32, id: &str) -> Group {
        let id = id.to_owned();
        Group::Session { uid, id }
    }

    #[test]
    fn a_session_is_found_in_each_layout_of_control_groups() {
        for (text, expected) in [
            (
                "0::/user.slice/user-1000.slice/session-3.scope\n",
                session(1000, "3"),
            ),
            (
                "0::/user.slice/user-0.slice/session-c12.scope\n",
                session(0, "c12"),
            ),
            (
                "0::/user.slice/user-7.slice/session-3.scope/a/b.scope\n",
                session(7, "3"),
            ),
            (
                "12:pids:/user.slice/user-9.slice\n1:name=systemd:/user.slice/user-9.slice/session-4.scope\n0::/user.slice/user-9.slice/session-4.scope\n",
                session(9, "4"),
            ),
            (
                "1:name=systemd:/user.slice/user-9.slice/session-4.scope\n0::/\n",
                session(9, "4"),
            ),
        ] {
            assert_eq!(Group::of(text), expected, "{text}");
        }
    }

    #[test]
    fn a_service_is_in_no_session() {
        for text in [
            "0::/system.slice/ssh.service\n",
            "0::/\n",
            "1:name=systemd:/system.slice/cron.service\n0::/\n",
            "0::/init.scope\n",
            "0::/machine.slice/user.slice/user-1000.slice/session-3.scope\n",
        ] {
            assert_eq!(Group::of(text), Group::Apart, "{text}");
        }
    }

    #[test]
    fn a_group_that_a_user_can_make_is_no_session() {
        for place in [
            "user-1000.slice/user@1000.service/session-3.scope",
            "user-1000.slice/user@1000.service/user.slice/user-0.slice/session-3.scope",
            "user-1000.slice/user@1000.service/app.slice/../../session-3.scope",
            "user-1000.slice/session-3.scope/..",
            "user-1000.slice/session-3.scope/../../user-0.slice/session-1.scope",
            "user-1000.slice/session-3.scope/.",
            "user-1000.slice/session-3.scope//a",
            "user-1000.slice/session-3.scope/",
            "user-1000.slice/session-3.scope (deleted)",
            "user-1000.slice/session-../3.scope",
            "user-1000.slice/session-.scope",
            "user-1000.slice/session-3.scope.d",
            "user-1000.slice/session-3 .scope",
            "user-1000.slice/session-3\u{e9}.scope",
            "user-1000.slice/xsession-3.scope",
            "user-01000.slice/session-3.scope",
            "user-+1000.slice/session-3.scope",
            "user--1.slice/session-3.scope",
            "user-.slice/session-3.scope",
            "user-4294967296.slice/session-3.scope",
            "user-1000.slice",
            "session-3.scope",
            "/user-1000.slice/session-3.scope",
            "./user-1000.slice/session-3.scope",
        ] {
            let group = Group::of(&format!("0::/user.slice/{place}\n"));
            assert!(matches!(group, Group::OfUser(_)), "{place}: {group:?}");
        }
        let long = format!(
            "0::/user.slice/user-1.slice/session-{}.scope",
            "1".repeat(33)
        );
        assert!(matches!(Group::of(&long), Group::OfUser(_)));
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        const REAL: &str = "/user.slice/user-1000.slice/session-3.scope";
        for text in [
            "".to_owned(),
            "\n".to_owned(),
            // A group of a user's whose name ends the line, were that allowed.
            format!("0::/user.slice/user-1000.slice/user@1000.service/x\n0::{REAL}\n"),
            format!("0::/system.slice/x\n0::{REAL}\n"),
            format!("0::{REAL}\n1:name=systemd:/system.slice/ssh.service\n"),
            format!("0::{REAL}\n1:name=systemd:{REAL}/a\n"),
            format!("1:name=systemd:/system.slice\n1:name=systemd:{REAL}\n"),
            // Hierarchies that have nothing to do with logind.
            format!("00::{REAL}\n"),
            format!("0:cpu:{REAL}\n"),
            format!("0:name=systemd:{REAL}\n"),
            format!("1::{REAL}\n"),
            format!("1:name=systemd2:{REAL}\n"),
            format!("1:cpu,name=systemd:{REAL}\n"),
            format!(" 0::{REAL}\n"),
            // From within a namespace.
            format!("0::/..{REAL}\n"),
            "0::/../../user-1000.slice/session-3.scope\n".to_owned(),
        ] {
            let group = Group::of(&text);
            assert!(matches!(group, Group::Odd(_)), "{text}: {group:?}");
        }
        assert_eq!(Group::of(&format!("0::{REAL}\r\n")), {
            Group::OfUser(format!("{REAL}\\r"))
        });
    }

    #[test]
    fn logind_says_whose_a_session_is_and_who_leads_it() {
        let text = "# This is private data. Do not parse.\nUID=1000\nUSER=ada\nACTIVE=1\n\
                    REMOTE_HOST=192.0.2.1\nSERVICE=sshd\nLEADER=4711\nAUDIT=3\n";
        let notes = Notes {
            uid: 1000,
            leader: 4711,
            service: Some("sshd".to_owned()),
        };
        assert_eq!(Notes::parse(text), Ok(notes));
    }

    #[test]
    fn a_service_of_an_odd_name_is_none() {
        for service in [
            "",
            "SERVICE=\n",
            "SERVICE=a b\n",
            "SERVICE=\"sshd\"\n",
            "SERVICE=a\\nb\n",
        ] {
            let notes = Notes::parse(&format!("UID=0\nLEADER=1\n{service}")).unwrap();
            assert_eq!(notes.service, None, "{service}");
        }
    }

    #[test]
    fn notes_that_are_odd_are_not_understood() {
        for text in [
            "",
            "UID=1000\n",
            "LEADER=1\n",
            "UID=\nLEADER=1\n",
            "UID=1000\nLEADER=\n",
            "UID=1000\nLEADER=0\n",
            "UID=1000\nLEADER=01\n",
            "UID=1000\nLEADER=-1\n",
            "UID=1000\nLEADER=1 \n",
            "UID=1000\nLEADER=1\nLEADER=2\n",
            "UID=1000\nUID=0\nLEADER=1\n",
            "UID=4294967296\nLEADER=1\n",
            "XUID=1000\nLEADER=1\n",
            "UID=1000\n LEADER=1\n",
            "UID=1000\rLEADER=1\n",
            "UID=0\nLEADER=1\nSERVICE=su\nSERVICE=sshd\n",
        ] {
            assert!(Notes::parse(text).is_err(), "{text:?}");
        }
    }

    const REST: &str = "S 17 18 19 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 2470139 3133440 382 0\n";

    #[test]
    fn a_process_is_told_by_its_number_and_its_start_whatever_it_is_named() {
        for name in [
            &b"sshd"[..],
            b"sshd: ada [priv]",
            b"",
            b"a) S 1 2 3",
            b"))) (((",
            b") R 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            b"a\n4711 (b) S 1",
            b"\xff\xfe",
        ] {
            let stat = [&b"42 ("[..], name, b") ", REST.as_bytes()].concat();
            let process = Process {
                pid: 42,
                started: 2_470_139,
            };
            assert_eq!(Process::parse(&stat), Some((process, 17)), "{name:?}");
        }
    }

    #[test]
    fn what_is_no_process_is_not_taken_for_one() {
        for stat in [
            "",
            "42",
            "42 (sshd",
            "42 sshd) S 17",
            "42 (sshd) S 17 18",
            "(sshd) S 17 18 19 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 2470139 3133440",
            "-42 (sshd) S 17 18 19 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 2470139 3133440",
            "42 (sshd) S 17 18 19 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 -1 3133440",
        ] {
            assert_eq!(Process::parse(stat.as_bytes()), None, "{stat}");
        }
    }
}
