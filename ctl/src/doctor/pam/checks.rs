//! What is looked for in PAM's configuration.

use crate::doctor::finding::{Check, Severity};

pub(super) const NOTHING_ASKS: Check = Check {
    id: "nothing-asks",
    severity: Severity::Danger,
    finds: "no PAM service asks for a second factor",
    means: "Every login goes by the password or the key alone, whoever is enrolled.",
    mends: "Protect a service",
};

pub(super) const LOGIN_UNPROTECTED: Check = Check {
    id: "login-unprotected",
    severity: Severity::Danger,
    finds: "a service that lets people in and does not ask, while others do",
    means: "Whoever has the password takes this way, and is asked for no code.",
    mends: "Protect it, or say by a rule with require = \"none\" that it is meant",
};

pub(super) const SERVICE_UNPROTECTED: Check = Check {
    id: "service-unprotected",
    severity: Severity::Warning,
    finds: "a service of a name that doctor does not know, which takes a password and does not ask",
    means: "Its program may let people in with the password alone.",
    mends: "Find out which program it is of; if that lets people in, protect it, else say so by a rule \
            with require = \"none\"",
};

pub(super) const STACK_BROKEN: Check = Check {
    id: "stack-broken",
    severity: Severity::Danger,
    finds: "a line of a service that libpam does not understand or cannot follow",
    means: "libpam fails such a line: logins through the service are refused.",
    mends: "Correct the line",
};

pub(super) const WAY_AROUND: Check = Check {
    id: "way-around",
    severity: Severity::Danger,
    finds: "a line that ends a stack with success, or jumps, past Countersign's: sufficient, \
            [success=done], [success=N]",
    means: "Whoever satisfies that line is let in without a code.",
    mends: "Move Countersign's line above what it jumps to, or let the line go on: \
            [success=ok default=die] in place of its control",
};

pub(super) const CONDITION_AROUND: Check = Check {
    id: "condition-around",
    severity: Severity::Warning,
    finds: "a condition (pam_succeed_if, pam_access and the like) that leads past Countersign's line",
    means: "Whoever meets the condition is let in without a code, and no rule of the policy knows.",
    mends: "Take the condition out, and say the same by a rule of the policy",
};

pub(super) const LINE_WEAK: Check = Check {
    id: "line-weak",
    severity: Severity::Danger,
    finds: "Countersign's line with a control that forgives: optional, sufficient, default=ignore",
    means: "A wrong code, or none, lets in all the same.",
    mends: "Write the line so",
};

pub(super) const STACK_UNDECIDED: Check = Check {
    id: "stack-undecided",
    severity: Severity::Warning,
    finds: "a stack in which nothing but Countersign's line has a say",
    means: "Where a rule demands no factor the line has none either, and libpam then refuses the login.",
    mends: "End the stack with",
};

pub(super) const LINE_ARGUMENT: Check = Check {
    id: "line-argument",
    severity: Severity::Danger,
    finds: "an argument on Countersign's line that the module does not know",
    means: "The module refuses every login through it, rather than ignore what it does not understand.",
    mends: "Take it out, or correct it as pam_countersign(8) says",
};

pub(super) const LINE_ELSEWHERE: Check = Check {
    id: "line-elsewhere",
    severity: Severity::Danger,
    finds: "socket= or bus= on Countersign's line, which are for tests",
    means: "Not the system's daemon judges these logins, but whoever listens there.",
    mends: "Take the argument out",
};

pub(super) const LINE_DEBUG: Check = Check {
    id: "line-debug",
    severity: Severity::Note,
    finds: "debug on Countersign's line",
    means: "Every login writes a line more to the log; nothing secret is in it.",
    mends: "Take it out when it is not needed any more",
};

pub(super) const LINE_IDLE: Check = Check {
    id: "line-idle",
    severity: Severity::Warning,
    finds: "Countersign's line among session or password, where it does nothing",
    means: "It looks like protection and is none.",
    mends: "Make it an auth line as countersignctl protect writes it, and an account line as the guard",
};

pub(super) const ASKED_TWICE: Check = Check {
    id: "asked-twice",
    severity: Severity::Warning,
    finds: "Countersign's line twice in one stack",
    means: "A login has to give two codes, and the second is not there before the next half minute.",
    mends: "Take one of them out",
};

pub(super) const OTHER_OTP: Check = Check {
    id: "other-otp",
    severity: Severity::Warning,
    finds: "another module for second factors in a stack that asks for Countersign's",
    means: "A login is asked twice; and where the other's line forgives, either may be the way around.",
    mends: "Take the other module's line out once its users have moved (countersignctl import)",
};

pub(super) const BEFORE_PASSWORD: Check = Check {
    id: "before-password",
    severity: Severity::Warning,
    finds: "Countersign's line above the one that asks for the password",
    means: "Anybody can try codes without knowing a password, and slow the user's logins down by it.",
    mends: "Move the line below the password's",
};

