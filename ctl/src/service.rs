//! PAM services by their names, as their programs ship them.
//!
//! How much a program can show, and how a code is typed there, is `countersign_bus::Profile`'s.

use crate::doctor::scene::Files;

/// What a service is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// It lets somebody in, or become somebody else.
    Login,
    /// It unlocks a session that has begun with a login.
    Locker,
    /// The login screen itself runs under it, before anybody is there.
    Greeter,
    /// It logs somebody in without a question.
    Autologin,
    /// It starts work for somebody who is not there.
    Job,
    /// It lets nobody in: it changes an account, or is root's own, or is a part of others.
    Tool,
    /// No name that is known.
    Unknown,
}

/// Whose process goes through a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RunsAs {
    /// Root's.
    Root,
    /// One that its user started and that acts as root, as sudo does.
    Setuid,
    /// Its user's.
    User,
}

/// A program that locks the screen, and asks PAM whom to unlock it for.
#[derive(Debug)]
pub(crate) struct Locker {
    /// What it calls itself to PAM.
    pub(crate) service: &'static str,
    /// Where it is, if it is installed, `*` stands for one name; `None` of one that mostly calls
    /// itself otherwise, as Debian's xsecurelock does.
    pub(crate) program: Option<&'static str>,
    pub(crate) runs_as: RunsAs,
    /// Whether it asks PAM if the account is good, too.
    pub(crate) account: bool,
}

impl Locker {
    /// Whether its program is there.
    pub(crate) fn is_installed(&self, files: &Files) -> bool {
        self.program.is_some_and(|path| files.matches(path))
    }
}

const fn of_user(service: &'static str, program: Option<&'static str>, account: bool) -> Locker {
    Locker {
        service,
        program,
        runs_as: RunsAs::User,
        account,
    }
}

/// Lockers. Without a service of their own are light-locker, which is LightDM's login screen, and
/// gnome-shell, which asks GDM.
const LOCKERS: &[Locker] = &[
    of_user(
        "cinnamon-screensaver",
        Some("/usr/bin/cinnamon-screensaver"),
        true,
    ),
    of_user(
        "gnome-screensaver",
        Some("/usr/bin/gnome-screensaver"),
        true,
    ),
    of_user("gtklock", Some("/usr/bin/gtklock"), true),
    of_user("hyprlock", Some("/usr/bin/hyprlock"), true),
    of_user("i3lock", Some("/usr/bin/i3lock"), false),
    of_user("kde", Some("/usr/lib/*/libexec/kscreenlocker_greet"), false),
    of_user("kde-fingerprint", None, false),
    of_user("kde-smartcard", None, false),
    of_user("mate-screensaver", Some("/usr/bin/mate-screensaver"), true),
    Locker {
        service: "physlock",
        program: Some("/usr/bin/physlock"),
        runs_as: RunsAs::Setuid,
        account: false,
    },
    of_user("swaylock", Some("/usr/bin/swaylock"), false),
    Locker {
        service: "vlock",
        program: Some("/usr/sbin/vlock-main"),
        runs_as: RunsAs::Setuid,
        account: false,
    },
    of_user("waylock", Some("/usr/bin/waylock"), true),
    of_user(
        "xfce4-screensaver",
        Some("/usr/bin/xfce4-screensaver"),
        true,
    ),
    of_user("xscreensaver", Some("/usr/bin/xscreensaver"), true),
    of_user("xsecurelock", None, true),
];

const LOGINS: &[&str] = &[
    "cockpit",
    "doas",
    "gdm-fingerprint",
    "gdm-password",
    "gdm-smartcard",
    "gdm-smartcard-pkcs11-exclusive",
    "gdm-smartcard-sssd-exclusive",
    "gdm-smartcard-sssd-or-password",
    "gdm-switchable-auth",
    "greetd",
    "lightdm",
    "login",
    "lxdm",
    "ly",
    "other",
    "polkit-1",
    "proftpd",
    "pure-ftpd",
    "remote",
    "samba",
    "sddm",
    "slim",
    "sshd",
    "su",
    "su-l",
    "sudo",
    "sudo-i",
    "vsftpd",
    "xdm",
    "xrdp-sesman",
];

