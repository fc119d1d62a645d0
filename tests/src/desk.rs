//! People at terminals of a machine on which Countersign is installed.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;

use crate::bus::Policy;
use crate::clock::TestClock;
use crate::daemon;
use crate::programs::programs;
use crate::public::Public;
use crate::terminal::Terminal;
use crate::transcript;

/// Somebody at a terminal.
pub type Person = (u32, &'static str);

/// The administrator.
pub const ROOT: Person = (0, "root");
pub use crate::bus::{ALICE, BOB};

/// Every file is where the package puts it, for these programs alone: in a mount namespace of
/// their own.
const INSTALLED: &str = "set -e
    here=$1 uid=$2 name=$3 home=$4 line=$5
    show() { [ -e $2 ] || { mkdir -p ${2%/*}; : >$2; }; mount --bind \"$1\" $2; }
    for empty in /run /usr/local/bin /usr/libexec; do mount -t tmpfs -o mode=755 none $empty; done
    cd \"$here\"
    show socket /run/countersign/socket
    show bus /run/dbus/system_bus_socket
    show countersignctl /usr/local/bin/countersignctl
    show countersignd /usr/libexec/countersign/countersignd
    show passwd /etc/passwd
    show homes /home
    show root /root
    cd \"$home\"
    exec setpriv --reuid=\"$uid\" --regid=\"$uid\" --clear-groups -- env -i HOME=\"$home\" \
        USER=\"$name\" PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 TZ=UTC0 TERM=xterm-256color \
        sh -c \"$line\"";

/// People at terminals of a machine on which Countersign is installed, and what they see.
pub struct Desk {
    /// The daemon, its bus, its doors.
    pub place: Public,
    /// Columns and lines of each terminal.
    pub size: (u16, u16),
    record: RefCell<String>,
}

impl Desk {
    /// One whose daemon goes by the configuration that we ship. `None`, and the reason printed,
    /// where it cannot be.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// As [`start`](Self::start), with other settings.
    pub fn with(settings: &[(&str, &str)]) -> Option<Self> {
        let place = Public::with(Policy::Shipped, settings)?;
        let this = Self {
            place,
            size: (80, 50),
            record: RefCell::default(),
        };
        this.furnish();
        Some(this)
    }

    /// Types a command at a shell.
    pub fn types(&self, (uid, name): Person, line: &str) -> Run<'_> {
        let home = match uid {
            0 => "/root".to_owned(),
            _ => format!("/home/{name}"),
        };
        let mut program = Command::new("unshare");
        program
            .args(["--mount", "--propagation", "private"])
            .args(["sh", "-c", INSTALLED, "sh"])
            .arg(self.place.world.path())
            .args([&uid.to_string(), name, &home, line]);
        Run {
            terminal: Terminal::start(&program, self.size),
            heading: match uid {
                0 => format!("# {line}\n"),
                _ => format!("{name}$ {line}\n"),
            },
            desk: self,
        }
    }

    /// Types a command that asks nothing, and gives what it shows.
    #[track_caller]
    pub fn sees(&self, person: Person, line: &str, status: i32) -> String {
        self.types(person, line).ends(status)
    }

    /// Stops the daemon, and serves from within the test by a clock that the test sets; the public
    /// door stays closed.
    pub fn with_clock(&mut self) -> TestClock {
        self.place.kill();
        let clock = TestClock::default();
        let here = self.place.world.path();
        fs::remove_file(here.join("socket")).expect("a socket");
        daemon::within(here, clock.clone());
        clock
    }

    /// Where a file of that person's is, on the outside.
    pub fn home(&self, (uid, name): Person) -> PathBuf {
        match uid {
            0 => self.place.world.path().join("root"),
            _ => self.place.world.path().join("homes").join(name),
        }
    }

    /// Writes a word of explanation into the transcript.
    pub fn notes(&self, text: &str) {
        *self.record.borrow_mut() += &format!("-- {text}\n\n");
    }

    /// All that was seen is what the transcript of that name says.
    #[track_caller]
    pub fn saw(&self, name: &str) {
        transcript::compare(name, &self.record.borrow());
    }

    /// Homes, and the programs.
    fn furnish(&self) {
        let here = self.place.world.path();
        for person in [ROOT, ALICE, BOB] {
            let home = self.home(person);
            fs::create_dir_all(&home).expect("a directory");
            fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).expect("a mode");
            chown(&home, Some(person.0), Some(person.0)).expect("to be root");
        }
        let programs = programs();
        for (name, program) in [
            ("countersignctl", &programs.ctl),
            ("countersignd", &programs.daemon),
        ] {
            std::os::unix::fs::symlink(program, here.join(name)).expect("a link");
        }
    }
}

/// A command that runs at a terminal.
pub struct Run<'a> {
    /// The terminal.
    pub terminal: Terminal,
    heading: String,
    desk: &'a Desk,
}

impl Run<'_> {
    /// Waits for the end, which has this exit status, and gives all that was shown.
    #[track_caller]
    pub fn ends(mut self, status: i32) -> String {
        let ended = self.terminal.end();
        let shown = self.terminal.shown();
        assert_eq!(ended, status, "{}{shown}", self.heading);
        let mut record = self.desk.record.borrow_mut();
        *record += &self.heading;
        *record += &shown;
        if !shown.is_empty() && !shown.ends_with('\n') {
            *record += "⟨no new line⟩\n";
        }
        if status != 0 {
            *record += &format!("[exit status {status}]\n");
        }
        *record += "\n";
        shown
    }
}
