//! `doctor`: every way around the second factor, and every way to be locked out.

mod gather;

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::cli::DoorArguments;
use crate::doctor::{self, Check, Finding, Report, Severity, Unchecked};
use crate::error::Error;
use crate::help;
use crate::output::{Output, Tone};
use crate::words::count;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl doctor            # what is wrong, where, and what mends it",
    "sudo countersignctl doctor --json     # for a monitor; 4 warnings, 5 dangers",
    "countersignctl doctor --list          # what it looks for",
]))]
pub(crate) struct Doctor {
    /// Show what is looked for, and look for nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// All of it, as JSON has it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'a> {
    checks: usize,
    worst: Option<Severity>,
    findings: &'a [Finding],
    not_checked: &'a [Unchecked],
}

/// Looks, tells what was found, and gives the exit code that says how bad it is.
pub(super) fn run(arguments: &Doctor, door: &DoorArguments) -> Result<ExitCode, Error> {
    let output = Output::open();
    if arguments.list {
        return list(arguments.json, &output).map(|()| ExitCode::SUCCESS);
    }
    let report = gather::examined(door)?;
    if arguments.json {
        output.json(&Told {
            checks: report.complete(),
            worst: report.worst(),
            findings: &report.findings,
            not_checked: &report.unchecked,
        })?;
    } else {
        show(&report, &output)?;
    }
    Ok(ExitCode::from(exit_code(&report)))
}

/// 0 for nothing or notes, 4 for warnings, 5 for dangers; 3 if all that is one is that the daemon is
/// away.
fn exit_code(report: &Report) -> u8 {
    match report.worst() {
        None | Some(Severity::Note) => 0,
        Some(Severity::Warning) => 4,
        Some(Severity::Danger) if doctor::is_about_the_daemon(report) => 3,
        Some(Severity::Danger) => 5,
    }
}

fn list(json: bool, output: &Output) -> Result<(), Error> {
    let checks: Vec<&Check> = doctor::checks().collect();
    if json {
        return output.json(&checks);
    }
    for check in checks {
        output.strong(&format!("{} ({})", check.id, check.severity))?;
        output.say(&format!("Finds {}.", check.finds))?;
    }
    Ok(())
}

fn show(report: &Report, output: &Output) -> Result<(), Error> {
    for alike in report.findings.chunk_by(|one, next| one.id == next.id) {
        told(alike, output)?;
    }
    for (why, checks) in by_reason(&report.unchecked) {
        output.say(&format!("NOT CHECKED: {}.", checks.join(", ")))?;
        output.say(&format!("Because: {}.", why.trim_end_matches('.')))?;
        output.line("")?;
    }
    let checks = count(report.complete(), "check");
    if report.findings.is_empty() {
        return output.tell(Tone::Good, &format!("Nothing found by {checks}."));
    }
    let counted = [
        (Severity::Danger, "danger"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ]
    .map(|(severity, word)| (report.count(severity), word));
    let counted: Vec<_> = counted
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(*number, word))
        .collect();
    output.say(&format!("{}, found by {checks}.", counted.join(", ")))
}

/// The checks that one reason kept from looking, in the order of the reasons.
fn by_reason(unchecked: &[Unchecked]) -> Vec<(&str, Vec<&'static str>)> {
    let mut reasons: Vec<(&str, Vec<&'static str>)> = Vec::new();
    for one in unchecked {
        match reasons.iter_mut().find(|(why, _)| *why == one.why) {
            Some((_, checks)) => checks.push(one.id),
            None => reasons.push((&one.why, vec![one.id])),
        }
    }
    reasons
}

/// Findings of one check: each with its place, then once what they mean and what mends them.
fn told(findings: &[Finding], output: &Output) -> Result<(), Error> {
    let Some(first) = findings.first() else {
        return Ok(());
    };
    for finding in findings {
        let severity = finding.severity.to_string().to_uppercase();
        let mut heading = format!("{severity}: {}", finding.id);
        if let Some(place) = finding.place() {
            heading += &format!("  {place}");
        }
        output.line(&finding.severity.tone().dye(&heading, output.colour()))?;
        if findings.len() > 1 {
            output.say(&finding.found)?;
        }
    }
    match findings.len() {
        1 => output.say(&format!("{} {}", first.found, first.means))?,
        _ => output.say(first.means)?,
    }
    let fixes = || findings.iter().flat_map(|finding| &finding.fix);
    let end = if fixes().next().is_none() { "." } else { ":" };
    output.say(&format!("{}{end}", first.mends))?;
    // In their order, each once.
    let mut shown = BTreeSet::new();
    for line in fixes() {
        if shown.insert(line) {
            output.line(&format!("  {line}"))?;
        }
    }
    output.line("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(ids: &[&str]) -> Report {
        let check = |id: &&str| doctor::checks().find(|check| check.id == *id).unwrap();
        let mut findings: Vec<_> = ids.iter().map(|id| check(id).found("It is so.")).collect();
        findings.sort_by_key(|finding| finding.severity);
        Report {
            findings,
            unchecked: Vec::new(),
        }
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst_finding() {
        for (ids, code) in [
            (&[][..], 0),
            (&["line-debug"], 0),
            (&["line-debug", "recovery-none"], 4),
            (&["recovery-none", "nothing-asks"], 5),
            (&["daemon-unreachable"], 3),
            (&["daemon-unreachable", "recovery-none"], 3),
            (
                &["daemon-unreachable", "unit-inactive", "socket-missing"],
                3,
            ),
            (&["socket-missing"], 5),
            (&["daemon-unreachable", "key-readable"], 5),
        ] {
            assert_eq!(exit_code(&report(ids)), code, "{ids:?}");
        }
    }

    #[test]
    fn what_was_not_looked_at_is_told_once_for_each_reason() {
        let unchecked = |id, why: &str| Unchecked {
            id,
            why: why.to_owned(),
        };
        let all = [
            unchecked("a", "x"),
            unchecked("b", "y"),
            unchecked("c", "x"),
        ];
        assert_eq!(by_reason(&all), [("x", vec!["a", "c"]), ("y", vec!["b"])]);
    }

    #[test]
    fn json_has_what_scripts_rely_on() {
        let report = report(&["daemon-unreachable"]);
        let told = Told {
            checks: 9,
            worst: report.worst(),
            findings: &report.findings,
            not_checked: &report.unchecked,
        };
        let text = serde_json::to_string(&told).unwrap();
        let start = r#"{"checks":9,"worst":"danger","findings":[{"id":"daemon-unreachable","severity":"danger","found":"It is so.","means":""#;
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with(r#","fix":[]}],"not-checked":[]}"#), "{text}");
    }
}
