//! What there is to look at.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use countersign_bus::Profile;
use countersign_bus::types::Entry;

use crate::import::passwd::Entry as Account;
use crate::pam_stack::{Configuration, Place};
use crate::report::UserStatus;

/// No file that is read whole is longer, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// A system, and what its daemon says.
pub(crate) struct Scene<'a> {
    pub(crate) files: Files,
    pub(crate) pam: Configuration,
    pub(crate) programs: &'a dyn Programs,
    pub(crate) owners: Owners,
    /// The accounts that the system lists; or why they are not known.
    pub(crate) accounts: Result<Vec<Account>, String>,
    /// What the daemon says; or why it says nothing.
    pub(crate) daemon: Result<Facts, String>,
    /// Whether it was reached, whatever it said.
    pub(crate) reached: bool,
    /// How many bytes are free where the database is.
    pub(crate) room: Result<u64, String>,
    /// Seconds since the epoch.
    pub(crate) now: u64,
}

/// Whose files are whose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owners {
    /// The administrator's uid.
    pub(crate) root: u32,
    /// The daemon's uid, if there is such an account.
    pub(crate) daemon: Option<u32>,
}

/// What the daemon says.
#[derive(Default)]
pub(crate) struct Facts {
    /// Its version, if it tells it.
    pub(crate) version: Option<String>,
    /// What is wrong with the configuration that it did not take.
    pub(crate) config_problem: Option<String>,
    /// Everybody who holds something.
    pub(crate) users: Vec<UserStatus>,
    /// Why it is not known of everybody what the policy asks of them.
    pub(crate) policy_unknown: Option<String>,
    /// What it asks of whom, by user and service; of others it asks a factor.
    pub(crate) demands: BTreeMap<(String, String), Demand>,
}

/// What becomes of a user's login by the policy.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Demand {
    /// The rule that decides it.
    pub(crate) rule: String,
    pub(crate) course: Course,
    /// Whether it is only recorded.
    pub(crate) report: bool,
    /// Until when one may enroll at a login, in seconds since the epoch.
    pub(crate) enroll_by: Option<u64>,
    /// How the code is typed, if that is known.
    pub(crate) entry: Option<Entry>,
}

/// What becomes of a login.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Course {
    /// It is asked for a factor.
    #[default]
    Asked,
    /// It is asked, and has nothing to answer with.
    AskedInVain,
    /// It is walked through enrolment.
    Enrolled,
    /// Nothing is asked.
    NotDemanded,
    /// It is refused.
    Refused,
}

impl Course {
    /// Whether something is typed.
    const fn asks(self) -> bool {
        match self {
            Self::Asked | Self::AskedInVain | Self::Enrolled => true,
            Self::NotDemanded | Self::Refused => false,
        }
    }
}

impl Demand {
    /// Whether a login without a factor does not get in.
    pub(crate) fn is_enforced(&self) -> bool {
        self.course != Course::NotDemanded && !self.report
    }
}

impl Scene<'_> {
    /// What the policy asks of a user's login. Where it is not known, a factor.
    pub(crate) fn demand(&self, user: &str, service: &str) -> Demand {
        let demands = self.daemon.as_ref().ok().map(|facts| &facts.demands);
        let key = (user.to_owned(), service.to_owned());
        demands
            .and_then(|demands| demands.get(&key))
            .cloned()
            .unwrap_or_default()
    }

    /// Whether the policy asks a factor of anybody who may log in through a service.
    pub(crate) fn is_demanded_at(&self, service: &str) -> bool {
        let accounts = self.logins();
        accounts.is_empty()
            || accounts
                .iter()
                .any(|account| self.demand(&account.name, service).is_enforced())
    }

    /// Whether anybody whom a service asks for a code, or will when report mode ends, types it so.
    /// Where nobody is known of, as the service's program has it.
    pub(crate) fn is_typed(&self, service: &str, entry: Entry) -> bool {
        let usual = Profile::of(service).entry();
        let logins = self.logins();
        let mut demands = logins
            .iter()
            .map(|account| self.demand(&account.name, service))
            .filter(|demand| demand.course.asks());
        match logins.is_empty() {
            true => usual == entry,
            false => demands.any(|demand| demand.entry.unwrap_or(usual) == entry),
        }
    }

    /// Whose login through a service this becomes.
    pub(crate) fn whose(&self, service: &str, course: Course) -> Vec<&Account> {
        let here = |account: &&Account| {
            let demand = self.demand(&account.name, service);
            demand.course == course && !demand.report
        };
        self.logins().into_iter().filter(here).collect()
    }

    /// The accounts that people log in to: root's, and those of people, with a shell.
    pub(crate) fn logins(&self) -> Vec<&Account> {
        let accounts = self.accounts.iter().flatten();
        accounts.filter(|account| is_login(account)).collect()
    }
}

