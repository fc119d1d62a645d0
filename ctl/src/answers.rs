//! Where answers come from: a person at a terminal, or lines on standard input.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::terminal::{Echo, Terminal, read_line};

/// The source of answers.
pub(crate) struct Answers(Source);

enum Source {
    Terminal(Terminal),
    Lines {
        input: File,
        /// Whether to turn to the terminal when the lines are at their end.
        then_ask: bool,
    },
}

impl Answers {
    /// The terminal if standard input is one, else the lines of standard input.
    pub(crate) fn open() -> Result<Self, Error> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Self::of_terminal();
        }
        let input = stdin.as_fd().try_clone_to_owned().map_err(Error::Input)?;
        Ok(Self(Source::Lines {
            input: File::from(input),
            then_ask: false,
        }))
    }

    /// The terminal, whatever standard input is.
    pub(crate) fn of_terminal() -> Result<Self, Error> {
        Terminal::open()
            .map(|terminal| Self(Source::Terminal(terminal)))
            .map_err(Error::Input)
    }

    /// Whether there is somebody to ask, and to ask again.
    pub(crate) fn are_typed(&self) -> bool {
        match self.0 {
            Source::Terminal(_) => true,
            Source::Lines { .. } => false,
        }
    }

    /// The answer to a question, not shown while it is typed.
    pub(crate) fn hidden(&mut self, prompt: &str) -> Result<Zeroizing<String>, Error> {
        self.answer(prompt, Echo::Off)
    }

    /// The answer to a question, shown while it is typed.
    pub(crate) fn shown(&mut self, prompt: &str) -> Result<Zeroizing<String>, Error> {
        self.answer(prompt, Echo::On)
    }

    /// A secret. If it was all that standard input held, the next answer is the terminal's.
    pub(crate) fn secret(&mut self, prompt: &str) -> Result<Zeroizing<String>, Error> {
        let secret = self.hidden(prompt)?;
        if let Source::Lines { then_ask, .. } = &mut self.0 {
            *then_ask = true;
        }
        Ok(secret)
    }

    fn answer(&mut self, prompt: &str, echo: Echo) -> Result<Zeroizing<String>, Error> {
        let answer = match &self.0 {
            Source::Terminal(terminal) => return terminal.ask(prompt, echo),
            Source::Lines { input, then_ask } => {
                match (read_line(input).map_err(Error::Input)?, then_ask) {
                    (Some(line), _) => Some(line),
                    (None, false) => None,
                    (None, true) => return self.turn_to_terminal(prompt, echo),
                }
            }
        };
        answer.ok_or_else(|| no_answer(prompt))
    }

    fn turn_to_terminal(&mut self, prompt: &str, echo: Echo) -> Result<Zeroizing<String>, Error> {
        let terminal = Terminal::open().map_err(|_| no_answer(prompt))?;
        let answer = terminal.ask(prompt, echo)?;
        self.0 = Source::Terminal(terminal);
        Ok(answer)
    }
}

fn no_answer(prompt: &str) -> Error {
    Error::NoAnswer(prompt.trim_end_matches([' ', ':']).to_owned())
}
