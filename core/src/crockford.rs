//! Douglas Crockford's base 32, for codes that people copy by hand: no I, L, O or U.

use zeroize::Zeroizing;

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The lowest `5 * count` of `bits` as so many letters.
pub(crate) fn spell(bits: u128, count: usize) -> String {
    (0..count)
        .rev()
        .filter_map(|place| LETTERS.get((bits >> (5 * place)) as usize & 31))
        .map(|letter| char::from(*letter))
        .collect()
}

/// What was typed in upper case, without hyphens and spaces, with 0 for the letter O and 1 for I
/// and L.
pub(crate) fn normalize(typed: &str) -> Zeroizing<String> {
    let mut symbols = Zeroizing::new(String::with_capacity(typed.len()));
    for c in typed.chars().filter(|c| !matches!(c, ' ' | '-')) {
        symbols.push(match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
    }
    symbols
}

/// Whether all of it are such letters.
pub(crate) fn is_spelled(letters: &str) -> bool {
    letters.bytes().all(|letter| LETTERS.contains(&letter))
}

/// Appends the letters, each four behind a hyphen.
pub(crate) fn group(letters: &str, text: &mut String) {
    for (place, letter) in letters.chars().enumerate() {
        if place % 4 == 0 {
            text.push('-');
        }
        text.push(letter);
    }
}
