//! Every sentence a person sees.
//!
//! The limits are those of what shows them: 25 characters for a prompt, 40 for a line of a dialog,
//! 76 for one of a terminal; printable ASCII, one line.

use countersign_bus::types::Ask;
use pam_countersign_ffi::Tone;

use crate::profile::Profile;

/// What is asked. The words are a contract: scripts and OpenVPN's clients wait for them.
pub(crate) fn prompt(ask: Ask) -> &'static str {
    match ask {
        Ask::Code => "One-time code: ",
        Ask::FirstCode => "This code: ",
        Ask::NextCode => "And the next one: ",
        Ask::RecoveryCode => "Recovery code: ",
    }
}

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
            | Self::Unavailable => Tone::Error,
            Self::TypeRecoveryCode
            | Self::AwaitNextCode
            | Self::RecoveryCodeUsed { .. }
            | Self::FewRecoveryCodes { .. } => Tone::Info,
        }
    }

    /// The words, if `profile` has a place for them.
    pub(crate) fn text(self, profile: Profile) -> Option<String> {
        let shown = match profile {
            Profile::Ssh | Profile::Terminal => true,
            // A dialog is told what went wrong, and nothing that its prompt does not need.
            Profile::Dialog => match self.tone() {
                Tone::Error => true,
                Tone::Info => false,
            },
            Profile::Silent => false,
        };
        shown.then(|| self.words())
    }

    fn words(self) -> String {
        match self {
            Self::WrongCode { left } => format!("Wrong one-time code. Try again ({left} left)."),
            Self::UsedCode => "Code already used. Wait for a new one.".to_owned(),
            Self::SeveralCodes { codes: 0..=2 } => {
                "Too many wrong codes. Type two in a row.".to_owned()
            }
            // In letters this would be two characters too long for a dialog.
            Self::SeveralCodes { codes: 3.. } => {
                "Too many wrong codes. Type 3 in a row.".to_owned()
            }
            Self::WrongRecoveryCode { left } => {
                format!("Wrong recovery code. Try again ({left} left).")
            }
            Self::RecoveryWait { wait: Some(wait) } => {
                format!("Too many wrong codes. Wait {}.", span(wait))
            }
            Self::RecoveryWait { wait: None } => "Too many wrong codes. Wait a while.".to_owned(),
            Self::TypeRecoveryCode => "Type one of the recovery codes you saved.".to_owned(),
            Self::AwaitNextCode => {
                "Wait until the app shows the next code (up to 30 s).".to_owned()
            }
            Self::RecoveryCodeUsed { left: left @ 0..=2 } => format!(
                "Recovery code used. {left} left. Make new ones: countersignctl recovery-codes"
            ),
            Self::RecoveryCodeUsed { left } => format!("Recovery code used. {left} left."),
            Self::FewRecoveryCodes { left } => {
                format!("Recovery codes: {left} left. Make new ones: countersignctl recovery-codes")
            }
            Self::Unavailable => "Code check unavailable. Ask your admin.".to_owned(),
        }
    }
}

/// A span of time in one number, rounded up so that whoever waits for it waits long enough.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds.div_ceil(60)),
        7_200..=3_600_000 => format!("{} h", seconds.div_ceil(3_600)),
        3_600_001.. => "over 1000 h".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [Profile; 4] = [
        Profile::Ssh,
        Profile::Terminal,
        Profile::Dialog,
        Profile::Silent,
    ];

    /// Each message with the longest words it can have.
    fn every_message() -> Vec<Message> {
        let waits = [0, 59, 60, 3540, 7_199, 7_200, 3_600_000, u64::MAX];
        let mut messages = vec![
            Message::UsedCode,
            Message::SeveralCodes { codes: 2 },
            Message::SeveralCodes { codes: u32::MAX },
            Message::RecoveryWait { wait: None },
            Message::TypeRecoveryCode,
            Message::AwaitNextCode,
            Message::Unavailable,
        ];
        messages.extend(waits.map(|wait| Message::RecoveryWait { wait: Some(wait) }));
        for left in [0, 1, 2, 3, 9] {
            messages.push(Message::WrongCode { left });
            messages.push(Message::WrongRecoveryCode { left });
        }
        for left in [0, 1, 2, 3, 10, u32::MAX] {
            messages.push(Message::RecoveryCodeUsed { left });
        }
        for left in [0, 1, 2, 10] {
            messages.push(Message::FewRecoveryCodes { left });
        }
        messages
    }

    fn is_plain(text: &str) -> bool {
        text.bytes()
            .all(|b| (b' '..=b'~').contains(&b) && !b"<>&".contains(&b))
    }

    #[test]
    fn every_prompt_fits_everywhere() {
        for ask in [Ask::Code, Ask::FirstCode, Ask::NextCode, Ask::RecoveryCode] {
            let prompt = prompt(ask);
            assert!(prompt.len() <= 25, "{prompt:?}");
            assert!(prompt.ends_with(": ") && is_plain(prompt), "{prompt:?}");
            assert_ne!(prompt, "Password: ");
        }
    }

    #[test]
    fn every_message_fits_where_it_is_shown() {
        for message in every_message() {
            for profile in PROFILES {
                let longest = match profile {
                    Profile::Ssh | Profile::Terminal => 76,
                    Profile::Dialog => 40,
                    Profile::Silent => 0,
                };
                let text = message.text(profile).unwrap_or_default();
                assert!(text.len() <= longest, "{profile:?} {text:?}");
                assert!(is_plain(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn the_words_are_as_documented() {
        for (message, words) in [
            (
                Message::WrongCode { left: 2 },
                "Wrong one-time code. Try again (2 left).",
            ),
            (Message::UsedCode, "Code already used. Wait for a new one."),
            (
                Message::SeveralCodes { codes: 2 },
                "Too many wrong codes. Type two in a row.",
            ),
            (
                Message::SeveralCodes { codes: 3 },
                "Too many wrong codes. Type 3 in a row.",
            ),
            (
                Message::WrongRecoveryCode { left: 2 },
                "Wrong recovery code. Try again (2 left).",
            ),
            (
                Message::RecoveryWait { wait: Some(3540) },
                "Too many wrong codes. Wait 59 min.",
            ),
            (
                Message::Unavailable,
                "Code check unavailable. Ask your admin.",
            ),
            (
                Message::TypeRecoveryCode,
                "Type one of the recovery codes you saved.",
            ),
            (
                Message::AwaitNextCode,
                "Wait until the app shows the next code (up to 30 s).",
            ),
            (
                Message::RecoveryCodeUsed { left: 4 },
                "Recovery code used. 4 left.",
            ),
            (
                Message::RecoveryCodeUsed { left: 1 },
                "Recovery code used. 1 left. Make new ones: countersignctl recovery-codes",
            ),
            (
                Message::FewRecoveryCodes { left: 2 },
                "Recovery codes: 2 left. Make new ones: countersignctl recovery-codes",
            ),
        ] {
            assert_eq!(message.text(Profile::Terminal).as_deref(), Some(words));
        }
    }

    #[test]
    fn a_dialog_is_told_only_what_went_wrong() {
        for message in every_message() {
            let shown = message.text(Profile::Dialog).is_some();
            assert_eq!(shown, message.tone() == Tone::Error, "{message:?}");
        }
    }

    #[test]
    fn a_wait_is_never_told_shorter_than_it_is() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (61, "2 min"),
            (3540, "59 min"),
            (3541, "60 min"),
            (7_199, "120 min"),
            (7_201, "3 h"),
            (10_800, "3 h"),
            (u64::MAX, "over 1000 h"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
