//! Where Countersign's line stands, and whether what it asks can be answered there.

use countersign_bus::Profile;
use countersign_bus::types::Entry;

use super::checks::*;
use super::lockers::hanging_agent;
use super::{OURS, Service};
use crate::doctor::Report;
use crate::doctor::scene::{Course, Scene};
use crate::pam_stack::Line;
use crate::pam_stack::control::Action;
use crate::service::{Kind, kind};

pub(super) fn examine(scene: &Scene<'_>, service: &Service, report: &mut Report) {
    let name = &service.name;
    let ours: Vec<_> = service
        .auth
        .asking(OURS)
        .map(|(at, line, _)| (at, line))
        .collect();
    let Some((at, line)) = ours.first() else {
        return;
    };
    nobody_there(service, line, report);
    let has_one_field = Profile::of(name).entry() == Entry::Appended;
    if has_one_field && scene.is_typed(name, Entry::Separate) {
        let found = format!("A rule has the code typed by itself in {name}, which has one field.");
        let finding = ENTRY_SEPARATE.found(found).at(&line.place);
        return report.find(finding.fix(explain(name)));
    }
    let has_one_field = has_one_field || hanging_agent(scene, name).is_some();
    if scene.is_typed(name, Entry::Appended) {
        appended(service, &ours, has_one_field, report);
    } else if scene.is_typed(name, Entry::Separate) {
        separate(scene, service, (*at, line), report);
    }
    if let Some((_, again)) = ours.get(1).filter(|_| !has_one_field) {
        let found = format!("{name} asks for a code at {} already.", line.place);
        report.find(ASKED_TWICE.found(found).at(&again.place));
    }
}

/// Services that run before anybody is there, or without anybody.
fn nobody_there(service: &Service, line: &Line, report: &mut Report) {
    let name = &service.name;
    match kind(name) {
        // What they take in from others is not asked there: those include all of a service.
        Kind::Greeter | Kind::Autologin if line.place.file.ends_with(name) => {
            let found = format!("{name} has nobody who could answer.");
            report.find(GREETER_ASKS.found(found).at(&line.place));
        }
        Kind::Greeter
        | Kind::Autologin
        | Kind::Login
        | Kind::Locker
        | Kind::Job
        | Kind::Tool
        | Kind::Unknown => {}
    }
}

/// Where password and code are typed into one field.
fn appended(service: &Service, ours: &[(usize, &Line)], has_one_field: bool, report: &mut Report) {
    let name = &service.name;
    let stack = &service.auth;
    let password = stack.checking_password().next();
    let below = |at: usize| password.is_some_and(|(password, ..)| password < at);
    if !has_one_field {
        let where_ = match ours.first() {
            Some((at, _)) if below(*at) => {
                ", but its line stands below the password's, where the code is asked for by itself"
            }
            Some(_) | None => "",
        };
        if let Some((_, line)) = ours.first() {
            let found =
                format!("A rule has password and code typed into one field in {name}{where_}.");
            report.find(
                ENTRY_APPENDED
                    .found(found)
                    .at(&line.place)
                    .fix(explain(name)),
            );
        }
    } else if let Some((_, line)) = ours.iter().find(|(at, _)| below(*at)) {
        let found = format!("{name} has one field for password and code.");
        let mut finding = ONE_FIELD.found(found).at(&line.place);
        if line.place.file.ends_with(name) {
            finding = finding.fix(format!("countersignctl unprotect {name}"));
        }
        report.find(finding.fix(format!("countersignctl protect {name}")));
    }
    for (_, again, module) in stack.checking_password() {
        if module.asks_again() && !ours.iter().all(|(at, _)| below(*at)) {
            let found = format!("{name}: {} asks for a password of its own.", module.name());
            report.find(ASKS_AGAIN.found(found).at(&again.place));
        }
    }
}

/// Where the code has a question of its own.
fn separate(scene: &Scene<'_>, service: &Service, (at, line): (usize, &Line), report: &mut Report) {
    let name = &service.name;
    match service.auth.checking_password().next() {
        Some((password, ..)) if password > at => {
            let enrolling = scene.whose(name, Course::Enrolled);
            match enrolling.first() {
                Some(account) => {
                    let user = &account.name;
                    let found =
                        format!("{name} walks {user} through enrolment before the password.");
                    report.find(ENROLL_BEFORE_PASSWORD.found(found).at(&line.place));
                }
                None => {
                    let found = format!("{name} asks for the code before the password.");
                    report.find(BEFORE_PASSWORD.found(found).at(&line.place));
                }
            }
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

/// What says which rule it is.
fn explain(service: &str) -> String {
    format!("countersignctl explain --user USER --service {service}")
}
