//! The lines of a script.

use countersign_bus::Error;
use countersign_bus::types::Next;
use pam_countersign_ffi::{Echo, NotKept};

use crate::account::Unresolved;
use crate::daemon::Start;

/// One thing that happens.
pub(crate) enum Line {
    /// The daemon is asked to begin, and says this.
    Begin(Result<Start, Error>),
    /// The daemon is asked whether a login that proved nothing may go on, and says this.
    Guard(Result<&'static str, Error>),
    /// The name services are asked for the user's groups, and say this.
    Groups(Result<&'static str, Unresolved>),
    /// The claimant is told (`E` or `I`, a blank, the text), and the application takes it or not.
    Told(&'static str, bool),
    /// The claimant is asked, and types this, or the application fails with this PAM result.
    Asked(Echo, &'static str, Result<&'static [u8], i32>),
    /// A list is offered, of these texts, and this one is chosen, or none. Without this line the
    /// application shows no list.
    Chosen([&'static str; 3], Option<usize>),
    /// The same, and this is typed in place of choosing.
    TypedAtList([&'static str; 3], &'static [u8]),
    /// The password is given to the next modules, and libpam takes it or not.
    HandedOn(&'static [u8], Result<(), NotKept>),
    /// The daemon is sent this, and says that.
    Sent(&'static str, Result<Next, Error>),
    /// What is to be shown is asked for, and is this.
    Revealed(Result<&'static str, Error>),
    /// The daemon is told that it is over, and says this.
    Cancelled(Result<(), Error>),
}

pub(crate) use Line::*;

pub(crate) fn told(text: &'static str) -> Line {
    Told(text, true)
}

pub(crate) fn told_in_vain(text: &'static str) -> Line {
    Told(text, false)
}

pub(crate) fn asked(prompt: &'static str, typed: &'static [u8]) -> Line {
    Asked(Echo::Off, prompt, Ok(typed))
}

pub(crate) fn asked_in_vain(prompt: &'static str, result: i32) -> Line {
    Asked(Echo::Off, prompt, Err(result))
}

pub(crate) fn asked_aloud(prompt: &'static str, typed: &'static [u8]) -> Line {
    Asked(Echo::On, prompt, Ok(typed))
}

impl Line {
    /// Has the application fail at this.
    pub(crate) fn fail(&mut self) {
        match self {
            Told(_, taken) => *taken = false,
            Asked(_, _, answer) => *answer = Err(19),
            HandedOn(_, taken) => *taken = Err(NotKept { result: 5 }),
            Begin(_) | Guard(_) | Groups(_) | Chosen(..) | TypedAtList(..) | Sent(..)
            | Revealed(_) | Cancelled(_) => {
                panic!("{}, which is not the application's", self.name());
            }
        }
    }

    /// What should happen.
    pub(super) fn name(&self) -> String {
        match self {
            Begin(_) => "the login should begin".to_owned(),
            Guard(_) => "the guard should ask".to_owned(),
            Groups(_) => "the groups should be looked up".to_owned(),
            Revealed(_) => "something should be revealed".to_owned(),
            Told(text, _) => format!("{text:?} should be told"),
            Asked(_, prompt, _) => format!("{prompt:?} should be asked"),
            Chosen(texts, _) | TypedAtList(texts, _) => format!("{texts:?} should be offered"),
            HandedOn(password, _) => format!("{password:?} should be handed on"),
            Sent(answer, _) => format!("{answer:?} should be sent"),
            Cancelled(_) => "the login should be cancelled".to_owned(),
        }
    }
}
