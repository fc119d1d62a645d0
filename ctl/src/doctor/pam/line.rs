//! Countersign's own lines in a service, and what stands above them.

use super::checks::*;
use super::{LINE, OURS, Service};
use crate::doctor::Report;
use crate::doctor::finding::Finding;
use crate::doctor::scene::Scene;
use crate::pam_stack::password::PASSWORDS;
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
    let Some((_, line, _)) = stack.asking(OURS).next() else {
        return;
    };
    let name = &service.name;
    if Ways::of(stack, OURS).undecided() {
        let found = format!("{name}: nothing but {OURS} decides.");
        let finding = STACK_UNDECIDED.found(found).at(&line.place);
        report.find(finding.fix("auth required pam_permit.so"));
    }
    if let Some((_, password, module)) = stack.checking_password().next()
        && Ways::if_refused_by(PASSWORDS, stack, OURS).suffices()
    {
        let (control, module) = (&module.control.written, module.name());
        let found = format!("{name}: {control} {module} refuses nobody, and {OURS} is enough.");
        report.find(PASSWORD_OPTIONAL.found(found).at(&password.place));
    }
    let lines = stack.lines.iter();
    for (other, module) in lines.filter_map(|line| Some((line, line.module()?))) {
        if OTHERS.contains(&module.name()) {
            let found = format!("{name} asks {} too.", module.name());
            report.find(OTHER_OTP.found(found).at(&other.place));
        }
    }
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
