//! All the ways that a login can take through a stack.
//!
//! What a module will say is not known, so each of the few things that it may say is followed. A
//! stack of a hundred lines has fewer than four thousand states.

use std::collections::{BTreeMap, BTreeSet};

use super::control::Action;
use super::{Module, Stack, Step};

/// What a module may say.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Outcome {
    Success,
    Ignore,
    Failure,
}

/// What the stack has come to so far.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Impression {
    Undefined,
    Positive,
    Negative,
}

/// A point of a way through the stack.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct State {
    /// The line that comes next; as many as there are lines, at the end.
    next: usize,
    impression: Impression,
    /// The worst that the module in question said; `None` if it was not asked.
    said: Option<Outcome>,
    /// Whether another module said yes, and it counted.
    confirmed: bool,
}

/// The ways through a stack, with an eye on one module.
pub(crate) struct Ways<'a> {
    stack: &'a Stack,
    module: &'a str,
    /// Modules that say no, whatever happens.
    refusing: &'a [&'a str],
    steps: BTreeMap<State, BTreeSet<State>>,
}

const START: State = State {
    next: 0,
    impression: Impression::Undefined,
    said: None,
    confirmed: false,
};

impl<'a> Ways<'a> {
    /// Follows all of them.
    pub(crate) fn of(stack: &'a Stack, module: &'a str) -> Self {
        Self::if_refused_by(&[], stack, module)
    }

