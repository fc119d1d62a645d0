//! `countersign.toml` and its drop-ins, read once and never doubted again.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_core::otp::{Algorithm, Digits};
use countersign_core::policy::{Policy, Rule};
use countersign_core::throttle::Backoff;
use countersign_core::time::Period;
use thiserror::Error;

mod file;
mod notes;
mod rule;
#[cfg(test)]
mod tests;
mod written;

use self::file::{File, Switch};
pub use self::notes::{Note, notes};

/// The settings, every one of them usable as it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// How wrong responses are slowed down.
    pub backoff: Backoff,
    /// What authenticator apps show beside the user's name.
    pub issuer: String,
    /// How many digits the codes of newly enrolled credentials have.
    pub digits: Digits,
    /// The hash that newly enrolled credentials use.
    pub algorithm: Algorithm,
    /// How long a code of a newly enrolled credential lasts.
    pub period: Period,
    /// The name of the catalogue that the words of logins are from.
    pub language: &'static str,
    /// Whether users may enroll their first factor by themselves.
    pub self_service: SelfService,
    /// The longest that a code which an admin issues is good for; `None` if none may be issued.
    pub issued_codes: Option<Duration>,
    /// Where a QR code may be drawn when somebody enrolls at a login.
    pub qr: Qr,
    /// Of which login a factor is demanded.
    pub policy: Policy,
}

/// Where a QR code may be drawn when somebody enrolls at a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Qr {
    /// On a terminal of this machine.
    LocalTerminal,
    /// Nowhere.
    Never,
}

/// Whether users may enroll their first factor by themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SelfService {
    /// Root does it for them.
    Off,
    /// With a code that an admin issued.
    Ticket,
    /// Whoever has a session of theirs may.
    Open,
}

impl Default for Config {
    /// What the packaged file says.
    fn default() -> Self {
        Self {
            backoff: Backoff::DEFAULT,
            issuer: "Countersign".to_owned(),
            digits: Digits::DEFAULT,
            algorithm: Algorithm::Sha1,
            period: Period::DEFAULT,
            language: "en",
            self_service: SelfService::Off,
            issued_codes: Some(Duration::from_secs(24 * 3600)),
            qr: Qr::LocalTerminal,
            policy: Policy::default(),
        }
    }
}

impl Config {
    /// Reads the file `main` and, if there is a directory of that name with `.d` behind it, every
    /// `*.toml` in there in the order of their names. A later one wins, setting by setting, and its
    /// rules come after those of the earlier ones; what none of them says is as in
    /// [`Config::default`].
    ///
    /// # Errors
    ///
    /// If there is no such file, if one cannot be read, or if one has anything in it that is not
    /// understood to the last word. None of it is then in force: half a policy is worse than none.
    pub fn load(main: &Path) -> Result<Self, ConfigError> {
        Self::load_with_places(main).map(|(config, _)| config)
    }

    /// As [`load`](Self::load), with the place of each rule of the policy.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn load_with_places(main: &Path) -> Result<(Self, Vec<Place>), ConfigError> {
        let mut settings = File::default();
        let mut rules = Rules::default();
        for path in std::iter::once(main.to_owned()).chain(drop_ins(main)?) {
            let (file, text) = read(&path)?;
            let file = rules.take(file, &path, &text)?;
            settings = file.over(settings);
        }
        let config = Self {
            policy: Policy::new(rules.rules),
            ..settings.into()
        };
        Ok((config, rules.places))
    }
}

/// The rules of all files, in order.
#[derive(Default)]
struct Rules {
    rules: Vec<Rule>,
    places: Vec<Place>,
}

