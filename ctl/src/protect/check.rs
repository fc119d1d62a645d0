//! What a stack must be that our line stands in.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_bus::types::Entry;

use super::policy::Policy;
use crate::doctor::scene::Files;
use crate::error::Error;
use crate::pam_stack::password::PASSWORDS;
use crate::pam_stack::walk::Ways;
use crate::pam_stack::{Configuration, Facility, Stack, Step};
use crate::service::{Kind, kind, lockers};
use crate::words::printable;

/// The module.
pub(crate) const MODULE: &str = "pam_countersign.so";

/// Whether somebody is there to answer.
pub(super) fn need_answerable(service: &str) -> Result<(), Error> {
    let why = match kind(service) {
        Kind::Greeter => {
            "the login screen itself runs under it, before anybody is there: with a line of ours no \
             login screen would come up. Name the service that it lets people in by, such as \
             gdm-password, lightdm, sddm or greetd"
        }
        Kind::Autologin => {
            "it logs somebody in without a question, so there is nobody to answer. Turn automatic \
             logins off in the login screen's configuration"
        }
        Kind::Job => {
            "it starts work for people who are not there, and none of it would be started any more. \
             Say who may leave work behind, in /etc/cron.allow and /etc/at.allow"
        }
        Kind::Login | Kind::Locker | Kind::Tool | Kind::Unknown => return Ok(()),
    };
    Err(Error::Refused(format!(
        "Nothing was changed: {service} is not to be protected: {why}."
    )))
}

/// Whether libpam can read all of it.
pub(super) fn need_followed(configuration: &Configuration, service: &str) -> Result<(), Error> {
    let stack = configuration.own_stack(service, Facility::Auth);
    if let Some(flaw) = stack.flaws.first() {
        return Err(Error::Refused(format!(
            "Nothing was changed: {} cannot be followed: {}. Mend it first.",
            flaw.place,
            printable(&flaw.what)
        )));
    }
    Ok(())
}

/// Whether a login through the service comes to our line, can answer it, and needs more than its
/// word; and whether something decides where it has no say.
pub(super) fn need_sound(
    configuration: &Configuration,
    service: &str,
    entry: Entry,
) -> Result<(), Error> {
    let stack = configuration.own_stack(service, Facility::Auth);
    need_no_way_around(&stack, service)?;
    if let Some((_, password, module)) = stack.checking_password().next()
        && Ways::if_refused_by(PASSWORDS, &stack, MODULE).suffices()
    {
        return Err(Error::Refused(format!(
            "Nothing was changed: {} ({}) lets a login go on after a wrong password, and a right \
             code would be enough. Have a wrong password end it: \"required\" in place of its \
             control.",
            password.place,
            printable(module.name())
        )));
    }
    if Ways::of(&stack, MODULE).undecided() {
        return Err(Error::Refused(format!(
            "Nothing was changed: nothing in the auth lines of {service} would decide where the \
             policy asks for no code, and PAM would refuse the login. Add a line that decides, \
             such as the one for the password."
        )));
    }
    match unanswerable(&stack, service, entry) {
        None => Ok(()),
        Some(why) => Err(Error::Refused(format!("Nothing was changed: {why}"))),
    }
}

fn need_no_way_around(stack: &Stack, service: &str) -> Result<(), Error> {
    for index in Ways::of(stack, MODULE).around() {
        let Some(line) = stack.lines.get(index) else {
            continue;
        };
        let name = match &line.step {
            Step::Module(module) => module.name(),
            Step::Substack => "",
        };
        // Root, who becomes somebody else by su.
        if name == "pam_rootok.so" {
            continue;
        }
        return Err(Error::Refused(format!(
            "Nothing was changed: {} ({}) lets a login in that never comes to Countersign's line, \
             without a code. If that line is in a file that /etc/pam.d/{service} takes in by \
             \"auth include\", write \"auth substack\" there: then only that file ends early. Else \
             give it a control that goes on, such as \"required\".",
            line.place,
            printable(name)
        )));
    }
    Ok(())
}

