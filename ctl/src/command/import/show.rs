//! What came of it: a table, sentences, or JSON.

use countersign_bus::import::{ImportNote, ImportOutcome, ImportResult};
use serde::Serialize;

use super::grammar::Doing;
use crate::error::Error;
use crate::import::plan::{Item, Newcomer, Plan, Skipped};
use crate::output::Output;
use crate::table::Columns;
use crate::words::count;

#[derive(Serialize)]
struct Report<'a> {
    dry_run: bool,
    users: Vec<User<'a>>,
    skipped: Vec<Absent<'a>>,
    imported: usize,
    already: usize,
    refused: usize,
}

/// What came of one user.
#[derive(Serialize)]
struct User<'a> {
    user: &'a str,
    uid: u32,
    result: Came,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
    credentials: Vec<Credential<'a>>,
}

#[derive(Serialize)]
struct Credential<'a> {
    factor: &'a str,
    codes: &'a str,
    kept: &'a [String],
    left: Vec<&'a str>,
}

#[derive(Serialize)]
struct Absent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    problem: &'a str,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Came {
    Imported,
    Already,
    Refused,
}

/// Shows all of it.
///
/// # Errors
///
/// [`Error::Refused`], once it is shown, if anything was left out.
pub(super) fn all(
    plan: &Plan,
    outcomes: &[ImportOutcome],
    doing: Doing,
    output: &Output,
) -> Result<(), Error> {
    let report = Report::of(plan, outcomes, doing)?;
    if doing.json {
        output.json(&report)?;
    } else {
        report.show(output)?;
    }
    match report.refused + report.skipped.len() {
        0 => Ok(()),
        _ => Err(report.incomplete()),
    }
}

impl<'a> Report<'a> {
    fn of(plan: &'a Plan, outcomes: &'a [ImportOutcome], doing: Doing) -> Result<Self, Error> {
        let users = plan.newcomers.iter().zip(outcomes);
        let users: Vec<User<'_>> = users
            .map(|(newcomer, outcome)| User::of(newcomer, outcome))
            .collect::<Result<_, _>>()?;
        let number = |came| users.iter().filter(|user| user.result == came).count();
        Ok(Self {
            dry_run: doing.dry_run,
            imported: number(Came::Imported),
            already: number(Came::Already),
            refused: number(Came::Refused),
            skipped: plan.skipped.iter().map(Absent::of).collect(),
            users,
        })
    }

    fn show(&self, output: &Output) -> Result<(), Error> {
        if self.users.is_empty() && self.skipped.is_empty() {
            return output.say("There is nothing to import.");
        }
        if self.dry_run && !self.users.is_empty() {
            output.table(&self.table(output))?;
            output.line("")?;
        }
        for user in &self.users {
            if let Some(problem) = user.problem {
                output.say(&format!("Refused: {}: {problem}.", user.user))?;
            }
        }
        for absent in &self.skipped {
            output.say(&absent.sentence())?;
        }
        output.strong(&self.summary())?;
        if self.imported > 0 && !self.dry_run {
            output.say(
                "The old files hold the same secrets in plain text. Once nobody logs in through \
                 the old module any more, delete them.",
            )?;
        }
        Ok(())
    }

    fn table(&self, output: &Output) -> Columns<6> {
        let headings = [
            "USER",
            "FACTOR",
            "CODES",
            "COMES OVER",
            "STAYS BEHIND",
            "RESULT",
        ];
        let mut table = Columns::new(headings, output.width());
        for user in &self.users {
            for credential in &user.credentials {
                let left = match &credential.left[..] {
                    [] => "-".to_owned(),
                    left => left.join("; "),
                };
                table.row([
                    user.user,
                    credential.factor,
                    credential.codes,
                    &credential.kept.join(", "),
                    &left,
                    user.result.word(),
                ]);
            }
        }
        table
    }

    fn summary(&self) -> String {
        let done = if self.dry_run {
            "would be imported"
        } else {
            "imported"
        };
        let mut summary = format!("{} {done}", count(self.imported, "user"));
        for (number, what) in [(self.already, "already there"), (self.refused, "refused")] {
            if number > 0 {
                summary.push_str(&format!(", {number} {what}"));
            }
        }
        if !self.skipped.is_empty() {
            summary.push_str(&format!(", {} skipped", self.skipped.len()));
        }
        summary.push('.');
        summary
    }

    fn incomplete(&self) -> Error {
        Error::Refused(format!(
            "Not everything {}. Put right what is named above, and run it again: what is there \
             already stays as it is.",
            if self.dry_run {
                "would come over"
            } else {
                "came over"
            },
        ))
    }
}

impl<'a> User<'a> {
    fn of(newcomer: &'a Newcomer, outcome: &'a ImportOutcome) -> Result<Self, Error> {
        let result = outcome.result.unwrap_or_default();
        let result = match ImportResult::try_from(result) {
            Ok(ImportResult::Imported) => Came::Imported,
            Ok(ImportResult::Already) => Came::Already,
            Ok(ImportResult::Refused) => Came::Refused,
            Err(_) => return Err(Error::Garbled("what came of it")),
        };
        Ok(Self {
            user: &newcomer.name,
            uid: newcomer.uid,
            result,
            problem: outcome.problem.as_deref(),
            credentials: (0..)
                .zip(&newcomer.items)
                .map(|(place, item)| Credential::of(item, notes(outcome, place)))
                .collect(),
        })
    }
}

impl<'a> Credential<'a> {
    fn of(item: &'a Item, notes: impl Iterator<Item = ImportNote>) -> Self {
        let left = item.left.iter().map(String::as_str);
        let notes = notes.map(|note| words(note, item.factor));
        Self {
            factor: item.factor,
            codes: &item.codes,
            kept: &item.kept,
            left: left.chain(notes).collect(),
        }
    }
}

impl<'a> Absent<'a> {
    fn of(skipped: &'a Skipped) -> Self {
        Self {
            line: skipped.line,
            user: skipped.user.as_deref(),
            problem: &skipped.why,
        }
    }

    fn sentence(&self) -> String {
        let place = match (self.line, self.user) {
            (Some(line), Some(user)) => format!("line {line} ({user})"),
            (Some(line), None) => format!("line {line}"),
            (None, Some(user)) => user.to_owned(),
            (None, None) => "something".to_owned(),
        };
        crate::words::printable(&format!("Skipped: {place}: {}.", self.problem))
    }
}

impl Came {
    fn word(self) -> &'static str {
        match self {
            Self::Imported => "new",
            Self::Already => "already there",
            Self::Refused => "refused",
        }
    }
}

/// What the daemon notes of one credential.
fn notes(outcome: &ImportOutcome, place: u32) -> impl Iterator<Item = ImportNote> {
    let notes = outcome.notes.iter().flatten();
    notes
        .filter(move |(of, _)| *of == place)
        .filter_map(|(_, number)| ImportNote::from_wire(*number))
}

fn words(note: ImportNote, factor: &str) -> &'static str {
    match (note, factor) {
        (ImportNote::Narrowed, "hotp") => "window beyond +10",
        (ImportNote::Narrowed, _) => "window beyond \u{b1}2",
        (ImportNote::DriftCapped, _) => "drift beyond \u{b1}20",
    }
}
