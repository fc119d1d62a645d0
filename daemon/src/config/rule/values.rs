//! The values of a rule as they are written.

use std::fmt;
use std::time::Duration;

use countersign_core::factors::Factors;
use countersign_core::pass::{Per, Remember};
use countersign_core::policy::{Cidr, Entry, Hours, Mode, Pattern, Policy, Require};
use countersign_core::time::Timestamp;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::value::Datetime;

use crate::clock;
use crate::config::written::{Written, read_as_written};

/// What logs and people call a rule.
#[derive(Debug)]
pub(super) struct Name(pub(super) String);

impl Written for Name {
    const EXPECTED: &str = "a name of 1 to 64 characters in quotes that does not begin with (, \
                            such as \"office network\"";

    fn from_text(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.chars().count());
        let plain = text.trim() == text && !text.chars().any(char::is_control);
        // The rule behind the last one is called so.
        let ours = text.starts_with(&Policy::END[..1]);
        (fits && plain && !ours).then(|| Self(text.to_owned()))
    }
}

/// A list with something in it.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

pub(super) fn unwrapped<T, U>(list: Option<List<T>>, inner: impl Fn(T) -> U) -> Vec<U> {
    let list = list.map_or(Vec::new(), |List(list)| list);
    list.into_iter().map(inner).collect()
}

struct ListReader<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListReader<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list in brackets, such as [\"one\", \"two\"]")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
        let message = format!("{text:?} is no list; put it in brackets: [{text:?}]");
        Err(E::custom(message))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<List<T>, A::Error> {
        let list = Vec::deserialize(SeqAccessDeserializer::new(entries))?;
        if list.is_empty() {
            return Err(A::Error::custom(
                "an empty list would match no login; leave it out to match every one",
            ));
        }
        Ok(List(list))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListReader(std::marker::PhantomData))
    }
}

/// The services that a rule is about.
#[derive(Debug)]
pub(super) struct Service(pub(super) Pattern);

impl Written for Service {
    const EXPECTED: &str = "the name of a file in /etc/pam.d, such as \"sshd\", or its beginning \
                            with a * behind, such as \"gdm-*\"";

    fn understand(text: &str) -> Result<Self, String> {
        // pam_start(3) makes small letters of them.
        if text.contains(char::is_uppercase) {
            let small = text.to_lowercase();
            return Err(format!("PAM has services in small letters: {small:?}"));
        }
        text.parse().map(Self).map_err(|bad| format!("{bad}"))
    }
}

/// The name of an account or a group.
#[derive(Debug)]
pub(super) struct Account(pub(super) String);

impl Written for Account {
    const EXPECTED: &str = "the whole name of an account or a group in quotes";

    fn from_text(text: &str) -> Option<Self> {
        let fits = (1..=256).contains(&text.len());
        // A pattern would match nobody, since no name has a star.
        let plain = |c: char| !c.is_control() && c != '*';
        (fits && text.trim() == text && text.chars().all(plain)).then(|| Self(text.to_owned()))
    }
}

/// Where a login comes from.
#[derive(Debug)]
pub(super) struct Network(pub(super) Cidr);

impl Written for Network {
    const EXPECTED: &str = "a network or an address in quotes, such as \"192.0.2.0/24\"";

    fn understand(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|bad| format!("{bad}"))
    }
}

/// The terminals that a rule is about.
#[derive(Debug)]
pub(super) struct Terminal(pub(super) Pattern);

impl Written for Terminal {
    const EXPECTED: &str = "a terminal without /dev/, such as \"tty1\", or its beginning with a * \
                            behind, such as \"tty*\"";

    fn understand(text: &str) -> Result<Self, String> {
        if let Some(bare) = text.strip_prefix("/dev/") {
            return Err(format!("terminals are written without /dev/: {bare:?}"));
        }
        text.parse().map(Self).map_err(|bad| format!("{bad}"))
    }
}

/// When.
#[derive(Debug)]
pub(super) struct Times(pub(super) Hours);

impl Written for Times {
    const EXPECTED: &str = "hours in quotes, such as \"mon-fri 08:00-18:00\"";

    fn understand(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|bad| format!("{bad}"))
    }
}

/// One of a few words.
#[derive(Debug)]
pub(super) struct Word<T>(pub(super) T);

impl Written for Word<Require> {
    const EXPECTED: &str = "\"one\", \"none\" or \"refuse\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "one" => Some(Self(Require::One)),
            "none" => Some(Self(Require::Nothing)),
            "refuse" => Some(Self(Require::Refuse)),
            _ => None,
        }
    }
}

