//! Modules that check a password, and whether they ask for one that they were handed.

use super::{Line, Module, Stack};

/// Those that check a password, by their file's name.
pub(crate) const PASSWORDS: &[&str] = &[
    "pam_krb5.so",
    "pam_ldap.so",
    "pam_pwdb.so",
    "pam_sss.so",
    "pam_systemd_home.so",
    "pam_unix.so",
    "pam_winbind.so",
];

/// What makes them take one that another module was given (`PAM_AUTHTOK`).
const TAKING: &[&str] = &["force_first_pass", "try_first_pass", "use_first_pass"];

impl Module {
    /// Whether it checks a password.
    pub(crate) fn checks_password(&self) -> bool {
        PASSWORDS.contains(&self.name())
    }

    /// Whether it asks for a password that another module has handed it. Of most it is known that
    /// they do not: libpam's `pam_get_authtok` takes what is there, whatever the arguments.
    pub(crate) fn asks_again(&self) -> bool {
        let said = |words: &[&str]| {
            self.arguments
                .iter()
                .any(|argument| words.contains(&argument.as_str()))
        };
        match self.name() {
            // Their manual pages: without one of these they ask.
            "pam_krb5.so" | "pam_winbind.so" => !said(TAKING),
            "pam_sss.so" => said(&["prompt_always"]),
            _ => false,
        }
    }
}

impl Stack {
    /// The lines that check a password, with their numbers in `lines`.
    pub(crate) fn checking_password(&self) -> impl Iterator<Item = (usize, &Line, &Module)> {
        let lines = self.lines.iter().enumerate();
        let modules = lines.filter_map(|(at, line)| Some((at, line, line.module()?)));
        modules.filter(|(_, _, module)| module.checks_password())
    }
}
