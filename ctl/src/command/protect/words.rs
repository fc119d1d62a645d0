//! What is said of a trial, and of confirming it.

use countersign_bus::types::Entry;

use crate::account::Account;
use crate::service::{self, Kind, RunsAs, kind, locker};
use crate::words::printable;

/// Which login is gone through, and what to type.
pub(super) fn trial(service: &str, entry: Entry, whom: &Account) -> String {
    let mut text = match locker(service) {
        None => {
            format!("A login of {whom} through {service}, with the new lines, before they count:")
        }
        Some(locker) => {
            let user = match locker.runs_as {
                RunsAs::User => format!("as {} and not as root, ", printable(&whom.name)),
                RunsAs::Root | RunsAs::Setuid => String::new(),
            };
            let account = match locker.account {
                true => "",
                false => "without the account lines, ",
            };
            format!(
                "The locked screen of {whom}, unlocked by {service}, with the new lines, before \
                 they count. It is gone through {user}{account}as {service} does it:"
            )
        }
    };
    if entry == Entry::Appended {
        text.pop();
        text += ". There is one field: type your password, a blank, the code.";
    }
    text
}

/// How to show that one still gets in.
pub(super) fn confirming(services: &[String]) -> &'static str {
    let all = |what: fn(&str) -> bool| services.iter().all(|service| what(service));
    match services {
        [only] if only == "sudo" => {
            "Open another terminal, and type there:\n  sudo countersignctl confirm-protect"
        }
        [only] if only == "su" => {
            "Open another terminal, and type there:\n  su -c 'countersignctl confirm-protect'"
        }
        _ if all(|service| kind(service) == Kind::Locker) => {
            "Leave this shell open. Lock a screen and unlock it, with a new code, and type \
             then:\n  sudo countersignctl confirm-protect"
        }
        _ if all(service::is_login_screen) => {
            "Leave this shell open. Log in anew at the login screen, with a new code, and type in a \
             terminal there:\n  sudo countersignctl confirm-protect"
        }
        _ => {
            "Leave this shell open. Log in from another terminal, with a new code, and type \
             there:\n  sudo countersignctl confirm-protect"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_says_as_whom_and_what_to_type() {
        let root = Account::find(Some("root")).unwrap();
        assert_eq!(
            trial("sudo", Entry::Separate, &root),
            "A login of root (uid 0) through sudo, with the new lines, before they count:"
        );
        let locker = trial("i3lock", Entry::Appended, &root);
        assert!(
            locker
                .contains("as root and not as root, without the account lines, as i3lock does it"),
            "{locker}"
        );
        assert!(locker.ends_with("type your password, a blank, the code."));
        let separate = trial("xscreensaver", Entry::Separate, &root);
        assert!(separate.ends_with("as xscreensaver does it:"), "{separate}");
        assert!(trial("sddm", Entry::Appended, &root).contains("before they count. There is one"));
    }

    #[test]
    fn what_confirms_a_change_is_what_was_changed() {
        let said = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            confirming(&names)
        };
        assert!(said(&["i3lock", "swaylock"]).contains("unlock it"));
        assert!(said(&["gdm-password"]).contains("login screen"));
        assert!(said(&["i3lock", "sshd"]).contains("another terminal"));
        assert!(said(&["su"]).contains("su -c"));
    }
}
