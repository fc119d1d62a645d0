//! PAM's configuration as libpam reads it: which lines a login goes through, in which order, and
//! what each outcome of each of them does. Nothing is written here.
//!
//! Read in pam.conf(5), and in libpam's `pam_handlers.c` and `pam_dispatch.c`.

pub(crate) mod control;
pub(crate) mod file;
mod names;
pub(crate) mod password;
pub(crate) mod walk;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::control::Control;
use self::file::{Entry, Statement};

/// Where services are looked for, in this order: the first that has a file of the name is read.
const DIRECTORIES: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];
/// What is read instead, for all services, where there is neither directory.
const SINGLE: &str = "/etc/pam.conf";
/// What a service has in place of a facility that it says nothing of.
const OTHER: &str = "other";
/// How deep files may name one another.
const DEEPEST: usize = 32;
/// No file of these is longer, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What a line of the configuration is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Facility {
    /// Who it is.
    Auth,
    /// Whether they may.
    Account,
    /// A changed password.
    Password,
    /// Before and after.
    Session,
}

impl fmt::Display for Facility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auth => "auth",
            Self::Account => "account",
            Self::Password => "password",
            Self::Session => "session",
        })
    }
}

/// A line of a file; the path is the system's, without the root that it was read under.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    /// From 1; of a line that goes on over several, the first.
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// One step of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) place: Place,
    /// How many substacks it is within.
    pub(crate) depth: usize,
    pub(crate) step: Step,
}

/// What a line of a stack does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Asks a module.
    Module(Module),
    /// Begins a substack: the lines that follow and are deeper.
    Substack,
}

/// A module, as a line names it.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) control: Control,
    /// As it is written, mostly without a directory.
    pub(crate) path: String,
    pub(crate) arguments: Vec<String>,
}

impl Module {
    /// Whether it is this module, in whatever directory.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name() == name
    }

    /// Its file's name without a directory, and with its ending.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl Line {
    /// The module, if this line asks one.
    pub(crate) fn module(&self) -> Option<&Module> {
        match &self.step {
            Step::Module(module) => Some(module),
            Step::Substack => None,
        }
    }
}

/// What libpam could not follow; it then refuses the login.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Flaw {
    pub(crate) place: Place,
    pub(crate) what: String,
}

/// All that a service does for one facility.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack {
    pub(crate) lines: Vec<Line>,
    pub(crate) flaws: Vec<Flaw>,
}

impl Stack {
    /// The lines that ask this module, with their numbers in `lines`.
    pub(crate) fn asking<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (usize, &'a Line, &'a Module)> {
        let lines = self.lines.iter().enumerate();
        let modules = lines.filter_map(|(index, line)| Some((index, line, line.module()?)));
        modules.filter(move |(_, _, module)| module.is(name))
    }
}

/// The configuration beneath a root.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    root: PathBuf,
}