/// The kinds of factors that a rule takes.
#[derive(Debug)]
pub(super) struct Taken(pub(super) Factors);

impl<'de> Deserialize<'de> for Taken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let List(names) = List::<String>::deserialize(deserializer)?;
        Factors::named(&names).map(Self).map_err(D::Error::custom)
    }
}

/// `remember = { for = "12h", per = "origin" }`.
#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table: { for = \"12h\", per = \"origin\" }"
)]
pub(super) struct Remembered {
    #[serde(rename = "for")]
    lasts: Span,
    per: Word<Per>,
}

impl From<Remembered> for Remember {
    fn from(written: Remembered) -> Self {
        let Span(lasts) = written.lasts;
        Self {
            lasts,
            per: written.per.0,
        }
    }
}

/// For how long a login is remembered.
#[derive(Debug)]
pub(super) struct Span(pub(super) Duration);

impl Written for Span {
    const EXPECTED: &str = "a time from \"1m\" to \"30d\": a whole number with m, h or d behind, such \
                            as \"12h\"";

    fn from_text(text: &str) -> Option<Self> {
        const UNITS: [(char, u64); 3] = [('m', 60), ('h', 3600), ('d', 86_400)];
        let (digits, seconds) = UNITS
            .iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)))?;
        let count: u64 = digits.parse().ok()?;
        // Not "+5m", nor "05m".
        let plain = count.to_string() == digits;
        let span = count.checked_mul(seconds)?;
        let fits = (60..=30 * 86_400).contains(&span);
        (plain && fits).then_some(Self(Duration::from_secs(span)))
    }
}

impl Written for Word<Per> {
    const EXPECTED: &str = "\"origin\" or \"login-session\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "origin" => Some(Self(Per::Origin)),
            "login-session" => Some(Self(Per::LoginSession)),
            _ => None,
        }
    }
}

/// What becomes of those who have no factor.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotEnrolled {
    Refuse,
    Pass,
    Enroll,
}

impl Written for NotEnrolled {
    const EXPECTED: &str = "\"refuse\", \"pass\" or \"enroll\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "refuse" => Some(Self::Refuse),
            "pass" => Some(Self::Pass),
            "enroll" => Some(Self::Enroll),
            _ => None,
        }
    }
}

impl Written for Word<Entry> {
    const EXPECTED: &str = "\"separate\" or \"appended\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "separate" => Some(Self(Entry::Separate)),
            "appended" => Some(Self(Entry::Appended)),
            _ => None,
        }
    }
}

impl Written for Word<Mode> {
    const EXPECTED: &str = "\"enforce\" or \"report\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "enforce" => Some(Self(Mode::Enforce)),
            "report" => Some(Self(Mode::Report)),
            _ => None,
        }
    }
}

/// Until when one may enroll at a login.
#[derive(Debug)]
pub(super) struct Deadline(pub(super) Timestamp);

impl Deadline {
    const EXPECTED: &str = "a date without quotes, such as 2026-12-31 (until the end of that day), or \
                            a date and a time, such as 2026-12-31T18:00:00";

    /// What the clocks here say, unless it says how far they are from UTC.
    fn of(written: &Datetime) -> Option<Timestamp> {
        let text = written.to_string();
        match (written.date, written.time, written.offset) {
            (Some(_), None, None) => clock::local(
                text.parse::<jiff::civil::Date>()
                    .ok()?
                    .tomorrow()
                    .ok()?
                    .into(),
            ),
            (Some(_), Some(_), None) => clock::local(text.parse().ok()?),
            (Some(_), Some(_), Some(_)) => {
                let seconds = text.parse::<jiff::Timestamp>().ok()?.as_second();
                u64::try_from(seconds).ok().map(Timestamp::from_unix)
            }
            (_, _, _) => None,
        }
    }
}

struct DeadlineReader;

impl<'de> Visitor<'de> for DeadlineReader {
    type Value = Deadline;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Deadline::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, written: A) -> Result<Deadline, A::Error> {
        let bad = || A::Error::custom(format!("write {}", Deadline::EXPECTED));
        let written = Datetime::deserialize(MapAccessDeserializer::new(written));
        let written = written.map_err(|_| bad())?;
        Deadline::of(&written).map(Deadline).ok_or_else(bad)
    }
}

impl<'de> Deserialize<'de> for Deadline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DeadlineReader)
    }
}

read_as_written!(
    Account,
    Name,
    Network,
    NotEnrolled,
    Service,
    Span,
    Terminal,
    Times,
    Word<Entry>,
    Word<Mode>,
    Word<Per>,
    Word<Require>,
);
