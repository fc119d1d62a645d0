//! Screen lockers, and polkit's windows.

use countersign_bus::Profile;
use countersign_bus::types::Entry;

use super::checks::*;
use super::{OURS, Service, own_file};
use crate::doctor::Report;
use crate::doctor::scene::{Course, Scene};
use crate::doctor::users::may_log_in;
use crate::service::{Locker, lockers};
use crate::words::printable;

/// Where a program is that shows polkit's questions, and hangs at a second one.
const LXPOLKIT: [&str; 2] = ["/usr/bin/lxpolkit", "/usr/libexec/lxpolkit"];
const POLKIT: &str = "polkit-1";
/// What a service does that has no file.
const OTHER: &str = "other";

pub(super) fn examine(scene: &Scene<'_>, services: &[Service], report: &mut Report) {
    if !services.iter().any(Service::asks) {
        return;
    }
    let named = |name: &str| services.iter().find(|service| service.name == name);
    for locker in lockers() {
        let own = named(locker.service).filter(|service| service.own);
        let installed = locker.is_installed(&scene.files);
        match (own, named(OTHER)) {
            (Some(service), _) if service.asks() => locked_in(scene, service, report),
            (Some(service), _) if installed => unprotected(scene, service, locker, report),
            (None, Some(other)) if installed => without_file(scene, other, locker, report),
            (Some(_) | None, _) => {}
        }
    }
    if let Some(service) = named(POLKIT).filter(|service| service.asks()) {
        polkit(scene, service, report);
    }
}

/// Who does not get past their own screen.
fn locked_in(scene: &Scene<'_>, service: &Service, report: &mut Report) {
    let name = &service.name;
    let people = scene.whose(name, Course::AskedInVain).into_iter();
    let people = people.filter(|account| may_log_in(scene, account));
    let names: Vec<_> = people.map(|account| printable(&account.name)).collect();
    if names.is_empty() {
        return;
    }
    let found = format!("{name} asks {}, who cannot answer.", names.join(", "));
    let finding = own_file(scene, LOCKED_IN.found(found), name);
    report.find(finding.fix("countersignctl enroll USER"));
}

fn unprotected(scene: &Scene<'_>, service: &Service, locker: &Locker, report: &mut Report) {
    if scene.is_demanded_at(locker.service) && service.admits(scene) {
        let found = format!("{} unlocks a screen by the password alone.", locker.service);
        let finding = own_file(scene, LOCKER_UNPROTECTED.found(found), &service.name);
        report.find(finding.fix(format!("countersignctl protect {}", locker.service)));
    }
}

/// A locker that does what `other` says.
fn without_file(scene: &Scene<'_>, other: &Service, locker: &Locker, report: &mut Report) {
    let name = locker.service;
    if !scene.is_demanded_at(name) || !other.admits(scene) {
        return;
    }
    let file =
        format!("printf '@include common-auth\\n@include common-account\\n' >/etc/pam.d/{name}");
    let protect = format!("countersignctl protect {name}");
    let asking = other.auth.asking(OURS).next();
    let one_field = Profile::of(name).entry() == Entry::Appended;
    let finding = match asking {
        None => {
            let found =
                format!("{name}, which has no file, unlocks a screen by the password alone.");
            own_file(scene, LOCKER_UNPROTECTED.found(found), OTHER)
        }
        Some((_, line, _)) if one_field => {
            let found = format!("{name}, which has no file, has one field for password and code.");
            ONE_FIELD.found(found).at(&line.place)
        }
        Some(_) => return,
    };
    report.find(finding.fix(file).fix(protect));
}

/// The program that hangs at a second question of this service, if it is installed.
pub(super) fn hanging_agent(scene: &Scene<'_>, service: &str) -> Option<&'static str> {
    let mut paths = LXPOLKIT.into_iter().filter(|_| service == POLKIT);
    paths.find(|path| scene.files.exists(path))
}

fn polkit(scene: &Scene<'_>, service: &Service, report: &mut Report) {
    let Some(agent) = hanging_agent(scene, POLKIT) else {
        return;
    };
    let asked = scene.is_demanded_at(POLKIT) && scene.is_typed(POLKIT, Entry::Separate);
    if let Some((_, line, _)) = service.auth.asking(OURS).next().filter(|_| asked) {
        let found = format!("{agent} is installed, and {POLKIT} asks for the code by itself.");
        let finding = AGENT_HANGS.found(found).at(&line.place);
        report.find(
            finding
                .fix("entry = \"appended\"")
                .fix("countersignctl reload")
                .fix("countersignctl unprotect polkit-1")
                .fix("countersignctl protect polkit-1"),
        );
    }
}
