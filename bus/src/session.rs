//! The login session that a process is in.
//!
//! logind puts every process of a session into a control group that only root can make, or move a
//! process into: `/user.slice/user-UID.slice/session-ID.scope`. Below `user@UID.service` a user
//! makes groups of any name, and there none of them counts.
//!
//! A session is known by its leader, the process that opened it, since a session's own name is
//! given again after a reboot, and the number of a process sooner.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::parent_id;
use std::path::Path;

mod parse;

use self::parse::{Group, Notes};

/// A process, told apart from any other that has or had its number since the machine started.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started: clock ticks since the machine did (field 22 of proc_pid_stat(5)).
    pub started: u64,
}

impl Process {
    /// This process.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if `/proc` does not say so.
    pub fn this() -> Result<Self, Unknown> {
        Ok(stat(Path::new("/"), "self")?.0)
    }

    /// A process by its number, and the number of its parent: 0, if it has none here.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if there is none, or `/proc` does not say so.
    pub fn with_parent(pid: u32) -> Result<(Self, u32), Unknown> {
        stat(Path::new("/"), &pid.to_string())
    }

    /// The process that this one was forked from.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if it ended, or `/proc` does not say so.
    pub fn parent() -> Result<Self, Unknown> {
        let pid = parent_id();
        let (process, _) = Self::with_parent(pid)?;
        // It may have ended meanwhile, and its number be another's.
        if parent_id() == pid {
            Ok(process)
        } else {
            Err(Unknown("the parent process ended".to_owned()))
        }
    }
}

/// A login session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// Its name, as `loginctl` shows it.
    pub id: String,
    /// Whose it is.
    pub uid: u32,
    /// The process that opened it.
    pub leader: Process,
    /// The `PAM_SERVICE` that it was opened through, if it has a plain name.
    pub service: Option<String>,
}

impl Session {
    /// The session that this process is in, if it is in one.
    ///
    /// # Errors
    ///
    /// [`Unknown`] if it cannot be told whether it is in a session, or in which: a process of a
    /// user's own services, a session whose leader is gone, a `/proc` that is not mounted.
    pub fn of_this_process() -> Result<Option<Self>, Unknown> {
        Self::found_below(Path::new("/"), 0)
    }

    /// [`Self::of_this_process`], where `root` stands for the root directory and `owner` for the
    /// uid whose logind's files have to be.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn found_below(root: &Path, owner: u32) -> Result<Option<Self>, Unknown> {
        let (uid, id) = match Group::of(&read(root, "proc/self/cgroup")?.text()?) {
            Group::Session { uid, id } => (uid, id),
            Group::Apart => return Ok(None),
            Group::OfUser(path) => {
                return Err(Unknown(format!("{path} is a user's, but no login session")));
            }
            Group::Odd(why) => return Err(Unknown(format!("/proc/self/cgroup {why}"))),
        };
        let name = format!("run/systemd/sessions/{id}");
        let notes = read(root, &name)?;
        if notes.owner != owner || notes.mode & 0o022 != 0 {
            return Err(Unknown(format!("others than root can write to /{name}")));
        }
        let notes =
            Notes::parse(&notes.text()?).map_err(|why| Unknown(format!("/{name}: {why}")))?;
        if notes.uid != uid {
            return Err(Unknown(format!("/{name}: not a session of uid {uid}")));
        }
        Ok(Some(Self {
            id,
            uid,
            leader: stat(root, &notes.leader.to_string())?.0,
            service: notes.service,
        }))
    }
}

/// The login session is not known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unknown(String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the login session is not known: {}", self.0)
    }
}

impl std::error::Error for Unknown {}

/// A process by its number, or "self", and its parent's number.
fn stat(root: &Path, name: &str) -> Result<(Process, u32), Unknown> {
    let path = format!("proc/{name}/stat");
    let process = Process::parse(&read(root, &path)?.bytes);
    process
        .filter(|(process, _)| name == "self" || name == process.pid.to_string())
        .ok_or_else(|| Unknown(format!("/{path} is odd")))
}

/// A small file.
struct Small {
    bytes: Vec<u8>,
    owner: u32,
    mode: u32,
}

impl Small {
    fn text(self) -> Result<String, Unknown> {
        let text = String::from_utf8(self.bytes);
        text.map_err(|_| Unknown("a file that should be text is none".to_owned()))
    }
}

fn read(root: &Path, name: &str) -> Result<Small, Unknown> {
    const MOST: u64 = 64 * 1024;
    let read = || {
        let file = File::open(root.join(name))?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        // These files have no length; most fit into one read.
        let mut bytes = Vec::with_capacity(2048);
        file.take(MOST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(Small {
            bytes,
            owner: metadata.uid(),
            mode: metadata.mode(),
        })
    };
    read().map_err(|error| Unknown(format!("/{name}: {error}")))
}

#[cfg(test)]
mod tests;