    /// Follows those of a login that all of these modules refuse.
    pub(crate) fn if_refused_by(
        refusing: &'a [&'a str],
        stack: &'a Stack,
        module: &'a str,
    ) -> Self {
        let mut ways = Self {
            stack,
            module,
            refusing,
            steps: BTreeMap::new(),
        };
        let mut waiting = vec![START];
        while let Some(state) = waiting.pop() {
            if ways.steps.contains_key(&state) {
                continue;
            }
            let steps = ways.steps_from(state);
            waiting.extend(&steps);
            ways.steps.insert(state, steps);
        }
        ways
    }

    /// The lines that let a login in which never meets the module: each skips a line that asks it.
    /// Numbers in the stack's lines. Empty where no such login gets in, and where no line asks it.
    pub(crate) fn around(&self) -> Vec<usize> {
        let asking: Vec<usize> = self.stack.asking(self.module).map(|(at, ..)| at).collect();
        let in_vain =
            self.reaching(|end| end.impression == Impression::Positive && end.said.is_none());
        let mut found = BTreeSet::new();
        for (from, steps) in self.steps.iter().filter(|(from, _)| in_vain.contains(from)) {
            for to in steps.iter().filter(|to| in_vain.contains(to)) {
                let skips = |at: &&usize| from.next < **at && **at < to.next;
                if asking.iter().any(|at| skips(&at)) {
                    found.insert(from.next);
                }
            }
        }
        found.into_iter().collect()
    }

    /// Whether a login gets in although the module refused it.
    pub(crate) fn open_in_spite(&self) -> bool {
        let refused = |end: &State| end.said == Some(Outcome::Failure);
        self.ends()
            .any(|end| end.impression == Impression::Positive && refused(end))
    }

    /// Whether a login that the module has no say in is refused because nothing else has one.
    pub(crate) fn undecided(&self) -> bool {
        let silent = |end: &State| end.said == Some(Outcome::Ignore);
        self.ends()
            .any(|end| end.impression == Impression::Undefined && silent(end))
    }

    /// Whether a login gets in to which the module said yes and no other did.
    pub(crate) fn suffices(&self) -> bool {
        let alone = |end: &State| end.said == Some(Outcome::Success) && !end.confirmed;
        self.ends()
            .any(|end| end.impression == Impression::Positive && alone(end))
    }

    /// Whether anybody gets in at all.
    pub(crate) fn admits(&self) -> bool {
        self.ends()
            .any(|end| end.impression == Impression::Positive)
    }

    fn ends(&self) -> impl Iterator<Item = &State> {
        let end = self.stack.lines.len();
        self.steps.keys().filter(move |state| state.next == end)
    }

    /// The states from which an end of this kind can be come to.
    fn reaching(&self, end: impl Fn(&State) -> bool) -> BTreeSet<State> {
        let mut found: BTreeSet<State> = self.ends().copied().filter(|state| end(state)).collect();
        loop {
            let before = found.len();
            for (from, steps) in &self.steps {
                if steps.iter().any(|to| found.contains(to)) {
                    found.insert(*from);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    fn steps_from(&self, state: State) -> BTreeSet<State> {
        let Some(line) = self.stack.lines.get(state.next) else {
            return BTreeSet::new();
        };
        let module = match &line.step {
            Step::Module(module) => module,
            Step::Substack => {
                let next = state.next + 1;
                return [State { next, ..state }].into();
            }
        };
        let mut steps = BTreeSet::new();
        for outcome in self.outcomes(module) {
            let mut said = state.said;
            if module.is(self.module) {
                said = said.max(Some(outcome));
            }
            for action in actions(module, outcome) {
                let counts = matches!(action, Action::Ok | Action::Done);
                let confirms = counts && outcome == Outcome::Success && !module.is(self.module);
                let confirmed = state.confirmed || confirms;
                let told = State {
                    said,
                    confirmed,
                    ..state
                };
                steps.extend(self.step(told, outcome, action));
            }
        }
        steps
    }

    fn outcomes(&self, module: &Module) -> Vec<Outcome> {
        match self.refusing.contains(&module.name()) {
            true => vec![Outcome::Failure],
            false => outcomes(module, self.module),
        }
    }

    /// Where an action leads; nowhere if libpam gives up there.
    fn step(&self, state: State, outcome: Outcome, action: Action) -> Option<State> {
        let next = state.next + 1;
        let counted = match (state.impression, outcome) {
            (Impression::Undefined, Outcome::Success) => Impression::Positive,
            (impression, _) => impression,
        };
        Some(match action {
            Action::Ignore => State { next, ..state },
            Action::Ok => State {
                next,
                impression: counted,
                ..state
            },
            Action::Done if counted == Impression::Positive => State {
                next: self.end_of_level(state.next),
                impression: counted,
                ..state
            },
            Action::Done => State { next, ..state },
            Action::Bad => State {
                next,
                impression: Impression::Negative,
                ..state
            },
            Action::Die => State {
                next: self.end_of_level(state.next),
                impression: Impression::Negative,
                ..state
            },
            Action::Reset => State {
                next,
                impression: Impression::Undefined,
                confirmed: false,
                ..state
            },
            Action::Jump(lines) => State {
                next: self.behind(state.next, lines)?,
                ..state
            },
        })
    }

    fn depth(&self, at: usize) -> Option<usize> {
        self.stack.lines.get(at).map(|line| line.depth)
    }

    /// Where it goes on when the stack that a line is in ends there.
    fn end_of_level(&self, at: usize) -> usize {
        let level = self.depth(at).filter(|level| *level > 0);
        let Some(level) = level else {
            return self.stack.lines.len();
        };
        let mut next = at + 1;
        while self.depth(next).is_some_and(|depth| depth >= level) {
            next += 1;
        }
        next
    }

    /// Where it goes on when so many lines are skipped; a substack is one.
    fn behind(&self, at: usize, lines: usize) -> Option<usize> {
        let level = self.depth(at)?;
        let mut next = at + 1;
        for _ in 0..lines {
            self.depth(next).filter(|depth| *depth >= level)?;
            next += 1;
            while self.depth(next).is_some_and(|depth| depth > level) {
                next += 1;
            }
        }
        Some(next)
    }
}

fn actions(module: &Module, outcome: Outcome) -> Vec<Action> {
    match outcome {
        Outcome::Success => vec![module.control.on("success")],
        Outcome::Ignore => vec![module.control.on("ignore")],
        Outcome::Failure => module.control.on_failures(),
    }
}

/// What a module may say. Of one that is not known, yes or no.
fn outcomes(module: &Module, in_question: &str) -> Vec<Outcome> {
    use Outcome::{Failure, Ignore, Success};
    let name = module.name();
    if name == in_question {
        return vec![Success, Ignore, Failure];
    }
    match name {
        "pam_permit.so" => vec![Success],
        // Whoever is root already needs nobody's leave: the ways are those of others.
        "pam_deny.so" | "pam_rootok.so" => vec![Failure],
        "pam_env.so"
        | "pam_faildelay.so"
        | "pam_group.so"
        | "pam_nologin.so"
        | "pam_keyinit.so"
        | "pam_warn.so"
        | "pam_echo.so"
        | "pam_motd.so"
        | "pam_cap.so"
        | "pam_gnome_keyring.so"
        | "pam_kwallet5.so"
        | "pam_faillock.so"
        | "pam_issue.so"
        | "pam_mail.so"
        | "pam_lastlog.so"
        | "pam_debug.so" => vec![Ignore, Failure],
        "pam_google_authenticator.so"
        | "pam_u2f.so"
        | "pam_yubico.so"
        | "pam_duo.so"
        | "pam_oath.so" => vec![Success, Ignore, Failure],
        _ => vec![Success, Failure],
    }
}
