//! Every way in which the daemon says no.

use std::fmt;

use zbus::DBusError;
use zbus::message::{Header, Message};
use zbus::names::ErrorName;

/// Why the daemon did not do what it was asked.
///
/// The text of each is for the log and for an admin. What a person logging in sees is chosen by
/// the client from the variant alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The policy depends on the user's groups: begin again, and say them.
    GroupsNeeded(String),
    /// A request that makes no sense.
    InvalidArgs(String),
    /// The caller may not ask this about this user.
    NotPermitted(String),
    /// The user has no factor to change.
    NotEnrolled(String),
    /// The response does not prove the factor, and no further one is taken.
    Rejected(String),
    /// The last answer was not looked at, because too many wrong ones came before.
    Throttled(String),
    /// The transaction is over: decided, cancelled, or too long without an answer.
    Expired(String),
    /// More is going on than the daemon takes on at once.
    Busy(String),
    /// The daemon cannot tell at present: its store or its key is not usable.
    Unavailable(String),
    /// There was no answer, or none that could be understood.
    Transport(String),
}

const PREFIX: &str = "org.countersign.Countersign1.Error.";
const INVALID_ARGS: &str = "org.freedesktop.DBus.Error.InvalidArgs";

impl Error {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::GroupsNeeded(text) => ("org.countersign.Countersign1.Error.GroupsNeeded", text),
            Self::InvalidArgs(text) => (INVALID_ARGS, text),
            Self::NotPermitted(text) => ("org.countersign.Countersign1.Error.NotPermitted", text),
            Self::NotEnrolled(text) => ("org.countersign.Countersign1.Error.NotEnrolled", text),
            Self::Rejected(text) => ("org.countersign.Countersign1.Error.Rejected", text),
            Self::Throttled(text) => ("org.countersign.Countersign1.Error.Throttled", text),
            Self::Expired(text) => ("org.countersign.Countersign1.Error.Expired", text),
            Self::Busy(text) => ("org.countersign.Countersign1.Error.Busy", text),
            Self::Unavailable(text) => ("org.countersign.Countersign1.Error.Unavailable", text),
            Self::Transport(text) => ("org.freedesktop.DBus.Error.Failed", text),
        }
    }

    /// What it says beside its name, for a log or an admin.
    pub fn text(&self) -> &str {
        self.parts().1
    }

    fn named(name: &str, text: String) -> Self {
        match name.strip_prefix(PREFIX) {
            None if name == INVALID_ARGS => Self::InvalidArgs(text),
            // The bus's own policy speaks so, and the object of a transaction that is over.
            None if name == "org.freedesktop.DBus.Error.AccessDenied" => Self::NotPermitted(text),
            None if name == "org.freedesktop.DBus.Error.UnknownObject" => Self::Expired(text),
            Some("GroupsNeeded") => Self::GroupsNeeded(text),
            Some("NotPermitted") => Self::NotPermitted(text),
            Some("NotEnrolled") => Self::NotEnrolled(text),
            Some("Rejected") => Self::Rejected(text),
            Some("Throttled") => Self::Throttled(text),
            Some("Expired") => Self::Expired(text),
            Some("Busy") => Self::Busy(text),
            Some("Unavailable") => Self::Unavailable(text),
            Some(_) | None => Self::Transport(format!("{name}: {text}")),
        }
    }
}

impl DBusError for Error {
    fn create_reply(&self, call: &Header<'_>) -> zbus::Result<Message> {
        let (name, text) = self.parts();
        Message::error(call, name).build(&(text,))
    }

    fn name(&self) -> ErrorName<'_> {
        ErrorName::from_static_str_unchecked(self.parts().0)
    }

    fn description(&self) -> Option<&str> {
        Some(self.parts().1)
    }
}

impl From<zbus::Error> for Error {
    fn from(error: zbus::Error) -> Self {
        if let zbus::Error::MethodError(name, text, _) = error {
            return Self::named(name.as_str(), text.unwrap_or_default());
        }
        if let zbus::Error::FDO(error) = &error {
            let text = error.description().unwrap_or_default();
            return Self::named(error.name().as_str(), text.to_owned());
        }
        Self::Transport(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::GroupsNeeded(_) => "the user's groups are needed",
            Self::InvalidArgs(_) => "invalid arguments",
            Self::NotPermitted(_) => "not permitted",
            Self::NotEnrolled(_) => "not enrolled",
            Self::Rejected(_) => "rejected",
            Self::Throttled(_) => "too many wrong codes",
            Self::Expired(_) => "the transaction is over",
            Self::Busy(_) => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Transport(_) => "no usable answer",
        };
        match self.parts().1 {
            "" => f.write_str(kind),
            text => write!(f, "{kind}: {text}"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_survives_the_wire() {
        let text = || "why".to_owned();
        for error in [
            Error::InvalidArgs(text()),
            Error::NotPermitted(text()),
            Error::NotEnrolled(text()),
            Error::Rejected(text()),
            Error::Throttled(text()),
            Error::Expired(text()),
            Error::Busy(text()),
            Error::Unavailable(text()),
        ] {
            let call = Message::method_call("/a", "B").build(&()).unwrap();
            let reply = error.create_reply(&call.header()).unwrap();
            assert_eq!(Error::from(zbus::Error::from(reply)), error);
        }
    }

    #[test]
    fn an_unknown_error_is_no_answer_at_all() {
        assert!(matches!(
            Error::named("org.countersign.Countersign1.Error.Fine", String::new()),
            Error::Transport(_)
        ));
    }
}
