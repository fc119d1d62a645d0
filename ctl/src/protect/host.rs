//! The machine: systemd, sshd, and what programs remember.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::change::{Changer, Outside};
use super::ledger::{Change, Store};
use super::listener::{self, Listener};
use super::sshd;
use crate::clock;
use crate::error::Error;
use crate::words::printable;

/// Where its files are.
pub(crate) const ROOT: &str = "/";
const SYSTEMCTL: &str = "/usr/bin/systemctl";
const SYSTEMD_RUN: &str = "/usr/bin/systemd-run";
/// What undoes a change: it comes with the package, and runs at each start of the machine too.
const UNDOING: &str = "countersign-revert.service";
/// What starts it in time; made anew for each change.
const TIMER: &str = "countersign-revert.timer";
/// How long after the first time it is tried again, should it fail: a disk that is full may have
/// room by then. Who succeeds stops the timer.
const AGAIN: [u64; 4] = [15, 60, 300, 1800];
/// sshd's, by Debian's name and by the others'.
const SSHD_UNITS: [&str; 2] = ["ssh.service", "sshd.service"];
const SSHD_PID: &str = "/run/sshd.pid";
/// Where sudo remembers who gave a password lately; sudo-rs too.
const SUDO_STAMPS: [&str; 2] = ["/run/sudo/ts", "/run/sudo-rs/ts"];

/// The machine that this runs on.
pub(crate) struct Host {
    /// Whose login by ssh is looked at.
    user: String,
}

impl Host {
    /// This machine; it is looked at how this user would log in by ssh.
    pub(crate) fn of_user(name: &str) -> Self {
        Self {
            user: name.to_owned(),
        }
    }

    /// What changes its files.
    pub(crate) fn changer<'a>(&'a self, store: &'a Store) -> Changer<'a> {
        Changer {
            root: Path::new(ROOT),
            store,
            outside: self,
        }
    }

    /// Refuses where systemd could not undo anything.
    pub(crate) fn need_systemd() -> Result<(), Error> {
        if !runs_systemd() {
            return Err(Error::Refused(
                "systemd does not run here, and it is what would undo a change that locks you out. \
                 Without it, keep a root shell open, and say --no-try."
                    .to_owned(),
            ));
        }
        let enabled = systemctl(&["is-enabled", UNDOING])?;
        if !enabled.status.success() {
            return Err(Error::Refused(format!(
                "{UNDOING} is {}, so that after a reboot nothing would undo the change. Enable \
                 it:\n  systemctl enable {UNDOING}",
                match said(&enabled.stdout).as_str() {
                    "" => "not installed".to_owned(),
                    state => state.to_owned(),
                }
            )));
        }
        Ok(())
    }
}

impl Outside for Host {
    fn arm(&self, after: Duration) -> Result<(), Error> {
        self.disarm();
        let again = AGAIN.map(|later| {
            let seconds = after.as_secs() + later;
            format!("--timer-property=OnActiveSec={seconds}s")
        });
        let armed = run(Command::new(SYSTEMD_RUN)
            .arg("--quiet")
            .arg(format!("--unit={UNDOING}"))
            .arg(format!("--on-active={}s", after.as_secs()))
            .args([
                "--timer-property=AccuracySec=100ms",
                "--timer-property=RemainAfterElapse=no",
            ])
            .args(again))?;
        let active = systemctl(&["is-active", "--quiet", TIMER])?;
        if armed.status.success() && active.status.success() {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "systemd did not take on undoing the change: {}",
            said(&armed.stderr)
        )))
    }

    fn disarm(&self) {
        if runs_systemd() {
            // There is mostly none to stop. One that is left finds nothing to undo.
            let _ = systemctl(&["--quiet", "stop", TIMER]);
        }
    }

    fn check(&self, changes: &[Change]) -> Result<(), Error> {
        match changes
            .iter()
            .find(|change| change.path == Path::new(sshd::DROP_IN))
        {
            Some(drop_in) => {
                let first = sshd::first_of(drop_in.after.content.bytes());
                let settings = sshd::settings(None, &self.user)?;
                sshd::need_in_force(&settings, first, &self.user)
            }
            None => Ok(()),
        }
    }

    fn reload_sshd(&self) -> Result<(), Error> {
        if !runs_systemd() {
            return hang_up_sshd();
        }
        for unit in SSHD_UNITS {
            if systemctl(&["is-active", "--quiet", unit])?.status.success() {
                return reload(unit);
            }
        }
        // It is not started yet, or anew for each connection: it reads it then.
        Ok(())
    }

    fn forget_logins(&self, changes: &[Change]) {
        if changes.iter().any(|change| change.service == "sudo") {
            for directory in SUDO_STAMPS {
                for stamp in fs::read_dir(directory).into_iter().flatten().flatten() {
                    // One that stays lets its owner use sudo without a code for some minutes more.
                    let _ = fs::remove_file(stamp.path());
                }
            }
        }
    }

    fn ticks(&self) -> u64 {
        clock::ticks()
    }
}

