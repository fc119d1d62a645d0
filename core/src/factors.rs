//! Which kinds of proof a login takes.

use thiserror::Error;

/// A kind of proof that a rule may take or leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Time-based codes.
    Totp,
    /// Counter-based codes.
    Hotp,
    /// Recovery codes, and scratch codes that came from elsewhere.
    Recovery,
    /// Codes that an admin issued.
    Issued,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Totp, Self::Hotp, Self::Recovery, Self::Issued];

    /// As the configuration calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Hotp => "hotp",
            Self::Recovery => "recovery",
            Self::Issued => "issued",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Totp => 1,
            Self::Hotp => 2,
            Self::Recovery => 4,
            Self::Issued => 8,
        }
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Factors(u8);

impl Factors {
    /// Every kind.
    pub const ALL: Self = Self(15);

    /// The kinds that are called so.
    ///
    /// # Errors
    ///
    /// If a name is unknown or given twice, or if no factor is among them: recovery codes and
    /// issued codes stand in for one, and are none.
    pub fn named(names: &[impl AsRef<str>]) -> Result<Self, UnusableFactors> {
        let mut set = Self(0);
        for name in names {
            let name = name.as_ref();
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
            let kind = kind.ok_or_else(|| UnusableFactors::Unknown(name.to_owned()))?;
            if set.allow(kind) {
                return Err(UnusableFactors::Twice(kind.name()));
            }
            set.0 |= kind.bit();
        }
        if set.allow(Kind::Totp) || set.allow(Kind::Hotp) {
            Ok(set)
        } else {
            Err(UnusableFactors::NoFactor)
        }
    }

    /// Whether `kind` is among them.
    pub const fn allow(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// These without `kind`.
    #[must_use]
    pub const fn without(self, kind: Kind) -> Self {
        Self(self.0 & !kind.bit())
    }

    /// Those among them.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.allow(*kind))
    }
}

/// Kinds that no rule can take.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UnusableFactors {
    /// There is no such kind.
    #[error(
        "{0:?} is no kind of factor; there are \"totp\", \"hotp\", \"recovery\" and \"issued\""
    )]
    Unknown(String),
    /// A kind is named twice.
    #[error("\"{0}\" is named twice")]
    Twice(&'static str),
    /// Nobody could answer.
    #[error("name \"totp\", \"hotp\" or both: the others stand in for a factor, and are none")]
    NoFactor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_allows_what_it_names_and_nothing_else() {
        let set = Factors::named(&["hotp", "recovery"]).unwrap();
        let kinds: Vec<Kind> = set.kinds().collect();
        assert_eq!(kinds, [Kind::Hotp, Kind::Recovery]);
        assert!(!set.without(Kind::Recovery).allow(Kind::Recovery));
        assert_eq!(Factors::ALL.kinds().count(), Kind::ALL.len());
    }

    #[test]
    fn a_set_that_nobody_could_answer_is_refused() {
        for (names, refusal) in [
            (&[][..], UnusableFactors::NoFactor),
            (&["recovery", "issued"], UnusableFactors::NoFactor),
            (&["totp", "totp"], UnusableFactors::Twice("totp")),
            (&["TOTP"], UnusableFactors::Unknown("TOTP".to_owned())),
            (&["totp", ""], UnusableFactors::Unknown(String::new())),
        ] {
            assert_eq!(Factors::named(names), Err(refusal), "{names:?}");
        }
    }
}
