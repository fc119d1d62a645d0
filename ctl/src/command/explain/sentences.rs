//! An explanation in words.

use super::report::Explained;
use crate::output::Tone;
use crate::words::{date, duration, printable};

/// The name of the rule behind the last one.
const END: &str = "(end)";

/// Which login it is about.
pub(super) fn login(explained: &Explained<'_>) -> String {
    let mut text = format!("A login of {}", printable(explained.user));
    text += &match explained.uid {
        Some(uid) => format!(" (uid {uid})"),
        None => " (no such account)".to_owned(),
    };
    text += &format!(" through {}", printable(explained.service));
    text += &match &explained.from {
        Some(address) => format!(" from {address}"),
        None => " from this machine".to_owned(),
    };
    if let Some(tty) = explained.tty {
        text += &format!(", at {}", printable(tty));
    }
    text += &match explained.at {
        Some(at) => format!(", on {}", date(at)),
        None => ", now".to_owned(),
    };
    text + ":"
}

/// Which rule decides.
pub(super) fn decision(explained: &Explained<'_>) -> String {
    let rule = printable(&explained.rule);
    match (explained.rule.as_str(), explained.report) {
        (END, _) => "No rule matches, so the end of every policy decides.".to_owned(),
        (_, false) => format!("The rule \"{rule}\" decides."),
        (_, true) => format!("The rule \"{rule}\" decides, and only reports."),
    }
}

/// What becomes of the login.
pub(super) fn fate(explained: &Explained<'_>) -> (Tone, String) {
    let (tone, fate) = course(explained);
    if explained.report {
        let text = format!("Nothing is asked and nothing refused. In force, it would say: {fate}");
        return (Tone::Note, text);
    }
    (tone, fate)
}

fn course(explained: &Explained<'_>) -> (Tone, String) {
    let user = printable(explained.user);
    let kinds = kinds(&explained.factors);
    match explained.course.as_str() {
        "ask" => (Tone::Good, format!("{user} is asked for {kinds}.")),
        "remembered" => (
            Tone::Good,
            "Nothing is asked: an earlier login counts.".to_owned(),
        ),
        "enroll" => {
            let until = explained
                .enroll_by
                .map(|by| format!(", until {}", date(by)));
            let text = format!(
                "{user} holds no factor, and is walked through enrolment{}.",
                until.unwrap_or_default()
            );
            (Tone::Good, text)
        }
        "not-demanded" => (Tone::Caution, not_demanded(explained)),
        "refuse" => (Tone::Bad, "The login is refused.".to_owned()),
        "ask-in-vain" => (Tone::Bad, in_vain(explained)),
        other => (
            Tone::Caution,
            format!(
                "It takes the course \"{}\", which this program does not know.",
                printable(other)
            ),
        ),
    }
}

fn not_demanded(explained: &Explained<'_>) -> String {
    let user = printable(explained.user);
    match explained.standing.as_deref() {
        Some("unenrolled") => {
            format!("Nothing is asked: {user} holds no factor, and the rule lets that pass.")
        }
        Some("unknown") => {
            format!("Nothing is asked: {user} is no account, and the rule lets that pass.")
        }
        Some(_) | None => "Nothing is asked: the rule demands no factor.".to_owned(),
    }
}

fn in_vain(explained: &Explained<'_>) -> String {
    let user = printable(explained.user);
    let why = match explained.standing.as_deref() {
        Some("unenrolled") => match explained.enroll_by {
            Some(by) => format!(
                "{user} holds no factor, and the time to enroll at a login ended on {}",
                date(by)
            ),
            None => format!("{user} holds no factor"),
        },
        Some("unfit") => format!("{user} holds no factor that the rule takes"),
        Some("foreign") => "the uid is enrolled under another name".to_owned(),
        Some("unknown") => format!("{user} is no account of this machine"),
        Some(_) | None => "nothing that the rule takes is there".to_owned(),
    };
    format!(
        "A code is asked for, and every answer refused: {why}. The rule takes {}.",
        kinds(&explained.factors)
    )
}

/// What else there is to know.
pub(super) fn besides(explained: &Explained<'_>) -> Vec<String> {
    let remembered = explained.remember_seconds.map(|seconds| {
        let place = match explained.remember_per.as_deref() {
            Some("origin") => "from the same address, through the same service,",
            Some("login-session") => "in the same login session",
            Some(_) | None => "there",
        };
        format!(
            "A code given {place} counts again for {}.",
            duration(seconds)
        )
    });
    let typed = (explained.entry == "appended" && asks(explained)).then(|| {
        "Password and code are typed into one field: the password, a blank, the code.".to_owned()
    });
    // In front of what decides by itself there is no factor to be without.
    let by_key = match explained.guard.as_str() {
        "refuse" => "A login by a key alone, without a code, is refused by the guard.",
        _ => "A login by a key alone, without a code, goes on.",
    };
    let both = typed.into_iter().chain(remembered);
    both.chain([by_key.to_owned()]).collect()
}

/// Whether something is typed, now or when an earlier login does not count any more.
fn asks(explained: &Explained<'_>) -> bool {
    ["ask", "ask-in-vain", "remembered"].contains(&explained.course.as_str())
}

