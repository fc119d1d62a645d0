//! What stands in the way of a user's login, or may soon, and what mends it.

use serde::Serialize;

use super::Whom;
use crate::output::Tone;
use crate::report::{Credential, UserStatus};
use crate::words::{count, duration, printable};

/// So few recovery codes are few.
const FEW: u32 = 3;
/// How far the daemon follows a device's clock, in periods.
const FOLLOWED: u32 = 20;
/// What of that is worth a word, in seconds.
const NOTICED: u32 = 90;

/// One thing that somebody should know.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// Its name, for programs.
    pub(super) what: &'static str,
    pub(super) tone: Tone,
    pub(super) text: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) commands: Vec<String>,
}

impl Finding {
    fn new(what: &'static str, tone: Tone, text: impl Into<String>) -> Self {
        Self {
            what,
            tone,
            text: text.into(),
            commands: Vec::new(),
        }
    }

    /// With a command of this program's, for the same user, that mends it.
    fn mended_by(mut self, command: &str, whom: &Whom<'_>, rest: &str) -> Self {
        let rest = match rest {
            "" => String::new(),
            rest => format!(" {}", printable(rest)),
        };
        let argument = whom.known.argument();
        self.commands
            .push(format!("countersignctl {command}{argument}{rest}"));
        self
    }

    /// As it is shown: the sentence, and its commands below.
    pub(super) fn shown(&self) -> String {
        let mut shown = self.text.clone();
        for command in &self.commands {
            shown += &format!("\n  {command}");
        }
        shown
    }
}

/// All that there is to say, what matters most first.
pub(super) fn findings(whom: &Whom<'_>, status: &UserStatus) -> Vec<Finding> {
    if let Some(finding) = unusable(whom, status) {
        return vec![finding];
    }
    let mut findings = Vec::new();
    findings.extend(unenrolled(whom, status));
    if findings.is_empty() {
        findings.push(demand(whom, status));
        findings.extend(unconfirmed(whom, status));
    }
    findings.extend(recovery_wait(whom, status));
    for credential in status.credentials.iter().filter(|c| c.confirmed) {
        findings.extend(uncertain(whom, credential));
        findings.extend(drift(whom, credential));
    }
    if status.enrolled {
        findings.push(recovery_left(whom, status));
    }
    findings.extend(scratch_left(status));
    findings.extend(issued(whom, status));
    findings.extend(remembered(whom, status));
    findings
}

/// What is kept of the user is of no use.
fn unusable(whom: &Whom<'_>, status: &UserStatus) -> Option<Finding> {
    let finding = if let Some(problem) = &status.problem {
        let text = format!(
            "Nothing of this user can be read, so every login that asks for a factor is refused: \
             {}. What the daemon saw, and how to begin anew if nothing mends it:",
            printable(problem).trim_end_matches('.')
        );
        let mut finding = Finding::new("unreadable", Tone::Bad, text);
        finding
            .commands
            .push("journalctl -u countersignd".to_owned());
        finding
    } else {
        let (uid, enrolled) = (status.uid, status.user.as_deref()?);
        let name = whom.known.name().filter(|name| *name != enrolled)?;
        let text = format!(
            "uid {uid} is enrolled as {}, not as {}: the account was renamed, or its number was \
             given to somebody else. Every login that asks for a factor is refused. Be sure who \
             it is; then begin anew:",
            printable(enrolled),
            printable(name)
        );
        Finding::new("other-name", Tone::Bad, text)
    };
    Some(
        finding
            .mended_by("reset", whom, "")
            .mended_by("enroll", whom, ""),
    )
}

/// Nothing of the user's counts.
fn unenrolled(whom: &Whom<'_>, status: &UserStatus) -> Option<Finding> {
    if status.enrolled {
        return None;
    }
    if whom.known.name().is_none() {
        return Some(Finding::new(
            "not-enrolled",
            Tone::Bad,
            "No factor is set up.",
        ));
    }
    Some(if status.credentials.is_empty() {
        let text = "No factor is set up: a login that asks for one is refused. Set one up:";
        Finding::new("not-enrolled", Tone::Bad, text).mended_by("enroll", whom, "")
    } else {
        let text = "The key was never confirmed by a first code: a login that asks for a factor \
                    is refused. Confirm it, or set up another:";
        Finding::new("unconfirmed", Tone::Bad, text)
            .mended_by("confirm", whom, "")
            .mended_by("enroll", whom, "")
    })
}

