//! The accounts that the system lists.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use crate::account::Account;
use crate::error::Error;

/// The C library's own program, by its whole path: it lists what the name services let be listed,
/// and there is no other way to that without unsafe code.
const GETENT: &str = "/usr/bin/getent";

/// From how many names on it is faster to list all accounts than to look up each.
const MANY: usize = 50;

/// An account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: String,
    pub(crate) shell: String,
}

/// All accounts that the system lists, each uid once, under its first name. Of a directory
/// service those are none, some or all, as it is set up.
pub(crate) fn all() -> Result<Vec<Entry>, Error> {
    let mut entries = listed()?;
    let mut seen = HashMap::new();
    entries.retain(|entry| seen.insert(entry.uid, ()).is_none());
    Ok(entries)
}

/// The account of a name, as the daemon knows it: with its uid and that uid's first name.
pub(crate) struct Accounts {
    /// By each of its names; empty where few are looked for.
    listed: HashMap<String, (u32, String)>,
}

impl Accounts {
    /// For looking up about `count` names.
    pub(crate) fn for_names(count: usize) -> Result<Self, Error> {
        let mut listed = HashMap::new();
        if count >= MANY {
            let mut names: HashMap<u32, String> = HashMap::new();
            for entry in self::listed()? {
                let name = names.entry(entry.uid).or_insert_with(|| entry.name.clone());
                let account = (entry.uid, name.clone());
                listed.entry(entry.name).or_insert(account);
            }
        }
        Ok(Self { listed })
    }

    /// The uid of a name and its first name; `None` if nobody has it.
    pub(crate) fn find(&self, name: &str) -> Result<Option<(u32, String)>, Error> {
        if let Some(account) = self.listed.get(name) {
            return Ok(Some(account.clone()));
        }
        // What is not listed may be there all the same.
        match Account::find(Some(name)) {
            Ok(account) => Ok(Some((account.uid, account.name))),
            Err(Error::NoSuchUser(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

fn listed() -> Result<Vec<Entry>, Error> {
    let failed = |what: String| {
        Error::Refused(format!(
            "The accounts cannot be listed: {GETENT} {what}. Name them one by one with --user."
        ))
    };
    let output = Command::new(GETENT)
        .arg("passwd")
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("ended with {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(entry)
        .collect())
}

/// A line of passwd(5).
fn entry(line: &str) -> Option<Entry> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    let home = fields.nth(1)?;
    let shell = fields.next().unwrap_or_default();
    Some(Entry {
        name: name.to_owned(),
        uid,
        gid,
        home: home.to_owned(),
        shell: shell.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_is_read_and_anything_else_is_skipped() {
        let alice = entry("alice:x:1000:1001:Alice,,,:/home/alice:/bin/sh").unwrap();
        assert_eq!((alice.uid, alice.gid), (1000, 1001));
        assert_eq!((&*alice.name, &*alice.home), ("alice", "/home/alice"));
        for line in [
            "",
            "+::::::",
            "alice:x:no:1001::/:",
            "alice:x:1000",
            "alice:x:-1:1::/:",
        ] {
            assert_eq!(entry(line), None, "{line:?}");
        }
    }

    #[test]
    fn root_is_listed_once_and_found_by_its_name() {
        let root = all().unwrap();
        let root: Vec<_> = root.iter().filter(|entry| entry.uid == 0).collect();
        assert_eq!(root.len(), 1);
        for count in [1, MANY] {
            let accounts = Accounts::for_names(count).unwrap();
            assert_eq!(accounts.find("root").unwrap(), Some((0, "root".to_owned())));
            assert_eq!(accounts.find("no such user").unwrap(), None);
        }
    }
}