/// Why nobody could answer what this stack asks, if that is so.
pub(super) fn unanswerable(stack: &Stack, service: &str, entry: Entry) -> Option<String> {
    let mut ours = stack.asking(MODULE);
    let (first, _, _) = ours.next()?;
    if let Some((_, again, _)) = ours.next() {
        return Some(format!(
            "{service} would ask for a code twice, the second time by {}. Take that line out there, \
             or leave {service} as it is.",
            again.place
        ));
    }
    if entry == Entry::Separate {
        return None;
    }
    let passwords = || stack.checking_password();
    if let Some((_, password, module)) = passwords().find(|(at, ..)| *at < first) {
        return Some(format!(
            "in {service} password and code are typed into one field, and {} ({}) comes before \
             Countersign's line, which has to take the code off first.",
            password.place,
            printable(module.name())
        ));
    }
    let (_, again, module) = passwords().find(|(_, _, module)| module.asks_again())?;
    Some(format!(
        "in {service} password and code are typed into one field, and {} ({}) would ask a second \
         time in place of taking the password that it is handed. Give it the argument {}, and try \
         again.",
        again.place,
        printable(module.name()),
        match module.name() {
            "pam_sss.so" => "use_first_pass in place of prompt_always",
            _ => "try_first_pass",
        }
    ))
}

/// The services that take in a file which is to be changed, by whose lines they ask from then on.
/// Those that were named are looked at by [`need_sound`].
///
/// # Errors
///
/// [`Error::Refused`] if one of them could not be answered any more, with what to do.
pub(super) fn need_others_sound(
    root: &Path,
    after: &Configuration,
    (named, changed): (&[String], &BTreeSet<String>),
    policy: &mut dyn Policy,
) -> Result<Vec<String>, Error> {
    let before = Configuration::beneath(root);
    let mut services = after.services().unwrap_or_default();
    // What has no file does what `other` says.
    let without = lockers().filter(|locker| after.file_of(locker.service).is_none());
    let installed = without.filter(|locker| locker.is_installed(&Files::beneath(root)));
    services.extend(installed.map(|locker| locker.service.to_owned()));
    let (mut asking, mut one_field, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    for service in services.into_iter().filter(|name| !changed.contains(name)) {
        let lines = |configuration: &Configuration| {
            let stack = configuration.stack(&service, Facility::Auth);
            stack.asking(MODULE).count()
        };
        let (old, new) = (lines(&before), lines(after));
        if new <= old || is_no_login(&service) {
            continue;
        }
        let said = policy.says(&service)?;
        match (old, said.entry) {
            _ if !said.demanded => {}
            (0, Entry::Separate) => asking.push(service),
            (0, Entry::Appended) => one_field.push(service),
            (_, Entry::Separate | Entry::Appended) => twice.push(service),
        }
    }
    match (twice.as_slice(), one_field.as_slice()) {
        ([], []) => Ok(asking),
        ([], _) => Err(Error::Refused(format!(
            "Nothing was changed: {} would take in the new line with a file of these, and could not \
             be answered: there password and code are typed into one field, and the line has to \
             stand first. Protect it together with these:\n  countersignctl protect {} {}\nor say \
             by a rule with require = \"none\" that nothing is asked there.",
            one_field.join(", "),
            named.join(" "),
            one_field.join(" ")
        ))),
        _ => Err(Error::Refused(format!(
            "Nothing was changed: {} would take in the new line with a file of these, has one of its \
             own already, and would ask twice. Take that out first:\n  countersignctl unprotect {}",
            twice.join(", "),
            twice.join(" ")
        ))),
    }
}

/// Whether nobody logs in through it.
fn is_no_login(service: &str) -> bool {
    match kind(service) {
        Kind::Login | Kind::Locker | Kind::Unknown => false,
        Kind::Greeter | Kind::Autologin | Kind::Job | Kind::Tool => true,
    }
}
