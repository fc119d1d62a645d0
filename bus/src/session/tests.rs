//! Sessions as they are found below a root directory made for it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const CGROUP: &str = "0::/user.slice/user-1000.slice/session-3.scope\n";
const NOTES: &str = "UID=1000\nLEADER=42\nSERVICE=sshd\n";
const STAT: &str = "42 (sshd: a) S 1 2 3 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 777 3133440\n";

/// A root directory, which goes when this does.
struct Root(PathBuf);

impl Root {
    /// One in which this process is in session 3, of uid 1000.
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("countersign-session-{}-{next}", std::process::id());
        let root = Self(std::env::temp_dir().join(name));
        for directory in ["proc/self", "proc/42", "run/systemd/sessions"] {
            fs::create_dir_all(root.0.join(directory)).unwrap();
        }
        root.with("proc/self/cgroup", CGROUP)
            .with("run/systemd/sessions/3", NOTES)
            .with("proc/42/stat", STAT)
    }

    fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.0.join(name), text).unwrap();
        self
    }

    fn without(self, name: &str) -> Self {
        fs::remove_file(self.0.join(name)).unwrap();
        self
    }

    fn owner(&self) -> u32 {
        fs::metadata(&self.0).unwrap().uid()
    }

    fn session(&self) -> Result<Option<Session>, Unknown> {
        Session::found_below(&self.0, self.owner())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_session_is_found_with_its_leader_and_its_service() {
    let session = Session {
        id: "3".to_owned(),
        uid: 1000,
        leader: Process {
            pid: 42,
            started: 777,
        },
        service: Some("sshd".to_owned()),
    };
    assert_eq!(Root::new().session(), Ok(Some(session)));
}

#[test]
fn a_service_is_in_no_session_and_needs_no_files_of_logind() {
    let root = Root::new()
        .with("proc/self/cgroup", "0::/system.slice/ssh.service\n")
        .without("run/systemd/sessions/3");
    assert_eq!(root.session(), Ok(None));
}

#[test]
fn notes_that_are_not_roots_alone_do_not_count() {
    let root = Root::new();
    assert!(Session::found_below(&root.0, root.owner() + 1).is_err());

    for mode in [0o664, 0o646, 0o622] {
        let root = Root::new();
        let notes = root.0.join("run/systemd/sessions/3");
        fs::set_permissions(notes, Permissions::from_mode(mode)).unwrap();
        assert!(root.session().is_err(), "{mode:o}");
    }
}

#[test]
fn a_session_that_does_not_add_up_is_not_known() {
    for root in [
        Root::new().without("proc/self/cgroup"),
        Root::new().without("run/systemd/sessions/3"),
        Root::new().without("proc/42/stat"),
        // Another's, by logind's word.
        Root::new().with("run/systemd/sessions/3", "UID=0\nLEADER=42\n"),
        // Another process than the one asked for.
        Root::new().with("proc/42/stat", STAT.replace("42 (", "43 (")),
        Root::new().with("proc/self/cgroup", b"0::/user.slice/\xff\n"),
        Root::new().with(
            "proc/self/cgroup",
            "0::/user.slice/user-1000.slice/user@1000.service\n",
        ),
        Root::new().with(
            "run/systemd/sessions/3",
            format!("{NOTES}{}", "#".repeat(70_000)),
        ),
    ] {
        let session = root.session();
        assert!(session.is_err(), "{session:?}");
    }
}

#[test]
fn this_process_and_its_parent_are_known() {
    let (this, parent) = (Process::this().unwrap(), Process::parent().unwrap());
    assert_eq!(this.pid, std::process::id());
    assert_eq!(parent.pid, parent_id());
    assert!(parent.started <= this.started, "{parent:?} {this:?}");
}
