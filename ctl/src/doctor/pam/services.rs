//! PAM services by their names, as their programs ship them.

/// What a service is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// It lets somebody in, or become somebody else.
    Login,
    /// It unlocks a session that has begun with a login.
    Locker,
    /// It starts work for somebody who is not there.
    Job,
    /// It lets nobody in: it changes an account, or is root's own, or is a part of others.
    Tool,
    /// No name that is known.
    Unknown,
}

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

const LOCKERS: &[&str] = &[
    "cinnamon-screensaver",
    "gnome-screensaver",
    "gtklock",
    "hyprlock",
    "i3lock",
    "kde",
    "kde-fingerprint",
    "kde-smartcard",
    "kscreensaver",
    "light-locker",
    "mate-screensaver",
    "physlock",
    "swaylock",
    "vlock",
    "waylock",
    "xfce4-screensaver",
    "xscreensaver",
    "xsecurelock",
];

const JOBS: &[&str] = &["atd", "cron", "crond", "systemd-user"];

/// The programs that have one field for all that a login asks.
const ONE_FIELD: &[&str] = &[
    "cups",
    "gtklock",
    "i3lock",
    "kde",
    "ly",
    "openvpn",
    "proftpd",
    "pure-ftpd",
    "samba",
    "sddm",
    "swaylock",
    "vsftpd",
    "xrdp-sesman",
];

const TOOLS: &[&str] = &[
    "chage",
    "chfn",
    "chgpasswd",
    "chpasswd",
    "chsh",
    "gdm-autologin",
    "gdm-launch-environment",
    "greetd-greeter",
    "groupadd",
    "groupdel",
    "groupmems",
    "groupmod",
    "lightdm-autologin",
    "lightdm-greeter",
    "newusers",
    "passwd",
    "ppp",
    "runuser",
    "runuser-l",
    "sddm-autologin",
    "sddm-greeter",
    "sssd-shadowutils",
    "systemd-run0",
    "useradd",
    "userdel",
    "usermod",
];

/// What the service of this name is for.
pub(super) fn kind(name: &str) -> Kind {
    if LOGINS.contains(&name) {
        Kind::Login
    } else if LOCKERS.contains(&name) {
        Kind::Locker
    } else if JOBS.contains(&name) {
        Kind::Job
    } else if TOOLS.contains(&name) || name.starts_with("common-") {
        Kind::Tool
    } else {
        Kind::Unknown
    }
}

/// Whether its program has one field for all that a login asks.
pub(super) fn has_one_field(name: &str) -> bool {
    ONE_FIELD.contains(&name)
}
