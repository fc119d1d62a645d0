//! One line for the system's log, through libpam.

use std::ffi::{CString, c_int};
use std::panic::{self, Location};
use std::sync::Once;

use pam::module::PamHandle;

use crate::pam_syslog;

/// How much a line matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(i32)]
pub enum Priority {
    /// Something does not work until somebody mends it.
    Error = libc::LOG_ERR,
    /// Somebody was turned away.
    Notice = libc::LOG_NOTICE,
    /// Something to know, of which nothing has to be done.
    Info = libc::LOG_INFO,
    /// For whoever looks for a fault.
    Debug = libc::LOG_DEBUG,
}

/// Logs one line, with the module's and the service's name in front.
///
/// Whatever is not printable ASCII is escaped, so that nobody can add a line, or turn one round.
pub fn log(handle: &PamHandle, priority: Priority, text: &str) {
    let line = one_line(text);
    // SAFETY: the format is a constant that takes one C string, which outlives the call.
    unsafe { pam_syslog(handle, priority as c_int, c"%s".as_ptr(), line.as_ptr()) }
}

/// Makes a panic one line of the log that says where it was and nothing else.
///
/// The usual hook would write the message to the host's standard error, and a backtrace if the
/// caller of a setuid program asks for one by its environment. The hook is this library's alone:
/// each shared library has a `std` of its own.
pub fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|panic| {
            let note = one_line(&place(panic.location()));
            let priority = libc::LOG_AUTHPRIV | libc::LOG_CRIT;
            // SAFETY: the format is a constant that takes one C string, which outlives the call.
            unsafe { libc::syslog(priority, c"pam_countersign: %s".as_ptr(), note.as_ptr()) }
        }));
    });
}

fn place(location: Option<&Location<'_>>) -> String {
    location.map_or_else(
        || "internal error".to_owned(),
        |at| format!("internal error at {}:{}", at.file(), at.line()),
    )
}

/// At most so many bytes in a line; a syslog daemon takes 1024 with its own in front.
const LONGEST: usize = 900;

fn one_line(text: &str) -> CString {
    let mut line = String::with_capacity(text.len().min(LONGEST));
    for c in text.chars() {
        match c {
            ' '..='~' => line.push(c),
            other => line.extend(other.escape_default()),
        }
        if line.len() > LONGEST {
            line.truncate(LONGEST);
            line.push_str("...");
            break;
        }
    }
    // There is no NUL left that could make this fail.
    CString::new(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(
            one_line("ada\"\n<0>fake\0\u{1b}[2J\u{202e}é 100%s"),
            CString::new(r#"ada"\n<0>fake\u{0}\u{1b}[2J\u{202e}\u{e9} 100%s"#).unwrap()
        );
    }

    #[test]
    fn a_long_line_is_cut() {
        let line = one_line(&"\u{1}".repeat(10_000));
        assert_eq!(line.as_bytes().len(), LONGEST + "...".len());
        assert!(line.as_bytes().ends_with(b"..."));
    }

    #[test]
    fn a_panic_is_noted_by_its_place() {
        let note = place(Some(Location::caller()));
        assert!(note.starts_with("internal error at "), "{note}");
        assert!(note.contains("log.rs:"), "{note}");
    }
}