/// What to do about it.
pub(super) fn next(explained: &Explained<'_>) -> Option<String> {
    let user = printable(explained.user);
    let known = explained.uid.is_some();
    let command = |text: &str, command: &str| Some(format!("{text}\n  {command}"));
    match (explained.course.as_str(), explained.standing.as_deref()) {
        ("ask-in-vain", Some("foreign")) => {
            command("See whose it is:", &format!("countersignctl status {user}"))
        }
        ("ask-in-vain" | "not-demanded" | "enroll", Some("unenrolled" | "unfit")) if known => {
            let factor = match explained.factors.iter().any(|kind| kind == "totp") {
                true => "",
                false => " --factor hotp",
            };
            command(
                "Set up a factor that it takes:",
                &format!("countersignctl enroll {user}{factor}"),
            )
        }
        ("remembered", _) => command(
            "To have a code asked for again:",
            &format!("countersignctl forget {user}"),
        ),
        ("ask", _) => command(
            "Try a code there:",
            &format!(
                "countersignctl test {user} --service {}",
                printable(explained.service)
            ),
        ),
        _ => None,
    }
}

/// Kinds of proof in a sentence.
fn kinds(names: &[String]) -> String {
    let named = |name: &String| match name.as_str() {
        "totp" => "a time-based code".to_owned(),
        "hotp" => "a counter-based code".to_owned(),
        "recovery" => "a recovery code".to_owned(),
        "issued" => "a code from an admin".to_owned(),
        other => printable(other),
    };
    let names: Vec<String> = names.iter().map(named).collect();
    match names.split_last() {
        None => "a code".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(course: &str, standing: Option<&str>) -> Explained<'static> {
        Explained {
            user: "alice",
            uid: Some(1000),
            service: "sshd",
            rule: "staff".to_owned(),
            course: course.to_owned(),
            guard: "refuse".to_owned(),
            standing: standing.map(str::to_owned),
            factors: vec!["totp".to_owned(), "recovery".to_owned()],
            ..Explained::default()
        }
    }

    #[test]
    fn a_login_is_named_with_all_that_a_rule_looks_at() {
        let here = explained("ask", None);
        assert_eq!(
            login(&here),
            "A login of alice (uid 1000) through sshd from this machine, now:"
        );
        let there = Explained {
            uid: None,
            from: Some("192.0.2.7".to_owned()),
            tty: Some("tty1"),
            ..here
        };
        assert_eq!(
            login(&there),
            "A login of alice (no such account) through sshd from 192.0.2.7, at tty1, now:"
        );
    }

    #[test]
    fn a_rule_that_only_reports_refuses_nothing() {
        let reported = Explained {
            report: true,
            ..explained("refuse", None)
        };
        let (tone, text) = fate(&reported);
        assert_eq!(tone, Tone::Note);
        assert_eq!(
            text,
            "Nothing is asked and nothing refused. In force, it would say: The login is refused."
        );
    }

    #[test]
    fn who_cannot_answer_is_told_why() {
        for (standing, why) in [
            ("unfit", "alice holds no factor that the rule takes."),
            ("unenrolled", "alice holds no factor."),
            ("foreign", "the uid is enrolled under another name."),
            ("unknown", "alice is no account of this machine."),
        ] {
            let (tone, told) = fate(&explained("ask-in-vain", Some(standing)));
            assert_eq!(tone, Tone::Bad, "{standing}");
            assert!(told.contains(why), "{standing}: {told}");
        }
    }

    #[test]
    fn who_is_not_asked_is_told_why() {
        for (course, standing, why) in [
            (
                "not-demanded",
                Some("unenrolled"),
                "the rule lets that pass",
            ),
            ("not-demanded", Some("unknown"), "the rule lets that pass"),
            ("not-demanded", None, "the rule demands no factor"),
            ("remembered", Some("answerable"), "an earlier login counts"),
            ("newer", None, "does not know"),
        ] {
            let (_, told) = fate(&explained(course, standing));
            assert!(told.contains(why), "{course}: {told}");
        }
    }

    #[test]
    fn who_can_answer_is_told_with_what() {
        let (tone, told) = fate(&explained("ask", Some("answerable")));
        assert_eq!(tone, Tone::Good);
        assert_eq!(
            told,
            "alice is asked for a time-based code or a recovery code."
        );
        let (_, told) = fate(&explained("enroll", Some("unenrolled")));
        assert!(told.ends_with("is walked through enrolment."), "{told}");
        assert_eq!(fate(&explained("refuse", None)).0, Tone::Bad);
    }

    #[test]
    fn how_a_code_is_typed_is_told_where_it_is_not_asked_by_itself() {
        let one_field = |course: &str, entry: &str| Explained {
            entry: entry.to_owned(),
            ..explained(course, Some("answerable"))
        };
        let told = |explained: &Explained<'_>| {
            let lines = besides(explained);
            lines.iter().any(|line| line.contains("one field"))
        };
        assert!(told(&one_field("ask", "appended")));
        assert!(told(&one_field("remembered", "appended")));
        assert!(!told(&one_field("ask", "separate")));
        assert!(!told(&one_field("not-demanded", "appended")));
    }

    #[test]
    fn what_to_do_is_a_command_that_mends_it() {
        for (course, standing, words) in [
            ("ask-in-vain", "unenrolled", "countersignctl enroll alice"),
            ("ask-in-vain", "foreign", "countersignctl status alice"),
            ("remembered", "answerable", "countersignctl forget alice"),
            (
                "ask",
                "answerable",
                "countersignctl test alice --service sshd",
            ),
        ] {
            let next = next(&explained(course, Some(standing))).unwrap();
            assert!(next.contains(words), "{next}");
        }
        let tokens = Explained {
            factors: vec!["hotp".to_owned()],
            ..explained("ask-in-vain", Some("unfit"))
        };
        assert!(
            next(&tokens)
                .unwrap()
                .ends_with("enroll alice --factor hotp")
        );
        assert!(next(&explained("ask-in-vain", Some("unknown"))).is_none());
    }

    #[test]
    fn the_end_of_a_policy_is_no_rule_of_the_admins() {
        let end = Explained {
            rule: END.to_owned(),
            ..explained("ask", None)
        };
        assert!(decision(&end).starts_with("No rule matches"));
    }
}
