//! Events in columns, for people.

use jiff::tz::TimeZone;

use super::Event;
use crate::account::Known;
use crate::output::Tone;
use crate::words::{local, printable};

const HEADINGS: [&str; 7] = ["TIME", "USER", "EVENT", "SERVICE", "FROM", "FACTOR", "NOTE"];
/// Widths for what is not known yet: a time of today, a longer name, an IPv4 address.
const ROOMY: [usize; 7] = [8, 10, 9, 10, 15, 8, 4];
/// How far columns are apart.
const GAP: usize = 2;
/// Which column is coloured.
const EVENT: usize = 2;

/// The columns, which grow with what has been put into them so far.
pub(super) struct Sheet {
    widths: [usize; HEADINGS.len()],
    zone: TimeZone,
    colour: bool,
}

/// One line of it.
pub(super) struct Row {
    cells: [String; HEADINGS.len()],
    tone: Option<Tone>,
}

impl Sheet {
    /// Columns in the machine's time zone.
    pub(super) fn new(colour: bool) -> Self {
        Self {
            widths: HEADINGS.map(str::len),
            zone: TimeZone::system(),
            colour,
        }
    }

    /// Wide enough from the start for most of what may come later.
    pub(super) fn roomy(self) -> Self {
        Self {
            widths: ROOMY,
            ..self
        }
    }

    /// An event's line, for which the columns are now wide enough.
    pub(super) fn row(&mut self, event: &Event, now: u64) -> Row {
        let text = |text: &Option<String>| match text.as_deref().map(printable) {
            Some(text) if !text.is_empty() => text,
            Some(_) | None => "-".to_owned(),
        };
        let cells = [
            self.time(event.time, now),
            user(event),
            printable(&event.outcome),
            text(&event.service),
            from(event).map_or_else(|| "-".to_owned(), |from| printable(&from)),
            text(&event.factor),
            printable(&note(event)),
        ];
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = cell.chars().count().max(*width);
        }
        Row {
            cells,
            tone: tone(event),
        }
    }

    pub(super) fn headings(&self) -> String {
        self.line(&Row {
            cells: HEADINGS.map(str::to_owned),
            tone: None,
        })
    }

    pub(super) fn line(&self, row: &Row) -> String {
        let mut line = String::new();
        for (index, (cell, width)) in row.cells.iter().zip(self.widths).enumerate() {
            let padding = width.saturating_sub(cell.chars().count()) + GAP;
            match row.tone.filter(|_| index == EVENT) {
                Some(tone) => line += &tone.dye(cell, self.colour),
                None => line += cell,
            }
            line.extend(std::iter::repeat_n(' ', padding));
        }
        line.trim_end().to_owned()
    }

    /// The time of a day that is not over yet; with the date, if it is.
    fn time(&self, at: u64, now: u64) -> String {
        let (Some(at), Some(now)) = (local(&self.zone, at), local(&self.zone, now)) else {
            return "?".to_owned();
        };
        let format = if at.date() == now.date() {
            "%H:%M:%S"
        } else {
            "%Y-%m-%d %H:%M"
        };
        at.strftime(format).to_string()
    }
}

/// By the name that the daemon vouches for; where there is only a uid, by the name it has here.
fn user(event: &Event) -> String {
    match (event.user.as_deref(), event.uid) {
        (Some(name), Some(uid)) if name == format!("(uid {uid})") => {
            match Known::find(&uid.to_string()) {
                Ok(Known::Account(account)) => printable(&account.name),
                Ok(Known::Gone(_)) | Err(_) => printable(name),
            }
        }
        (Some(name), _) => printable(name),
        (None, Some(uid)) => format!("(uid {uid})"),
        (None, None) => "-".to_owned(),
    }
}

/// A place; at the machine itself, the terminal too.
fn from(event: &Event) -> Option<String> {
    let origin = event.origin.as_deref()?;
    let tty = event.tty.as_deref().filter(|_| origin == "seat");
    Some(match tty {
        Some(tty) => format!("{origin} {}", tty.trim_start_matches("/dev/")),
        None => origin.to_owned(),
    })
}

