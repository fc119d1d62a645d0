//! A login as a script: what the daemon and the claimant say, in this order and no other.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use countersign_bus::Error;
use countersign_bus::Profile;
use countersign_bus::types::{Ask, Challenge, Entry, Login, News, Next, Offer};
use pam_countersign_ffi::{self as ffi, Answer, Choice, Echo, NoAnswer, NotKept, Tone};
use zeroize::Zeroizing;

use crate::account::Unresolved;
use crate::authenticate::authenticate;
use crate::claim::Claim;
use crate::conversation::{Claimant, Conversation};
use crate::daemon::{Daemon, Start};
use crate::guard::guard;
use crate::language::Language;
use crate::mark::Mark;
use crate::outcome::{Passed, Refusal};

mod line;

pub(crate) use line::*;

pub(crate) const CODE: &str = "One-time code: ";
pub(crate) const NEXT_CODE: &str = "And the next one: ";
pub(crate) const PASSWORD: &[u8] = b"passw0rd";
pub(crate) const RECOVERY_CODE: &[u8] = b"3-ABCD-EFGH-JKMN-PQRS";
pub(crate) const RECOVERY_SENT: &str = "3ABCDEFGHJKMNPQRS";

pub(crate) const ISSUED_CODE: &[u8] = b"0-ABCD-EFGH";
pub(crate) const ISSUED_SENT: &str = "0ABCDEFGH";

pub(crate) const WRONG_2: &str = "E Wrong one-time code. Try again (2 left).";
pub(crate) const WRONG_1: &str = "E Wrong one-time code. Try again (1 left).";
pub(crate) const USED: &str = "E Code already used. Wait for a new one.";
pub(crate) const AWAY: &str = "E Code check unavailable. Ask your admin.";

pub(crate) fn play(
    profile: Profile,
    lines: impl IntoIterator<Item = Line>,
) -> Result<Passed, Refusal> {
    play_in(profile, false, lines)
}

pub(crate) fn play_in(
    profile: Profile,
    silent: bool,
    lines: impl IntoIterator<Item = Line>,
) -> Result<Passed, Refusal> {
    run(&Script::new(lines), profile, silent)
}

/// As [`play`], where nobody has asked for the password before.
pub(crate) fn play_first(
    profile: Profile,
    lines: impl IntoIterator<Item = Line>,
) -> Result<Passed, Refusal> {
    let script = Script {
        password: None,
        ..Script::new(lines)
    };
    run(&script, profile, false)
}

fn run(script: &Script, profile: Profile, silent: bool) -> Result<Passed, Refusal> {
    let (mut daemon, mut application) = (script, script);
    let mut claimant = Claimant::new(&mut application, profile, silent);
    let outcome = authenticate(&mut daemon, &mut claimant, &script.claim(&login()));
    script.over();
    outcome
}

/// The guard of a login with this mark.
pub(crate) fn play_guard(
    mark: Option<Mark>,
    lines: impl IntoIterator<Item = Line>,
) -> Result<Passed, Refusal> {
    let script = Script::new(lines);
    let outcome = guard(&mut &script, &script.claim(&login()), mark);
    script.over();
    outcome
}

/// What the name services say when they fail.
pub(crate) fn unresolved() -> Unresolved {
    Unresolved(nix::errno::Errno::EIO)
}

/// The login that every script is about.
pub(crate) fn login() -> Login {
    Login {
        user: Some("ada".to_owned()),
        uid: Some(1000),
        service: Some("sshd".to_owned()),
        ..Login::default()
    }
}

