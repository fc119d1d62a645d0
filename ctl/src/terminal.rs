//! The person's terminal: questions, and answers that are not shown.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::error::Error;

/// No answer is longer than this many bytes.
const LONGEST: usize = 4096;

/// The terminal that the person sits at.
pub(crate) struct Terminal {
    keyboard: File,
    /// `None` if it can only be read; standard error then carries the questions.
    screen: Option<File>,
}

/// How an answer is typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Echo {
    /// Nothing is seen of it.
    Off,
    /// It is seen.
    On,
}

impl Terminal {
    /// The terminal that controls this process; failing that, the one on standard input.
    pub(crate) fn open() -> io::Result<Self> {
        let controlling = OpenOptions::new().read(true).write(true).open("/dev/tty");
        if let Ok(tty) = controlling {
            return Ok(Self {
                screen: Some(tty.try_clone()?),
                keyboard: tty,
            });
        }
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Err(Errno::ENOTTY.into());
        }
        Ok(Self {
            keyboard: stdin.as_fd().try_clone_to_owned()?.into(),
            screen: None,
        })
    }

    /// Asks, and gives the line that was typed.
    ///
    /// Whatever ends it, a signal included, the terminal is as it was before.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] if a signal ends it, or Ctrl-D instead of a line.
    pub(crate) fn ask(&self, prompt: &str, echo: Echo) -> Result<Zeroizing<String>, Error> {
        let signals = Signals::catch().map_err(Error::Input)?;
        loop {
            // Before the prompt, so that nothing typed after it is seen.
            let hush = match echo {
                Echo::Off => Some(Hush::over(&self.keyboard).map_err(Error::Input)?),
                Echo::On => None,
            };
            self.show(prompt).map_err(Error::Input)?;
            let line = self.line(&signals);
            drop(hush);
            match line.map_err(Error::Input)? {
                Typed::Line(Some(line)) => return Ok(line),
                Typed::Signal(Signal::SIGTSTP) => {
                    // The shell gets its terminal back first; once continued, it is asked again.
                    raise(Signal::SIGSTOP).map_err(|error| Error::Input(error.into()))?;
                }
                Typed::Signal(_) | Typed::Line(None) => {
                    // The prompt's line is not the message's.
                    self.show("\n").map_err(Error::Input)?;
                    return Err(Error::Interrupted);
                }
            }
        }
    }

    fn show(&self, text: &str) -> io::Result<()> {
        match &self.screen {
            Some(screen) => (&mut &*screen).write_all(text.as_bytes()),
            None => io::stderr().write_all(text.as_bytes()),
        }
    }

    fn line(&self, signals: &Signals) -> io::Result<Typed> {
        let mut line = Line::default();
        loop {
            if let Some(signal) = signals.or_readable(self.keyboard.as_fd())? {
                return Ok(Typed::Signal(signal));
            }
            if let Some(line) = line.read_byte(&self.keyboard)? {
                return Ok(Typed::Line(line));
            }
        }
    }
}

/// A line from `input`, read byte by byte: nothing after it is taken, or left in a buffer.
/// `None` at the end of input.
pub(crate) fn read_line(input: &File) -> io::Result<Option<Zeroizing<String>>> {
    let mut line = Line::default();
    loop {
        if let Some(line) = line.read_byte(input)? {
            return Ok(line);
        }
    }
}

enum Typed {
    Line(Option<Zeroizing<String>>),
    Signal(Signal),
}

/// A line, as far as it was read.
struct Line(Zeroizing<Vec<u8>>);

impl Default for Line {
    fn default() -> Self {
        // Never moved to a larger place, so that no half of a secret is left in an old one.
        Self(Zeroizing::new(Vec::with_capacity(LONGEST)))
    }
}

impl Line {
    /// One byte more: `None` while the line goes on, and then the line, or `None` for the end of
    /// input.
    #[expect(
        clippy::option_option,
        reason = "\"not yet\" and \"no more\" are two things"
    )]
    fn read_byte(&mut self, input: &File) -> io::Result<Option<Option<Zeroizing<String>>>> {
        let mut byte = Zeroizing::new([0]);
        match nix::unistd::read(input, byte.as_mut()) {
            Err(Errno::EINTR) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(0) if self.0.is_empty() => Ok(Some(None)),
            Ok(0) => self.text().map(Some).map(Some),
            Ok(_) if *byte == [b'\n'] => self.text().map(Some).map(Some),
            Ok(_) if self.0.len() == LONGEST => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the line is longer than {LONGEST} bytes"),
            )),
            Ok(_) => {
                self.0.extend_from_slice(byte.as_ref());
                Ok(None)
            }
        }
    }

    fn text(&self) -> io::Result<Zeroizing<String>> {
        let text = std::str::from_utf8(&self.0)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the line is not UTF-8"))?;
        Ok(Zeroizing::new(text.trim().to_owned()))
    }
}

/// A terminal that shows nothing of what is typed, until dropped.
struct Hush<'a> {
    keyboard: &'a File,
    before: Termios,
}

impl<'a> Hush<'a> {
    fn over(keyboard: &'a File) -> io::Result<Self> {
        let before = tcgetattr(keyboard)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        // The end of the line is shown, or the next words would follow the prompt.
        quiet.local_flags.insert(LocalFlags::ECHONL);
        // What was typed ahead is kept: a paste may come before its prompt.
        tcsetattr(keyboard, SetArg::TCSADRAIN, &quiet)?;
        Ok(Self { keyboard, before })
    }
}

impl Drop for Hush<'_> {
    fn drop(&mut self) {
        // There is nobody to tell: a terminal that cannot be set any more is gone.
        let _ = tcsetattr(self.keyboard, SetArg::TCSADRAIN, &self.before);
    }
}

/// The signals that would end or stop this program, held back until dropped.
struct Signals {
    before: SigSet,
    pending: SignalFd,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        let mut caught = SigSet::empty();
        for signal in [
            Signal::SIGHUP,
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGTERM,
            Signal::SIGTSTP,
        ] {
            caught.add(signal);
        }
        let pending =
            SignalFd::with_flags(&caught, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let before = caught.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(Self { before, pending })
    }

    /// Waits for a signal or for something to read, and gives the signal if it was one.
    fn or_readable(&self, input: BorrowedFd<'_>) -> io::Result<Option<Signal>> {
        let mut both = [
            PollFd::new(self.pending.as_fd(), PollFlags::POLLIN),
            PollFd::new(input, PollFlags::POLLIN),
        ];
        match poll(&mut both, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(information) = self.pending.read_signal()? else {
            return Ok(None);
        };
        let number = i32::try_from(information.ssi_signo).unwrap_or_default();
        Ok(Some(Signal::try_from(number)?))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // It was this thread's mask before, so it cannot be refused now.
        let _ = self.before.thread_set_mask();
    }
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