impl Rules {
    /// Takes the rules out of a file whose text is `text`.
    fn take(&mut self, mut file: File, path: &Path, text: &str) -> Result<File, ConfigError> {
        for table in std::mem::take(&mut file.rule.0) {
            let place = Place::at(path, text, table.span().start);
            let table = table.into_inner();
            let (name, start) = table.name();
            let mut earlier = self.rules.iter().zip(&self.places);
            if let Some((_, taken)) = earlier.find(|(rule, _)| rule.name == name) {
                let message = format!(
                    "the rule at {taken} is called {name:?} already; each has a name of its own"
                );
                return Err(ConfigError::wrong(path, text, start, message));
            }
            let rule = table.rule();
            let wrong = |(at, message): (usize, &str)| {
                ConfigError::wrong(path, text, at, message.to_owned())
            };
            self.rules.push(rule.map_err(wrong)?);
            self.places.push(place);
        }
        Ok(file)
    }
}

/// Where in the configuration a rule is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// In which file.
    pub path: PathBuf,
    /// In which line, from 1.
    pub line: usize,
}

impl Place {
    fn at(path: &Path, text: &str, start: usize) -> Self {
        Self {
            path: path.to_owned(),
            line: line_and_column(text, start).0,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

impl From<File> for Config {
    fn from(file: File) -> Self {
        let default = Self::default();
        let File {
            throttle,
            totp,
            enrollment,
            login,
            helpdesk,
            rule: _,
        } = file;
        Self {
            backoff: throttle.rule.map_or(default.backoff, Backoff::from),
            issuer: totp.issuer.map_or(default.issuer, String::from),
            digits: totp.digits.map_or(default.digits, Digits::from),
            algorithm: totp.algorithm.map_or(default.algorithm, Algorithm::from),
            period: totp.period_seconds.map_or(default.period, Period::from),
            language: login.language.map_or(default.language, <&str>::from),
            self_service: enrollment.self_service.unwrap_or(default.self_service),
            issued_codes: match helpdesk.issue_codes {
                Some(Switch::Off) => None,
                Some(Switch::On) | None => helpdesk
                    .longest_minutes
                    .map_or(default.issued_codes, |minutes| Some(minutes.into())),
            },
            qr: login.qr.unwrap_or(default.qr),
            policy: default.policy,
        }
    }
}

fn read(path: &Path) -> Result<(File, String), ConfigError> {
    let text = fs::read_to_string(path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            ConfigError::Missing(path.to_owned())
        } else {
            ConfigError::Unreadable(path.to_owned(), error)
        }
    })?;
    let file = toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        ConfigError::wrong(path, &text, start, error.message().to_owned())
    })?;
    Ok((file, text))
}

/// The files beside `main` that go on where it ends, in order.
fn drop_ins(main: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let mut directory = main.as_os_str().to_owned();
    directory.push(".d");
    let directory = PathBuf::from(directory);

    let list = || -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        entries.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = list().map_err(|error| ConfigError::Unreadable(directory.clone(), error))?;
    // What package managers and editors leave behind is called otherwise.
    paths.retain(|path| {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden
            && path
                .extension()
                .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    Ok(paths)
}

/// The configuration cannot be used. The text says where, and what to write instead.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// There is none.
    #[error(
        "{}: there is no such file; put the packaged countersign.toml there, or an empty file to \
         have the default of every setting", .0.display()
    )]
    Missing(PathBuf),
    /// A file or directory cannot be read.
    #[error("{path}: cannot be read: {1}", path = .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A file says something that is not understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// In which line, from 1.
        line: usize,
        /// At which character of the line, from 1.
        column: usize,
        /// What is wrong with it.
        message: String,
    },
}

impl ConfigError {
    fn wrong(path: &Path, text: &str, start: usize, message: String) -> Self {
        let (line, column) = line_and_column(text, start);
        Self::Wrong {
            path: path.to_owned(),
            line,
            column,
            message: message.trim_end().replace('\n', "; "),
        }
    }
}

/// Where in `text` its byte number `start` is: the line and the character, both from 1.
fn line_and_column(text: &str, start: usize) -> (usize, usize) {
    let before = text.get(..start).unwrap_or(text);
    let line_before = before.rsplit('\n').next().unwrap_or_default();
    (
        before.matches('\n').count() + 1,
        line_before.chars().count() + 1,
    )
}
