//! sshd's own configuration: the drop-in that has it ask PAM, and whether that is in force.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum;

use super::block::{self, Block};
use super::file::Snapshot;
use super::ledger::Change;
use crate::error::Error;
use crate::words::printable;

/// Its PAM service.
pub(crate) const SERVICE: &str = "sshd";
/// Before all others of its directory: of each setting sshd takes the first value that it reads.
pub(crate) const DROP_IN: &str = "/etc/ssh/sshd_config.d/00-countersign.conf";
const MAIN: &str = "/etc/ssh/sshd_config";
pub(crate) const PROGRAM: &str = "/usr/sbin/sshd";
/// Where [`DROP_IN`] has to be read from, as the main file may write it.
const INCLUDES: [&str; 2] = ["/etc/ssh/sshd_config.d/*.conf", "sshd_config.d/*.conf"];

/// Lets on only who has shown a key: sshd tells PAM what came before (OpenSSH 7.8 and later).
pub(crate) const KEY_WAS_SHOWN: &str = "auth [success=ok ignore=ignore default=die] pam_exec.so \
    quiet /bin/sh -c [case $SSH_AUTH_INFO_0 in publickey*) ;; *) exit 1; esac]";

/// The factor before the code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum First {
    /// The password.
    Password,
    /// A key, and no password.
    Key,
}

impl First {
    fn methods(self) -> &'static str {
        match self {
            Self::Password => "keyboard-interactive:pam",
            Self::Key => "publickey,keyboard-interactive:pam",
        }
    }

    /// What is to be so, as `sshd -T` says it.
    fn settings(self) -> [(&'static str, &'static str); 4] {
        [
            ("usepam", "yes"),
            ("kbdinteractiveauthentication", "yes"),
            ("passwordauthentication", "no"),
            ("authenticationmethods", self.methods()),
        ]
    }
}

/// The change that puts the drop-in in place.
pub(crate) fn drop_in(root: &Path, first: First) -> Result<Change, Error> {
    let real = root.join(DROP_IN.trim_start_matches('/'));
    if real.symlink_metadata().is_ok() {
        return Err(Error::Refused(format!(
            "{DROP_IN} is there already, and not by protect. Look at it, move it away, and try \
             again."
        )));
    }
    let main = read(root, MAIN)?;
    if include_line(&main).is_none() || !real.parent().is_some_and(Path::is_dir) {
        return Err(Error::Refused(format!(
            "{MAIN} does not take in /etc/ssh/sshd_config.d, so nothing can be set there. Make \
             that directory, write at the very top of {MAIN}\n  Include \
             /etc/ssh/sshd_config.d/*.conf\nand try again."
        )));
    }
    Ok(Change {
        service: SERVICE.to_owned(),
        path: DROP_IN.into(),
        before: None,
        after: Snapshot::new(text(first)),
    })
}

fn text(first: First) -> Vec<u8> {
    let block = Block {
        name: "sshd",
        by: "countersignctl unprotect sshd takes this out".to_owned(),
        behind: 0,
        replaces: 0,
        lines: vec![
            "UsePAM yes".to_owned(),
            "KbdInteractiveAuthentication yes".to_owned(),
            "PasswordAuthentication no".to_owned(),
            format!("AuthenticationMethods {}", first.methods()),
        ],
    };
    block::insert(b"", &[block])
}

/// The number of the line that takes in the directory for everybody, from 0.
fn include_line(main: &str) -> Option<usize> {
    let lines = main.lines().map(str::trim_start);
    let global = lines.take_while(|line| !is_keyword(line, "match"));
    let mut found = global.enumerate().filter(|(_, line)| {
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        is_keyword(line, "include") && words.any(|word| INCLUDES.contains(&word.trim_matches('"')))
    });
    found.next().map(|(number, _)| number)
}

fn is_keyword(line: &str, keyword: &str) -> bool {
    let word = line.split([' ', '\t', '=']).next().unwrap_or_default();
    word.eq_ignore_ascii_case(keyword)
}

/// What a login of `user` from an address would meet, by keyword in small letters.
pub(crate) type Settings = BTreeMap<String, String>;

/// sshd's settings with the drop-in, before it is there.
///
/// # Errors
///
/// [`Error::Refused`] if sshd does not take it.
pub(crate) fn settings_with(first: First, user: &str) -> Result<Settings, Error> {
    let main = read(Path::new("/"), MAIN)?;
    let at = include_line(&main).unwrap_or_default();
    let mut staged = String::new();
    for (number, line) in main.lines().enumerate() {
        if number == at {
            staged.push_str(&String::from_utf8_lossy(&text(first)));
        }
        staged.push_str(line);
        staged.push('\n');
    }
    let mut file = tempfile::NamedTempFile::new_in("/run").map_err(|error| unusable(&error))?;
    file.write_all(staged.as_bytes())
        .map_err(|error| unusable(&error))?;
    settings(Some(file.path()), user)
}

/// sshd's settings as they are.
pub(crate) fn settings(file: Option<&Path>, user: &str) -> Result<Settings, Error> {
    let mut command = Command::new(PROGRAM);
    command.arg("-T");
    if let Some(file) = file {
        command.arg("-f").arg(file);
    }
    let whom = format!("user={user},host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22");
    let output = command
        .args(["-C", &whom])
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .map_err(|error| unusable(&error))?;
    if !output.status.success() {
        return Err(Error::Refused(format!(
            "sshd does not take its configuration: {}. Look with:\n  {PROGRAM} -t",
            printable(String::from_utf8_lossy(&output.stderr).trim())
        )));
    }
    Ok(settings_in(&String::from_utf8_lossy(&output.stdout)))
}

