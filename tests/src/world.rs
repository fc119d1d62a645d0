//! A daemon of one's own, and a PAM configuration that leads to it.

use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_bus::types::{EnrollOptions, Factor};
use countersign_bus::{Client, Door};
use nix::unistd::geteuid;
use tempfile::TempDir;

use crate::clock::TestClock;
use crate::daemon::{self, Process};
use crate::login::Login;
use crate::programs::{programs, root};
use crate::user::Enrolled;

/// A daemon of one's own, and a PAM configuration that leads to it.
pub struct World {
    directory: TempDir,
    daemon: Option<Process>,
}

impl World {
    /// A world whose daemon is a process of its own and goes by the real clock.
    pub fn start() -> Self {
        let mut world = Self::prepare();
        world.resume();
        world
    }

    /// A world whose daemon runs within the test, by a clock that the test sets.
    pub fn with_clock(clock: &TestClock) -> Self {
        let world = Self::prepare();
        daemon::within(world.path(), clock.clone());
        world
    }

    /// As [`with_clock`](Self::with_clock), with these settings beside the sample's.
    pub fn with_settings(clock: &TestClock, settings: &str) -> Self {
        let world = Self::prepare();
        let drop_ins = world.path().join("countersign.toml.d");
        fs::create_dir(&drop_ins).expect("a directory");
        fs::write(drop_ins.join("test.toml"), settings).expect("a file");
        daemon::within(world.path(), clock.clone());
        world
    }

    /// A world without a daemon.
    pub fn prepare() -> Self {
        let directory = TempDir::new().expect("a directory");
        let world = Self {
            directory,
            daemon: None,
        };
        fs::create_dir(world.pam()).expect("a directory");
        fs::copy(
            root().join("packaging/countersign.toml"),
            world.path().join("countersign.toml"),
        )
        .expect("the sample configuration");
        daemon::init(world.path());
        world.service(
            "login",
            &format!("socket={}", world.path().join("socket").display()),
        );
        world
    }

    /// Starts the daemon, again if it was stopped.
    pub fn resume(&mut self) {
        self.daemon = None;
        self.daemon = Some(Process::start(self.path(), &["--no-bus".to_owned()]));
    }

    /// The daemon's process.
    pub fn daemon(&self) -> &Process {
        self.daemon.as_ref().expect("a daemon")
    }

    /// Has the daemon stop by itself.
    pub fn stop(&mut self) {
        let status = self.daemon.take().expect("a daemon").stop();
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// Stops the daemon at once, as a power cut would.
    pub fn kill(&mut self) {
        self.daemon = None;
    }

    /// Defines a PAM service with our module, with these arguments.
    pub fn service(&self, name: &str, arguments: &str) {
        let module = programs().module.display();
        let stack = format!(
            "auth [success=ok ignore=ignore default=die] {module} {arguments}\n\
             account required pam_permit.so\n"
        );
        fs::write(self.pam().join(name), stack).expect("a file");
    }

    /// Enrols a user by the root door, with recovery codes and without a first code.
    pub fn enroll(&self, name: &str) -> Enrolled {
        let user = nix::unistd::User::from_name(name)
            .expect("NSS")
            .expect("a user");
        self.enroll_as(name, user.uid.as_raw())
    }

    /// As [`enroll`](Self::enroll), for any number.
    pub fn enroll_as(&self, name: &str, uid: u32) -> Enrolled {
        let options = EnrollOptions {
            unconfirmed: Some(true),
            ..EnrollOptions::default()
        };
        let (credential, lines) = self
            .client()
            .enroll((uid, name), Factor::Totp, &options)
            .expect("an enrolment");
        Enrolled::new(name, uid, credential, &read(lines))
    }

    /// A client of the root door.
    pub fn client(&self) -> Client {
        let door = Door::Root {
            socket: self.path().join("socket").display().to_string(),
            listeners: vec![0, geteuid().as_raw()],
        };
        Client::new(door, Duration::from_secs(10)).expect("a client")
    }

    /// A login of `user`.
    pub fn login(&self, user: &str) -> Login {
        Login::new(self, user)
    }

    /// Where everything of it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where its PAM services are.
    pub fn pam(&self) -> PathBuf {
        self.path().join("pam.d")
    }

    /// All that the daemon's process has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }
}

/// What is in a file that the daemon handed over.
pub fn read(fd: zbus::OwnedFd) -> String {
    let mut file = fs::File::from(std::os::fd::OwnedFd::from(fd));
    file.rewind().expect("a file in memory");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("text");
    text
}
