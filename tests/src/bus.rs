//! A system bus of one's own, with the policy that we ship, and people on it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::geteuid;
use rustix::process::{Gid, Uid};
use zbus::connection::Builder;

use crate::programs::root;

/// The uid of `countersign` on the bus, whether or not the host has such a user.
pub const DAEMON: u32 = 61_999;

/// A user of that bus, whom the host need not know.
pub const ALICE: (u32, &str) = (61_001, "alice");
/// Another.
pub const BOB: (u32, &str) = (61_002, "bob");

/// What the bus lets through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Policy {
    /// What packaging/dbus says.
    Shipped,
    /// Everything: what is refused then, the daemon itself refuses.
    AllowAll,
}

/// A system bus of one's own. Killed when dropped.
#[derive(Debug)]
pub struct Bus {
    directory: PathBuf,
    process: Child,
}

impl Bus {
    /// Why there can be none here.
    pub fn missing() -> Option<String> {
        if !geteuid().is_root() {
            return Some("only root can be several users".to_owned());
        }
        let runs = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if !runs("unshare", &["--mount", "--propagation", "private", "true"]) {
            return Some("a mount namespace cannot be made here".to_owned());
        }
        if !runs("dbus-daemon", &["--version"]) {
            return Some("dbus-daemon is not installed".to_owned());
        }
        None
    }

    /// Starts one in `directory`.
    pub fn start(directory: &Path, policy: Policy) -> Self {
        let configuration = directory.join("bus.conf");
        fs::write(&configuration, self::configuration(directory, policy)).expect("a file");
        fs::write(directory.join("passwd"), accounts()).expect("a file");
        Self {
            directory: directory.to_owned(),
            process: run(directory),
        }
    }

    /// Kills it, and starts it anew.
    pub fn restart(&mut self) {
        self.stop();
        self.process = run(&self.directory);
    }

    /// Kills it.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// A connection of the user with this uid.
    ///
    /// # Errors
    ///
    /// If the bus lets that user not in.
    pub fn connect(&self, uid: u32) -> zbus::Result<zbus::Connection> {
        let stream = self.stream(uid)?;
        zbus::block_on(Builder::unix_stream(stream).user_id(uid).build())
    }

    /// A connection of the user with this uid, to be spoken over.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    pub fn stream(&self, uid: u32) -> std::io::Result<UnixStream> {
        let path = self.directory.join("bus");
        as_user(uid, || UnixStream::connect(path))
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Does `work` on a thread whose user has this uid and no group.
pub fn as_user<R: Send>(uid: u32, work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            if uid != geteuid().as_raw() {
                let (gid, uid) = (Gid::from_raw(uid), Uid::from_raw(uid));
                rustix::thread::set_thread_groups(&[]).expect("to be root");
                rustix::thread::set_thread_res_gid(gid, gid, gid).expect("to be root");
                rustix::thread::set_thread_res_uid(uid, uid, uid).expect("to be root");
            }
            work()
        });
        worker.join().expect("what was done as another user")
    })
}

/// The accounts of this machine, and those of these tests.
fn accounts() -> String {
    let ours = [
        (DAEMON, "countersign", "/nonexistent"),
        (ALICE.0, ALICE.1, "/home/alice"),
        (BOB.0, BOB.1, "/home/bob"),
    ];
    let passwd = fs::read_to_string("/etc/passwd").expect("accounts");
    let is_ours = |line: &str| {
        ours.iter()
            .any(|(_, name, _)| line.split(':').next() == Some(name))
    };
    let mut accounts: Vec<String> = passwd
        .lines()
        .filter(|line| !is_ours(line))
        .map(str::to_owned)
        .collect();
    accounts.extend(ours.map(|(uid, name, home)| format!("{name}:x:{uid}:{uid}::{home}:/bin/sh")));
    accounts.join("\n") + "\n"
}

/// The bus, in a mount namespace in which the user of the policy is there.
fn run(directory: &Path) -> Child {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(directory.join("bus.log"));
    let script = "mount --bind \"$1\" /etc/passwd &&
        exec dbus-daemon --config-file=\"$2\" --nofork --print-address=1";
    let mut child = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c"])
        .args([script, "sh"])
        .args([directory.join("passwd"), directory.join("bus.conf")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.expect("a log"))
        .spawn()
        .expect("unshare");
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.take().expect("a pipe"));
    said.read_line(&mut line).expect("text");
    let log = fs::read_to_string(directory.join("bus.log")).unwrap_or_default();
    assert!(line.starts_with("unix:path="), "dbus-daemon: {line}{log}");
    child
}

/// The rules are those of Debian's /usr/share/dbus-1/system.conf, the limits its built-in ones.
fn configuration(directory: &Path, policy: Policy) -> String {
    let special = match policy {
        Policy::Shipped => format!(
            "<include>{}</include>",
            root()
                .join("packaging/dbus/org.countersign.Countersign1.conf")
                .display()
        ),
        Policy::AllowAll => "<policy user=\"countersign\">
               <allow own=\"org.countersign.Countersign1\"/>
             </policy>
             <policy context=\"default\"><allow send_destination=\"*\"/></policy>"
            .to_owned(),
    };
    format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"
           \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
         <busconfig>
           <type>system</type>
           <auth>EXTERNAL</auth>
           <listen>unix:path={}</listen>
           <policy context=\"default\">
             <allow user=\"*\"/>
             <deny own=\"*\"/>
             <deny send_type=\"method_call\"/>
             <allow send_type=\"signal\"/>
             <allow send_requested_reply=\"true\" send_type=\"method_return\"/>
             <allow send_requested_reply=\"true\" send_type=\"error\"/>
             <allow receive_type=\"method_call\"/>
             <allow receive_type=\"method_return\"/>
             <allow receive_type=\"error\"/>
             <allow receive_type=\"signal\"/>
             <allow send_destination=\"org.freedesktop.DBus\"
                    send_interface=\"org.freedesktop.DBus\"/>
             <allow send_destination=\"org.freedesktop.DBus\"
                    send_interface=\"org.freedesktop.DBus.Introspectable\"/>
             <allow send_destination=\"org.freedesktop.DBus\"
                    send_interface=\"org.freedesktop.DBus.Properties\"/>
           </policy>
           <policy user=\"root\">
             <allow send_destination=\"org.freedesktop.DBus\"
                    send_interface=\"org.freedesktop.DBus.Monitoring\"/>
           </policy>
           {special}
         </busconfig>\n",
        directory.join("bus").display()
    )
}