/// Whether people log in to this account.
pub(crate) fn is_login(account: &Account) -> bool {
    const PEOPLE: std::ops::Range<u32> = 1000..60_000;
    let shell = !["/nologin", "/false", "/sync"]
        .iter()
        .any(|none| account.shell.ends_with(none));
    // Directory services number their people from far above.
    let person = account.uid == 0
        || PEOPLE.contains(&account.uid)
        || (account.uid > 65_536 && account.uid != u32::MAX);
    person && shell
}

/// The system's files, beneath a root.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    root: PathBuf,
}

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) uid: u32,
    /// Permission bits only.
    pub(crate) mode: u32,
    pub(crate) length: u64,
    /// In seconds since the epoch.
    pub(crate) modified: u64,
    pub(crate) is_socket: bool,
}

impl Stat {
    /// Whether somebody but its owner may write it.
    pub(crate) fn is_writable_by_others(&self) -> bool {
        self.mode & 0o022 != 0
    }
}

impl Files {
    /// Those of the system beneath `root`.
    pub(crate) fn beneath(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    fn real(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether there is anything by this name.
    pub(crate) fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.real(path)).is_ok()
    }

    /// A file's bytes.
    pub(crate) fn bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = self.real(path);
        if fs::metadata(&path)?.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        fs::read(path)
    }

    /// Whether there is anything by this name, in which one part may be `*`.
    pub(crate) fn matches(&self, pattern: &str) -> bool {
        let Some((before, after)) = pattern.split_once("/*/") else {
            return self.exists(pattern);
        };
        let directories = self.list(before).unwrap_or_default().into_iter();
        let mut paths = directories.map(|directory| format!("{directory}/{after}"));
        paths.any(|path| self.exists(&path))
    }

    /// A file's text.
    pub(crate) fn text(&self, path: &str) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(path)?).into_owned())
    }

    /// A file's text; nothing if there is no such file.
    pub(crate) fn text_if_there(&self, path: &str) -> io::Result<Option<String>> {
        match self.text(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is known of a file, or of what it is a link to.
    pub(crate) fn stat(&self, path: &str) -> io::Result<Stat> {
        let metadata = fs::metadata(self.real(path))?;
        Ok(Stat {
            uid: metadata.uid(),
            mode: metadata.mode() & 0o7777,
            length: metadata.len(),
            modified: u64::try_from(metadata.mtime()).unwrap_or_default(),
            is_socket: metadata.file_type().is_socket(),
        })
    }

    /// The paths of what is in a directory, in the order of their names; none if there is no such
    /// directory.
    pub(crate) fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.real(directory)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            paths.push(format!("{}/{name}", directory.trim_end_matches('/')));
        }
        paths.sort();
        Ok(paths)
    }
}

/// A place of a finding.
pub(crate) fn place(file: &str, line: usize) -> Place {
    Place {
        file: file.into(),
        line,
    }
}

/// The system's programs.
pub(crate) trait Programs {
    /// Runs one, named by its whole path, and gives what it said.
    ///
    /// # Errors
    ///
    /// If it cannot be run.
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Said>;
}

/// What a program said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}