impl Configuration {
    /// The one of the system whose files are beneath `root`.
    pub(crate) fn beneath(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The services that have a file, or lines in the single file, in the order of their names.
    /// What an editor or a package manager left beside them is none.
    ///
    /// # Errors
    ///
    /// What the system says, for a directory that is there and cannot be read.
    pub(crate) fn services(&self) -> io::Result<Vec<String>> {
        let mut names = BTreeSet::new();
        let mut directories = 0;
        for directory in DIRECTORIES {
            let entries = match fs::read_dir(self.beneath_root(Path::new(directory))) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            directories += 1;
            for entry in entries {
                let name = entry?.file_name();
                names.extend(
                    name.to_str()
                        .filter(|name| names::is_service(name))
                        .map(str::to_owned),
                );
            }
        }
        if directories == 0 {
            let text = self.text(Path::new(SINGLE))?;
            names.extend(file::services(&text));
        }
        Ok(names.into_iter().collect())
    }

    /// The file that a service is configured in; `None` if it has none.
    pub(crate) fn file_of(&self, service: &str) -> Option<PathBuf> {
        let paths = DIRECTORIES.map(|directory| Path::new(directory).join(service));
        let mut found = paths
            .into_iter()
            .filter(|path| self.beneath_root(path).is_file());
        found.next()
    }

    /// What a service does for a facility. One that says nothing of it does what `other` does.
    pub(crate) fn stack(&self, service: &str, facility: Facility) -> Stack {
        let own = self.own_stack(service, facility);
        if own.lines.is_empty() && own.flaws.is_empty() && service != OTHER {
            return self.own_stack(OTHER, facility);
        }
        own
    }

    /// What a service itself says of a facility.
    pub(crate) fn own_stack(&self, service: &str, facility: Facility) -> Stack {
        let mut reading = Reading {
            configuration: self,
            facility,
            stack: Stack::default(),
        };
        match self.file_of(service) {
            Some(path) => reading.file(&path, 0, 0),
            None => reading.single(service),
        }
        reading.stack
    }

    fn beneath_root(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A file's text; what is not UTF-8 in it stands for itself nowhere.
    fn text(&self, path: &Path) -> io::Result<String> {
        let path = self.beneath_root(path);
        if fs::metadata(&path)?.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
    }
}

/// A stack, as far as it has been read.
struct Reading<'a> {
    configuration: &'a Configuration,
    facility: Facility,
    stack: Stack,
}

impl Reading<'_> {
    /// The lines of a file.
    fn file(&mut self, path: &Path, depth: usize, nesting: usize) {
        match self.configuration.text(path) {
            Ok(text) => self.entries(path, file::parse(&text), depth, nesting),
            Err(error) => {
                let place = Place {
                    file: path.to_owned(),
                    line: 1,
                };
                self.flaw(place, format!("it cannot be read: {error}"));
            }
        }
    }

    /// The lines of a service in the file that is for all.
    fn single(&mut self, service: &str) {
        let path = Path::new(SINGLE);
        let exists = |directory: &&str| {
            self.configuration
                .beneath_root(Path::new(directory))
                .is_dir()
        };
        if DIRECTORIES.iter().any(exists) {
            return;
        }
        if let Ok(text) = self.configuration.text(path) {
            self.entries(path, file::parse_single(&text, service), 0, 0);
        }
    }

    fn entries(&mut self, path: &Path, entries: Vec<Entry>, depth: usize, nesting: usize) {
        for entry in entries {
            let place = Place {
                file: path.to_owned(),
                line: entry.first,
            };
            match entry.statement {
                Statement::Rule(rule) if rule.facility == self.facility => {
                    self.push(place, depth, Step::Module(rule.module));
                }
                Statement::Include { facility, name }
                    if facility.is_none_or(|facility| facility == self.facility) =>
                {
                    self.included(&place, &name, depth, nesting);
                }
                Statement::Substack { facility, name } if facility == self.facility => {
                    self.push(place.clone(), depth, Step::Substack);
                    self.included(&place, &name, depth + 1, nesting);
                }
                Statement::Rule(_) | Statement::Include { .. } | Statement::Substack { .. } => {}
                // libpam makes a line that it does not understand one that fails.
                Statement::Wrong { facility, what } => {
                    if facility.is_none_or(|facility| facility == self.facility) {
                        self.flaw(place, what);
                    }
                }
            }
        }
    }

    fn included(&mut self, by: &Place, name: &str, depth: usize, nesting: usize) {
        if nesting >= DEEPEST {
            return self.flaw(by.clone(), format!("{name} comes back to itself"));
        }
        let found = match name.starts_with('/') {
            true => Some(PathBuf::from(name)),
            false => self.configuration.file_of(name),
        };
        match found {
            Some(found) => self.file(&found, depth, nesting + 1),
            None => self.flaw(by.clone(), format!("there is no {name} to include")),
        }
    }

    fn push(&mut self, place: Place, depth: usize, step: Step) {
        self.stack.lines.push(Line { place, depth, step });
    }

    fn flaw(&mut self, place: Place, what: String) {
        self.stack.flaws.push(Flaw { place, what });
    }
}

#[cfg(test)]
#[path = "pam_stack/tests.rs"]
mod tests;