/// As sd_booted(3) has it.
fn runs_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Has systemd reload sshd, and waits until it listens again.
fn reload(unit: &str) -> Result<(), Error> {
    let look = || {
        let shown = systemctl(&["show", "--property=MainPID", "--value", unit]);
        listener_of(shown.ok().and_then(|shown| number(&said(&shown.stdout))))
    };
    let why = format!("Look with:\n  systemctl status {unit}");
    let reload = || {
        let reloaded = systemctl(&["reload", unit])?;
        match reloaded.status.success() {
            true => Ok(()),
            false => Err(Error::Refused(format!(
                "sshd did not read its configuration again: {}. {why}",
                said(&reloaded.stderr)
            ))),
        }
    };
    // As in Ubuntu: then it is systemd that listens, all the while.
    let socket = unit.replace(".service", ".socket");
    match systemctl(&["is-active", "--quiet", &socket])?
        .status
        .success()
    {
        true => reload(),
        false => listen_anew(look, &why, reload),
    }
}

/// The same without systemd.
fn hang_up_sshd() -> Result<(), Error> {
    let pid = || number(&fs::read_to_string(SSHD_PID).unwrap_or_default());
    let Some(running) = pid().filter(|pid| *pid > 1) else {
        return Ok(());
    };
    let name = fs::read_to_string(format!("/proc/{running}/comm")).unwrap_or_default();
    if name.trim() != "sshd" {
        return Ok(());
    }
    listen_anew(
        || listener_of(pid()),
        "Start it again.",
        || {
            kill(Pid::from_raw(running), Signal::SIGHUP).map_err(|error| {
                Error::Refused(format!(
                    "sshd (process {running}) could not be told to reload: {error}."
                ))
            })
        },
    )
}

/// Has sshd read its configuration again. Who is told that it is done may log in the next moment.
fn listen_anew(
    look: impl Fn() -> Listener,
    why: &str,
    reload: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    // Somebody else may just have had it start anew; if it is not ready by then, that may help.
    let before = listener::watch(&look, Listener::is_ready).unwrap_or_else(|seen| seen);
    reload()?;
    let again = listener::watch(look, |now| now.is_ready_anew(&before));
    again.map(drop).map_err(|_| {
        Error::Refused(format!(
            "sshd was told to read its configuration again, and has not listened since. {why}"
        ))
    })
}

fn listener_of(pid: Option<i32>) -> Listener {
    pid.map_or_else(Listener::default, |pid| Listener::of(Path::new("/"), pid))
}

fn number(text: &str) -> Option<i32> {
    text.trim().parse().ok()
}

fn systemctl(arguments: &[&str]) -> Result<Output, Error> {
    run(Command::new(SYSTEMCTL).args(arguments))
}

fn run(command: &mut Command) -> Result<Output, Error> {
    command.stdin(Stdio::null()).output().map_err(|error| {
        let program = command.get_program().to_string_lossy().into_owned();
        Error::Refused(format!("{program} could not be run: {error}."))
    })
}

fn said(bytes: &[u8]) -> String {
    printable(String::from_utf8_lossy(bytes).trim())
}
