//! Whom a command is about.

use std::ffi::CString;
use std::fmt;

use countersign_bus::client;
use countersign_bus::types::Login;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use crate::error::Error;
use crate::words;

/// An account of this machine.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    /// The name that the uid has, which is the daemon's name for it too.
    pub(crate) name: String,
    gid: Gid,
}

/// An account, or only the uid of one that is gone.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Known {
    Account(Account),
    Gone(u32),
}

impl Account {
    /// The account of that name; without one, the caller's.
    ///
    /// A number is no name here: credentials have numbers, and one must not be taken for a uid.
    pub(crate) fn find(name: Option<&str>) -> Result<Self, Error> {
        let Some(name) = name else {
            let uid = Uid::effective();
            return Self::of(uid)?.ok_or_else(|| Error::NoSuchUser(uid.to_string()));
        };
        Self::named(name)?.ok_or_else(|| Error::NoSuchUser(name.to_owned()))
    }

    /// Whether the caller is this account.
    pub(crate) fn is_caller(&self) -> bool {
        self.uid == Uid::effective().as_raw()
    }

    /// Its group.
    pub(crate) fn gid(&self) -> u32 {
        self.gid.as_raw()
    }

    /// Its home, as the system has it.
    pub(crate) fn home(&self) -> Result<String, Error> {
        let user = User::from_uid(Uid::from_raw(self.uid)).map_err(Error::Accounts)?;
        let user = user.ok_or_else(|| Error::NoSuchUser(self.name.clone()))?;
        Ok(user.dir.to_string_lossy().into_owned())
    }

    /// Its login shell, as the system has it.
    pub(crate) fn shell(&self) -> Result<String, Error> {
        let user = User::from_uid(Uid::from_raw(self.uid)).map_err(Error::Accounts)?;
        let user = user.ok_or_else(|| Error::NoSuchUser(self.name.clone()))?;
        Ok(user.shell.to_string_lossy().into_owned())
    }

    /// Whether its login shell is one.
    pub(crate) fn has_shell(&self) -> Result<bool, Error> {
        let shell = self.shell()?;
        let mut none = ["nologin", "false", "sync"].iter();
        Ok(!none.any(|no| shell.ends_with(&format!("/{no}"))))
    }

    /// A login of it through a service, as the daemon's interface has it.
    pub(crate) fn login(&self, service: &str) -> Login {
        Login {
            user: Some(self.name.clone()),
            uid: Some(self.uid),
            groups: Some(self.groups()),
            service: Some(service.to_owned()),
            ..Login::default()
        }
    }

    /// As the daemon's interface names it.
    pub(crate) fn wire(&self) -> client::Account<'_> {
        (self.uid, &self.name)
    }

    /// What follows a command's name to name this account again: nothing, if it is the caller's.
    pub(crate) fn argument(&self) -> String {
        if self.is_caller() {
            String::new()
        } else {
            format!(" {}", words::printable(&self.name))
        }
    }

    /// The names of its groups. One that cannot be looked up is left out, as it decides nothing
    /// here: it is the daemon that a login's own list of groups matters to.
    pub(crate) fn groups(&self) -> Vec<String> {
        let Ok(name) = CString::new(self.name.as_str()) else {
            return Vec::new();
        };
        getgrouplist(&name, self.gid)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|gid| Group::from_gid(gid).ok().flatten())
            .map(|group| group.name)
            .collect()
    }

    /// The account of a name. Of several names that a uid has, it is called by the one that comes
    /// first, since all names of one uid are one user.
    fn named(name: &str) -> Result<Option<Self>, Error> {
        match User::from_name(name).map_err(Error::Accounts)? {
            Some(user) => Self::of(user.uid),
            None => Ok(None),
        }
    }

    /// The account of a uid, if there is one.
    pub(crate) fn of(uid: Uid) -> Result<Option<Self>, Error> {
        let user = User::from_uid(uid).map_err(Error::Accounts)?;
        Ok(user.map(|user| Self {
            uid: user.uid.as_raw(),
            name: user.name,
            gid: user.gid,
        }))
    }
}

