//! One field that holds a password and a code, as programs send it that have no second question.

use countersign_bus::types::{Ask, Challenge};
use zeroize::Zeroizing;

use crate::answer::{Answer, lengths};
use crate::authenticate::MOST_CODES_IN_A_ROW;

/// What was typed into a field for both, taken apart from its end: a password can be anything.
pub(crate) enum Field<'t> {
    /// Nothing was typed.
    Empty,
    /// No code stands at the end. All of it may be a password.
    Unfit,
    /// Both are there.
    Both {
        /// What stands in front of the code and of the blank between them, byte for byte. It may
        /// be empty: not every stack asks for a password.
        password: &'t [u8],
        /// What the daemon is to judge, and not one symbol more, in the order typed.
        answers: Vec<Zeroizing<String>>,
    },
}

impl<'t> Field<'t> {
    /// Takes apart what was `typed` in answer to `challenge`, which may ask for several codes.
    pub(crate) fn read(typed: &'t [u8], challenge: &Challenge) -> Self {
        if typed.len() > Answer::LONGEST {
            return Self::Unfit;
        }
        let text = typed.trim_ascii_end();
        if text.is_empty() {
            return Self::Empty;
        }
        let at = recovery_code(text).map_or_else(|| codes(text, challenge), |at| Some(vec![at]));
        at.and_then(|at| Self::cut(text, &at, challenge))
            .unwrap_or(Self::Unfit)
    }

    /// Cuts the text where each answer begins, if all of them are ones.
    fn cut(text: &'t [u8], at: &[usize], challenge: &Challenge) -> Option<Self> {
        let (password, mut rest) = text.split_at_checked(*at.first()?)?;
        let mut answers = Vec::with_capacity(at.len());
        let ends = at.iter().skip(1).copied().chain([text.len()]);
        for (begin, end) in at.iter().zip(ends) {
            let (answer, after) = rest.split_at_checked(end.checked_sub(*begin)?)?;
            rest = after;
            match Answer::read(answer, challenge, None) {
                Answer::Fit(_, symbols) => answers.push(symbols),
                Answer::Empty | Answer::Unfit => return None,
            }
        }
        Some(Self::Both {
            password: password.strip_suffix(b" ").unwrap_or(password),
            answers,
        })
    }
}

/// Where the last word begins, if it is written as recovery codes and issued codes are shown: a
/// number and groups of four. Without the hyphens many a password would be one too.
fn recovery_code(text: &[u8]) -> Option<usize> {
    let blank = text.iter().rposition(|b| *b == b' ')?;
    let (_, word) = text.split_at_checked(blank + 1)?;
    let mut groups = word.split(|b| *b == b'-');
    let number = groups.next()?;
    let groups: Vec<&[u8]> = groups.collect();
    let written = (1..=2).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && [2, 4].contains(&groups.len())
        && groups.iter().all(|group| group.len() == 4);
    written.then_some(blank + 1)
}

/// Where each of the codes asked for begins.
///
/// A blank in front of them says how long they are. Without one they are as long as they can be:
/// whoever has a password that ends in digits, and codes of more than one length, types the blank.
fn codes(text: &[u8], challenge: &Challenge) -> Option<Vec<usize>> {
    let count = match challenge.ask {
        Ask::Code => 1,
        Ask::FirstCode => challenge.codes,
        // No field begins with the second code, and none but a recovery code is one.
        Ask::NextCode | Ask::RecoveryCode => return None,
    };
    if count > MOST_CODES_IN_A_ROW {
        return None;
    }
    let mut lengths = lengths(challenge).to_vec();
    lengths.sort_unstable_by(|one, other| other.cmp(one));
    let found: Vec<Vec<usize>> = lengths
        .into_iter()
        .filter_map(|digits| codes_of(text, digits as usize, count))
        .collect();
    let behind_blank = |at: &&Vec<usize>| {
        let begin = at.first().copied().unwrap_or_default();
        begin == 0 || text.get(begin - 1) == Some(&b' ')
    };
    found.iter().find(behind_blank).or(found.first()).cloned()
}

/// Where `count` codes of so many digits begin that stand at the end, with blanks between them or
/// without. Codes in a row are one authenticator's, and so of one length.
fn codes_of(text: &[u8], digits: usize, count: u32) -> Option<Vec<usize>> {
    let mut at = Vec::new();
    let mut rest = text;
    for _ in 0..count {
        rest = rest.trim_ascii_end();
        let begin = code_of(rest, digits)?;
        at.push(begin);
        (rest, _) = rest.split_at_checked(begin)?;
    }
    at.reverse();
    Some(at)
}

/// Where a code of so many digits begins that stands at the end, in one group or in two halves.
fn code_of(text: &[u8], digits: usize) -> Option<usize> {
    let half = digits / 2;
    let groups = [
        vec![digits],
        vec![half, digits - half],
        vec![digits - half, half],
    ];
    groups.iter().find_map(|groups| grouped(text, groups))
}

/// Where groups of so many digits begin that stand at the end, one blank or hyphen between them.
fn grouped(text: &[u8], groups: &[usize]) -> Option<usize> {
    let mut begin = text.len();
    for (place, digits) in groups.iter().rev().enumerate() {
        if place > 0 {
            begin = begin.checked_sub(1)?;
            if !matches!(text.get(begin), Some(b' ' | b'-')) {
                return None;
            }
        }
        let end = begin;
        begin = begin.checked_sub(*digits)?;
        if !text.get(begin..end)?.iter().all(u8::is_ascii_digit) {
            return None;
        }
    }
    Some(begin)
}

#[cfg(test)]
mod tests;
