//! The logins of a user that lately came to nothing.

use countersign_bus::events::{Event, EventOptions};
use serde::Serialize;

use crate::context::Context;
use crate::table::Columns;
use crate::words::{ago, count};

/// How many events are looked through.
const LOOKED_AT: u32 = 50;
/// How many are shown.
const SHOWN: usize = 3;

/// A login that came to nothing.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    pub(super) time: u64,
    pub(super) outcome: String,
    pub(super) service: Option<String>,
    pub(super) origin: Option<String>,
    /// In words.
    pub(super) text: String,
}

/// The latest of them, the last one first; none if they cannot be told.
pub(super) fn failures(uid: u32, context: &mut Context) -> Vec<Failure> {
    let options = EventOptions {
        uid: Some(uid),
        limit: Some(LOOKED_AT),
        ..EventOptions::default()
    };
    // Ignoring an error: what a user holds is told without them.
    let (events, _) = context
        .call(|client| client.events(0, &options))
        .unwrap_or_default();
    let failures = events.into_iter().rev().filter_map(Failure::of);
    failures.take(SHOWN).collect()
}

/// As a table.
pub(super) fn table(failures: &[Failure], now: u64, width: Option<u16>) -> Columns<4> {
    let mut table = Columns::new(["LATELY", "SERVICE", "FROM", "WHAT"], width);
    for failure in failures {
        table.row([
            &ago(failure.time, now),
            failure.service.as_deref().unwrap_or("-"),
            &super::place(failure.origin.as_deref().unwrap_or("-")),
            &failure.text,
        ]);
    }
    table
}

impl Failure {
    /// `None` for what is no login, or one that was let by.
    fn of(event: Event) -> Option<Self> {
        let outcome = event.outcome.clone()?;
        let let_by = ["accepted", "not-demanded", "reported"].contains(&outcome.as_str());
        if event.kind.as_deref() != Some("login") || let_by {
            return None;
        }
        Some(Self {
            time: event.at?,
            text: text(&event, &outcome),
            outcome,
            service: event.service,
            origin: event.origin,
        })
    }
}

fn text(event: &Event, outcome: &str) -> String {
    let number = |number: Option<u32>| number.filter(|number| *number > 0);
    let answers = [
        number(event.wrong).map(|number| count(number as usize, "wrong answer")),
        number(event.used).map(|number| format!("{} used before", count(number as usize, "code"))),
        number(event.unjudged).map(|number| format!("{number} not looked at")),
    ];
    let ended = match outcome {
        "rejected" => None,
        "throttled" => Some("asked for more codes"),
        "abandoned" => Some("gave up"),
        "expired" => Some("no answer in time"),
        "unavailable" => Some("daemon could not tell"),
        "refused" => Some("refused by a rule"),
        other => Some(other),
    };
    let parts: Vec<_> = answers
        .into_iter()
        .flatten()
        .chain(ended.map(str::to_owned))
        .chain(event.note.clone())
        .collect();
    match parts.join(", ") {
        nothing if nothing.is_empty() => "refused".to_owned(),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(outcome: &str) -> Event {
        Event {
            at: Some(1_000),
            kind: Some("login".to_owned()),
            outcome: Some(outcome.to_owned()),
            ..Event::default()
        }
    }

    #[test]
    fn only_logins_that_came_to_nothing_are_failures() {
        for outcome in ["accepted", "not-demanded", "reported"] {
            assert!(Failure::of(login(outcome)).is_none(), "{outcome}");
        }
        assert!(Failure::of(login("refused")).is_some());
        let change = Event {
            kind: Some("change".to_owned()),
            ..login("reset")
        };
        assert!(Failure::of(change).is_none());
        assert!(Failure::of(Event::default()).is_none());
        assert!(Failure::of(login("rejected")).is_some());
    }

    #[test]
    fn what_was_wrong_is_said_in_words() {
        let told = |event| Failure::of(event).unwrap().text;
        assert_eq!(told(login("rejected")), "refused");
        assert_eq!(told(login("abandoned")), "gave up");
        let event = Event {
            wrong: Some(2),
            used: Some(1),
            unjudged: Some(0),
            note: Some("not enrolled".to_owned()),
            ..login("rejected")
        };
        assert_eq!(
            told(event),
            "2 wrong answers, 1 code used before, not enrolled"
        );
        let event = Event {
            unjudged: Some(1),
            ..login("throttled")
        };
        assert_eq!(told(event), "1 not looked at, asked for more codes");
    }
}
