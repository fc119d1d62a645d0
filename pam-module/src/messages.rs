//! What is said in a login. The words are the [`Language`]'s.

use countersign_bus::Profile;
use countersign_bus::types::Ask;
use pam_countersign_ffi::{Echo, Tone};

use crate::language::Language;

/// What is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Prompt {
    /// What the daemon wants asked.
    Of(Ask),
    /// The password, and behind it in the same field what the daemon wants asked.
    Appended {
        /// What.
        ask: Ask,
        /// How many codes in a row.
        codes: u32,
    },
    /// The first code of a key that was just shown.
    Enroll,
    /// Nothing but whether the recovery codes that were just shown are kept.
    Keep,
}

impl Prompt {
    /// Whether what is typed may be seen.
    pub(crate) fn echo(self) -> Echo {
        match self {
            Self::Of(_) | Self::Appended { .. } | Self::Enroll => Echo::Off,
            // Enter, and no secret.
            Self::Keep => Echo::On,
        }
    }

    /// The words.
    pub(crate) fn text(self, language: Language) -> String {
        let words = match self {
            Self::Of(Ask::Code) => language.prompt_code(),
            Self::Of(Ask::FirstCode) => language.prompt_first_code(),
            Self::Of(Ask::NextCode) => language.prompt_next_code(),
            Self::Of(Ask::RecoveryCode) => language.prompt_recovery_code(),
            Self::Appended { ask, codes } => match ask {
                Ask::Code => language.prompt_appended(),
                Ask::FirstCode | Ask::NextCode => {
                    return format!("{}: ", language.prompt_appended_codes(codes));
                }
                Ask::RecoveryCode => language.prompt_appended_recovery_code(),
            },
            Self::Enroll => language.prompt_enroll(),
            Self::Keep => language.prompt_keep(),
        };
        format!("{words}: ")
    }
}

/// What a login screen that can show a list offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// A code from the app.
    Code,
    /// A recovery code.
    RecoveryCode,
}

impl Way {
    /// All of them, in the order of the list.
    pub(crate) const ALL: [Self; 2] = [Self::Code, Self::RecoveryCode];

    /// What stands above the list.
    pub(crate) fn heading(language: Language) -> &'static str {
        language.choose()
    }

    /// The words.
    pub(crate) fn text(self, language: Language) -> &'static str {
        match self {
            Self::Code => language.choose_code(),
            Self::RecoveryCode => language.choose_recovery_code(),
        }
    }

    /// What the login screen calls it, and nobody types by chance.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Code => "org.countersign.code",
            Self::RecoveryCode => "org.countersign.recovery-code",
        }
    }
}

/// How many recovery codes are few: whoever has no more of them is told to make new ones.
pub(crate) const FEW: u32 = 3;

/// What is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Message {
    /// The code was wrong, or none; so many answers are left.
    WrongCode {
        /// How many.
        left: u32,
    },
    /// The code was right once.
    UsedCode,
    /// From now on it takes several codes in a row.
    SeveralCodes {
        /// How many, two or three.
        codes: u32,
    },
    /// The recovery code was wrong, or none; so many answers are left.
    WrongRecoveryCode {
        /// How many.
        left: u32,
    },
    /// Recovery codes are not looked at for a while.
    RecoveryWait {
        /// Seconds, if that is known.
        wait: Option<u64>,
    },
    /// A recovery code is asked for.
    TypeRecoveryCode,
    /// The next code is asked for, which takes its time to come.
    AwaitNextCode,
    /// A recovery code opened this login; so many are left.
    RecoveryCodeUsed {
        /// How many.
        left: u32,
    },
    /// Only so many recovery codes are left.
    FewRecoveryCodes {
        /// How many.
        left: u32,
    },
    /// There is nobody to ask whether a code is right.
    Unavailable,
    /// A login without a code has come to where one is demanded.
    CodeNeeded,
    /// A second factor has to be set up, which takes another place than this.
    EnrollElsewhere,
    /// The code was not one of the key that was shown; so many answers are left.
    WrongFirstCode {
        /// How many.
        left: u32,
    },
    /// A second factor has to be set up, and follows.
    Enroll,
    /// The key follows.
    AddKey,
    /// The key's address follows.
    OpenAddress,
    /// A picture of it follows.
    ScanPicture,
    /// The second factor is set up, and recovery codes follow.
    KeepRecoveryCodes,
}

