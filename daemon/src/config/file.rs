//! A configuration file as it is written.
//!
//! Each value is understood where it is read, so that an error names the line it is in.

use std::time::Duration;

use countersign_core::otp::{Algorithm, Digits};
use countersign_core::throttle::Backoff;
use countersign_core::time::Period;
use serde::Deserialize;

use super::rule::RuleTables;
use super::written::{Written, read_as_written};
use super::{Qr, SelfService};

/// One file. What it does not say is left to the one before it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) throttle: ThrottleSection,
    pub(super) totp: TotpSection,
    pub(super) enrollment: EnrollmentSection,
    pub(super) login: LoginSection,
    pub(super) helpdesk: HelpdeskSection,
    /// The rules of the policy, which go on where the file before it ends.
    pub(super) rule: RuleTables,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ThrottleSection {
    pub(super) rule: Option<Rule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TotpSection {
    pub(super) issuer: Option<Issuer>,
    pub(super) digits: Option<DigitCount>,
    pub(super) algorithm: Option<HashName>,
    pub(super) period_seconds: Option<Seconds>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct EnrollmentSection {
    pub(super) self_service: Option<SelfService>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HelpdeskSection {
    pub(super) issue_codes: Option<Switch>,
    pub(super) longest_minutes: Option<Minutes>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LoginSection {
    pub(super) language: Option<Language>,
    pub(super) qr: Option<Qr>,
}

impl File {
    /// What this file says, and where it says nothing, what `earlier` ones did. The rules are left
    /// out: they have been taken.
    pub(super) fn over(self, earlier: Self) -> Self {
        let Self {
            throttle: ThrottleSection { rule },
            totp:
                TotpSection {
                    issuer,
                    digits,
                    algorithm,
                    period_seconds,
                },
            enrollment: EnrollmentSection { self_service },
            login: LoginSection { language, qr },
            helpdesk:
                HelpdeskSection {
                    issue_codes,
                    longest_minutes,
                },
            rule: _,
        } = self;
        Self {
            throttle: ThrottleSection {
                rule: rule.or(earlier.throttle.rule),
            },
            totp: TotpSection {
                issuer: issuer.or(earlier.totp.issuer),
                digits: digits.or(earlier.totp.digits),
                algorithm: algorithm.or(earlier.totp.algorithm),
                period_seconds: period_seconds.or(earlier.totp.period_seconds),
            },
            enrollment: EnrollmentSection {
                self_service: self_service.or(earlier.enrollment.self_service),
            },
            login: LoginSection {
                language: language.or(earlier.login.language),
                qr: qr.or(earlier.login.qr),
            },
            helpdesk: HelpdeskSection {
                issue_codes: issue_codes.or(earlier.helpdesk.issue_codes),
                longest_minutes: longest_minutes.or(earlier.helpdesk.longest_minutes),
            },
            rule: RuleTables::default(),
        }
    }
}

/// How strictly wrong codes are slowed down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Default,
    Strict,
}

impl Written for Rule {
    const EXPECTED: &str = "\"default\" or \"strict\"";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "default" => Some(Self::Default),
            "strict" => Some(Self::Strict),
            _ => None,
        }
    }
}

impl From<Rule> for Backoff {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Default => Self::DEFAULT,
            Rule::Strict => Self::STRICT,
        }
    }
}

/// A name that every app shows as it is.
#[derive(Debug)]
pub(super) struct Issuer(String);

impl Written for Issuer {
    const EXPECTED: &str =
        "a name of 1 to 64 characters in quotes, without a colon, such as \"Example Ltd\"";

    fn from_text(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.chars().count());
        let shown = !text.contains(|c: char| c == ':' || c.is_control()) && text.trim() == text;
        (fits && shown).then(|| Self(text.to_owned()))
    }
}

impl From<Issuer> for String {
    fn from(Issuer(name): Issuer) -> Self {
        name
    }
}

/// How many digits a code has.
#[derive(Clone, Copy, Debug)]
pub(super) struct DigitCount(Digits);

impl Written for DigitCount {
    const EXPECTED: &str = "6, 7 or 8, without quotes (most apps know 6 only)";

    fn from_number(number: i64) -> Option<Self> {
        let count = u32::try_from(number).ok()?;
        Digits::new(count).ok().map(Self)
    }
}

impl From<DigitCount> for Digits {
    fn from(DigitCount(digits): DigitCount) -> Self {
        digits
    }
}

/// The name of a hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct HashName(Algorithm);

impl Written for HashName {
    const EXPECTED: &str = "\"SHA1\", \"SHA256\" or \"SHA512\" (most apps know SHA1 only)";

    fn from_text(text: &str) -> Option<Self> {
        Algorithm::named(text).ok().map(Self)
    }
}

impl From<HashName> for Algorithm {
    fn from(HashName(algorithm): HashName) -> Self {
        algorithm
    }
}

/// How many seconds a code lasts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds(Period);

impl Written for Seconds {
    const EXPECTED: &str =
        "a whole number of seconds from 15 to 120, without quotes (most apps know 30 only)";

    fn from_number(number: i64) -> Option<Self> {
        let seconds = u64::try_from(number).ok()?;
        Period::from_seconds(seconds).ok().map(Self)
    }
}

impl From<Seconds> for Period {
    fn from(Seconds(period): Seconds) -> Self {
        period
    }
}

/// Whether something is allowed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Switch {
    Off,
    On,
}

impl Written for Switch {
    const EXPECTED: &str = "\"off\" or \"on\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "on" => Some(Self::On),
            _ => None,
        }
    }
}

impl Written for SelfService {
    const EXPECTED: &str = "\"off\", \"ticket\" or \"open\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "ticket" => Some(Self::Ticket),
            "open" => Some(Self::Open),
            _ => None,
        }
    }
}

impl Written for Qr {
    const EXPECTED: &str = "\"local-terminal\" or \"never\", in quotes";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "local-terminal" => Some(Self::LocalTerminal),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

/// The name of a language that the module speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Language(&'static str);

/// The names of the module's catalogues, by the build script's word.
pub(super) const LANGUAGES: &str = env!("COUNTERSIGN_LANGUAGES");

impl Written for Language {
    const EXPECTED: &str = concat!("one of these, in quotes: ", env!("COUNTERSIGN_LANGUAGES"));

    fn from_text(text: &str) -> Option<Self> {
        LANGUAGES.split(' ').find(|name| *name == text).map(Self)
    }
}

impl From<Language> for &'static str {
    fn from(Language(name): Language) -> Self {
        name
    }
}

/// How many minutes something may last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minutes(u64);

impl Written for Minutes {
    const EXPECTED: &str = "a whole number of minutes from 1 to 10080 (a week), without quotes";

    fn from_number(number: i64) -> Option<Self> {
        let minutes = u64::try_from(number).ok()?;
        (1..=7 * 24 * 60)
            .contains(&minutes)
            .then_some(Self(minutes))
    }
}

impl From<Minutes> for Duration {
    fn from(Minutes(minutes): Minutes) -> Self {
        Self::from_secs(minutes * 60)
    }
}

read_as_written!(
    DigitCount,
    HashName,
    Issuer,
    Language,
    Minutes,
    Qr,
    Rule,
    Seconds,
    SelfService,
    Switch
);
