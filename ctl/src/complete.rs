//! Completion on the command line: a shell runs this program with [`VARIABLE`] set, and it answers
//! with what could come next, users and credentials included.
//!
//! A shell that waits for it is a shell that hangs, and whatever else it prints is in the way. So
//! a look-up has a deadline, and one that fails gives nothing.

mod candidates;
mod line;

use std::env::{args_os, current_dir};
use std::ffi::OsString;
use std::io;

use clap::Command;
use clap_complete::env::Shells;
use clap_complete::{ArgValueCandidates, CompleteEnv, Shell};

use self::line::Line;
use crate::cli::{Cli, NAME};

/// The variable that the completion scripts set, to the name of their shell.
const VARIABLE: &str = "COUNTERSIGNCTL_COMPLETE";

/// Answers a shell that completes a command line; `false` if there is none.
pub(crate) fn answered() -> bool {
    let words: Vec<_> = args_os().skip_while(|word| word != "--").skip(1).collect();
    CompleteEnv::with_factory(|| grammar(&words))
        .var(VARIABLE)
        .try_complete(args_os(), current_dir().ok().as_deref())
        // A shell in the middle of a line has no use for an error.
        .unwrap_or(true)
}

/// What makes `shell` ask this program.
pub(crate) fn script(shell: Shell) -> io::Result<Vec<u8>> {
    let name = shell.to_string();
    let shells = Shells::builtins();
    let completer = shells
        .completer(&name)
        .ok_or_else(|| io::Error::other(format!("no completions for {name}")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    if shell == Shell::Zsh {
        // Loaded when it is first needed, it has to answer that first time too.
        let answer = format!(
            "if [[ $funcstack[1] = _{NAME} ]]; then\n  _clap_dynamic_completer_{NAME} \"$@\"\nfi\n"
        );
        script.extend_from_slice(answer.as_bytes());
    }
    Ok(script)
}

/// The grammar, with what only a look-up can tell for the last of `words`.
fn grammar(words: &[OsString]) -> Command {
    let line = Line::read(words);
    let dash = words
        .last()
        .is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let grammar = Cli::grammar().mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        with_look_ups(command, &name, &line)
    });
    if dash {
        grammar
    } else {
        without_options(grammar)
    }
}

/// The command of that name, or one below it.
fn with_look_ups(command: Command, name: &str, line: &Line) -> Command {
    let takes_credential = command
        .get_positionals()
        .any(|argument| argument.get_id() == line::CREDENTIAL);
    command
        .mut_args(|argument| {
            let wanted = match argument.get_id().as_str() {
                line::USER => candidates::users(name, takes_credential),
                line::SERVICE => candidates::Wanted::Services,
                line::CREDENTIAL => candidates::credentials(name),
                line::USER_CREDENTIAL_LABEL => match line.user {
                    None => candidates::users(name, true),
                    Some(_) => candidates::credentials(name),
                },
                _ => return argument,
            };
            let line = line.clone();
            argument.add(ArgValueCandidates::new(move || {
                candidates::look_up(&line, wanted)
            }))
        })
        .mut_subcommands(|command| with_look_ups(command, name, line))
}

/// Options are offered to whoever has begun one, or where nothing else could come: else they stand
/// between a person and the one name that fits.
fn without_options(command: Command) -> Command {
    command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .mut_args(|argument| {
            let option = !argument.is_positional();
            argument.hide(option)
        })
        .mut_subcommands(without_options)
}
