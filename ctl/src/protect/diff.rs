//! What a change looks like, line by line.

use similar::TextDiff;

use super::ledger::Change;
use crate::error::Error;
use crate::output::Output;
use crate::words::printable;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// Shows changes; in colour on a terminal that has them.
pub(crate) fn show(changes: &[Change], output: &Output) -> Result<(), Error> {
    for line in changes.iter().flat_map(lines) {
        let dyed = match (line.as_bytes().first(), output.colour()) {
            (_, true) if line.starts_with("---") || line.starts_with("+++") => {
                format!("\x1b[1m{line}\x1b[0m")
            }
            (Some(b'+'), true) => format!("\x1b[32m{line}\x1b[0m"),
            (Some(b'-'), true) => format!("\x1b[31m{line}\x1b[0m"),
            (Some(b'@'), true) => format!("\x1b[36m{line}\x1b[0m"),
            (_, _) => line,
        };
        output.line(&dyed)?;
    }
    Ok(())
}

/// A unified diff. A file may hold anything, so nothing of it steers the terminal.
fn lines(change: &Change) -> Vec<String> {
    let path = change.path.display().to_string();
    let old = change
        .before
        .as_ref()
        .map_or(&b""[..], |before| before.content.bytes());
    let (old, new) = (text(old), text(change.after.content.bytes()));
    let from = match change.before {
        Some(_) => path.as_str(),
        None => "/dev/null",
    };
    let diff = TextDiff::from_lines(&old, &new);
    let unified = diff
        .unified_diff()
        .context_radius(CONTEXT)
        .header(from, &path)
        .to_string();
    unified
        .lines()
        .map(|line| printable(&line.replace('\t', "    ")))
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::file::Snapshot;
    use super::*;

    #[test]
    fn what_is_added_has_a_plus_and_its_surroundings_and_cannot_steer_the_terminal() {
        let before = Snapshot::new(b"a\nb\x1b[2J\nc\nd\n".to_vec());
        let change = Change {
            service: "x".to_owned(),
            path: "/etc/pam.d/x".into(),
            after: before.with(b"a\nb\x1b[2J\nours\nc\nd\n".to_vec()),
            before: Some(before),
        };
        let lines = lines(&change);
        assert_eq!(lines.first().unwrap(), "--- /etc/pam.d/x");
        assert!(lines.contains(&"+ours".to_owned()), "{lines:?}");
        assert!(lines.contains(&" c".to_owned()), "{lines:?}");
        assert!(!lines.concat().contains('\x1b'));
        let new = Change {
            before: None,
            ..change
        };
        assert_eq!(super::lines(&new).first().unwrap(), "--- /dev/null");
    }
}
