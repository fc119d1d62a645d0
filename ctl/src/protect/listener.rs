//! Whether sshd listens, with the configuration that it was told to read.
//!
//! At SIGHUP sshd closes its sockets, waits for connections that are just beginning, and starts
//! itself anew: for that while it turns everybody away, and a second SIGHUP is lost. systemctl
//! does not wait for the end of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(20);
/// And how many times: ten seconds at least.
const LOOKS: usize = 500;
/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";
/// SIGHUP's bit in a set of signals.
const HANG_UP: u64 = 1;

/// A process, as one that may be sshd's.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Listener {
    /// The TCP sockets on which it listens, by their inodes.
    sockets: BTreeSet<u64>,
    /// Whether it handles SIGHUP: sshd does once it has read everything and listens.
    heeds: bool,
}

impl Listener {
    /// What `/proc` says of a process; of one that is gone, that it neither listens nor heeds.
    pub(crate) fn of(root: &Path, pid: i32) -> Self {
        let process = root.join("proc").join(pid.to_string());
        let mut listening = BTreeSet::new();
        for table in ["net/tcp", "net/tcp6"] {
            let text = fs::read_to_string(process.join(table)).unwrap_or_default();
            listening.extend(text.lines().filter_map(listening_inode));
        }
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        Self {
            sockets: &held(&process) & &listening,
            heeds: caught(&status) & HANG_UP != 0,
        }
    }

    /// Whether it listens, and would heed a SIGHUP.
    pub(crate) fn is_ready(&self) -> bool {
        self.heeds && !self.sockets.is_empty()
    }

    /// Whether it is ready, and began to listen after `before` was so.
    pub(crate) fn is_ready_anew(&self, before: &Self) -> bool {
        self.is_ready() && self.sockets.is_disjoint(&before.sockets)
    }
}

/// Looks again and again until what is seen is as it should be; what was seen last.
#[expect(
    clippy::disallowed_methods,
    reason = "the kernel tells nobody that another's socket listens"
)]
pub(crate) fn watch(
    look: impl Fn() -> Listener,
    enough: impl Fn(&Listener) -> bool,
) -> Result<Listener, Listener> {
    let mut seen = look();
    for _ in 0..LOOKS {
        if enough(&seen) {
            return Ok(seen);
        }
        thread::sleep(PAUSE);
        seen = look();
    }
    Err(seen)
}

/// The sockets that a process holds.
fn held(process: &Path) -> BTreeSet<u64> {
    let entries = fs::read_dir(process.join("fd"));
    let links = entries.into_iter().flatten().flatten();
    let inode = |link: &Path| {
        let name = link.to_str()?.strip_prefix("socket:[")?;
        name.strip_suffix(']')?.parse().ok()
    };
    links
        .filter_map(|entry| inode(&fs::read_link(entry.path()).ok()?))
        .collect()
}

/// The inode of a socket that listens, from its line of proc_pid_net(5).
fn listening_inode(line: &str) -> Option<u64> {
    let fields: Vec<_> = line.split_ascii_whitespace().collect();
    match (fields.get(3), fields.get(9)) {
        (Some(&LISTENS), Some(inode)) => inode.parse().ok(),
        (Some(_), _) | (None, _) => None,
    }
}

/// The signals that a process handles itself, from proc_pid_status(5).
fn caught(status: &str) -> u64 {
    let mut lines = status.lines();
    let set = lines.find_map(|line| line.strip_prefix("SigCgt:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::TcpListener;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    const HEADING: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when \
                           retrnsmt   uid  timeout inode\n";

    fn line(state: &str, inode: u64) -> String {
        format!(
            "   0: 00000000:0016 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     \
             0        0 {inode} 1 0000000000000000 100 0 0 10 0\n"
        )
    }

    /// Process 7, which holds sockets 1 and 2 and a file, of a machine where 1, 3 and 4 listen.
    fn planted(caught: &str) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let process = root.path().join("proc/7");
        for directory in ["fd", "net"] {
            fs::create_dir_all(process.join(directory)).unwrap();
        }
        for (fd, target) in [("0", "/dev/null"), ("3", "socket:[1]"), ("4", "socket:[2]")] {
            symlink(target, process.join("fd").join(fd)).unwrap();
        }
        let tcp = [HEADING, &line("01", 2), &line("0A", 3)].concat();
        fs::write(process.join("net/tcp"), tcp).unwrap();
        let tcp6 = [HEADING, &line("0A", 1), &line("0A", 4)].concat();
        fs::write(process.join("net/tcp6"), tcp6).unwrap();
        let status = format!("Name:\tsshd\nSigIgn:\t0000000000000001\nSigCgt:\t{caught}\n");
        fs::write(process.join("status"), status).unwrap();
        root
    }

    fn listener(sockets: &[u64], heeds: bool) -> Listener {
        Listener {
            sockets: sockets.iter().copied().collect(),
            heeds,
        }
    }

    #[test]
    fn a_socket_counts_that_the_process_holds_and_that_listens() {
        let heeds = planted("0000000180014005");
        assert_eq!(Listener::of(heeds.path(), 7), listener(&[1], true));
        let ignores = planted("0000000180014004");
        assert_eq!(Listener::of(ignores.path(), 7), listener(&[1], false));
    }

    #[test]
    fn a_process_that_is_gone_does_not_listen() {
        let root = planted("0000000000000001");
        assert!(!Listener::of(root.path(), 8).is_ready());
    }

    #[test]
    fn this_process_is_seen_to_listen_and_each_time_anew() {
        let this = i32::try_from(std::process::id()).unwrap();
        let sockets = || Listener::of(Path::new("/"), this).sockets;
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let before = sockets();
        assert!(!before.is_empty());
        drop(first);
        let _second = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(!sockets().is_subset(&before));
    }

    #[test]
    fn it_is_ready_anew_with_none_of_its_old_sockets_once_it_heeds_signals() {
        let before = listener(&[1, 2], true);
        for (now, anew) in [
            (listener(&[1, 2], true), false), // it has not heeded the signal yet
            (listener(&[2], true), false),    // it is closing them
            (listener(&[], true), false),     // it waits for connections that are beginning
            (listener(&[], false), false),    // it starts
            (listener(&[3], false), false),   // it begins to listen
            (listener(&[3, 4], false), false),
            (listener(&[3, 4], true), true),
        ] {
            assert_eq!(now.is_ready_anew(&before), anew, "{now:?}");
        }
    }

    #[test]
    fn it_is_watched_until_it_is_ready_and_no_longer() {
        let looks = Cell::new(0);
        let look = || {
            looks.set(looks.get() + 1);
            listener(&[1], looks.get() == 2)
        };
        let seen = watch(look, Listener::is_ready);
        assert_eq!((seen, looks.get()), (Ok(listener(&[1], true)), 2));
    }
}
