//! What the log is told. One record for each attempt to log in, one for each change.
//!
//! Never a code, a secret, or a name that did not resolve: people type passwords at login prompts.

use countersign_bus::types::Login;
use countersign_core::judgement::Proof;
use countersign_core::throttle::Origin;

use crate::authorize::Caller;

/// An attempt to log in, as the log will tell it.
pub struct LoginEvent {
    user: String,
    uid: Option<u32>,
    service: String,
    origin: String,
    tty: String,
    door: &'static str,
    transaction: String,
    note: String,
    /// Answers that were looked at and wrong.
    pub(crate) wrong: u32,
    /// Answers that were right, but used up.
    pub(crate) used: u32,
    /// Answers that the throttle did not admit.
    pub(crate) unjudged: u32,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// It succeeded.
    Accepted(Proof),
    /// Its last answer was wrong.
    Rejected,
    /// Its last answer was not admitted.
    Throttled,
    /// Whoever asked went away.
    Abandoned,
    /// No answer came in time.
    Expired,
    /// The daemon could not tell.
    Unavailable,
}

impl LoginEvent {
    /// The beginning of an attempt.
    pub fn new(
        caller: &Caller,
        uid: Option<u32>,
        login: &Login,
        origin: Origin,
        transaction: &str,
    ) -> Self {
        let text = |entry: &Option<String>| printable(entry.as_deref().unwrap_or_default());
        let user = match (caller, uid) {
            (Caller::Root, Some(_)) => text(&login.user),
            (Caller::Root, None) => "(unknown)".to_owned(),
            // Anybody can write any name into a message.
            (Caller::User { uid, .. }, _) => format!("(uid {uid})"),
        };
        Self {
            user,
            uid,
            service: text(&login.service),
            origin: origin.to_string(),
            tty: text(&login.tty),
            door: caller.door(),
            transaction: transaction.to_owned(),
            note: String::new(),
            wrong: 0,
            used: 0,
            unjudged: 0,
        }
    }

    /// Names the user whose record is judged.
    pub fn identify(&mut self, name: &str) {
        self.user = printable(name);
    }

    /// Adds what an admin should know of it.
    pub fn note(&mut self, note: String) {
        self.note = note;
    }

    /// Tells the log how it ended.
    pub fn log(self, ending: Ending) {
        let (outcome, factor) = match ending {
            Ending::Accepted(Proof::Code) => ("accepted", "code"),
            Ending::Accepted(Proof::Recovery) => ("accepted", "recovery"),
            Ending::Rejected => ("rejected", ""),
            Ending::Throttled => ("throttled", ""),
            Ending::Abandoned => ("abandoned", ""),
            Ending::Expired => ("expired", ""),
            Ending::Unavailable => ("unavailable", ""),
        };
        let uid = self.uid.map(|uid| uid.to_string()).unwrap_or_default();
        tracing::info!(
            event = "login",
            user = self.user,
            uid,
            service = self.service,
            origin = self.origin,
            tty = self.tty,
            door = self.door,
            outcome,
            factor,
            wrong = self.wrong,
            used = self.used,
            unjudged = self.unjudged,
            note = self.note,
            transaction = self.transaction,
            "login of {} through {} from {}: {outcome}",
            self.user,
            self.service,
            self.origin,
        );
    }
}

/// Tells the log of a change to what a user holds, and who made it.
pub fn change(caller: &Caller, uid: u32, what: &str) {
    let by = match caller {
        Caller::Root => "root".to_owned(),
        Caller::User { uid, .. } => format!("uid {uid}"),
    };
    tracing::info!(
        event = "change",
        uid,
        by,
        door = caller.door(),
        "{what} (uid {uid}, by {by})"
    );
}

/// `text` with everything that could fool a reader of logs escaped, and cut at 256 bytes.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if shown.len() > 256 {
            shown.push('…');
            break;
        }
        if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_forge_a_line_is_escaped() {
        assert_eq!(printable("a\n<0>fake\u{1b}[2J"), "a\\n<0>fake\\u{1b}[2J");
        assert_eq!(printable("evil\u{202e}txt"), "evil\\u{202e}txt");
        assert_eq!(printable("Zoë Müller"), "Zoë Müller");
    }

    #[test]
    fn what_is_long_is_cut() {
        assert!(printable(&"x".repeat(10_000_000)).len() < 300);
    }
}
