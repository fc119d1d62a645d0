//! What is told of a login or a change: one event for each, to the journal and to the record.
//!
//! Never a code, a secret, or a name that did not resolve: people type passwords at login prompts.

use countersign_bus::types::Login;
use countersign_core::judgement::Proof;
use countersign_core::throttle::Origin;
use countersign_core::time::Timestamp;

use crate::authorize::Caller;
use crate::events::{Event, Ring};

/// An attempt to log in, as it will be told.
pub struct LoginEvent {
    user: String,
    uid: Option<u32>,
    service: String,
    origin: String,
    tty: String,
    door: &'static str,
    transaction: String,
    rule: String,
    note: String,
    guard: bool,
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
    /// No factor was demanded of it.
    NotDemanded,
    /// Its rule only reports.
    Reported,
    /// Its rule refuses it, or the guard did.
    Refused,
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
            rule: String::new(),
            note: String::new(),
            guard: false,
            wrong: 0,
            used: 0,
            unjudged: 0,
        }
    }

    /// The beginning of what the guard is asked of a login that proved nothing.
    pub fn of_guard(caller: &Caller, uid: Option<u32>, login: &Login, origin: Origin) -> Self {
        Self {
            guard: true,
            ..Self::new(caller, uid, login, origin, "")
        }
    }

    /// Names the rule that decides.
    pub fn rule(&mut self, name: &str) {
        self.rule = printable(name);
    }

    /// Names the user whose record is judged.
    pub fn identify(&mut self, name: &str) {
        self.user = printable(name);
    }

    /// Adds what an admin should know of it.
    pub fn note(&mut self, note: String) {
        self.note = note;
    }

    /// Through what and from where it is made.
    pub fn place(&self) -> String {
        format!("{} from {}", self.service, self.origin)
    }

    /// What is to be told, now that it has ended.
    pub fn ended(self, ending: Ending, now: Timestamp) -> Told {
        let (outcome, factor) = match ending {
            Ending::Accepted(Proof::Code(_)) => ("accepted", "code"),
            Ending::Accepted(Proof::Recovery) => ("accepted", "recovery"),
            Ending::Accepted(Proof::Scratch) => ("accepted", "scratch"),
            Ending::Accepted(Proof::Issued) => ("accepted", "issued"),
            Ending::Accepted(Proof::Pass(_)) => ("accepted", "pass"),
            Ending::Accepted(Proof::Enrollment(_)) => ("accepted", "enrolled"),
            Ending::Rejected => ("rejected", ""),
            Ending::Throttled => ("throttled", ""),
            Ending::Abandoned => ("abandoned", ""),
            Ending::Expired => ("expired", ""),
            Ending::Unavailable => ("unavailable", ""),
            Ending::NotDemanded => ("not-demanded", ""),
            Ending::Reported => ("reported", ""),
            Ending::Refused => ("refused", ""),
        };
        let note = match (self.guard, self.note.as_str()) {
            (false, note) => note.to_owned(),
            (true, "") => "guard".to_owned(),
            (true, note) => format!("guard: {note}"),
        };
        Told {
            ring: self.ring(ending),
            event: Event {
                at: now.unix(),
                kind: "login".to_owned(),
                outcome: outcome.to_owned(),
                user: self.user,
                uid: self.uid,
                door: self.door.to_owned(),
                service: self.service,
                origin: self.origin,
                tty: self.tty,
                factor: factor.to_owned(),
                wrong: self.wrong,
                used: self.used,
                unjudged: self.unjudged,
                note,
                transaction: self.transaction,
                rule: self.rule,
                ..Event::default()
            },
        }
    }

    fn ring(&self, ending: Ending) -> Option<Ring> {
        let root = self.door == Caller::Root.door();
        let answered = self.wrong + self.used + self.unjudged > 0;
        match ending {
            Ending::Accepted(Proof::Code(_) | Proof::Recovery | Proof::Scratch | Proof::Issued)
                if root =>
            {
                Some(Ring::Accepted)
            }
            // A locker asks and gives up each time somebody comes by, and any program can.
            Ending::Abandoned | Ending::Expired if !root && !answered => None,
            // cron, for one, asks the guard each minute.
            Ending::NotDemanded if self.guard => None,
            Ending::Accepted(_)
            | Ending::Rejected
            | Ending::Throttled
            | Ending::Abandoned
            | Ending::Expired
            | Ending::Unavailable
            | Ending::NotDemanded
            | Ending::Reported
            | Ending::Refused => Some(if root { Ring::Unproven } else { Ring::Public }),
        }
    }
}

