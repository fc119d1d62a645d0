//! Secrets in base 32, RFC 4648 section 6, as two programs read them.

use zeroize::Zeroizing;

/// Who reads it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reader {
    /// google-authenticator: 0, 1 and 8 stand for O, L and B, and there is no padding.
    GoogleAuthenticator,
    /// An app that is given a URI: padding is skipped.
    Uri,
}

/// The bytes that `text` stands for: in either case, with blanks and hyphens anywhere. Bits that
/// make no byte are dropped.
pub(super) fn decode(text: &str, reader: Reader) -> Option<Zeroizing<Vec<u8>>> {
    let text = match reader {
        Reader::GoogleAuthenticator => text,
        Reader::Uri => text.trim_end_matches('='),
    };
    // Room for all of it at once, so that no half-written copy is left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes() {
        if matches!(c, b' ' | b'\t' | b'\r' | b'\n' | b'-') {
            continue;
        }
        bits = (bits & 0xff) << 5 | u32::from(value(c, reader)?);
        count += 5;
        if count >= 8 {
            count -= 8;
            // What is above the eight bits was given out before.
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

fn value(c: u8, reader: Reader) -> Option<u8> {
    let c = match (reader, c) {
        (Reader::GoogleAuthenticator, b'0') => b'O',
        (Reader::GoogleAuthenticator, b'1') => b'L',
        (Reader::GoogleAuthenticator, b'8') => b'B',
        (Reader::GoogleAuthenticator | Reader::Uri, c) => c.to_ascii_uppercase(),
    };
    match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'2'..=b'7' => Some(c - b'2' + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_read_what_people_write() {
        for reader in [Reader::GoogleAuthenticator, Reader::Uri] {
            for text in [
                "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
                "gezd-gnbv gy3t\tqojq\rgezd gnbv gy3t qojq",
            ] {
                let bytes = decode(text, reader).unwrap();
                assert_eq!(&bytes[..], b"12345678901234567890", "{text}");
            }
            assert!(decode("GEZD!", reader).is_none());
            assert!(decode("GEZD9", reader).is_none());
            assert!(decode("GEZDé", reader).is_none());
            assert_eq!(&decode("", reader).unwrap()[..], b"");
        }
    }

    #[test]
    fn bits_that_make_no_byte_are_dropped() {
        let decode = |text| decode(text, Reader::GoogleAuthenticator).unwrap();
        assert_eq!(&decode("MFRG")[..], b"ab");
        assert_eq!(&decode("MFRGG")[..], b"abc");
        assert_eq!(&decode("M")[..], b"");
    }

    #[test]
    fn only_google_authenticator_takes_digits_for_letters() {
        let one = decode("O1L8B0", Reader::GoogleAuthenticator).unwrap();
        let other = decode("OLLBBO", Reader::GoogleAuthenticator).unwrap();
        assert_eq!(one, other);
        for text in ["0AAA", "1AAA", "8AAA"] {
            assert!(decode(text, Reader::Uri).is_none(), "{text}");
        }
    }

    #[test]
    fn only_a_uri_has_padding_and_only_at_its_end() {
        assert_eq!(&decode("MFRA====", Reader::Uri).unwrap()[..], b"ab");
        assert!(decode("MF=RA", Reader::Uri).is_none());
        assert!(decode("MFRA====", Reader::GoogleAuthenticator).is_none());
    }
}
