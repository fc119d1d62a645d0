//! What `--help` shows beside clap's own: the commands in groups, and examples.

use std::fmt::Write;

use clap::Command;
use clap::builder::StyledStr;
use clap::builder::styling::Styles;

/// What the commands are for, in the order in which they are shown.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "Your factors (of others as root, with their name)",
        &[
            "enroll",
            "confirm",
            "status",
            "test",
            "rename",
            "resync",
            "remove",
            "recovery-codes",
            "forget",
        ],
    ),
    (
        "Helping others (root)",
        &["list", "issue-code", "unlock", "reset", "events"],
    ),
    (
        "Protecting logins (root)",
        &[
            "protect",
            "confirm-protect",
            "unprotect",
            "explain",
            "doctor",
        ],
    ),
    (
        "Moving and keeping (root)",
        &["import", "backup", "restore"],
    ),
    (
        "The daemon",
        &["init", "check-config", "reload", "completions"],
    ),
];

/// Room for a command's name, and the space around it.
const COLUMN: usize = 16;

/// `command`, with its commands in [`GROUPS`].
pub(crate) fn grouped(command: Command) -> Command {
    let styles = Styles::styled();
    let literal = styles.get_literal();
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (purpose, names) in GROUPS {
        let mut about = names
            .iter()
            .filter_map(|name| Some((name, command.find_subcommand(name)?.get_about()?)))
            .peekable();
        if about.peek().is_some() {
            let _ = write!(template, "\n{}\n", heading(purpose));
        }
        for (name, about) in about {
            let _ = writeln!(template, "  {literal}{name:COLUMN$}{literal:#}{about}");
        }
    }
    let _ = write!(
        template,
        "\n{}\n{{options}}{{after-help}}",
        heading("Options")
    );
    command.help_template(template)
}

/// Lines that can be run as they are, below a heading.
pub(crate) fn examples(lines: &[&str]) -> StyledStr {
    let mut text = heading("Examples");
    for line in lines {
        let _ = write!(text, "\n  {line}");
    }
    text.into()
}

/// As clap has its own headings.
fn heading(text: &str) -> String {
    let style = Styles::styled();
    let header = style.get_header();
    format!("{header}{text}:{header:#}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::{Cli, NAME};

    #[test]
    fn every_command_is_in_one_group() {
        let grouped: Vec<_> = GROUPS.iter().flat_map(|(_, names)| *names).collect();
        let once: BTreeSet<_> = grouped.iter().collect();
        assert_eq!(once.len(), grouped.len());
        for command in Cli::grammar().get_subcommands() {
            let name = command.get_name();
            assert!(once.contains(&&name), "{name} is in no group");
        }
    }

    #[test]
    fn the_help_fits_a_screen() {
        let help = Cli::grammar().render_help().to_string();
        assert!(help.lines().count() <= 50, "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn every_command_has_examples_that_the_grammar_takes() {
        for command in Cli::grammar().get_subcommands() {
            let name = command.get_name();
            let help = command.get_after_help().expect(name).to_string();
            assert!(help.contains(&format!("{NAME} {name}")), "{help}");
            for line in help.lines().filter(|line| line.starts_with("  ")) {
                let words = line
                    .split_whitespace()
                    .map(|word| word.trim_start_matches("<(").trim_end_matches(')'))
                    .skip_while(|word| *word != NAME)
                    .take_while(|word| !word.starts_with(['<', '>', '|', '#']));
                if let Err(error) = Cli::grammar().try_get_matches_from(words) {
                    panic!("{line}: {error}");
                }
            }
        }
    }
}
