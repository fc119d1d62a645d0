//! What is in force for a login, as sshd itself says.

use super::SSHD;
use super::checks::*;
use super::config::{Block, Config};
use crate::doctor::Report;
use crate::doctor::finding::Check;
use crate::doctor::scene::Scene;
use crate::protect::sshd::{Settings, settings_in};

/// A kind of login that the configuration tells apart from others.
pub(super) struct Context {
    /// Which block, if it is one's.
    pub(super) block: Option<usize>,
    /// Whom it is about, in words, if not everybody.
    pub(super) label: Option<String>,
    /// The one user that it is about, if it is one.
    pub(super) user: Option<String>,
    /// What `sshd -C` is told of it; empty for everybody.
    connection: String,
}

/// Settings by their keywords, in small letters.
pub(super) struct Effective(Settings);

/// What depends on the block that a login comes under.
const OF_BLOCKS: [&Check; 8] = [
    &KEY_ALONE,
    &OTHER_ALONE,
    &REFUSED_UNASKED,
    &NOBODY_ASKED,
    &PASSWORD_METHOD,
    &ROOT_LOGIN,
    &EMPTY_PASSWORDS,
    &TRIES,
];

/// Everybody's logins, and those of each block.
pub(super) fn contexts(scene: &Scene<'_>, config: &Config, report: &mut Report) -> Vec<Context> {
    let mut contexts = vec![Context {
        block: None,
        label: None,
        user: None,
        connection: String::new(),
    }];
    for (number, block) in config.blocks.iter().enumerate() {
        match connection(scene, block) {
            Ok((user, connection)) => contexts.push(Context {
                block: Some(number),
                label: Some(format!("Match {}", block.conditions.join(" "))),
                user,
                connection,
            }),
            Err(why) => {
                let conditions = block.conditions.join(" ");
                let why = format!("{}: Match {conditions}: {why}", block.place);
                report.not_checked(&OF_BLOCKS, why);
            }
        }
    }
    contexts
}

/// A login that a block is about.
struct Example {
    user: Option<String>,
    /// The one user that the block is about, if it is one.
    only: Option<String>,
    host: String,
    address: String,
    local: String,
}

impl Example {
    /// It meets one more condition.
    fn meet(&mut self, scene: &Scene<'_>, keyword: &str, value: &str) -> Result<(), String> {
        let mut patterns = value.split(',');
        let first = patterns
            .find(|pattern| !pattern.starts_with('!'))
            .unwrap_or_default();
        let network = first.split('/').next().unwrap_or_default();
        match keyword {
            "user" if first.contains(['*', '?']) => {}
            "user" => {
                self.only = Some(first.to_owned()).filter(|_| !value.contains(','));
                self.user = Some(first.to_owned());
            }
            "group" => {
                let member = member(scene, first);
                self.user = Some(member.ok_or_else(|| format!("no member of {first} is known"))?);
            }
            "host" => self.host = first.replace(['*', '?'], "x"),
            "address" => self.address = network.replace('*', "1"),
            "localaddress" => self.local += &format!(",laddr={network}"),
            "localport" => self.local += &format!(",lport={first}"),
            other => return Err(format!("what meets {other} is not known")),
        }
        Ok(())
    }
}

/// A login that a block is about, as `sshd -C` takes it, and whose it is if it is about one user.
fn connection(scene: &Scene<'_>, block: &Block) -> Result<(Option<String>, String), String> {
    let mut example = Example {
        user: None,
        only: None,
        host: "localhost".to_owned(),
        // Of a network that is for documentation (RFC 5737).
        address: "192.0.2.1".to_owned(),
        local: String::new(),
    };
    let mut conditions = block.conditions.iter();
    while let Some(condition) = conditions.next() {
        let keyword = condition.to_ascii_lowercase();
        if keyword != "all" {
            let value = conditions.next().map(String::as_str).unwrap_or_default();
            example.meet(scene, &keyword, value)?;
        }
    }
    let anybody = || {
        let accounts = scene.logins();
        let people = accounts.iter().find(|account| account.uid != 0);
        people.map_or_else(|| "root".to_owned(), |account| account.name.clone())
    };
    let user = example.user.unwrap_or_else(anybody);
    let (host, address, local) = (example.host, example.address, example.local);
    Ok((
        example.only,
        format!("user={user},host={host},addr={address}{local}"),
    ))
}