/// One code is asked for, and three answers are left.
pub(crate) fn challenge() -> Challenge {
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
pub(crate) fn again(seen: u32, news: News) -> Result<Next, Error> {
    Ok(Next::Ask(Challenge {
        tries: 3 - seen,
        news: Some(news),
        ..challenge()
    }))
}

/// One of `codes` codes in a row, with `tries` answers left.
pub(crate) fn several(ask: Ask, codes: u32, tries: u32) -> Challenge {
    Challenge {
        ask,
        codes,
        tries,
        news: (ask == Ask::FirstCode).then_some(News::SeveralCodes),
        ..challenge()
    }
}

/// An enrolment is offered, with this many answers left.
pub(crate) fn offer(tries: u32) -> Offer {
    Offer {
        tries,
        lengths: vec![6],
        news: (tries < 3).then_some(News::Wrong),
        qr: true,
        until: None,
    }
}

pub(crate) fn begin_enrollment() -> Line {
    Begin(Ok(Start::Enroll {
        offer: offer(3),
        language: Language::En,
    }))
}

pub(crate) fn ask(challenge: Challenge) -> Result<Next, Error> {
    Ok(Next::Ask(challenge))
}

pub(crate) fn begin() -> Line {
    begin_with(challenge(), Language::En)
}

pub(crate) fn begin_with(challenge: Challenge, language: Language) -> Line {
    Begin(Ok(Start::Ask {
        challenge,
        entry: Entry::Separate,
        language,
    }))
}

/// The login begins in a program with one field.
pub(crate) fn begin_appended(challenge: Challenge) -> Line {
    Begin(Ok(Start::Ask {
        challenge,
        entry: Entry::Appended,
        language: Language::En,
    }))
}

pub(crate) fn finished() -> Result<Next, Error> {
    Ok(Next::Finished {
        recovery_left: None,
    })
}

struct Script {
    lines: RefCell<VecDeque<Line>>,
    /// Whether the groups were looked up.
    looked_up: Cell<bool>,
    /// What was typed at an earlier module's prompt.
    password: Option<&'static [u8]>,
}

impl Script {
    fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        Self {
            lines: RefCell::new(lines.into_iter().collect()),
            looked_up: Cell::new(false),
            password: Some(PASSWORD),
        }
    }

    fn claim<'a>(&'a self, login: &Login) -> Claim<'a> {
        Claim {
            login: login.clone(),
            groups: Box::new(|| {
                let line = self.next("groups");
                let name = line.name();
                let Groups(groups) = line else {
                    panic!("{name}, but the groups are looked up");
                };
                self.looked_up.set(true);
                groups.map(|groups| vec![groups.to_owned()])
            }),
            password: self.password,
        }
    }

    fn over(&self) {
        let left = self.lines.borrow().len();
        assert_eq!(left, 0, "lines that never happened");
    }

    /// A login says its groups once it was asked for them, and then the right ones.
    fn check(&self, login: &Login) {
        assert_eq!(login.uid, Some(1000));
        let groups = self.looked_up.get().then(|| vec!["staff".to_owned()]);
        assert_eq!(login.groups, groups);
    }

    fn next(&self, what: &str) -> Line {
        let line = self.lines.borrow_mut().pop_front();
        line.unwrap_or_else(|| panic!("the script is over, but: {what}"))
    }
}

impl Daemon for &Script {
    fn begin(&mut self, login: &Login) -> Result<Start, Error> {
        self.check(login);
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

    fn reveal(&mut self) -> Result<Zeroizing<String>, Error> {
        let line = self.next("reveal");
        let name = line.name();
        let Revealed(revealed) = line else {
            panic!("{name}, but something is to be revealed");
        };
        revealed.map(|text| Zeroizing::new(text.to_owned()))
    }

    fn guard(&mut self, login: &Login) -> Result<String, Error> {
        self.check(login);
        let line = self.next("guard");
        let name = line.name();
        let Guard(reply) = line else {
            panic!("{name}, but the guard asks");
        };
        reply.map(str::to_owned)
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
    fn ask(&mut self, echo: Echo, prompt: &str) -> Result<Answer, NoAnswer> {
        let line = self.next(prompt);
        let name = line.name();
        let Asked(shown, expected, answer) = line else {
            panic!("{name}, but {prompt:?} is asked");
        };
        assert_eq!((echo, prompt), (shown, expected));
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

    fn choose(&mut self, heading: &str, choices: [Choice<'_>; 2]) -> Result<ffi::Chosen, NoAnswer> {
        let none = NoAnswer { result: 19 };
        let (texts, chosen) = match self.lines.borrow().front() {
            Some(Chosen(texts, place)) => (*texts, place.map(ffi::Chosen::Place)),
            Some(TypedAtList(texts, typed)) => {
                let answer = Zeroizing::new(typed.to_vec());
                (*texts, Some(ffi::Chosen::Typed(answer)))
            }
            _ => return Err(none),
        };
        drop(self.next("a list"));
        let [one, other] = choices.map(|choice| choice.text);
        assert_eq!([heading, one, other], texts);
        chosen.ok_or(none)
    }

    fn hand_on(&mut self, password: &[u8]) -> Result<(), NotKept> {
        let line = self.next("the password is handed on");
        let name = line.name();
        let HandedOn(expected, taken) = line else {
            panic!("{name}, but the password is handed on");
        };
        assert_eq!(password, expected);
        taken
    }
}
