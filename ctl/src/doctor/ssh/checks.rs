//! What is looked for in sshd.

use crate::doctor::finding::{Check, Severity};

pub(super) const CONFIG_WRONG: Check = Check {
    id: "ssh-config-wrong",
    severity: Severity::Danger,
    finds: "a configuration that sshd refuses",
    means: "It goes on with what it has read, and does not start again: after a restart nobody gets in by ssh.",
    mends: "Correct the line, and look again with",
};

pub(super) const WITHOUT_PAM: Check = Check {
    id: "ssh-without-pam",
    severity: Severity::Danger,
    finds: "UsePAM no in sshd_config",
    means: "sshd does not read /etc/pam.d/sshd: neither the code nor the guard is asked.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const KEY_ALONE: Check = Check {
    id: "ssh-key-alone",
    severity: Severity::Danger,
    finds: "logins by ssh key that sshd lets in without asking PAM for a code",
    means: "Whoever has the key, or put one of theirs into authorized_keys, gets in with nothing else.",
    mends: "Have PAM ask for the code, and add the guard: account required pam_countersign.so in /etc/pam.d/sshd",
};

pub(super) const OTHER_ALONE: Check = Check {
    id: "ssh-other-alone",
    severity: Severity::Danger,
    finds: "logins by GSSAPI or by the client's host that sshd lets in without asking PAM for a code",
    means: "A Kerberos ticket, or another host's word, is enough.",
    mends: "Turn the method off, or demand keyboard-interactive with it",
};

pub(super) const REFUSED_UNASKED: Check = Check {
    id: "ssh-refused-unasked",
    severity: Severity::Warning,
    finds: "logins by key alone that sshd takes and the guard then refuses",
    means: "Nobody gets around the second factor, but people with a key are refused without being asked.",
    mends: "Have sshd ask for the code after the key",
};

pub(super) const NOBODY_ASKED: Check = Check {
    id: "ssh-cannot-ask",
    severity: Severity::Danger,
    finds: "sshd demands keyboard-interactive, or PAM a code, and no method that can ask for one is on",
    means: "Nobody can give the code: these logins are all refused.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const PASSWORD_METHOD: Check = Check {
    id: "ssh-password-method",
    severity: Severity::Warning,
    finds: "PasswordAuthentication on where a code is asked for",
    means: "That method has one answer for all that PAM asks: the module gets the password for the code, and the \
            login is refused.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const ROOT_LOGIN: Check = Check {
    id: "ssh-root-login",
    severity: Severity::Warning,
    finds: "PermitRootLogin yes",
    means: "Everybody knows the name: passwords are guessed at it all day, and who it was is not known.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const EMPTY_PASSWORDS: Check = Check {
    id: "ssh-empty-passwords",
    severity: Severity::Danger,
    finds: "PermitEmptyPasswords yes",
    means: "An account without a password is let in without one.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const GRACE: Check = Check {
    id: "ssh-grace-short",
    severity: Severity::Warning,
    finds: "a LoginGraceTime of less than a minute",
    means: "sshd hangs up while people look for their phone.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const TRIES: Check = Check {
    id: "ssh-tries-few",
    severity: Severity::Warning,
    finds: "a MaxAuthTries of less than three",
    means: "Every key that the client offers counts as one: people are cut off before they are asked.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const STARTUPS: Check = Check {
    id: "ssh-startups-few",
    severity: Severity::Warning,
    finds: "a MaxStartups that refuses from less than ten unfinished logins on",
    means: "A login takes longer with a code: a few people at once, or one who lets logins hang, and others are \
            turned away.",
    mends: "Write in its configuration, and reload it",
};

pub(super) const OLD: Check = Check {
    id: "ssh-old",
    severity: Severity::Warning,
    finds: "an OpenSSH before 8.7",
    means: "It knows KbdInteractiveAuthentication as ChallengeResponseAuthentication only, and refuses the \
            newer word.",
    mends: "Use the older word in its configuration, or upgrade it",
};
