//! The key URI that a QR code carries to an authenticator app.
//!
//! The format is Google Authenticator's de-facto standard, "Key URI Format".

use std::fmt::Write;

use zeroize::Zeroizing;

use crate::totp::Totp;

/// The key URI of a time-based credential.
///
/// `issuer` and `account` are shown by the app; any text will do. What an app takes for granted
/// (SHA1, 6 digits, 30 s) is left out: the shorter the URI, the coarser the QR code, and some
/// apps refuse an algorithm even if it is the usual one.
pub fn key_uri(totp: &Totp, issuer: &str, account: &str) -> Zeroizing<String> {
    let secret = totp.secret().to_base32();
    let mut uri = Zeroizing::new(String::with_capacity(512));
    uri.push_str("otpauth://totp/");
    escape(&mut uri, issuer);
    uri.push(':');
    escape(&mut uri, account);
    uri.push_str("?secret=");
    uri.push_str(&secret);
    uri.push_str("&issuer=");
    escape(&mut uri, issuer);

    if totp.algorithm() != crate::totp::Algorithm::default() {
        uri.push_str("&algorithm=");
        uri.push_str(totp.algorithm().name());
    }
    if totp.digits() != crate::totp::Digits::DEFAULT {
        push_number(&mut uri, "&digits=", u64::from(totp.digits().count()));
    }
    if totp.period() != crate::time::Period::DEFAULT {
        push_number(&mut uri, "&period=", totp.period().seconds());
    }
    uri
}

fn push_number(uri: &mut String, key: &str, number: u64) {
    uri.push_str(key);
    uri.push_str(&number.to_string());
}

/// Percent-encodes all but RFC 3986 section 2.3's unreserved characters.
fn escape(uri: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::time::Period;
    use crate::totp::{Algorithm, Digits};

    #[test]
    fn what_apps_take_for_granted_is_left_out() {
        assert_eq!(
            *key_uri(&totp(Algorithm::Sha1, 6, 30), "Countersign", "alice"),
            "otpauth://totp/Countersign:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Countersign"
        );
    }

    #[test]
    fn what_they_do_not_is_spelled_out() {
        assert!(
            key_uri(&totp(Algorithm::Sha256, 8, 60), "a", "b")
                .ends_with("&issuer=a&algorithm=SHA256&digits=8&period=60")
        );
    }

    #[test]
    fn names_cannot_add_parameters() {
        let uri = key_uri(&totp(Algorithm::Sha1, 6, 30), "A&B: é", "x?secret=AAAA#@h");
        assert!(
            uri.starts_with(
                "otpauth://totp/A%26B%3A%20%C3%A9:x%3Fsecret%3DAAAA%23%40h?secret=GEZD"
            )
        );
    }

    fn totp(algorithm: Algorithm, digits: u32, period: u64) -> Totp {
        Totp::new(
            Secret::from_entropy(b"12345678901234567890"),
            algorithm,
            Digits::new(digits).unwrap(),
            Period::from_seconds(period).unwrap(),
        )
    }
}