/// A change to what a user holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// A credential was offered, which no login takes yet.
    Offered,
    /// A credential counts from now on.
    Enrolled,
    /// A credential was taken away.
    Removed,
    /// New recovery codes were made.
    RecoveryCodes,
    /// What another module kept of the user was taken over.
    Imported,
    /// All that was known of the user was forgotten.
    Reset,
    /// The user's wrong answers were forgotten.
    Unlocked,
    /// A credential is called otherwise.
    Renamed,
    /// A device that went astray was found again.
    Resynchronized,
    /// A code for one login was issued.
    Issued,
    /// The user's remembered logins were forgotten.
    Forgotten,
    /// A change was not made, since its proof was not right.
    Refused,
}

impl Change {
    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Enrolled => "enrolled",
            Self::Removed => "removed",
            Self::RecoveryCodes => "recovery-codes",
            Self::Imported => "imported",
            Self::Reset => "reset",
            Self::Unlocked => "unlocked",
            Self::Renamed => "renamed",
            Self::Resynchronized => "resynchronized",
            Self::Issued => "issued",
            Self::Forgotten => "forgotten",
            Self::Refused => "refused",
        }
    }

    /// What is to be told of it, now that it is made: to what `user` holds, by `caller`, with a
    /// `note` that says which credential, or what else an admin should know.
    pub fn made(
        self,
        caller: &Caller,
        (uid, user): (u32, &str),
        note: &str,
        now: Timestamp,
    ) -> Told {
        let (ring, user, by) = match caller {
            Caller::Root => (Ring::Changes, printable(user), "root".to_owned()),
            // Anybody can write any name into a message.
            Caller::User { uid: caller, .. } => (
                Ring::Public,
                format!("(uid {uid})"),
                format!("uid {caller}"),
            ),
        };
        Told {
            ring: Some(ring),
            event: Event {
                at: now.unix(),
                kind: "change".to_owned(),
                outcome: self.word().to_owned(),
                user,
                uid: Some(uid),
                door: caller.door().to_owned(),
                by,
                note: printable(note),
                ..Event::default()
            },
        }
    }
}

/// What is told of a login or a change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// Where the record keeps it, if it does; the journal is told either way.
    pub ring: Option<Ring>,
    /// The event.
    pub event: Event,
}

impl Told {
    /// Tells the journal.
    pub fn log(&self) {
        let event = &self.event;
        let uid = event.uid.map(|uid| uid.to_string()).unwrap_or_default();
        if event.kind == "login" {
            tracing::info!(
                event = event.kind,
                user = event.user,
                uid,
                service = event.service,
                origin = event.origin,
                tty = event.tty,
                door = event.door,
                outcome = event.outcome,
                factor = event.factor,
                wrong = event.wrong,
                used = event.used,
                unjudged = event.unjudged,
                note = event.note,
                transaction = event.transaction,
                rule = event.rule,
                "login of {} through {} from {}: {}",
                event.user,
                event.service,
                event.origin,
                event.outcome,
            );
        } else {
            tracing::info!(
                event = event.kind,
                user = event.user,
                uid,
                door = event.door,
                outcome = event.outcome,
                by = event.by,
                note = event.note,
                "{}: {}{}, by {}",
                event.outcome,
                event.user,
                event
                    .uid
                    .map(|uid| format!(" (uid {uid})"))
                    .unwrap_or_default(),
                event.by,
            );
        }
    }
}

/// What is to be told of all users having been gone through: a backup, or one restored. One event
/// and not one for each of them: a hundred thousand would drown the logins.
pub fn copied(outcome: &str, note: &str, now: Timestamp) -> Told {
    Told {
        ring: Some(Ring::Changes),
        event: Event {
            at: now.unix(),
            kind: "change".to_owned(),
            outcome: outcome.to_owned(),
            user: "(all users)".to_owned(),
            door: Caller::Root.door().to_owned(),
            by: "root".to_owned(),
            note: printable(note),
            ..Event::default()
        },
    }
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
