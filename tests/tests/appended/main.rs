//! Password and code in one field: our line first, then the machine's own pam_unix.so, then a
//! module that shows which password it is handed, as one that opens a keyring would be.

mod field;
mod handle;
mod refused;
mod separate;

use std::fs;
use std::path::PathBuf;

use countersign_bus::events::{Event, EventOptions};
use countersign_tests::programs::programs;
use countersign_tests::{Accounts, Enrolled, Login, Outcome, Relay, TestClock, World};

/// A locker with one field.
const SERVICE: &str = "i3lock";
const ADA: (&str, u32) = ("ada", 61_004);
const PASSWORD: &[u8] = b"hunter2";
/// What is asked.
const BOTH: &str = "prompt(off): Password and code: ";

/// A machine with a locker, and somebody with a password and an app.
struct Machine {
    clock: TestClock,
    world: World,
    ada: Enrolled,
    accounts: Accounts,
    relay: Relay,
}

impl Machine {
    fn new() -> Option<Self> {
        Self::with(PASSWORD, "")
    }

    /// One with this password, and these rules.
    fn with(password: &[u8], rules: &str) -> Option<Self> {
        let clock = TestClock::default();
        let world = World::with_settings(&clock, rules);
        let accounts = Accounts::in_directory(world.path(), &[(ADA.0, ADA.1, password)])?;
        let ada = world.enroll_as(ADA.0, ADA.1);
        let relay = Relay::in_directory(world.path());
        let this = Self {
            clock,
            world,
            ada,
            accounts,
            relay,
        };
        this.stack(&[&this.ours(), UNIX, &this.probe()]);
        Some(this)
    }

    /// Our line.
    fn ours(&self) -> String {
        let (module, socket) = (programs().module.display(), self.relay.socket().display());
        format!("[success=ok ignore=ignore default=die] {module} socket={socket}")
    }

    /// A module that is handed the password, and writes it down.
    fn probe(&self) -> String {
        let (script, shown) = (self.world.path().join("probe"), self.shown());
        let text = format!("#!/bin/sh\ntr -d '\\0' >'{}'\n", shown.display());
        fs::write(&script, text).expect("a file");
        format!(
            "required pam_exec.so expose_authtok /bin/sh {}",
            script.display()
        )
    }

    fn shown(&self) -> PathBuf {
        self.world.path().join("shown")
    }

    /// Has the locker's stack be of these lines.
    fn stack(&self, lines: &[&str]) {
        let auth: String = lines.iter().map(|line| format!("auth {line}\n")).collect();
        let account = format!("account {}\naccount required pam_permit.so\n", self.ours());
        fs::write(self.world.pam().join(SERVICE), auth + &account).expect("a file");
    }

    /// A login at the locker.
    fn locker(&self) -> Login {
        let login = self.world.login(ADA.0).with(&["-s", SERVICE, "-t", ":0"]);
        login.among(&self.accounts)
    }

    /// A login with this in its field.
    fn types(&self, field: &[u8]) -> Outcome {
        let _ = fs::remove_file(self.shown());
        self.locker().answers([field]).run()
    }

    /// The password that the module behind pam_unix was handed, if it was reached.
    fn handed_on(&self) -> Option<Vec<u8>> {
        fs::read(self.shown()).ok()
    }

    /// A code that was not typed before.
    fn code(&self) -> String {
        self.clock.pass(30);
        self.ada.code(self.clock.unix())
    }

    /// What became of each login, the newest last.
    fn events(&self) -> Vec<Event> {
        let all = EventOptions::default();
        let (events, _) = self.world.client().events(0, &all).expect("events");
        let logins = events.into_iter();
        logins
            .filter(|event| event.kind.as_deref() == Some("login"))
            .collect()
    }

    /// How many wrong codes there were.
    fn wrong(&self) -> u32 {
        self.events().iter().filter_map(|event| event.wrong).sum()
    }
}

/// The machine's own, without the wait for whoever was wrong.
const UNIX: &str = "required pam_unix.so nullok nodelay";

/// `password`, and a code behind it.
fn typed(password: &[u8], code: &str) -> Vec<u8> {
    [password, b" ", code.as_bytes()].concat()
}