/// Of those, the ones that a login screen lets people in by.
const LOGIN_SCREENS: &[&str] = &[
    "gdm-password",
    "greetd",
    "lightdm",
    "lxdm",
    "ly",
    "sddm",
    "slim",
    "xdm",
];

/// Programs that act for somebody else, and know who that is by their real uid.
const SETUID: &[&str] = &["doas", "su", "su-l", "sudo", "sudo-i"];

const GREETERS: &[&str] = &[
    "gdm-launch-environment",
    "greetd-greeter",
    "lightdm-greeter",
    "sddm-greeter",
];

const AUTOLOGINS: &[&str] = &["gdm-autologin", "lightdm-autologin", "sddm-autologin"];

const JOBS: &[&str] = &["atd", "cron", "crond", "systemd-user"];

const TOOLS: &[&str] = &[
    "chage",
    "chfn",
    "chgpasswd",
    "chpasswd",
    "chsh",
    "groupadd",
    "groupdel",
    "groupmems",
    "groupmod",
    "newusers",
    "passwd",
    "ppp",
    "runuser",
    "runuser-l",
    "sssd-shadowutils",
    "systemd-run0",
    "useradd",
    "userdel",
    "usermod",
];

/// What the service of this name is for.
pub(crate) fn kind(name: &str) -> Kind {
    let among = |names: &[&str]| names.contains(&name);
    if among(LOGINS) {
        Kind::Login
    } else if locker(name).is_some() {
        Kind::Locker
    } else if among(GREETERS) {
        Kind::Greeter
    } else if among(AUTOLOGINS) {
        Kind::Autologin
    } else if among(JOBS) {
        Kind::Job
    } else if among(TOOLS) || name.starts_with("common-") {
        Kind::Tool
    } else {
        Kind::Unknown
    }
}

/// The locker that calls itself so.
pub(crate) fn locker(name: &str) -> Option<&'static Locker> {
    LOCKERS.iter().find(|locker| locker.service == name)
}

/// Every locker there is.
pub(crate) fn lockers() -> impl Iterator<Item = &'static Locker> {
    LOCKERS.iter()
}

/// Whether a login screen lets people in by it.
pub(crate) fn is_login_screen(name: &str) -> bool {
    LOGIN_SCREENS.contains(&name)
}

/// Whose process goes through a login of this service.
pub(crate) fn runs_as(name: &str) -> RunsAs {
    match locker(name) {
        Some(locker) => locker.runs_as,
        None if SETUID.contains(&name) => RunsAs::Setuid,
        None => RunsAs::Root,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_is_in_one_list_only() {
        let lockers = lockers().map(|locker| locker.service);
        let lists = [LOGINS, GREETERS, AUTOLOGINS, JOBS, TOOLS].into_iter();
        let all: Vec<_> = lists.flatten().copied().chain(lockers).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn who_asks_is_known_of_each_service() {
        for (name, of, by) in [
            ("sshd", Kind::Login, RunsAs::Root),
            ("sudo", Kind::Login, RunsAs::Setuid),
            ("i3lock", Kind::Locker, RunsAs::User),
            ("vlock", Kind::Locker, RunsAs::Setuid),
            ("gdm-launch-environment", Kind::Greeter, RunsAs::Root),
            ("sddm-autologin", Kind::Autologin, RunsAs::Root),
            ("cron", Kind::Job, RunsAs::Root),
            ("common-auth", Kind::Tool, RunsAs::Root),
            ("appliance", Kind::Unknown, RunsAs::Root),
        ] {
            assert_eq!((kind(name), runs_as(name)), (of, by), "{name}");
        }
    }
}