/// What a login asks for.
fn demand(whom: &Whom<'_>, status: &UserStatus) -> Finding {
    let most = status.places.iter().map(|place| place.codes);
    let most = most.chain([status.codes_demanded]).max().unwrap_or(1);
    if most <= 1 {
        let text = "Nothing stands in the way of a login: it asks for one code.";
        return Finding::new("ready", Tone::Good, text);
    }
    let row = match most {
        2 => "Two".to_owned(),
        more => more.to_string(),
    };
    let text = format!(
        "After wrong codes, a login asks for more than one, as shown below. {row} codes in a row \
         open it, at any time."
    );
    let finding = Finding::new("throttled", Tone::Caution, text);
    if whom.by_root {
        let mut finding = finding;
        finding.text += " To have it ask for one again:";
        return finding.mended_by("unlock", whom, "");
    }
    finding
}

/// Something waits for its first code, beside what counts.
fn unconfirmed(whom: &Whom<'_>, status: &UserStatus) -> Option<Finding> {
    let waiting = status.credentials.iter().find(|c| !c.confirmed)?;
    let text = format!(
        "{} waits for its first code, and counts for nothing until then. Confirm it, or remove it:",
        waiting.named()
    );
    let finding = Finding::new("unconfirmed", Tone::Caution, text);
    Some(
        finding
            .mended_by("confirm", whom, &waiting.id)
            .mended_by("remove", whom, &waiting.id),
    )
}

fn recovery_wait(whom: &Whom<'_>, status: &UserStatus) -> Option<Finding> {
    let text = format!(
        "After wrong recovery codes, neither they nor a code from an admin is looked at for \
         another {}.",
        duration(status.recovery_wait?)
    );
    let mut finding = Finding::new("recovery-wait", Tone::Caution, text);
    if whom.by_root {
        finding.text += " To have them looked at now:";
        finding = finding.mended_by("unlock", whom, "");
    }
    Some(finding)
}

fn uncertain(whom: &Whom<'_>, credential: &Credential) -> Option<Finding> {
    if !credential.uncertain {
        return None;
    }
    let text = format!(
        "{} was restored from a backup, and its counter may be behind: a single code of it is \
         refused until two in a row have found it. A login takes them, and so does:",
        credential.named()
    );
    Some(Finding::new("uncertain", Tone::Caution, text).mended_by("resync", whom, ""))
}

fn drift(whom: &Whom<'_>, credential: &Credential) -> Option<Finding> {
    let steps = credential.drift?;
    let off = steps
        .unsigned_abs()
        .saturating_mul(credential.period.unwrap_or(30));
    if off < NOTICED {
        return None;
    }
    let way = if steps > 0 { "ahead" } else { "behind" };
    let clock = format!(
        "{}: the device's clock is {} {way}",
        credential.named(),
        duration(off.into())
    );
    if steps.unsigned_abs() < FOLLOWED {
        let text = format!("{clock}. That is allowed for; better let it set its time by itself.");
        return Some(Finding::new("drift", Tone::Note, text));
    }
    let text = format!(
        "{clock}, and is followed no further: its codes may be refused. Let it set its time by \
         itself, and then:"
    );
    Some(Finding::new("drift", Tone::Caution, text).mended_by("resync", whom, ""))
}

fn recovery_left(whom: &Whom<'_>, status: &UserStatus) -> Finding {
    let left = status.recovery_left;
    let (tone, text) = match left {
        0 => (
            Tone::Caution,
            "No recovery code is left. Make new ones:".to_owned(),
        ),
        1..=FEW => (
            Tone::Caution,
            format!(
                "{} left. Make new ones in time:",
                count(left as usize, "recovery code")
            ),
        ),
        _ => {
            let text = format!("{} left.", count(left as usize, "recovery code"));
            return Finding::new("recovery-left", Tone::Note, text);
        }
    };
    Finding::new("recovery-left", tone, text).mended_by("recovery-codes", whom, "")
}

fn scratch_left(status: &UserStatus) -> Option<Finding> {
    let left = count(status.scratch_left as usize, "scratch code");
    let text = format!(
        "{left} left that were imported, each good for one login. New recovery codes void them."
    );
    (status.scratch_left > 0).then(|| Finding::new("scratch-left", Tone::Note, text))
}

fn issued(whom: &Whom<'_>, status: &UserStatus) -> Option<Finding> {
    let left = status.issued_until?.checked_sub(whom.now)?;
    let text = format!(
        "A code from an admin is good for one login, for another {}.",
        duration(left)
    );
    (left > 0).then(|| Finding::new("issued", Tone::Note, text))
}

fn remembered(whom: &Whom<'_>, status: &UserStatus) -> Option<Finding> {
    if status.passes.is_empty() {
        return None;
    }
    let text = format!(
        "{} remembered: no code is asked for where the policy lets one count again. To end that:",
        match status.passes.len() {
            1 => "1 login is".to_owned(),
            many => format!("{many} logins are"),
        }
    );
    Some(Finding::new("remembered", Tone::Note, text).mended_by("forget", whom, ""))
}

#[cfg(test)]
#[path = "findings_tests.rs"]
mod tests;
