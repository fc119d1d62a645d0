//! What each language says, and whether it fits where it is shown.

use unicode_width::UnicodeWidthStr;

use super::*;

const PROFILES: [Profile; 4] = [
    Profile::Ssh,
    Profile::Terminal,
    Profile::Dialog,
    Profile::Silent,
];

const PROMPTS: [Prompt; 10] = [
    Prompt::Of(Ask::Code),
    Prompt::Of(Ask::FirstCode),
    Prompt::Of(Ask::NextCode),
    Prompt::Of(Ask::RecoveryCode),
    Prompt::Appended {
        ask: Ask::Code,
        codes: 1,
    },
    Prompt::Appended {
        ask: Ask::FirstCode,
        codes: 2,
    },
    Prompt::Appended {
        ask: Ask::FirstCode,
        codes: 3,
    },
    Prompt::Appended {
        ask: Ask::RecoveryCode,
        codes: 1,
    },
    Prompt::Enroll,
    Prompt::Keep,
];

/// Each message with the longest words it can have.
fn every_message() -> Vec<Message> {
    let waits = [
        0, 59, 60, 3540, 7_199, 7_200, 3_599_999, 3_600_000, 3_600_001,
    ];
    let mut messages = vec![
        Message::UsedCode,
        Message::SeveralCodes { codes: 2 },
        Message::SeveralCodes { codes: u32::MAX },
        Message::RecoveryWait { wait: None },
        Message::TypeRecoveryCode,
        Message::AwaitNextCode,
        Message::Unavailable,
        Message::CodeNeeded,
        Message::EnrollElsewhere,
        Message::Enroll,
        Message::AddKey,
        Message::OpenAddress,
        Message::ScanPicture,
        Message::KeepRecoveryCodes,
    ];
    messages.extend(waits.map(|wait| Message::RecoveryWait { wait: Some(wait) }));
    for left in [0, 1, 2, 3, 9] {
        messages.push(Message::WrongCode { left });
        messages.push(Message::WrongRecoveryCode { left });
        messages.push(Message::WrongFirstCode { left });
    }
    for left in [0, 1, 2, 3, 4, 10, u32::MAX] {
        messages.push(Message::RecoveryCodeUsed { left });
    }
    for left in [0, 1, 2, 3, 10] {
        messages.push(Message::FewRecoveryCodes { left });
    }
    messages
}

/// Whether every application shows it as it is.
fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || "<>&".contains(c))
        && text.chars().all(|c| c.is_ascii() || c.is_alphanumeric())
}

/// The columns there are for a prompt.
fn room(prompt: Prompt) -> usize {
    match prompt {
        Prompt::Of(_) | Prompt::Appended { .. } | Prompt::Enroll => 25,
        // On terminals only.
        Prompt::Keep => 60,
    }
}

/// Every text of a language, with the columns there are for it.
fn every_text(language: Language) -> Vec<(String, usize)> {
    let mut texts: Vec<_> = PROMPTS
        .map(|prompt| (prompt.text(language), room(prompt)))
        .into();
    for message in every_message() {
        for profile in PROFILES {
            let columns = match profile {
                Profile::Ssh | Profile::Terminal => 76,
                Profile::Dialog => 40,
                Profile::Silent => 0,
            };
            texts.extend(message.text(profile, language).map(|text| (text, columns)));
        }
    }
    texts
}

#[test]
fn every_text_fits_where_it_is_shown() {
    for language in Language::ALL {
        for (text, columns) in every_text(*language) {
            assert!(text.width() <= columns, "{} columns: {text}", text.width());
            // With the newline that stands in front for sshd.
            assert!(text.len() < 512, "{} bytes: {text}", text.len());
            assert!(is_plain(&text), "{text:?}");
        }
    }
}

#[test]
fn a_list_fits_where_it_is_shown_and_offers_different_things() {
    for language in Language::ALL {
        assert!(Way::heading(*language).width() <= 23);
        let [code, recovery] = Way::ALL.map(|way| way.text(*language));
        assert_ne!(code, recovery);
        for text in [code, recovery] {
            assert!(text.width() <= 18, "{text}");
            assert!(is_plain(text), "{text}");
        }
    }
    let [code, recovery] = Way::ALL.map(|way| way.text(Language::En));
    assert_eq!((code, recovery), ("Code from app", "Recovery code"));
}

#[test]
fn a_hangul_syllable_has_two_columns_and_three_bytes() {
    assert_eq!(("코드: ".width(), "코드: ".len()), (6, 8));
}

#[test]
fn english_is_ascii() {
    for (text, _) in every_text(Language::En) {
        assert!(text.is_ascii(), "{text}");
    }
}

#[test]
fn prompts_end_alike_and_are_different() {
    for language in Language::ALL {
        let prompts = PROMPTS.map(|prompt| prompt.text(*language));
        for prompt in &prompts {
            assert!(prompt.ends_with(": "), "{prompt:?}");
            assert_eq!(prompt.trim_start(), prompt);
            assert_ne!(prompt, "Password: ");
        }
        let different: std::collections::BTreeSet<_> = prompts.iter().collect();
        assert_eq!(different.len(), prompts.len(), "{prompts:?}");
    }
}