fn note(event: &Event) -> String {
    let count = |count: Option<u32>, what: &str| Some(format!("{} {what}", count?));
    let by = event.by.as_deref().map(|by| match event.uid {
        Some(uid) if by == format!("uid {uid}") => "by the user".to_owned(),
        Some(_) | None => format!("by {by}"),
    });
    let parts = [
        count(event.wrong, "wrong"),
        count(event.used, "used before"),
        count(event.unjudged, "not looked at"),
        by,
        event.note.clone(),
        rule(event).map(|rule| format!("by the rule {rule:?}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The rule, where it and no answer made the login end so.
fn rule(event: &Event) -> Option<&str> {
    let settled = matches!(
        event.outcome.as_str(),
        "not-demanded" | "reported" | "refused"
    ) || event.factor.as_deref() == Some("pass");
    event.rule.as_deref().filter(|_| settled)
}

/// How things stand by it; what only happens has no tone.
fn tone(event: &Event) -> Option<Tone> {
    match event.outcome.as_str() {
        "accepted" | "enrolled" => Some(Tone::Good),
        "rejected" | "unavailable" | "refused" => Some(Tone::Bad),
        "throttled" | "removed" | "reset" => Some(Tone::Caution),
        _ => event.wrong.map(|_| Tone::Caution),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_305_090; // 2026-11-21 23:51:30 UTC

    fn sheet(colour: bool) -> Sheet {
        Sheet {
            zone: TimeZone::UTC,
            ..Sheet::new(colour)
        }
    }

    fn login(outcome: &str) -> Event {
        Event {
            time: NOW,
            kind: "login".to_owned(),
            outcome: outcome.to_owned(),
            user: Some("alice".to_owned()),
            uid: Some(1000),
            service: Some("sshd".to_owned()),
            origin: Some("192.0.2.7".to_owned()),
            ..Event::default()
        }
    }

    fn change() -> Event {
        Event {
            time: NOW - 86_400,
            kind: "change".to_owned(),
            outcome: "recovery-codes".to_owned(),
            user: Some("(uid 3999999999)".to_owned()),
            uid: Some(3_999_999_999),
            by: Some("uid 3999999999".to_owned()),
            ..Event::default()
        }
    }

    #[test]
    fn the_rule_is_named_where_it_decided_and_no_answer_did() {
        let by = |outcome: &str, factor: &str| {
            note(&Event {
                factor: Some(factor.to_owned()).filter(|factor| !factor.is_empty()),
                rule: Some("office".to_owned()),
                ..login(outcome)
            })
        };
        for (outcome, factor) in [
            ("not-demanded", ""),
            ("reported", ""),
            ("refused", ""),
            ("accepted", "pass"),
        ] {
            assert_eq!(by(outcome, factor), "by the rule \"office\"", "{outcome}");
        }
        assert_eq!(by("accepted", "code"), "");
        assert_eq!(by("rejected", ""), "");
    }

    #[test]
    fn columns_line_up() {
        let mut sheet = sheet(false);
        let rejected = Event {
            wrong: Some(2),
            used: Some(1),
            note: Some("not enrolled".to_owned()),
            ..login("rejected")
        };
        let rows = [change(), rejected].map(|event| sheet.row(&event, NOW));
        assert_eq!(
            sheet.headings(),
            "TIME              USER              EVENT           SERVICE  FROM       FACTOR  NOTE"
        );
        assert_eq!(
            sheet.line(&rows[0]),
            "2026-11-20 23:51  (uid 3999999999)  recovery-codes  -        -          -       by the user"
        );
        assert_eq!(
            sheet.line(&rows[1]),
            "23:51:30          alice             rejected        sshd     192.0.2.7  -       2 wrong, 1 used before, not enrolled"
        );
    }

    #[test]
    fn the_event_is_coloured_and_nothing_else_and_only_where_there_are_colours() {
        for (outcome, code) in [("accepted", 32), ("rejected", 31), ("throttled", 33)] {
            let row = sheet(true).row(&login(outcome), NOW);
            let line = sheet(true).line(&row);
            assert!(
                line.contains(&format!("\x1b[{code}m{outcome}\x1b[0m")),
                "{line:?}"
            );
            assert_eq!(line.matches('\x1b').count(), 2, "{line:?}");
            assert!(!sheet(false).line(&row).contains('\x1b'));
        }
    }

    #[test]
    fn nothing_in_an_event_can_forge_a_line() {
        let evil = "x\r\n23:59:59  root  accepted\x1b[2J\u{202e}\u{9b}31m";
        let event = Event {
            outcome: evil.to_owned(),
            user: Some(evil.to_owned()),
            service: Some(evil.to_owned()),
            origin: Some(evil.to_owned()),
            tty: Some(evil.to_owned()),
            factor: Some(evil.to_owned()),
            by: Some(evil.to_owned()),
            note: Some(evil.to_owned()),
            ..login("")
        };
        let row = sheet(false).row(&event, NOW);
        let line = sheet(false).line(&row);
        assert!(
            !line.contains(|c: char| c.is_control() || c == '\u{202e}'),
            "{line:?}"
        );
    }

    #[test]
    fn at_the_machine_the_terminal_is_named() {
        let event = Event {
            origin: Some("seat".to_owned()),
            tty: Some("/dev/tty2".to_owned()),
            ..login("accepted")
        };
        assert_eq!(from(&event).as_deref(), Some("seat tty2"));
        assert_eq!(from(&login("accepted")).as_deref(), Some("192.0.2.7"));
    }
}
