//! What an application can show, and how a code is typed there.

use crate::types::Entry;

/// How much is shown, and how: applications differ, and some fail at what others need.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// sshd: what is told before a prompt is put in front of it, in the same line.
    Ssh,
    /// A terminal: lines of up to 76 characters, at once.
    Terminal,
    /// One line of up to 40 characters, and only when it is needed.
    Dialog,
    /// The prompt and nothing else: anything more hangs these, or is never seen.
    Silent,
}

impl Profile {
    /// The profile of a `PAM_SERVICE`. One that is not known may be a dialog.
    pub fn of(service: &str) -> Self {
        match service {
            "sshd" => Self::Ssh,
            "login" | "remote" | "su" | "su-l" | "sudo" | "sudo-i" => Self::Terminal,
            // Screen lockers and greeters that give every prompt the same answer, or hang.
            "gtklock" | "i3lock" | "kde" | "ly" | "sddm" | "swaylock" => Self::Silent,
            // Servers whose protocol has one answer and no words.
            "cups" | "openvpn" | "proftpd" | "pure-ftpd" | "samba" | "vsftpd" | "xrdp-sesman" => {
                Self::Silent
            }
            // What saslauthd is asked on behalf of.
            "imap" | "ldap" | "pop" | "pop3" | "sieve" | "smtp" | "xmpp" => Self::Silent,
            _ => Self::Dialog,
        }
    }

    /// How password and code are typed there, unless a rule of the policy says otherwise. What has
    /// one field gives every prompt the same answer.
    pub const fn entry(self) -> Entry {
        match self {
            Self::Ssh | Self::Terminal | Self::Dialog => Entry::Separate,
            Self::Silent => Entry::Appended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_shown_what_it_can_show() {
        for (service, profile) in [
            ("sshd", Profile::Ssh),
            ("login", Profile::Terminal),
            ("su", Profile::Terminal),
            ("su-l", Profile::Terminal),
            ("sudo", Profile::Terminal),
            ("sudo-i", Profile::Terminal),
            ("gdm-password", Profile::Dialog),
            ("lightdm", Profile::Dialog),
            ("greetd", Profile::Dialog),
            ("polkit-1", Profile::Dialog),
            ("cockpit", Profile::Dialog),
            ("xscreensaver", Profile::Dialog),
            ("i3lock", Profile::Silent),
            ("kde", Profile::Silent),
            ("sddm", Profile::Silent),
            ("vsftpd", Profile::Silent),
            ("proftpd", Profile::Silent),
            ("pure-ftpd", Profile::Silent),
            ("smtp", Profile::Silent),
        ] {
            assert_eq!(Profile::of(service), profile, "{service}");
        }
    }

    #[test]
    fn what_shows_nothing_has_one_field() {
        for (service, entry) in [
            ("sshd", Entry::Separate),
            ("sudo", Entry::Separate),
            ("gdm-password", Entry::Separate),
            ("xscreensaver", Entry::Separate),
            ("an-unknown-one", Entry::Separate),
            ("i3lock", Entry::Appended),
            ("swaylock", Entry::Appended),
            ("sddm", Entry::Appended),
            ("vsftpd", Entry::Appended),
        ] {
            assert_eq!(Profile::of(service).entry(), entry, "{service}");
        }
    }

    #[test]
    fn an_unknown_service_is_taken_for_a_dialog() {
        for service in ["", "SSHD", "sshd2", "my-service"] {
            assert_eq!(Profile::of(service), Profile::Dialog, "{service}");
        }
    }
}
