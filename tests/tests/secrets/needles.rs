//! What must be found nowhere, and the search for it.

use countersign_tests::Enrolled;
use serde_json::Value;

#[test]
fn the_search_finds_what_is_there() {
    let occurs = |text: &[u8], needle: &[u8]| {
        let needles = [("it".to_owned(), needle.to_vec())];
        occurring(text, &needles).count() == 1
    };
    assert!(occurs(b"a code 123456, typed", b"123456"));
    assert!(occurs(b"123456", b"123456"));
    assert!(
        !occurs(b"at 0.1234567Z", b"123456"),
        "part of a longer number"
    );
    assert!(occurs(b"xotpauth://totp/x", b"otpauth:"));
    assert!(occurs(&[0, 1, 200, 201, 2], &[200, 201]));
    assert!(!occurs(&[0, 1, 200, 202, 2], &[200, 201]));
    assert_eq!(decoded("NBSWY3DP"), b"hello");
}

/// What must be found nowhere.
#[derive(Default)]
pub(crate) struct Secrets(pub(crate) Vec<(String, Vec<u8>)>);

impl Secrets {
    pub(crate) fn offer(&mut self, name: &str, uid: u32, answer: &Value) -> Enrolled {
        let text = |entry: &str| answer[entry].as_str().expect(entry).to_owned();
        let (secret, uri) = (text("secret"), text("uri"));
        self.0.push(("a key URI".to_owned(), b"otpauth:".to_vec()));
        for spelled in [secret.clone(), secret.to_lowercase(), groups(&secret)] {
            self.0
                .push(("a secret in base 32".to_owned(), spelled.into()));
        }
        self.bytes("a secret", &decoded(&secret));
        Enrolled::new(name, uid, text("credential"), &uri)
    }

    pub(crate) fn recovery(&mut self, answer: &Value) -> Vec<String> {
        let codes = answer["recovery_codes"].as_array().expect("recovery codes");
        let codes: Vec<String> = codes
            .iter()
            .map(|code| code.as_str().expect("text").to_owned())
            .collect();
        for code in &codes {
            let (_, letters) = code.split_once('-').expect("a number first");
            let bare = letters.replace('-', "");
            for spelled in [
                letters,
                &bare,
                &letters.to_lowercase(),
                &bare.to_lowercase(),
            ] {
                self.0.push(("a recovery code".to_owned(), spelled.into()));
            }
        }
        codes
    }

    pub(crate) fn codes<'a>(&mut self, codes: impl IntoIterator<Item = &'a String>) {
        let codes = codes.into_iter().map(|code| code.clone().into_bytes());
        self.0.extend(codes.map(|code| ("a code".to_owned(), code)));
    }

    pub(crate) fn bytes(&mut self, what: &str, bytes: &[u8]) {
        assert!(bytes.len() >= 10, "{what}");
        let hex = hex(bytes);
        self.0.push((what.to_owned(), bytes.to_vec()));
        self.0
            .push((format!("{what} in hexadecimal"), hex.to_uppercase().into()));
        self.0.push((format!("{what} in hexadecimal"), hex.into()));
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn groups(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|four| four.iter().collect())
        .collect();
    groups.join(" ")
}

/// Base 32, RFC 4648, by other code than the one under test.
fn decoded(base32: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in base32.bytes().filter(|letter| *letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        (bits, count) = ((bits << 5 | u32::from(value)) & 0xfff, count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

/// Which of the needles are in `text`; digits only where they are not part of something longer, as
/// every six digits are in the fraction of some second.
pub(crate) fn occurring<'a>(
    text: &[u8],
    needles: &'a [(String, Vec<u8>)],
) -> impl Iterator<Item = &'a str> {
    // There are megabytes to look at: most places are passed by for their first two bytes.
    let pair = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    let mut begins = vec![false; 1 << 16];
    for (_, needle) in needles {
        begins[pair(needle)] = true;
    }
    let is_at = |at: usize, needle: &[u8]| {
        let after = text.get(at + needle.len());
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let part_of_more = [before, after]
            .iter()
            .any(|next| next.is_some_and(u8::is_ascii_alphanumeric));
        let is_code = needle.iter().all(u8::is_ascii_digit);
        text[at..].starts_with(needle) && !(is_code && part_of_more)
    };
    let mut found = vec![false; needles.len()];
    for at in 0..text.len().saturating_sub(1) {
        if begins[pair(&text[at..])] {
            for (found, (_, needle)) in found.iter_mut().zip(needles) {
                *found |= is_at(at, needle);
            }
        }
    }
    let named = found.into_iter().zip(needles);
    named.filter_map(|(found, (what, _))| found.then_some(what.as_str()))
}
