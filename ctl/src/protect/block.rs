//! The marked blocks that are put into a file, and taken out again.
//!
//! A file is bytes here, and all that is not ours stays as it is: what is put in and taken out
//! again leaves the file as it was, to the last byte.

use std::ops::Range;

use thiserror::Error;

const BEGIN: &[u8] = b"# BEGIN countersign ";
const END: &[u8] = b"# END countersign ";
/// Before a line that the block stands in place of.
const INSTEAD: &[u8] = b"# instead of: ";

/// A block, and where it goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Block {
    /// What tells it from the others of its file.
    pub(crate) name: &'static str,
    /// Who takes it out again.
    pub(crate) by: String,
    /// How many of the file's lines come before it.
    pub(crate) behind: usize,
    /// How many of the file's lines it stands in place of.
    pub(crate) replaces: usize,
    /// Its own lines.
    pub(crate) lines: Vec<String>,
}

/// What is wrong with the marks in a file.
#[derive(Debug, Eq, Error, PartialEq)]
#[error("line {line}: {what}")]
pub(crate) struct Flaw {
    /// From 1.
    line: usize,
    what: &'static str,
}

/// The file with these blocks in it, each at its place among the lines that were there before.
pub(crate) fn insert(text: &[u8], blocks: &[Block]) -> Vec<u8> {
    let lines = lines(text);
    let mut new = Vec::with_capacity(text.len() + 1024);
    let mut next = 0;
    for block in blocks {
        let (before, after) = (block.behind, block.behind + block.replaces);
        new.extend(lines.get(next..before).unwrap_or_default().concat());
        let replaced = lines.get(before..after).unwrap_or_default();
        new.extend(block_bytes(block, replaced, &lines));
        next = after;
    }
    new.extend(lines.get(next..).unwrap_or_default().concat());
    new
}

/// The file without the blocks that are in it, and with what they stood in place of.
///
/// # Errors
///
/// [`Flaw`] if the marks are not in pairs, or a block is there twice.
pub(crate) fn remove(text: &[u8]) -> Result<Vec<u8>, Flaw> {
    let lines = lines(text);
    let mut new = Vec::with_capacity(text.len());
    let mut next = 0;
    for range in blocks(&lines)? {
        new.extend(lines.get(next..range.start).unwrap_or_default().concat());
        let inside = lines.get(range.clone()).unwrap_or_default();
        let replaced: Vec<_> = inside
            .iter()
            .filter_map(|l| l.strip_prefix(INSTEAD))
            .collect();
        new.extend(replaced.concat());
        // The last line of a file has no end of its own: nor had the one that the block replaced,
        // or follows.
        if !inside.last().is_some_and(|line| line.ends_with(b"\n")) {
            new.truncate(new.len() - end_of(&new).len());
        }
        next = range.end;
    }
    new.extend(lines.get(next..).unwrap_or_default().concat());
    Ok(new)
}

/// Whether there is a mark of a block in the file.
pub(crate) fn is_marked(text: &[u8]) -> bool {
    let marks = lines(text);
    marks
        .iter()
        .any(|line| mark(line, BEGIN).is_some() || mark(line, END).is_some())
}

/// The lines of each block, in their order.
fn blocks(lines: &[&[u8]]) -> Result<Vec<Range<usize>>, Flaw> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut names: Vec<&[u8]> = Vec::new();
    let mut open: Option<usize> = None;
    for (index, line) in lines.iter().enumerate() {
        let flaw = |what| Flaw {
            line: index + 1,
            what,
        };
        if let Some(name) = mark(line, BEGIN) {
            if open.is_some() {
                return Err(flaw("a block begins within another"));
            }
            if names.contains(&name) {
                return Err(flaw("this block is there twice"));
            }
            names.push(name);
            open = Some(index);
        } else if let Some(name) = mark(line, END) {
            match open.take() {
                Some(begin) if names.last() == Some(&name) => found.push(begin..index + 1),
                Some(_) => return Err(flaw("another block ends here than has begun")),
                None => return Err(flaw("a block ends that has not begun")),
            }
        }
    }
    match open {
        Some(begin) => Err(Flaw {
            line: begin + 1,
            what: "a block begins and does not end",
        }),
        None => Ok(found),
    }
}

/// The name behind a mark, if the line is one.
fn mark<'a>(line: &'a [u8], kind: &[u8]) -> Option<&'a [u8]> {
    let name = line.trim_ascii().strip_prefix(kind)?;
    name.split(|byte| matches!(byte, b' ' | b':')).next()
}

fn block_bytes(block: &Block, replaced: &[&[u8]], lines: &[&[u8]]) -> Vec<u8> {
    let before = block
        .behind
        .checked_sub(1)
        .and_then(|index| lines.get(index));
    let last = replaced.last().or(before).copied();
    // As the lines around it end; the very last one of the file has no end.
    let ends = |line: &&&[u8]| !end_of(line).is_empty();
    let neighbours = replaced.iter().chain(before).chain(lines.first());
    let end = neighbours
        .clone()
        .find(ends)
        .map_or(&b"\n"[..], |line| end_of(line));

    let mut own = vec![[BEGIN, block.name.as_bytes(), b": ", block.by.as_bytes()].concat()];
    for line in replaced {
        own.push([INSTEAD, line.strip_suffix(end_of(line)).unwrap_or(line)].concat());
    }
    own.extend(block.lines.iter().map(|line| line.clone().into_bytes()));
    own.push([END, block.name.as_bytes()].concat());

    let mut bytes = own.join(end);
    match last {
        Some(last) if end_of(last).is_empty() && replaced.is_empty() => {
            bytes.splice(..0, end.iter().copied());
        }
        Some(last) if end_of(last).is_empty() => {}
        Some(_) | None => bytes.extend(end),
    }
    bytes
}

/// The lines, each with its end.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// What a line ends with; nothing, if the file ends there.
fn end_of(line: &[u8]) -> &[u8] {
    let length = match line {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    };
    line.get(line.len() - length..).unwrap_or_default()
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
