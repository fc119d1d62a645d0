//! Accounts of one's own with passwords, for programs that look them up as on any machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;

/// The machine's accounts and some of one's own, for programs that are started among them.
#[derive(Clone, Debug)]
pub struct Accounts {
    passwd: PathBuf,
    shadow: PathBuf,
}

/// Puts two files in the place of the machine's, for one program.
const AMONG: &str = "mount --bind \"$1\" /etc/passwd && mount --bind \"$2\" /etc/shadow &&
    shift 2 && exec \"$@\"";

impl Accounts {
    /// Writes them into `directory`: name, uid and password of each. `None`, and the reason
    /// printed, where nobody can be among them.
    pub fn in_directory(directory: &Path, people: &[(&str, u32, &[u8])]) -> Option<Self> {
        let can = geteuid().is_root()
            && Command::new("unshare")
                .args(["--mount", "--propagation", "private", "true"])
                .status()
                .is_ok_and(|status| status.success());
        if !can {
            println!("skipped: accounts of one's own take root, and a mount namespace");
            return None;
        }
        let this = Self {
            passwd: directory.join("passwd"),
            shadow: directory.join("shadow"),
        };
        let entry = |(name, uid, _): &(&str, u32, &[u8])| {
            format!("{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n")
        };
        let passwd = fs::read_to_string("/etc/passwd").expect("accounts");
        let ours: String = people.iter().map(entry).collect();
        fs::write(&this.passwd, passwd + &ours).expect("a file");
        let entry = |(name, _, password): &(&str, u32, &[u8])| {
            format!("{name}:{}:19000:0:99999:7:::\n", hashed(password))
        };
        let shadow: String = people.iter().map(entry).collect();
        fs::write(&this.shadow, shadow).expect("a file");
        Some(this)
    }

    /// The program and the arguments that start another among these accounts.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private"])
            .args(["sh", "-c", AMONG, "sh"])
            .args([&self.passwd, &self.shadow]);
        command
    }
}

/// A password as the shadow file has it; an empty one is an empty field there.
fn hashed(password: &[u8]) -> String {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    if password.is_empty() {
        return String::new();
    }
    let output = Command::new("perl")
        .args(["-e", "print crypt($ARGV[0], '$5$rounds=1000$countersign$')"])
        .arg(OsStr::from_bytes(password))
        .output()
        .expect("perl");
    let hash = String::from_utf8(output.stdout).expect("text");
    assert!(hash.starts_with("$5$"), "{hash:?}");
    hash
}
