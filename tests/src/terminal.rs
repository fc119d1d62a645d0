//! A program on a terminal of its own, and what is said there.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};

/// How long a program may be silent, in milliseconds: whatever takes longer hangs.
const PATIENCE: u16 = 20_000;

/// A program on a pseudo-terminal, from its start to its end.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    master: File,
    /// What was shown, as it came.
    bytes: Vec<u8>,
    /// What was typed and not shown, in words, and where.
    typed: Vec<(usize, String)>,
    /// How much of it was waited for already.
    read: usize,
}

impl Terminal {
    /// Starts a program on a terminal of this size, which becomes its controlling one.
    pub fn start(program: &Command, (columns, lines): (u16, u16)) -> Self {
        let size = Winsize {
            ws_row: lines,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(&size, None).expect("a pseudo-terminal");
        let end = || pair.slave.try_clone().expect("a descriptor");
        let child = Command::new("setsid")
            .arg("--ctty")
            .arg(program.get_program())
            .args(program.get_args())
            .envs(
                program
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid, of util-linux");
        Self {
            child,
            master: File::from(pair.master),
            bytes: Vec::new(),
            typed: Vec::new(),
            read: 0,
        }
    }

    /// Waits until this is shown, and gives all that was shown since the last time.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        loop {
            let new = self.bytes.get(self.read..).unwrap_or_default();
            if let Some(at) = find(new, text.as_bytes()) {
                let end = self.read + at + text.len();
                let said = lossy(self.bytes.get(self.read..end).unwrap_or_default());
                self.read = end;
                return said;
            }
            assert!(self.take(), "not shown: {text:?} in:\n{}", self.shown());
        }
    }

    /// Waits for a prompt, and types an answer that is not shown; the record says `what` it was.
    #[track_caller]
    pub fn answer(&mut self, prompt: &str, answer: &str, what: &str) -> String {
        let said = self.until(prompt);
        self.typed.push((self.read, format!("⟨{what}⟩")));
        self.write(answer);
        said
    }

    /// Waits for a prompt, and types an answer that is shown.
    #[track_caller]
    pub fn reply(&mut self, prompt: &str, answer: &str) -> String {
        let said = self.until(prompt);
        self.write(answer);
        said
    }

    /// Presses a key, such as `\x03` for Ctrl-C.
    pub fn press(&mut self, key: &str) {
        self.master.write_all(key.as_bytes()).expect("a terminal");
    }

    /// Waits for the end, and gives the exit status as a shell does: 128 more than the signal, if
    /// one ended it.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        while self.take() {}
        let status = self.child.wait().expect("a process");
        let signal = || status.signal().map(|signal| 128 + signal);
        status.code().or_else(signal).expect("an end")
    }

    /// All that was shown, and in between what was typed and not shown.
    pub fn shown(&self) -> String {
        let (mut text, mut done) = (String::new(), 0);
        for (at, what) in &self.typed {
            text += &lossy(self.bytes.get(done..*at).unwrap_or_default());
            text += what;
            done = *at;
        }
        text + &lossy(self.bytes.get(done..).unwrap_or_default())
    }

    fn write(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.master.write_all(line.as_bytes()).expect("a terminal");
    }

    /// Takes in what is shown next; `false` at the end.
    #[track_caller]
    fn take(&mut self) -> bool {
        let mut readable = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut readable, PollTimeout::from(PATIENCE)).expect("a terminal");
        assert!(ready > 0, "it hangs after:\n{}", self.shown());
        let mut part = [0; 4096];
        match self.master.read(&mut part) {
            Ok(0) => false,
            Ok(length) => {
                self.bytes.extend(part.iter().take(length));
                true
            }
            // What the last one closing a terminal looks like from this end.
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EIO as i32) => false,
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(error) => panic!("the terminal: {error}"),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}
