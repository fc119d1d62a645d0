//! `doctor`: every way around the second factor, and every way to be locked out.

mod gather;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::cli::DoorArguments;
use crate::doctor::{self, Check, Finding, Report, Severity, Unchecked};
use crate::error::Error;
use crate::help;
use crate::output::{Output, Tone};
use crate::table::Columns;
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
    for finding in &report.findings {
        one(finding, output)?;
    }
    if !report.unchecked.is_empty() {
        let mut table = Columns::new(["NOT CHECKED", "BECAUSE"], output.width());
        for unchecked in &report.unchecked {
            table.row([unchecked.id, &unchecked.why]);
        }
        output.table(&table)?;
        output.line("")?;
    }
    let checks = count(report.complete(), "check");
    if report.findings.is_empty() {
        return output.tell(Tone::Good, &format!("Nothing found by {checks}."));
    }
    let told = [
        (Severity::Danger, "danger"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ]
    .map(|(severity, word)| (report.count(severity), word));
    let told: Vec<_> = told
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(*number, word))
        .collect();
    output.say(&format!("{}, found by {checks}.", told.join(", ")))
}

fn one(finding: &Finding, output: &Output) -> Result<(), Error> {
    let mut heading = format!(
        "{}: {}",
        finding.severity.to_string().to_uppercase(),
        finding.id
    );
    if let Some(place) = finding.place() {
        heading += &format!("  {place}");
    }
    output.line(&finding.severity.tone().dye(&heading, output.colour()))?;
    output.say(&format!("{} {}", finding.found, finding.means))?;
    let end = if finding.fix.is_empty() { "." } else { ":" };
    output.say(&format!("{}{end}", finding.mends))?;
    for line in &finding.fix {
        output.line(&format!("  {line}"))?;
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