pub(super) const ENROLL_BEFORE_PASSWORD: Check = Check {
    id: "enroll-before-password",
    severity: Severity::Danger,
    finds: "Countersign's line above the password's, where users without a factor are enrolled",
    means: "Anybody can enrol a factor of their own for such a user, without knowing the password.",
    mends: "Move the line below the password's",
};

pub(super) const PASSWORD_GOES_ON: Check = Check {
    id: "password-goes-on",
    severity: Severity::Note,
    finds: "a password's line that goes on after a wrong password, to Countersign's",
    means: "Somebody without the password is asked for a code too, and their wrong codes count.",
    mends: "Have a wrong password end the stack: requisite in place of required",
};

pub(super) const ONE_FIELD: Check = Check {
    id: "one-field",
    severity: Severity::Danger,
    finds: "Countersign's line below the password's in a service whose program has one field for both",
    means: "The program answers the question for the code with the password: nobody gets in.",
    mends: "Have the line stand first, where it takes the code off what was typed",
};

pub(super) const ENTRY_SEPARATE: Check = Check {
    id: "entry-separate",
    severity: Severity::Danger,
    finds: "a rule with entry = \"separate\" that decides for a program with one field",
    means: "The program answers the question for the code with the password: nobody gets in.",
    mends: "Take the entry out of the rule, or the service; which rule it is, says",
};

pub(super) const ENTRY_APPENDED: Check = Check {
    id: "entry-appended",
    severity: Severity::Note,
    finds: "a rule with entry = \"appended\" that decides for a program that could ask twice",
    means: "One prompt asks for the password with the code behind it, nobody is enrolled there, and a \
            mistyped password spends the code.",
    mends: "Take the entry out of the rule if that is not meant; then have the service protected anew. \
            Which rule it is, says",
};

pub(super) const ASKS_AGAIN: Check = Check {
    id: "asks-again",
    severity: Severity::Danger,
    finds: "a password's module that asks by itself, below a line that has taken the code off one field",
    means: "The program answers it with password and code together, which is no password.",
    mends: "Give it try_first_pass; take prompt_always from pam_sss",
};

pub(super) const PASSWORD_OPTIONAL: Check = Check {
    id: "password-optional",
    severity: Severity::Danger,
    finds: "a stack in which nothing refuses a wrong password once Countersign's line has said yes",
    means: "A right code lets in, whatever the password.",
    mends: "Have a wrong password end the stack: requisite in place of its control",
};

pub(super) const GREETER_ASKS: Check = Check {
    id: "greeter-asks",
    severity: Severity::Danger,
    finds: "Countersign's line in the service that a login screen itself runs under, or logs in by itself",
    means: "Nobody is there to answer: no login screen comes up.",
    mends: "Take the line out; people come in by another service, such as gdm-password, lightdm, sddm",
};

pub(super) const LOCKER_UNPROTECTED: Check = Check {
    id: "locker-unprotected",
    severity: Severity::Note,
    finds: "a screen locker that does not ask for a code while logins do",
    means: "Whoever knows the password gets past the locked screen of a session without a code.",
    mends: "Protect it, or say by a rule with require = \"none\" that it is meant",
};

pub(super) const LOCKED_IN: Check = Check {
    id: "locked-in",
    severity: Severity::Warning,
    finds: "people whose screen locker asks for a code, and who have none",
    means: "They do not get past their own locked screen.",
    mends: "Enrol them, or let their password do there by a rule with not-enrolled = \"pass\"",
};

pub(super) const AGENT_HANGS: Check = Check {
    id: "agent-hangs",
    severity: Severity::Warning,
    finds: "lxpolkit, where polkit asks for the code at a question of its own",
    means: "Its window stays greyed out at the second question: a dead end for whoever uses it.",
    mends: "Have both typed into one field, by a rule for polkit-1, and protect that anew",
};

pub(super) const GUARD_MISSING: Check = Check {
    id: "guard-missing",
    severity: Severity::Warning,
    finds: "sshd asks for a code, and its account stack has no guard",
    means: "A way in which sshd leaves the auth stack out, as with a key alone, is not noticed.",
    mends: "Write in front of the other account lines",
};

pub(super) const JOB_GUARDED: Check = Check {
    id: "job-guarded",
    severity: Severity::Danger,
    finds: "the guard in a service that starts work for people who are not there: cron, at, systemd --user",
    means: "Nobody can give a code there, so none of its jobs is started.",
    mends: "Take the line out, or add a rule with require = \"none\" for the service",
};

pub(super) const JOBS_UNASKED: Check = Check {
    id: "jobs-unasked",
    severity: Severity::Note,
    finds: "crontab or at open to all while logins ask for a factor",
    means: "Whoever got in once can leave work behind that runs without any factor.",
    mends: "Say who may: with a file of those names, one on a line",
};

pub(super) const PAM_WRITABLE: Check = Check {
    id: "pam-writable",
    severity: Severity::Danger,
    finds: "PAM's configuration, which somebody besides root may write",
    means: "They can take Countersign's line out, or put anything in.",
    mends: "Give it back to root",
};
