//! One real PAM login: libpam, the module, an application that answers as told.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::accounts::Accounts;
use crate::programs::programs;
use crate::world::World;

/// A login that is about to be made.
#[derive(Clone, Debug)]
pub struct Login {
    arguments: Vec<String>,
    answers: Vec<Vec<u8>>,
    among: Option<Accounts>,
    environment: Vec<(String, String)>,
}

impl Login {
    /// A login of `user` through the service "login" of `world`.
    pub fn new(world: &World, user: &str) -> Self {
        let confdir = world.pam().display().to_string();
        let arguments = ["-v", "-c", &confdir, "-s", "login", "-u", user];
        Self {
            arguments: arguments.map(str::to_owned).into(),
            answers: Vec::new(),
            among: None,
            environment: Vec::new(),
        }
    }

    /// With these answers to its prompts.
    pub fn answers<S: AsRef<[u8]>>(mut self, answers: impl IntoIterator<Item = S>) -> Self {
        self.answers
            .extend(answers.into_iter().map(|answer| answer.as_ref().to_owned()));
        self
    }

    /// In a program that finds these accounts.
    pub fn among(mut self, accounts: &Accounts) -> Self {
        self.among = Some(accounts.clone());
        self
    }

    /// From a remote host.
    pub fn from(self, rhost: &str) -> Self {
        self.with(&["-r", rhost])
    }

    /// With further arguments of pam-login.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// With a variable in its environment.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes it with answers that depend on what was shown: `answer` gets all that was shown so
    /// far, whose last line is the prompt; `None` hangs up.
    pub fn talk(&self, mut answer: impl FnMut(&str) -> Option<String>) -> Outcome {
        let mut started = self.spawn();
        let mut stdin = started.child.stdin.take();
        let stdout = started.child.stdout.take().expect("a pipe");
        let mut shown = String::new();
        for line in BufReader::new(stdout).lines() {
            let line = line.expect("text");
            shown.push_str(&line);
            if line.starts_with("prompt(") {
                stdin = stdin.zip(answer(&shown)).map(|(mut stdin, answer)| {
                    writeln!(stdin, "{answer}").expect("a pipe");
                    stdin
                });
            }
            shown.push('\n');
        }
        started.finish().after(shown)
    }

    /// Begins it.
    pub fn start(&self) -> Started {
        let mut started = self.spawn();
        let mut stdin = started.child.stdin.take().expect("a pipe");
        for answer in &self.answers {
            // It may have ended by itself, without asking.
            let _ = stdin
                .write_all(answer)
                .and_then(|()| stdin.write_all(b"\n"));
        }
        started
    }

    fn spawn(&self) -> Started {
        let mut command = match &self.among {
            Some(accounts) => {
                let mut command = accounts.command();
                command.arg(&programs().pam_login);
                command
            }
            None => Command::new(&programs().pam_login),
        };
        let child = command
            .args(&self.arguments)
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pam-login");
        #[expect(clippy::disallowed_methods, reason = "how long it takes is real time")]
        let at = SystemTime::now();
        Started { child, at }
    }

    /// Makes it.
    pub fn run(&self) -> Outcome {
        self.start().finish()
    }
}

/// A login that goes on.
#[derive(Debug)]
pub struct Started {
    child: Child,
    at: SystemTime,
}

impl Started {
    /// How it ended.
    pub fn finish(self) -> Outcome {
        let output = self.child.wait_with_output().expect("pam-login");
        let took = self.at.elapsed().unwrap_or_default();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let outcome = Outcome {
            result: String::new(),
            complaints: text(output.stderr),
            status: output.status.code(),
            shown: String::new(),
            took,
        };
        outcome.after(text(output.stdout))
    }
}

/// How a login ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What `pam_authenticate` returned, by name.
    pub result: String,
    /// All that a person would have seen, a line a message, and the result.
    pub shown: String,
    /// What went to stderr.
    pub complaints: String,
    /// The application's exit status; `None` if a signal ended it.
    pub status: Option<i32>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// With what was shown, which ends with the result.
    fn after(self, shown: String) -> Self {
        let result = shown.lines().rfind(|line| line.starts_with("PAM_"));
        Self {
            result: result.unwrap_or("none").to_owned(),
            shown,
            ..self
        }
    }

    /// Asserts how it ended.
    #[track_caller]
    pub fn is(self, result: &str) -> Self {
        assert_eq!(self.result, result, "{self:#?}");
        assert_eq!(
            self.status,
            Some(i32::from(result != "PAM_SUCCESS")),
            "{self:#?}"
        );
        self
    }

    /// Asserts that it was refused because of what was answered.
    #[track_caller]
    pub fn refused(self) -> Self {
        self.is("PAM_AUTH_ERR")
    }

    /// Asserts that a person saw this.
    #[track_caller]
    pub fn showed(self, text: &str) -> Self {
        assert!(self.shown.contains(text), "{text:?} in {self:#?}");
        self
    }
}
