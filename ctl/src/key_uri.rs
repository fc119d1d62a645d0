//! The parts of an otpauth URI, the "Key Uri Format" that authenticator apps read from QR codes.

use zeroize::Zeroizing;

use crate::error::Error;

/// A key, as an authenticator app takes it.
pub(crate) struct KeyUri(Zeroizing<String>);

impl KeyUri {
    /// Out of the daemon's answer.
    pub(crate) fn new(uri: Zeroizing<String>) -> Result<Self, Error> {
        let uri = Self(uri);
        if !uri.0.starts_with("otpauth://") || uri.parameter("secret").is_none() {
            return Err(Error::Garbled("there is no key in it"));
        }
        Ok(uri)
    }

    /// All of it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The secret, in base 32.
    pub(crate) fn secret(&self) -> &str {
        self.parameter("secret").unwrap_or_default()
    }

    /// What the app will call it, decoded.
    pub(crate) fn label(&self) -> String {
        let path = self.0.split('?').next().unwrap_or_default();
        decoded(path.rsplit('/').next().unwrap_or_default())
    }

    /// The parameters that the app has to be told, if the secret is typed in, in words.
    pub(crate) fn settings(&self) -> String {
        let or = |name, default| self.parameter(name).unwrap_or(default);
        let (digits, algorithm) = (or("digits", "6"), or("algorithm", "SHA1"));
        if self.0.starts_with("otpauth://hotp/") {
            let counter = or("counter", "0");
            return format!("counter-based from {counter} on, {digits} digits, {algorithm}");
        }
        let period = or("period", "30");
        format!("time-based, {digits} digits, every {period} s, {algorithm}")
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.0.split_once('?')?;
        query
            .split('&')
            .filter_map(|parameter| parameter.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// Percent-encoding (RFC 3986, section 2.1) undone; what is no such encoding stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(hex.unwrap_or(*first));
        rest = match hex {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Result<KeyUri, Error> {
        KeyUri::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn the_parts_are_those_that_an_app_reads() {
        let uri = uri(
            "otpauth://totp/my%20host:alice%40x?issuer=my%20host&secret=JBSWY3DP&digits=8&period=60&algorithm=SHA256",
        )
        .unwrap();
        assert_eq!(uri.secret(), "JBSWY3DP");
        assert_eq!(uri.label(), "my host:alice@x");
        assert_eq!(uri.settings(), "time-based, 8 digits, every 60 s, SHA256");
    }

    #[test]
    fn what_is_not_said_is_as_the_format_has_it() {
        let uri = uri("otpauth://totp/a?secret=JBSWY3DP").unwrap();
        assert_eq!(uri.settings(), "time-based, 6 digits, every 30 s, SHA1");
    }

    #[test]
    fn a_counter_is_told_where_it_begins() {
        let uri = uri("otpauth://hotp/a?secret=JBSWY3DP&counter=7&digits=8").unwrap();
        assert_eq!(uri.settings(), "counter-based from 7 on, 8 digits, SHA1");
    }

    #[test]
    fn an_answer_without_a_key_is_refused() {
        for text in ["", "otpauth://totp/a", "https://x/?secret=A", "1-AAAA"] {
            assert!(matches!(uri(text), Err(Error::Garbled(_))), "{text}");
        }
    }

    #[test]
    fn a_stray_percent_sign_stays() {
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }
}