/// What `sshd -T` says; of a keyword that is there several times, all values.
pub(crate) fn settings_in(text: &str) -> Settings {
    let mut settings = Settings::new();
    for line in text.lines() {
        let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
        let values = settings.entry(keyword.to_ascii_lowercase()).or_default();
        if !values.is_empty() {
            values.push(' ');
        }
        values.push_str(value.trim());
    }
    settings
}

/// Whether what the drop-in says is what a login meets.
///
/// # Errors
///
/// [`Error::Refused`], with the setting that is not in force.
pub(crate) fn need_in_force(settings: &Settings, first: First, user: &str) -> Result<(), Error> {
    for (keyword, wanted) in first.settings() {
        let is = settings.get(keyword).map_or("unset", String::as_str);
        if is != wanted {
            return Err(Error::Refused(format!(
                "For {} sshd would still have \"{keyword} {}\" and not \"{wanted}\". Something \
                 that is read before {DROP_IN}, or a Match block, says so: find it, and take it \
                 out or change it:\n  grep -rin {keyword} {MAIN} /etc/ssh/sshd_config.d",
                printable(user),
                printable(is)
            )));
        }
    }
    Ok(())
}

/// Which first factor a drop-in of ours asks for.
pub(crate) fn first_of(text: &[u8]) -> First {
    match String::from_utf8_lossy(text).contains(First::Key.methods()) {
        true => First::Key,
        false => First::Password,
    }
}

/// Whether the configuration has rules for some logins only, which nobody asked sshd about.
pub(crate) fn has_exceptions() -> bool {
    let main = read(Path::new("/"), MAIN).unwrap_or_default();
    let drop_ins = fs::read_dir("/etc/ssh/sshd_config.d")
        .into_iter()
        .flatten()
        .flatten();
    let texts = drop_ins.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    texts.chain([main]).any(|text| {
        text.lines()
            .any(|line| is_keyword(line.trim_start(), "match"))
    })
}

fn read(root: &Path, path: &str) -> Result<String, Error> {
    let real = root.join(path.trim_start_matches('/'));
    match fs::read(&real) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Error::Refused(format!(
            "{path} cannot be read: {error}. Is OpenSSH's server installed?"
        ))),
    }
}

fn unusable(error: &io::Error) -> Error {
    Error::Refused(format!(
        "sshd could not be asked about its configuration: {error}. Nothing was changed."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_taken_in_for_everybody_is_found_however_it_is_written() {
        for (text, at) in [
            ("Include /etc/ssh/sshd_config.d/*.conf\n", Some(0)),
            ("# x\n\n  include\tsshd_config.d/*.conf\n", Some(2)),
            ("Include=\"/etc/ssh/sshd_config.d/*.conf\"\n", Some(0)),
            ("Include /etc/x /etc/ssh/sshd_config.d/*.conf\n", Some(0)),
            ("#Include /etc/ssh/sshd_config.d/*.conf\n", None),
            ("Include /etc/ssh/sshd_config.d/mine.conf\n", None),
            (
                "Match User a\nInclude /etc/ssh/sshd_config.d/*.conf\n",
                None,
            ),
            ("", None),
        ] {
            assert_eq!(include_line(text), at, "{text}");
        }
    }

    #[test]
    fn a_setting_that_is_there_several_times_has_all_its_values() {
        let settings =
            settings_in("port 22\nallowusers ada\nUsePAM yes \nallowusers bob\nbanner\n");
        let said: Vec<_> = settings
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let (users, pam) = (("allowusers", "ada bob"), ("usepam", "yes"));
        assert_eq!(said, [users, ("banner", ""), ("port", "22"), pam]);
    }

    #[test]
    fn the_drop_in_says_what_is_then_looked_for() {
        for first in [First::Password, First::Key] {
            let text = text(first);
            assert_eq!(first_of(&text), first);
            let text = String::from_utf8(text).unwrap().to_lowercase();
            for (keyword, value) in first.settings() {
                assert!(text.contains(&format!("\n{keyword} {value}\n")), "{text}");
            }
        }
    }

    #[test]
    fn one_setting_that_is_otherwise_is_named() {
        let mut settings: Settings = First::Key
            .settings()
            .map(|(keyword, value)| (keyword.to_owned(), value.to_owned()))
            .into();
        need_in_force(&settings, First::Key, "alice").unwrap();
        settings.insert("authenticationmethods".to_owned(), "any".to_owned());
        let refusal = need_in_force(&settings, First::Key, "alice")
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("authenticationmethods any"), "{refusal}");
        settings.clear();
        assert!(need_in_force(&settings, First::Key, "alice").is_err());
    }

    #[test]
    fn without_the_directory_or_with_a_drop_in_of_that_name_it_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let ssh = root.path().join("etc/ssh");
        fs::create_dir_all(&ssh).unwrap();
        assert!(drop_in(root.path(), First::Key).is_err());
        fs::write(
            ssh.join("sshd_config"),
            "Include /etc/ssh/sshd_config.d/*.conf\n",
        )
        .unwrap();
        let refusal = drop_in(root.path(), First::Key).unwrap_err().to_string();
        assert!(refusal.contains("Include"), "{refusal}");
        fs::create_dir(ssh.join("sshd_config.d")).unwrap();
        drop_in(root.path(), First::Key).unwrap();
        fs::write(root.path().join(&DROP_IN[1..]), "").unwrap();
        assert!(drop_in(root.path(), First::Key).is_err());
    }
}
