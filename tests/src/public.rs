//! A daemon as it is installed: both doors open, its own user, its root door's socket made by root.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use countersign_bus::types::Login;
use countersign_bus::{Client, Door, Error, NAME};
use serde::Serialize;
use zbus::{DBusError, DynamicType};

use crate::bus::{Bus, DAEMON, Policy, as_user};
use crate::daemon::Process;
use crate::programs::programs;
use crate::world::World;

/// Who is on the bus in these tests: accounts of every Debian.
pub const ADA: (u32, &str) = (1, "daemon");
/// Another.
pub const BOB: (u32, &str) = (2, "bin");
/// One who never holds anything.
pub const NOBODY: (u32, &str) = (65_534, "nobody");

/// A world with both doors.
pub struct Public {
    daemon: Option<Process>,
    /// The bus of its public door.
    pub bus: Bus,
    /// Its root door, and everything else.
    pub world: World,
}

impl Public {
    /// One with the policy that we ship and the configuration that we ship. `None`, and the reason
    /// printed, where it cannot be.
    pub fn start() -> Option<Self> {
        Self::with(Policy::Shipped, &[])
    }

    /// One with another policy, or other settings.
    pub fn with(policy: Policy, settings: &[(&str, &str)]) -> Option<Self> {
        if let Some(reason) = Bus::missing() {
            println!("skipped: {reason}");
            return None;
        }
        let world = World::prepare();
        let file = world.path().join("countersign.toml");
        let mut text = fs::read_to_string(&file).expect("a configuration");
        for (from, to) in settings {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(&file, text).expect("a file");
        give(world.path());
        let bus = Bus::start(world.path(), policy);
        let mut this = Self {
            daemon: None,
            bus,
            world,
        };
        this.resume();
        Some(this)
    }

    /// Starts the daemon, again if it was stopped.
    pub fn resume(&mut self) {
        self.daemon = None;
        let directory = self.world.path();
        let socket = directory.join("socket");
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).expect("a socket");
        mode(&socket, 0o600);
        // The program is opened as root: its user may have no way to where it was built.
        let script = "program=$1; shift; exec 4<\"$program\" 3<&0 </dev/null;
            exec setpriv --reuid=\"$COUNTERSIGN\" --regid=\"$COUNTERSIGN\" --clear-groups \
                --no-new-privs -- /proc/self/fd/4 \"$@\"";
        let mut command = Command::new("sh");
        command
            .args(["-c", script, "sh"])
            .arg(&programs().daemon)
            .arg("--bus")
            .arg(self.address())
            .env("COUNTERSIGN", DAEMON.to_string())
            .env("LISTEN_FDS", "1")
            .env_remove("LISTEN_PID")
            .stdin(Stdio::from(OwnedFd::from(listener)));
        self.daemon = Some(Process::run(directory, command));
    }

    /// Kills the daemon.
    pub fn kill(&mut self) {
        self.daemon = None;
    }

    /// The daemon's process.
    pub fn daemon(&self) -> &Process {
        self.daemon.as_ref().expect("a daemon")
    }

    /// The address of its bus.
    pub fn address(&self) -> String {
        format!("unix:path={}", self.world.path().join("bus").display())
    }

    /// A client of the public door that belongs to this user, connected already.
    pub fn client(&self, (uid, name): (u32, &str)) -> Client {
        let bus = self.address();
        as_user(uid, || {
            let mut client =
                Client::new(Door::Public { bus }, Duration::from_secs(10)).expect("a client");
            let status = client.status((uid, name));
            assert!(!matches!(status, Err(Error::Transport(_))), "{status:?}");
            client
        })
    }

    /// What the daemon's process has held in memory at most, in KiB.
    pub fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// What it holds now, in KiB.
    pub fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, what: &str) -> u64 {
        let file = format!("/proc/{}/status", self.daemon().pid());
        let status = fs::read_to_string(file).expect("the daemon lives");
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.and_then(|text| text.parse().ok()).expect("a number")
    }
}

/// Calls a method, and says in a word what came of it: "answered", or the error's last name with
/// its text.
pub fn outcome<B: Serialize + DynamicType>(
    connection: &zbus::Connection,
    (path, interface, member): (&str, &str, &str),
    body: &B,
) -> String {
    // A peer-to-peer connection has no name, and nobody to name.
    let destination = connection.is_bus().then_some(NAME);
    let call = connection.call_method(destination, path, Some(interface), member, body);
    let (name, text) = match zbus::block_on(call) {
        Ok(_) => return "answered".to_owned(),
        Err(zbus::Error::MethodError(name, text, _)) => (name.to_string(), text),
        Err(zbus::Error::FDO(error)) => {
            let text = error.description().map(str::to_owned);
            (error.name().to_string(), text)
        }
        Err(error) => panic!("{interface}.{member}: {error}"),
    };
    let (_, name) = name.rsplit_once('.').expect("a name with dots");
    match (name, text) {
        // The bus's own words tell of its rules and of the sender.
        ("AccessDenied", _) | (_, None) => name.to_owned(),
        (_, Some(text)) => format!("{name}: {text}"),
    }
}

/// A login of this user, as a screen locker asks for it.
pub fn request((uid, name): (u32, &str)) -> Login {
    Login {
        user: Some(name.to_owned()),
        uid: Some(uid),
        service: Some("locker".to_owned()),
        ..Login::default()
    }
}

/// Everything the daemon owns in a packaged installation, to its user.
fn give(directory: &Path) {
    mode(directory, 0o711);
    let state = directory.join("state");
    let mut owned = vec![directory.join("master.key"), state.clone()];
    for entry in fs::read_dir(state).expect("a directory") {
        owned.push(entry.expect("a file").path());
    }
    for path in owned {
        chown(path, Some(DAEMON), Some(DAEMON)).expect("to be root");
    }
    mode(&directory.join("countersign.toml"), 0o644);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a file of one's own");
}