#[test]
fn a_language_is_known_by_the_name_of_its_file() {
    assert_eq!(Language::named("en"), Some(Language::En));
    assert_eq!(Language::named("ko"), Some(Language::Ko));
    for unknown in ["", "EN", "ko_KR", "../ko", "xx"] {
        assert_eq!(Language::named(unknown), None, "{unknown:?}");
    }
}

#[test]
fn the_english_prompts_are_as_documented() {
    let prompts = PROMPTS.map(|prompt| prompt.text(Language::En));
    let documented = [
        "One-time code: ",
        "This code: ",
        "And the next one: ",
        "Recovery code: ",
        "Password and code: ",
        "Password and 2 codes: ",
        "Password and 3 codes: ",
        "Password, recovery code: ",
        "First code from the app: ",
        "Press Enter when you have written them down: ",
    ];
    assert_eq!(prompts, documented);
}

#[test]
fn the_english_words_are_as_documented() {
    use Message::*;
    for (message, words) in [
        (
            WrongCode { left: 2 },
            "Wrong one-time code. Try again (2 left).",
        ),
        (UsedCode, "Code already used. Wait for a new one."),
        (
            SeveralCodes { codes: 2 },
            "Too many wrong codes. Type two in a row.",
        ),
        (
            SeveralCodes { codes: 3 },
            "Too many wrong codes. Type 3 in a row.",
        ),
        (
            WrongRecoveryCode { left: 2 },
            "Wrong recovery code. Try again (2 left).",
        ),
        (
            RecoveryWait { wait: Some(3540) },
            "Too many wrong codes. Wait 59 min.",
        ),
        (
            RecoveryWait { wait: None },
            "Too many wrong codes. Wait a while.",
        ),
        (Unavailable, "Code check unavailable. Ask your admin."),
        (
            TypeRecoveryCode,
            "Type one of the recovery codes you saved.",
        ),
        (
            AwaitNextCode,
            "Wait until the app shows the next code (up to 30 s).",
        ),
        (RecoveryCodeUsed { left: 4 }, "Recovery code used. 4 left."),
        (
            RecoveryCodeUsed { left: 3 },
            "Recovery code used. 3 left. Make new ones: countersignctl recovery-codes",
        ),
        (
            FewRecoveryCodes { left: 2 },
            "Recovery codes: 2 left. Make new ones: countersignctl recovery-codes",
        ),
    ] {
        let text = message.text(Profile::Terminal, Language::En);
        assert_eq!(text.as_deref(), Some(words));
    }
}

#[test]
fn the_guard_says_what_is_missing() {
    for profile in [Profile::Ssh, Profile::Terminal, Profile::Dialog] {
        let text = Message::CodeNeeded.text(profile, Language::En);
        assert_eq!(text.as_deref(), Some("This login needs a one-time code."));
    }
}

#[test]
fn every_language_says_how_many_are_left_and_which_command_makes_more() {
    for language in Language::ALL {
        let said = |message: Message| message.text(Profile::Terminal, *language).unwrap();
        for left in [1, 2] {
            let number = left.to_string();
            assert!(said(Message::WrongCode { left }).contains(&number));
            assert!(said(Message::WrongRecoveryCode { left }).contains(&number));
            assert!(said(Message::WrongFirstCode { left }).contains(&number));
        }
        assert!(said(Message::RecoveryCodeUsed { left: 7 }).contains('7'));
        for left in 0..=3 {
            for few in [
                Message::RecoveryCodeUsed { left },
                Message::FewRecoveryCodes { left },
            ] {
                let text = said(few);
                assert!(text.contains(&left.to_string()), "{text}");
                assert!(text.ends_with("countersignctl recovery-codes"), "{text}");
            }
        }
    }
}

#[test]
fn a_dialog_is_told_only_what_went_wrong() {
    for message in every_message() {
        let shown = message.text(Profile::Dialog, Language::En).is_some();
        assert_eq!(shown, message.tone() == Tone::Error, "{message:?}");
    }
}

#[test]
fn a_wait_is_never_told_shorter_than_it_is() {
    for (seconds, english, korean) in [
        (0, "0 s", "0초"),
        (45, "45 s", "45초"),
        (60, "1 min", "1분"),
        (61, "2 min", "2분"),
        (3540, "59 min", "59분"),
        (3541, "60 min", "60분"),
        (7_199, "120 min", "120분"),
        (7_201, "3 h", "3시간"),
        (10_800, "3 h", "3시간"),
        (u64::MAX, "over 1000 h", "한참"),
    ] {
        assert_eq!(span(seconds, Language::En), english);
        assert_eq!(span(seconds, Language::Ko), korean);
    }
}
