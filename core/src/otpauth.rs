//! The key URI that a QR code carries to an authenticator app.
//!
//! The format is Google Authenticator's de-facto standard, "Key URI Format".

use std::fmt::Write;

use zeroize::Zeroizing;

use crate::credential::Factor;
use crate::otp::{Algorithm, Digits};
use crate::time::Period;

/// The key URI of a credential.
///
/// `issuer` and `account` are shown by the app; any text will do. What an app takes for granted
/// (SHA1, 6 digits, 30 s) is left out: the shorter the URI, the coarser the QR code, and some
/// apps refuse an algorithm even if it is the usual one.
pub fn key_uri(factor: &Factor, issuer: &str, account: &str) -> Zeroizing<String> {
    let otp = factor.otp();
    let secret = otp.secret().to_base32();
    let mut uri = Zeroizing::new(String::with_capacity(512));
    uri.push_str(match factor {
        Factor::Totp { .. } => "otpauth://totp/",
        Factor::Hotp { .. } => "otpauth://hotp/",
    });
    escape(&mut uri, issuer);
    uri.push(':');
    escape(&mut uri, account);
    uri.push_str("?secret=");
    uri.push_str(&secret);
    uri.push_str("&issuer=");
    escape(&mut uri, issuer);

    if otp.algorithm() != Algorithm::default() {
        uri.push_str("&algorithm=");
        uri.push_str(otp.algorithm().name());
    }
    if otp.digits() != Digits::DEFAULT {
        push_number(&mut uri, "&digits=", u64::from(otp.digits().count()));
    }
    match factor {
        Factor::Totp { totp, .. } if totp.period() == Period::DEFAULT => {}
        Factor::Totp { totp, .. } => push_number(&mut uri, "&period=", totp.period().seconds()),
        // The one parameter that the format demands.
        Factor::Hotp { next, .. } => push_number(&mut uri, "&counter=", next.value()),
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
    use crate::hotp::{Counter, Hotp};
    use crate::secret::Secret;
    use crate::totp::Totp;

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
    fn a_counter_is_always_told() {
        let secret = Secret::from_entropy(b"12345678901234567890");
        let hotp = Hotp::new(secret, Algorithm::Sha1, Digits::DEFAULT);
        assert_eq!(
            *key_uri(&Factor::hotp(hotp, Counter::default()), "a", "b"),
            "otpauth://hotp/a:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=a&counter=0"
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

    fn totp(algorithm: Algorithm, digits: u32, period: u64) -> Factor {
        Factor::totp(Totp::new(
            Secret::from_entropy(b"12345678901234567890"),
            algorithm,
            Digits::new(digits).unwrap(),
            Period::from_seconds(period).unwrap(),
        ))
    }
}
