//! `confirm-protect`: a change that was on trial stays.

use std::path::Path;

use clap::Args;

use super::protect::{need_root, services_of};
use crate::error::Error;
use crate::help;
use crate::output::{Output, Tone};
use crate::protect::host::{Host, ROOT};
use crate::protect::ledger::{Busy, Store};
use crate::protect::login::Way;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "sudo countersignctl confirm-protect   # in a login that began after the change",
]))]
pub(crate) struct ConfirmProtect {}

pub(super) fn run(ConfirmProtect {}: &ConfirmProtect) -> Result<(), Error> {
    need_root("confirm a change of logins")?;
    // Before the lock is waited for: what counts is how this program came to be.
    let way = Way::of_this_process();
    let store = Store::open(Path::new(ROOT), Busy::Wait)?;
    let mut ledger = store.read()?;
    let Some(pending) = &ledger.pending else {
        return Err(Error::Refused(
            "No change waits to be confirmed. If its time was up, everything is as before, and \
             the journal says so:\n  journalctl -u countersign-revert"
                .to_owned(),
        ));
    };
    way.need_new(pending)?;
    let services = services_of(&ledger);
    let host = Host::of_user("root");
    let changer = host.changer(&store);
    changer.confirm(&mut ledger)?;
    let output = Output::open();
    output.tell(
        Tone::Good,
        &format!("Confirmed: a second factor is asked for from now on: {services}."),
    )?;
    output.say(&format!(
        "To undo it later:\n  sudo countersignctl unprotect {}",
        services.replace(',', "")
    ))
}
