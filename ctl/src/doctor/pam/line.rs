//! Countersign's own lines in a service, and what stands above them.

use super::checks::*;
use super::services::has_one_field;
use super::{LINE, OURS, Service};
use crate::doctor::Report;
use crate::doctor::finding::Finding;
use crate::doctor::scene::Scene;
use crate::pam_stack::control::Action;
use crate::pam_stack::walk::Ways;
use crate::pam_stack::{Facility, Line, Module, Stack};

/// Modules that say who somebody is, or when and where, and ask nothing.
const CONDITIONS: &[&str] = &[
    "pam_access.so",
    "pam_group.so",
    "pam_listfile.so",
    "pam_localuser.so",
    "pam_succeed_if.so",
    "pam_time.so",
    "pam_usertype.so",
];

/// Modules that ask for a second factor.
const OTHERS: &[&str] = &[
    "pam_duo.so",
    "pam_google_authenticator.so",
    "pam_linotp.so",
    "pam_oath.so",
    "pam_otpw.so",
    "pam_privacyidea.so",
    "pam_u2f.so",
    "pam_yubico.so",
];

/// Modules that check a password.
const PASSWORDS: &[&str] = &[
    "pam_krb5.so",
    "pam_ldap.so",
    "pam_sss.so",
    "pam_systemd_home.so",
    "pam_unix.so",
    "pam_winbind.so",
];

pub(super) fn examine(scene: &Scene<'_>, service: &Service, report: &mut Report) {
    if service.own {
        asked(service, report);
    }
    for facility in [Facility::Auth, Facility::Account] {
        let stack = match facility {
            Facility::Auth => &service.auth,
            Facility::Account | Facility::Password | Facility::Session => &service.account,
        };
        for (_, line, module) in stack.asking(OURS) {
            arguments(service, line, module, report);
        }
        around(service, stack, report);
    }
    idle(scene, service, report);
}

/// By which lines a login gets past.
fn around(service: &Service, stack: &Stack, report: &mut Report) {
    let ways = Ways::of(stack, OURS);
    for index in ways.around() {
        let Some(line) = stack.lines.get(index) else {
            continue;
        };
        let Some(module) = line.module() else {
            continue;
        };
        let (name, control) = (module.name(), &module.control.written);
        let check = match CONDITIONS.contains(&name) {
            true => &CONDITION_AROUND,
            false => &WAY_AROUND,
        };
        let found = format!("{}: {control} {name} leads past {OURS}.", service.name);
        report.find(check.found(found).at(&line.place));
    }
    if ways.open_in_spite() {
        for (_, line, module) in stack.asking(OURS) {
            let control = &module.control.written;
            let found = format!(
                "{}: {control} {OURS} lets in whom it refuses.",
                service.name
            );
            report.find(LINE_WEAK.found(found).at(&line.place).fix(LINE));
        }
    }
}

/// What the line in the auth stack lacks, or has too much of.
fn asked(service: &Service, report: &mut Report) {
    let stack = &service.auth;
    let ours: Vec<_> = stack.asking(OURS).collect();
    let Some((at, line, _)) = ours.first() else {
        return;
    };
    let name = &service.name;
    if let Some((_, again, _)) = ours.get(1) {
        let found = format!("{name} asks for a code at {} already.", line.place);
        report.find(ASKED_TWICE.found(found).at(&again.place));
    }
    if Ways::of(stack, OURS).undecided() {
        let found = format!("{name}: nothing but {OURS} decides.");
        let finding = STACK_UNDECIDED.found(found).at(&line.place);
        report.find(finding.fix("auth required pam_permit.so"));
    }
    if has_one_field(name) {
        let found = format!("{name} has one field for all that it is asked.");
        report.find(ONE_FIELD.found(found).at(&line.place));
    }
    let modules = || {
        stack
            .lines
            .iter()
            .enumerate()
            .filter_map(|(at, line)| Some((at, line, line.module()?)))
    };
    for (_, other, module) in modules().filter(|(_, _, module)| OTHERS.contains(&module.name())) {
        let found = format!("{name} asks {} too.", module.name());
        report.find(OTHER_OTP.found(found).at(&other.place));
    }
    match password(stack) {
        Some((password, ..)) if password > *at => {
            let found = format!("{name} asks for the code before the password.");
            report.find(BEFORE_PASSWORD.found(found).at(&line.place));
        }
        Some((_, password, module)) if module.control.on("auth_err") == Action::Bad => {
            let control = &module.control.written;
            let found = format!(
                "{name}: {control} {} goes on after a wrong password.",
                module.name()
            );
            report.find(PASSWORD_GOES_ON.found(found).at(&password.place));
        }
        Some(_) | None => {}
    }
}

/// The first line that checks a password.
pub(super) fn password(stack: &Stack) -> Option<(usize, &Line, &Module)> {
    let lines = stack.lines.iter().enumerate();
    let mut modules = lines.filter_map(|(at, line)| Some((at, line, line.module()?)));
    modules.find(|(_, _, module)| PASSWORDS.contains(&module.name()))
}

/// Lines where the module does nothing.
fn idle(scene: &Scene<'_>, service: &Service, report: &mut Report) {
    for facility in [Facility::Session, Facility::Password] {
        for (_, line, _) in scene.pam.own_stack(&service.name, facility).asking(OURS) {
            let found = format!("{}: {OURS} is a {facility} line.", service.name);
            report.find(LINE_IDLE.found(found).at(&line.place));
        }
    }
}

fn arguments(service: &Service, line: &Line, module: &Module, report: &mut Report) {
    let name = &service.name;
    let mut seen: Vec<&str> = Vec::new();
    for argument in &module.arguments {
        let key = argument.split('=').next().unwrap_or_default();
        let finding: Option<Finding> = if seen.contains(&key) {
            Some(LINE_ARGUMENT.found(format!("{name}: {key} is given twice.")))
        } else if argument == "debug" {
            Some(LINE_DEBUG.found(format!("{name}: the module is told to debug.")))
        } else if argument.starts_with("socket=") || argument.starts_with("bus=") {
            Some(LINE_ELSEWHERE.found(format!("{name}: {argument}.")))
        } else {
            Some(LINE_ARGUMENT.found(format!("{name}: there is no argument {argument}.")))
        };
        seen.push(key);
        if let Some(finding) = finding {
            report.find(finding.at(&line.place));
        }
    }
}