impl Message {
    /// How it is told.
    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::WrongCode { .. }
            | Self::UsedCode
            | Self::SeveralCodes { .. }
            | Self::WrongRecoveryCode { .. }
            | Self::RecoveryWait { .. }
            | Self::WrongFirstCode { .. }
            | Self::EnrollElsewhere
            | Self::CodeNeeded
            | Self::Unavailable => Tone::Error,
            Self::TypeRecoveryCode
            | Self::AwaitNextCode
            | Self::Enroll
            | Self::AddKey
            | Self::OpenAddress
            | Self::ScanPicture
            | Self::KeepRecoveryCodes
            | Self::RecoveryCodeUsed { .. }
            | Self::FewRecoveryCodes { .. } => Tone::Info,
        }
    }

    /// The words, if `profile` has a place for them.
    pub(crate) fn text(self, profile: Profile, language: Language) -> Option<String> {
        let shown = match profile {
            Profile::Ssh | Profile::Terminal => true,
            // A dialog is told what went wrong, and nothing that its prompt does not need.
            Profile::Dialog => match self.tone() {
                Tone::Error => true,
                Tone::Info => false,
            },
            Profile::Silent => false,
        };
        shown.then(|| self.words(language))
    }

    fn words(self, language: Language) -> String {
        match self {
            Self::WrongCode { left } => language.wrong_code(left),
            Self::UsedCode => language.used_code().to_owned(),
            Self::SeveralCodes { codes: 0..=2 } => language.two_codes().to_owned(),
            Self::SeveralCodes { codes: 3.. } => language.three_codes().to_owned(),
            Self::WrongRecoveryCode { left } => language.wrong_recovery_code(left),
            Self::RecoveryWait { wait: Some(wait) } => language.recovery_wait(span(wait, language)),
            Self::RecoveryWait { wait: None } => language.recovery_wait_unknown().to_owned(),
            Self::TypeRecoveryCode => language.type_recovery_code().to_owned(),
            Self::AwaitNextCode => language.await_next_code().to_owned(),
            Self::RecoveryCodeUsed {
                left: left @ 0..=FEW,
            } => language.recovery_code_used_few(left),
            Self::RecoveryCodeUsed { left } => language.recovery_code_used(left),
            Self::FewRecoveryCodes { left } => language.few_recovery_codes(left),
            Self::Unavailable => language.unavailable().to_owned(),
            Self::CodeNeeded => language.code_needed().to_owned(),
            Self::EnrollElsewhere => language.enroll_elsewhere().to_owned(),
            Self::WrongFirstCode { left } => language.wrong_first_code(left),
            Self::Enroll => language.enroll().to_owned(),
            Self::AddKey => language.add_key().to_owned(),
            Self::OpenAddress => language.open_address().to_owned(),
            Self::ScanPicture => language.scan_picture().to_owned(),
            Self::KeepRecoveryCodes => language.keep_recovery_codes().to_owned(),
        }
    }
}

/// A span of time in one number, rounded up so that whoever waits for it waits long enough.
fn span(seconds: u64, language: Language) -> String {
    match seconds {
        0..60 => language.seconds(seconds),
        60..7_200 => language.minutes(seconds.div_ceil(60)),
        7_200..=3_600_000 => language.hours(seconds.div_ceil(3_600)),
        3_600_001.. => language.many_hours().to_owned(),
    }
}

#[cfg(test)]
mod tests;
