//! An event, as JSON has it.

use countersign_bus::events;
use serde::Serialize;

/// A login that ended, or a change to what a user holds. What says nothing is left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Event {
    pub(super) sequence: u64,
    pub(super) time: u64,
    pub(super) kind: String,
    pub(super) outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) door: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) factor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wrong: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) used: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unjudged: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transaction: Option<String>,
}

impl Event {
    /// Out of what travelled; `None` if it is no event but a word about the record.
    pub(super) fn of(event: events::Event) -> Option<Self> {
        Some(Self {
            sequence: event.sequence?,
            time: event.at?,
            kind: event.kind.unwrap_or_default(),
            outcome: event.outcome.unwrap_or_default(),
            user: event.user,
            uid: event.uid,
            door: event.door,
            by: event.by,
            service: event.service,
            origin: event.origin,
            tty: event.tty,
            factor: event.factor,
            wrong: event.wrong,
            used: event.used,
            unjudged: event.unjudged,
            note: event.note,
            rule: event.rule,
            transaction: event.transaction,
        })
    }
}
