//! What is looked for among people and their records.

use crate::doctor::finding::{Check, Severity};

pub(super) const NOBODY_ENROLLED: Check = Check {
    id: "nobody-enrolled",
    severity: Severity::Danger,
    finds: "services that ask for a code, and nobody who has one",
    means: "Nobody can answer: nobody logs in through these services.",
    mends: "Enrol somebody before the last root shell is closed",
};

pub(super) const NOTHING_DEMANDED: Check = Check {
    id: "nothing-demanded",
    severity: Severity::Danger,
    finds: "a policy that demands a factor of nobody who can log in",
    means: "The services ask the daemon, and it lets everybody pass: there is no second factor.",
    mends: "Look which rule it is, and have one enforce",
};

pub(super) const ROOT_NOT_ENROLLED: Check = Check {
    id: "root-not-enrolled",
    severity: Severity::Warning,
    finds: "root, who can log in, is asked for a code and has none",
    means: "Root cannot log in there, not at the console either, and nobody becomes root by su.",
    mends: "Enrol root, or lock its password and use sudo",
};

pub(super) const NOT_ENROLLED: Check = Check {
    id: "not-enrolled",
    severity: Severity::Warning,
    finds: "somebody who can log in, is asked for a code and has none",
    means: "Their logins are refused, after the same question as everybody's.",
    mends: "Enrol them, or say by a rule what becomes of them",
};

pub(super) const NOT_ENROLLED_PASS: Check = Check {
    id: "not-enrolled-pass",
    severity: Severity::Warning,
    finds: "people whom a rule lets in without a factor because they have none",
    means: "Of them, the password is enough, and will be until they enrol.",
    mends: "Enrol them, then have the rule refuse: not-enrolled = \"refuse\"",
};

pub(super) const ENROLL_BY_PASSED: Check = Check {
    id: "enroll-by-passed",
    severity: Severity::Warning,
    finds: "people who did not enrol by a rule's enroll-by",
    means: "Their logins are refused since then.",
    mends: "Enrol them, or move the date",
};

pub(super) const REPORT_MODE: Check = Check {
    id: "report-mode",
    severity: Severity::Warning,
    finds: "a rule in report mode",
    means: "It asks for nothing: whoever comes under it gets in without a factor, and it is written down.",
    mends: "When its events show that everybody could answer, take mode = \"report\" out of it",
};

pub(super) const UNCONFIRMED: Check = Check {
    id: "unconfirmed",
    severity: Severity::Note,
    finds: "somebody whose only key was never confirmed by a first code",
    means: "They count as not enrolled.",
    mends: "Have them give the first code",
};

pub(super) const RECOVERY_NONE: Check = Check {
    id: "recovery-none",
    severity: Severity::Warning,
    finds: "somebody without a recovery code",
    means: "If their phone is lost, only you can let them in; if they are you, nobody.",
    mends: "Make new ones",
};

pub(super) const RECOVERY_FEW: Check = Check {
    id: "recovery-few",
    severity: Severity::Note,
    finds: "somebody with three recovery codes or fewer",
    means: "They use them up, or somebody else does.",
    mends: "Make new ones",
};

pub(super) const THROTTLED: Check = Check {
    id: "throttled",
    severity: Severity::Note,
    finds: "somebody of whom more than one code is asked, after wrong ones",
    means: "They mistyped often, or somebody guesses.",
    mends: "Look where it comes from",
};

pub(super) const RECORD_UNREADABLE: Check = Check {
    id: "record-unreadable",
    severity: Severity::Danger,
    finds: "a record that cannot be read",
    means: "It was damaged, or sealed with another key. Its user's logins are refused.",
    mends: "Restore it from a backup, or enrol the user anew; see what is known",
};

pub(super) const RECORD_FOREIGN: Check = Check {
    id: "record-foreign",
    severity: Severity::Danger,
    finds: "a record whose uid has another name now",
    means: "The account was renamed, or its number was given to somebody else. Every login of it that asks for \
            a factor is refused.",
    mends: "Be sure who it is, forget the record, and enrol them anew",
};

pub(super) const RECORD_STALE: Check = Check {
    id: "record-stale",
    severity: Severity::Warning,
    finds: "a record whose uid is nobody's",
    means: "Whoever gets the number next cannot log in until it is forgotten; and where a directory service was \
            only away, nothing is wrong.",
    mends: "If the account is gone for good, forget the record",
};

pub(super) const EMPTY_PASSWORD: Check = Check {
    id: "empty-password",
    severity: Severity::Danger,
    finds: "an account with an empty password",
    means: "The code is its only factor, and where none is asked, there is none.",
    mends: "Lock the password, or set one",
};
