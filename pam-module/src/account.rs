//! Whose login this is: a name, and what the system's name services make of it.
//!
//! They are asked here, in the login process, where all of them work. The daemon has no network
//! and asks nobody.

use std::ffi::CString;
use std::fmt;

use nix::errno::Errno;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

/// A name that somebody could have: UTF-8, 1 to 256 bytes, and nothing in it that breaks a line,
/// a path or the order of what is displayed.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct UserName(String);

impl UserName {
    const LONGEST: usize = 256;

    /// Reads `PAM_USER`.
    ///
    /// # Errors
    ///
    /// [`BadName`] if nobody can have that name.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, BadName> {
        let name = String::from_utf8(bytes)
            .map_err(|error| BadName::new(error.as_bytes(), "is not UTF-8"))?;
        let fault = if name.is_empty() {
            "is empty"
        } else if name.len() > Self::LONGEST {
            "is longer than 256 bytes"
        } else if name.contains('/') {
            "has a slash in it"
        } else if name.contains(is_unseen) {
            "has a character in it that cannot be seen"
        } else {
            return Ok(Self(name));
        };
        Err(BadName::new(name.as_bytes(), fault))
    }
}

/// Whether a character is a control, a line's or paragraph's end, or changes nothing but how the
/// others are displayed (Unicode's categories Cc, Zl, Zp and Cf).
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A name that nobody can have.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct BadName {
    shown: String,
    fault: &'static str,
}

impl BadName {
    /// What is shown of it is short, since people type passwords where names belong.
    fn new(bytes: &[u8], fault: &'static str) -> Self {
        let (beginning, more) = match bytes.get(..16) {
            Some(beginning) if bytes.len() > 16 => (beginning, "..."),
            Some(_) | None => (bytes, ""),
        };
        Self {
            shown: format!("{}{more}", beginning.escape_ascii()),
            fault,
        }
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the user name \"{}\" {}", self.shown, self.fault)
    }
}

/// Who a name stands for.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Account {
    /// The name, in its canonical form if it stands for anybody.
    pub(crate) name: String,
    /// Absent if it stands for nobody.
    pub(crate) uid: Option<u32>,
    /// The primary group; absent if it stands for nobody.
    gid: Option<Gid>,
}

impl Account {
    /// Looks the name up. All names of one uid are one account, under the name that the uid has.
    ///
    /// # Errors
    ///
    /// [`Unresolved`] if a name service fails: that is not to say that there is nobody of that
    /// name.
    pub(crate) fn resolve(name: UserName) -> Result<Self, Unresolved> {
        let UserName(name) = name;
        let Some(named) = found(User::from_name(&name))? else {
            return Ok(Self {
                name,
                uid: None,
                gid: None,
            });
        };
        let user = found(User::from_uid(named.uid))?.unwrap_or(named);
        Ok(Self {
            uid: Some(user.uid.as_raw()),
            gid: Some(user.gid),
            name: user.name,
        })
    }

    /// The names of the user's groups; nobody is in any.
    ///
    /// # Errors
    ///
    /// [`Unresolved`] if a name service fails: that is not to say that the user is in no group.
    pub(crate) fn groups(&self) -> Result<Vec<String>, Unresolved> {
        let Some(gid) = self.gid else {
            return Ok(Vec::new());
        };
        let name = CString::new(self.name.as_str()).map_err(|_| Unresolved(Errno::EINVAL))?;
        let mut names = Vec::new();
        for gid in getgrouplist(&name, gid).map_err(Unresolved)? {
            // A group without a name is none that a policy could name.
            if let Some(group) = found(Group::from_gid(gid))? {
                names.push(group.name);
            }
        }
        Ok(names)
    }
}

/// The uid that this process acts as.
pub(crate) fn effective_uid() -> u32 {
    Uid::effective().as_raw()
}

/// What getpwnam(3) says "not found" with, told from what it says "cannot tell" with.
fn found<T>(outcome: nix::Result<Option<T>>) -> Result<Option<T>, Unresolved> {
    match outcome {
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(None),
        other => other.map_err(Unresolved),
    }
}

/// The name services cannot tell.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Unresolved(pub(crate) Errno);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the user cannot be looked up: {}", self.0.desc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<UserName, BadName> {
        UserName::parse(name.into())
    }

    #[test]
    fn names_as_systems_have_them_are_taken() {
        let longest = "a".repeat(256);
        for name in [
            "ada",
            "svc-1_x.y$",
            "DOMAIN\\ada",
            "ada@example.org",
            "Ada Lovelace",
            "zoë",
            "李",
            &longest,
        ] {
            assert_eq!(parse(name), Ok(UserName(name.to_owned())));
        }
    }

    #[test]
    fn names_that_nobody_can_have_are_refused() {
        for name in [
            "",
            "../../etc/shadow",
            "a/b",
            "ada\n<0>fake",
            "ada\u{1b}[2J",
            "ada\0",
            "ada\u{7f}",
            "ada\u{85}",
            "\u{200e}ada",
            "ada\u{202e}toor",
            "\u{2066}ada\u{2069}",
            "ada\u{2028}",
            "ad\u{200b}a",
            "ad\u{ad}a",
            "\u{feff}ada",
            "ada\u{e0041}",
            &"a".repeat(257),
            &"é".repeat(129),
        ] {
            assert!(parse(name).is_err(), "{name:?}");
        }
        assert!(UserName::parse(b"ad\xff".to_vec()).is_err());
        assert!(UserName::parse(b"\xc0\xaf".to_vec()).is_err());
    }

    #[test]
    fn a_refused_name_is_shown_escaped_and_short() {
        assert_eq!(
            parse("ada\"\n<0>fake").unwrap_err().to_string(),
            r#"the user name "ada\"\n<0>fake" has a character in it that cannot be seen"#
        );
        let bytes = b"\xff".repeat(10_000_000);
        assert_eq!(
            UserName::parse(bytes).unwrap_err().to_string(),
            format!("the user name \"{}...\" is not UTF-8", r"\xff".repeat(16))
        );
    }

    #[test]
    fn root_is_found_with_its_groups() {
        let account = Account::resolve(parse("root").unwrap()).unwrap();
        assert_eq!((account.name.as_str(), account.uid), ("root", Some(0)));
        let groups = account.groups().unwrap();
        assert!(groups.contains(&"root".to_owned()), "{groups:?}");
    }

    #[test]
    fn a_name_that_stands_for_nobody_is_kept_as_it_is() {
        let name = "countersign-test-nobody-has-this-name";
        let account = Account::resolve(parse(name).unwrap()).unwrap();
        assert_eq!((account.name.as_str(), account.uid), (name, None));
        assert_eq!(account.groups(), Ok(Vec::new()));
    }

    #[test]
    fn a_failing_name_service_does_not_say_that_there_is_nobody() {
        for errno in [
            Errno::EIO,
            Errno::EMFILE,
            Errno::ENOMEM,
            Errno::ECONNREFUSED,
            Errno::ERANGE,
        ] {
            assert_eq!(found::<()>(Err(errno)), Err(Unresolved(errno)));
        }
        assert_eq!(found::<()>(Err(Errno::ENOENT)), Ok(None));
        assert_eq!(found::<()>(Err(Errno::ESRCH)), Ok(None));
        assert_eq!(found::<()>(Ok(None)), Ok(None));
    }
}
