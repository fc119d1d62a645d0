//! Whether whoever makes a change can still log in afterwards.

use std::fs;
use std::path::PathBuf;

use super::sshd::{First, Settings};
use crate::account::Account;
use crate::error::Error;
use crate::words::printable;

/// Refuses a change of sshd after which `account` could not log in over ssh, although it has a
/// factor.
///
/// # Errors
///
/// [`Error::Refused`], with what to do first.
pub(crate) fn need_way_in(
    account: &Account,
    first: First,
    settings: &Settings,
) -> Result<(), Error> {
    let setting = |name: &str| settings.get(name).map_or("", String::as_str);
    if account.uid == 0 && setting("permitrootlogin") != "yes" {
        return Err(Error::Refused(format!(
            "You are logged in as root, and with \"PermitRootLogin {}\" sshd takes no code of \
             root's: you could not log in again. Make the change as somebody else, by sudo, or \
             have root's login ask for all of it too, in /etc/ssh/sshd_config:\n  PermitRootLogin \
             yes",
            printable(setting("permitrootlogin"))
        )));
    }
    match first {
        First::Password if has_no_password(&account.name) => Err(Error::Refused(format!(
            "{account} has no password, and could not log in over ssh any more. Set one:\n  passwd \
             {0}\nor have the key asked for in its place:\n  countersignctl protect sshd --first \
             key",
            printable(&account.name)
        ))),
        First::Key if !has_key(account, settings)? => Err(Error::Refused(format!(
            "{account} has no key in {}, and could not log in over ssh any more. Put one there, \
             from where you log in:\n  ssh-copy-id {}@HOST\nor have the password asked for:\n  \
             countersignctl protect sshd --first password",
            printable(setting("authorizedkeysfile")),
            printable(&account.name)
        ))),
        First::Password | First::Key => Ok(()),
    }
}

/// Whether the account's password is locked. Of one that is not kept here nothing is known.
pub(crate) fn has_no_password(name: &str) -> bool {
    let shadow = fs::read_to_string("/etc/shadow").unwrap_or_default();
    is_locked(&shadow, name)
}

fn is_locked(shadow: &str, name: &str) -> bool {
    let mut lines = shadow.lines().map(|line| line.split(':'));
    let line = lines.find_map(|mut fields| (fields.next() == Some(name)).then_some(fields));
    let hash = line.and_then(|mut fields| fields.next());
    hash.is_some_and(|hash| hash.is_empty() || hash.starts_with(['!', '*']))
}

/// Whether sshd would find a key of the account's; one that a program or an authority vouches for
/// counts.
fn has_key(account: &Account, settings: &Settings) -> Result<bool, Error> {
    let set = |name: &str| settings.get(name).is_some_and(|value| value != "none");
    if set("authorizedkeyscommand") || set("trustedusercakeys") {
        return Ok(true);
    }
    let home = account.home()?;
    let files = settings
        .get("authorizedkeysfile")
        .map_or("", String::as_str);
    let mut files = files
        .split_whitespace()
        .map(|file| expanded(file, account, &home));
    Ok(files.any(|file| holds_key(&fs::read_to_string(file).unwrap_or_default())))
}

fn expanded(file: &str, account: &Account, home: &str) -> PathBuf {
    let path = file
        .replace("%%", "\0")
        .replace("%h", home)
        .replace("%u", &account.name)
        .replace("%U", &account.uid.to_string())
        .replace('\0', "%");
    PathBuf::from(home).join(path)
}

fn holds_key(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.any(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_or_empty_password_is_none_and_one_that_is_not_kept_here_is_not_known() {
        let shadow = "root:*:1:\nalice:$y$x:1:\nbob:!$y$x:1:\ncarol::1:\n";
        for (name, locked) in [
            ("root", true),
            ("alice", false),
            ("bob", true),
            ("carol", true),
            ("dora", false),
        ] {
            assert_eq!(is_locked(shadow, name), locked, "{name}");
        }
    }

    #[test]
    fn a_file_of_comments_holds_no_key() {
        assert!(!holds_key("\n# ssh-ed25519 AAAA\n"));
        assert!(holds_key("# mine\n ssh-ed25519 AAAA alice\n"));
    }

    #[test]
    fn root_needs_more_than_a_key() {
        let root = Account::find(Some("root")).unwrap();
        for value in ["prohibit-password", "without-password", "no", ""] {
            let settings = [("permitrootlogin".to_owned(), value.to_owned())].into();
            assert!(
                need_way_in(&root, First::Key, &settings).is_err(),
                "{value}"
            );
        }
    }

    #[test]
    fn keys_are_looked_for_where_sshd_looks() {
        let root = Account::find(Some("root")).unwrap();
        assert_eq!(
            expanded("/k/%u/%U%%", &root, "/r"),
            PathBuf::from("/k/root/0%")
        );
        assert_eq!(expanded(".ssh/a", &root, "/r"), PathBuf::from("/r/.ssh/a"));
        assert_eq!(expanded("%h/a", &root, "/r"), PathBuf::from("/r/a"));
    }
}
