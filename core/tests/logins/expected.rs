//! What is answered, and what must come of it.

use std::ops::RangeInclusive;

use countersign_core::credential::CredentialId;

/// A well-formed answer, as it was typed.
#[derive(Clone, Debug)]
pub(crate) enum Typed {
    Codes(Row),
    Recovery(String),
    Issued(String),
}

/// Codes, and those of the answer just before in the same login, if that was wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) codes: Vec<String>,
    pub(crate) earlier: Vec<String>,
}

/// What must come of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Expected {
    NotLookedAt,
    Used,
    /// So many codes in a row were.
    Wrong(usize),
    /// These are used up: of one credential, unless others happen to show the same.
    Proven(Vec<Proven>),
    RecoveryWaits,
    WrongRecovery,
    /// The recovery code at this place.
    Recovery(usize),
    /// The scratch code at this place.
    Scratch(usize),
    /// The code that was issued last.
    Issued,
}

/// Steps or counters of one credential.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Proven {
    pub(crate) id: CredentialId,
    pub(crate) numbers: RangeInclusive<u64>,
    /// Whether the first was typed in an answer that was wrong by itself.
    pub(crate) found_again: bool,
}

impl Expected {
    /// Whether there is anything to remember.
    pub(crate) const fn is_remembered(&self) -> bool {
        match self {
            Self::NotLookedAt | Self::Used | Self::RecoveryWaits => false,
            Self::Wrong(_)
            | Self::Proven(_)
            | Self::WrongRecovery
            | Self::Recovery(_)
            | Self::Scratch(_)
            | Self::Issued => true,
        }
    }

    /// Whether it opens a login.
    pub(crate) const fn is_accepted(&self) -> bool {
        match self {
            Self::NotLookedAt
            | Self::Used
            | Self::Wrong(_)
            | Self::RecoveryWaits
            | Self::WrongRecovery => false,
            Self::Proven(_) | Self::Recovery(_) | Self::Scratch(_) | Self::Issued => true,
        }
    }
}