impl Known {
    /// What `user` names: an account by its name or its uid, or the uid of none.
    pub(crate) fn find(user: &str) -> Result<Self, Error> {
        // A name comes first, even one of digits only, as in chown(1).
        if let Some(account) = Account::named(user)? {
            return Ok(Self::Account(account));
        }
        match user.parse::<u32>() {
            // 2^32 - 1 stands for "no uid" everywhere.
            Ok(uid) if uid != u32::MAX => {
                let account = Account::of(Uid::from_raw(uid))?;
                Ok(account.map_or(Self::Gone(uid), Self::Account))
            }
            Ok(_) | Err(_) => Err(Error::NoSuchUser(user.to_owned())),
        }
    }

    /// What follows a command's name to name it again.
    pub(crate) fn argument(&self) -> String {
        match self {
            Self::Account(account) => account.argument(),
            Self::Gone(uid) => format!(" {uid}"),
        }
    }

    /// Its name, if the account is there.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Account(account) => Some(&account.name),
            Self::Gone(_) => None,
        }
    }

    pub(crate) fn uid(&self) -> u32 {
        match self {
            Self::Account(account) => account.uid,
            Self::Gone(uid) => *uid,
        }
    }
}

/// The uid that whoever runs this logged in with, which sudo and su leave as it is
/// (pam_loginuid(8)); `None` for what no login has started.
pub(crate) fn login_uid() -> Option<u32> {
    let text = std::fs::read_to_string("/proc/self/loginuid").ok()?;
    // 2^32 - 1 stands for "none".
    text.trim().parse().ok().filter(|uid| *uid != u32::MAX)
}

/// The names of this machine's own accounts that a person may have: root's, and those from the
/// first uid on that is given to people. A directory service is not asked for all of its own.
pub(crate) fn local_names() -> Vec<String> {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    accounts.lines().filter_map(name_of_a_person).collect()
}

/// The name in a line of passwd(5), unless it is a service's.
fn name_of_a_person(line: &str) -> Option<String> {
    /// Which uids people have (login.defs(5)); what is above is `nobody`, or made at run time.
    const PEOPLE: std::ops::Range<u32> = 1_000..60_000;
    let mut fields = line.split(':');
    let (name, uid) = (fields.next()?, fields.nth(1)?.parse().ok()?);
    (uid == 0 || PEOPLE.contains(&uid)).then(|| name.to_owned())
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (uid {})", words::printable(&self.name), self.uid)
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Gone(uid) => write!(f, "uid {uid} (an account that is gone)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_found_by_name_and_where_accounts_may_be_gone_by_uid() {
        let account = Account::find(Some("root")).unwrap();
        assert_eq!(account.wire(), (0, "root"));
        assert_eq!(account.to_string(), "root (uid 0)");
        assert_eq!(Known::find("0").unwrap(), Known::Account(account));
    }

    #[test]
    fn a_credentials_number_is_not_taken_for_a_uid() {
        assert!(matches!(
            Account::find(Some("0")),
            Err(Error::NoSuchUser(_))
        ));
    }

    #[test]
    fn without_a_name_it_is_the_caller() {
        assert!(Account::find(None).unwrap().is_caller());
    }

    #[test]
    fn a_uid_without_an_account_is_gone_rather_than_unknown() {
        assert_eq!(
            Known::find("3999999999").unwrap(),
            Known::Gone(3_999_999_999)
        );
        assert!(matches!(
            Account::find(Some("3999999999")),
            Err(Error::NoSuchUser(_))
        ));
    }

    #[test]
    fn neither_a_name_nor_a_uid_is_nobody() {
        for user in ["no such user", "", "-1", "4294967295", "nul\0byte"] {
            assert!(
                matches!(Known::find(user), Err(Error::NoSuchUser(_))),
                "{user:?}"
            );
        }
    }

    #[test]
    fn root_is_in_its_own_group() {
        let groups = Account::find(Some("root")).unwrap().groups();
        assert!(groups.iter().any(|group| group == "root"), "{groups:?}");
    }

    #[test]
    fn services_are_not_people() {
        for (line, name) in [
            ("root:x:0:0:root:/root:/bin/bash", Some("root")),
            ("alice:x:1000:1000:,,,:/home/alice:/bin/bash", Some("alice")),
            ("sshd:x:101:65534::/run/sshd:/usr/sbin/nologin", None),
            ("nobody:x:65534:65534::/:/usr/sbin/nologin", None),
            ("+::::::", None),
            ("", None),
        ] {
            assert_eq!(name_of_a_person(line).as_deref(), name);
        }
    }
}
