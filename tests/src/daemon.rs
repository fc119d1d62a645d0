//! A daemon: as a process of its own, or within the test with a clock that the test sets.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use countersignd::config::Config;
use countersignd::door::root::RootDoor;
use countersignd::engine::Engine;
use countersignd::entropy::Kernel;
use countersignd::server::Server;
use countersignd::store::sqlite::Sqlite;
use countersignd::vault::Vault;
use nix::unistd::geteuid;
use zruntime::SharedRuntime;

use crate::clock::TestClock;
use crate::programs::programs;

/// Makes a key and a database in `directory`.
pub fn init(directory: &Path) {
    let status = Command::new(&programs().daemon)
        .arg("init")
        .args(place(directory))
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.expect("countersignd").success(), "countersignd init");
}

fn place(directory: &Path) -> [std::path::PathBuf; 4] {
    [
        "--state-directory".into(),
        directory.join("state"),
        "--master-key".into(),
        directory.join("master.key"),
    ]
}

/// A daemon in a process of its own. Killed when dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts one on what is in `directory`, with `arguments` more, and waits until its doors are
    /// open.
    pub fn start(directory: &Path, arguments: &[String]) -> Self {
        let mut command = Command::new(&programs().daemon);
        command
            .arg("--socket")
            .arg(directory.join("socket"))
            .args(arguments);
        Self::run(directory, command)
    }

    /// As [`start`](Self::start), by a command of one's own that becomes the daemon.
    pub fn run(directory: &Path, mut command: Command) -> Self {
        let ready = directory.join("ready");
        let _ = std::fs::remove_file(&ready);
        let notified = UnixDatagram::bind(&ready).expect("a socket");
        notified
            .set_read_timeout(Some(Duration::from_millis(200)))
            .expect("a timeout");
        let log = File::options()
            .create(true)
            .append(true)
            .open(directory.join("log"));
        // Whoever the daemon runs as may tell.
        std::fs::set_permissions(&ready, Permissions::from_mode(0o777)).expect("a mode");
        let child = command
            .arg("--config")
            .arg(directory.join("countersign.toml"))
            .args(place(directory))
            .env("NOTIFY_SOCKET", &ready)
            .env_remove("JOURNAL_STREAM")
            .stderr(log.expect("a log"))
            .spawn()
            .expect("countersignd");
        let mut this = Self(child);
        let mut told = [0; 64];
        while !matches!(notified.recv(&mut told), Ok(length) if told[..length].starts_with(b"READY=1"))
        {
            let ended = this.0.try_wait().expect("a process");
            let log = || std::fs::read_to_string(directory.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "the daemon ended:\n{}", log());
        }
        this
    }

    /// Its process id.
    pub fn pid(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).expect("a pid"))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(self.pid(), signal).expect("a process");
    }

    /// Tells it to stop, and waits until it has.
    pub fn stop(mut self) -> std::process::ExitStatus {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.0.wait().expect("a process")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves within this process until it ends, on what is in `directory`, by `clock`.
pub fn within(directory: &Path, clock: TestClock) {
    let listener = UnixListener::bind(directory.join("socket")).expect("a socket");
    let store = Sqlite::open(&directory.join("state"));
    let vault = Vault::new(store, directory.join("master.key"));
    let config = Config::load(&directory.join("countersign.toml")).expect("a configuration");
    let engine = Arc::new(Engine::new(vault, clock, Kernel, config));
    let server = Arc::new(Server::new(engine, directory.join("countersign.toml")));
    let door = RootDoor::new(listener, vec![0, geteuid().as_raw()]);
    std::thread::spawn(move || {
        zruntime::block_on(async {
            let runtime = SharedRuntime::current().expect("a runtime");
            door.open(runtime, server).await.expect("a door");
        });
    });
}