/// Somebody who is in a group.
fn member(scene: &Scene<'_>, group: &str) -> Option<String> {
    let text = scene.files.text("/etc/group").ok()?;
    let line = text
        .lines()
        .find(|line| line.split(':').next() == Some(group))?;
    let mut fields = line.split(':').skip(2);
    let gid: u32 = fields.next()?.parse().ok()?;
    let named = fields
        .next()
        .and_then(|members| members.split(',').find(|name| !name.is_empty()));
    let own = scene
        .accounts
        .iter()
        .flatten()
        .find(|account| account.gid == gid);
    named
        .map(str::to_owned)
        .or_else(|| own.map(|account| account.name.clone()))
}

/// What sshd says is in force.
///
/// # Errors
///
/// What it says instead.
pub(super) fn settings(scene: &Scene<'_>, context: &Context) -> Result<Effective, String> {
    let mut arguments = vec!["-T"];
    if !context.connection.is_empty() {
        arguments.extend(["-C", &context.connection]);
    }
    let said = scene.programs.run(SSHD, &arguments);
    let said = said.map_err(|error| format!("it cannot be run: {error}"))?;
    if !said.success {
        return Err(said
            .stderr
            .trim()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned());
    }
    Ok(Effective(settings_in(&said.stdout)))
}

/// The file and line that a complaint of sshd's names: `/etc/ssh/x: line 3: …`, `/etc/ssh/x line 3: …`.
pub(super) fn located(why: &str) -> Option<(String, usize)> {
    let at = why.find("/etc/")?;
    let rest = why.get(at..)?;
    let (file, rest) = rest.split_once(|c: char| c.is_whitespace() || c == ':')?;
    let rest = rest
        .trim_start_matches(|c: char| c.is_whitespace() || c == ':')
        .strip_prefix("line ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((file.to_owned(), digits.parse().ok()?))
}

/// The version in what sshd says of itself: `OpenSSH_9.2p1 Debian-2`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let (_, rest) = text.split_once("OpenSSH_")?;
    let (major, rest) = rest.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether a method asks what PAM asks.
pub(super) fn asks_pam(method: &str) -> bool {
    let name = method.split(':').next().unwrap_or_default();
    name == "keyboard-interactive" || name == "password"
}

/// Whether a method goes by what another host says.
pub(super) fn is_foreign(method: &str) -> bool {
    method.starts_with("gssapi") || method == "hostbased"
}

/// The methods, and the settings that turn them on.
const METHODS: [(&str, &[&str]); 5] = [
    ("publickey", &["pubkeyauthentication"]),
    (
        "keyboard-interactive",
        &[
            "kbdinteractiveauthentication",
            "challengeresponseauthentication",
        ],
    ),
    ("password", &["passwordauthentication"]),
    ("gssapi-with-mic", &["gssapiauthentication"]),
    ("hostbased", &["hostbasedauthentication"]),
];

impl Effective {
    pub(super) fn value(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(String::as_str)
    }

    pub(super) fn is(&self, keyword: &str, value: &str) -> bool {
        self.value(keyword) == Some(value)
    }

    /// The number that a value begins with.
    pub(super) fn number(&self, keyword: &str) -> Option<u64> {
        let value = self.value(keyword)?;
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    fn is_on(&self, method: &str) -> bool {
        let name = method.split(':').next().unwrap_or_default();
        let mut methods = METHODS.iter().filter(|(known, _)| *known == name);
        methods.any(|(_, settings)| settings.iter().any(|setting| self.is(setting, "yes")))
    }

    /// The lists of methods that let somebody in, each all of it, as far as they are on.
    pub(super) fn sufficient(&self) -> Vec<Vec<String>> {
        let lists = match self.value("authenticationmethods").unwrap_or("any") {
            "any" => METHODS
                .iter()
                .map(|(method, _)| vec![(*method).to_owned()])
                .collect(),
            lists => lists
                .split_whitespace()
                .map(|list| list.split(',').map(str::to_owned).collect())
                .collect::<Vec<Vec<_>>>(),
        };
        lists
            .into_iter()
            .filter(|list| list.iter().all(|method| self.is_on(method)))
            .collect()
    }
}
