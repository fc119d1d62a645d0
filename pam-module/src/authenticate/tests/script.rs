//! A login as a script: what the daemon and the claimant say, in this order and no other.

use std::cell::RefCell;
use std::collections::VecDeque;

use countersign_bus::Error;
use countersign_bus::types::{Ask, Challenge, Login, News, Next};
use pam_countersign_ffi::{Answer, NoAnswer, Tone};
use zeroize::Zeroizing;

use crate::authenticate::authenticate;
use crate::conversation::{Claimant, Conversation};
use crate::daemon::{Daemon, Start};
use crate::language::Language;
use crate::outcome::{Passed, Refusal};
use crate::profile::Profile;

/// One thing that happens.
pub(super) enum Line {
    /// The daemon is asked to begin, and says this.
    Begin(Result<Start, Error>),
    /// The claimant is told (`E` or `I`, a blank, the text), and the application takes it or not.
    Told(&'static str, bool),
    /// The claimant is asked, and types this, or the application fails with this PAM result.
    Asked(&'static str, Result<&'static [u8], i32>),
    /// The daemon is sent this, and says that.
    Sent(&'static str, Result<Next, Error>),
    /// The daemon is told that it is over, and says this.
    Cancelled(Result<(), Error>),
}

use Line::{Asked, Told};
pub(super) use Line::{Begin, Cancelled, Sent};

pub(super) fn told(text: &'static str) -> Line {
    Told(text, true)
}

pub(super) fn told_in_vain(text: &'static str) -> Line {
    Told(text, false)
}

pub(super) fn asked(prompt: &'static str, typed: &'static [u8]) -> Line {
    Asked(prompt, Ok(typed))
}

pub(super) fn asked_in_vain(prompt: &'static str, result: i32) -> Line {
    Asked(prompt, Err(result))
}

pub(super) const CODE: &str = "One-time code: ";
pub(super) const NEXT_CODE: &str = "And the next one: ";
pub(super) const PASSWORD: &[u8] = b"passw0rd";
pub(super) const RECOVERY_CODE: &[u8] = b"3-ABCD-EFGH-JKMN-PQRS";
pub(super) const RECOVERY_SENT: &str = "3ABCDEFGHJKMNPQRS";

pub(super) const ISSUED_CODE: &[u8] = b"0-ABCD-EFGH";
pub(super) const ISSUED_SENT: &str = "0ABCDEFGH";

pub(super) const WRONG_2: &str = "E Wrong one-time code. Try again (2 left).";
pub(super) const WRONG_1: &str = "E Wrong one-time code. Try again (1 left).";
pub(super) const USED: &str = "E Code already used. Wait for a new one.";
pub(super) const AWAY: &str = "E Code check unavailable. Ask your admin.";

pub(super) fn play(
    profile: Profile,
    lines: impl IntoIterator<Item = Line>,
) -> Result<Passed, Refusal> {
    play_in(profile, false, lines)
}

pub(super) fn play_in(
    profile: Profile,
    silent: bool,
    lines: impl IntoIterator<Item = Line>,
) -> Result<Passed, Refusal> {
    let script = Script(RefCell::new(lines.into_iter().collect()));
    let (mut daemon, mut application) = (&script, &script);
    let mut claimant = Claimant::new(&mut application, profile, silent);
    let login = Login::default();
    let outcome = authenticate(&mut daemon, &mut claimant, &login, Some(PASSWORD));

    let left = script.0.borrow().len();
    assert_eq!(left, 0, "lines that never happened");
    outcome
}

/// One code is asked for, and three answers are left.
pub(super) fn challenge() -> Challenge {
    Challenge {
        ask: Ask::Code,
        codes: 1,
        tries: 3,
        lengths: vec![6],
        recovery: true,
        news: None,
        wait: None,
    }
}

/// The challenge after `seen` answers that the daemon judged, with its news.
pub(super) fn again(seen: u32, news: News) -> Result<Next, Error> {
    Ok(Next::Ask(Challenge {
        tries: 3 - seen,
        news: Some(news),
        ..challenge()
    }))
}

/// One of `codes` codes in a row, with `tries` answers left.
pub(super) fn several(ask: Ask, codes: u32, tries: u32) -> Challenge {
    Challenge {
        ask,
        codes,
        tries,
        news: (ask == Ask::FirstCode).then_some(News::SeveralCodes),
        ..challenge()
    }
}

pub(super) fn ask(challenge: Challenge) -> Result<Next, Error> {
    Ok(Next::Ask(challenge))
}

pub(super) fn begin() -> Line {
    begin_with(challenge(), Language::En)
}

pub(super) fn begin_with(challenge: Challenge, language: Language) -> Line {
    Begin(Ok(Start::Ask {
        challenge,
        language,
    }))
}

pub(super) fn finished() -> Result<Next, Error> {
    Ok(Next::Finished {
        recovery_left: None,
    })
}

struct Script(RefCell<VecDeque<Line>>);

impl Script {
    fn next(&self, what: &str) -> Line {
        let line = self.0.borrow_mut().pop_front();
        line.unwrap_or_else(|| panic!("the script is over, but: {what}"))
    }
}

impl Daemon for &Script {
    fn begin(&mut self, _: &Login) -> Result<Start, Error> {
        let line = self.next("begin");
        let name = line.name();
        let Begin(reply) = line else {
            panic!("{name}, but the login begins");
        };
        reply
    }

    fn respond(&mut self, answer: &str) -> Result<Next, Error> {
        let line = self.next(answer);
        let name = line.name();
        let Sent(expected, reply) = line else {
            panic!("{name}, but {answer:?} is sent");
        };
        assert_eq!(answer, expected);
        reply
    }

    fn cancel(&mut self) -> Result<(), Error> {
        let line = self.next("cancel");
        let name = line.name();
        let Cancelled(reply) = line else {
            panic!("{name}, but the login is cancelled");
        };
        reply
    }
}

impl Conversation for &Script {
    fn ask(&mut self, prompt: &str) -> Result<Answer, NoAnswer> {
        let line = self.next(prompt);
        let name = line.name();
        let Asked(expected, answer) = line else {
            panic!("{name}, but {prompt:?} is asked");
        };
        assert_eq!(prompt, expected);
        answer
            .map(|typed| Zeroizing::new(typed.to_vec()))
            .map_err(|result| NoAnswer { result })
    }

    fn tell(&mut self, tone: Tone, text: &str) -> Result<(), NoAnswer> {
        let told = match tone {
            Tone::Error => format!("E {text}"),
            Tone::Info => format!("I {text}"),
        };
        let line = self.next(&told);
        let name = line.name();
        let Told(expected, taken) = line else {
            panic!("{name}, but {told:?} is told");
        };
        assert_eq!(told, expected);
        if taken {
            Ok(())
        } else {
            Err(NoAnswer { result: 19 })
        }
    }
}

impl Line {
    fn name(&self) -> String {
        match self {
            Begin(_) => "the login should begin".to_owned(),
            Told(text, _) => format!("{text:?} should be told"),
            Asked(prompt, _) => format!("{prompt:?} should be asked"),
            Sent(answer, _) => format!("{answer:?} should be sent"),
            Cancelled(_) => "the login should be cancelled".to_owned(),
        }
    }
}
