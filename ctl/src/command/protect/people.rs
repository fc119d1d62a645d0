//! Who would not get in any more.

use crate::account::{self, Account};
use crate::context::Context;
use crate::error::Error;
use crate::output::Tone;
use crate::protect::person;
use crate::protect::plan::Plan;
use crate::protect::policy::{Daemon, Policy};
use crate::service::locker;
use crate::words::{count, printable};

/// So many names are said; of more, how many they are.
const NAMES: usize = 8;

/// Says who holds no factor yet, and of lockers, whose screen would stay locked.
pub(super) fn warn_of_others(
    plan: &Plan,
    whom: &Account,
    context: &mut Context,
) -> Result<(), Error> {
    let lockers: Vec<&str> = plan.names().filter(|name| locker(name).is_some()).collect();
    if lockers.len() < plan.services.len() {
        warn_of_refusals(context)?;
    }
    let mut locked_in = Vec::new();
    let mut policy = Daemon::about(context, whom)?;
    for service in &lockers {
        for name in policy.says(service)?.in_vain {
            if !locked_in.contains(&name) && !person::has_no_password(&name) {
                locked_in.push(name);
            }
        }
    }
    if locked_in.is_empty() {
        return Ok(());
    }
    let text = behind_their_screen(&lockers, &locked_in);
    context.output.tell(Tone::Caution, &text)
}

/// Who is not let past their own locker, and what can be done for them.
fn behind_their_screen(lockers: &[&str], names: &[String]) -> String {
    let quoted: Vec<_> = lockers.iter().map(|name| format!("\"{name}\"")).collect();
    format!(
        "Not let past their own locked screen from then on, as they hold no second factor that is \
         taken there: {}. Enrol them first, or say by a rule, in a file of \
         /etc/countersign/countersign.toml.d, that their password is enough; and, if you like, that \
         whoever logged in with a code need give no other:\n  [[rule]]\n  name         = \"screen lockers\"\n  services     = [{}]\n  \
         not-enrolled = \"pass\"\n  remember     = {{ for = \"12h\", per = \"login-session\" }}",
        few(names),
        quoted.join(", ")
    )
}

fn warn_of_refusals(context: &mut Context) -> Result<(), Error> {
    let mut without = Vec::new();
    for name in account::local_names() {
        let account = Account::find(Some(&name))?;
        if account.has_shell()? && !context.status(&account)?.enrolled {
            without.push(name);
        }
    }
    if without.is_empty() {
        return Ok(());
    }
    context.output.tell(
        Tone::Caution,
        &format!(
            "Without a second factor, and refused from then on unless a rule of the policy lets \
             them in: {}.",
            few(&without)
        ),
    )
}

/// Names, or how many they are.
fn few(names: &[String]) -> String {
    match names.len() <= NAMES {
        true => {
            let names: Vec<_> = names.iter().map(|name| printable(name)).collect();
            names.join(", ")
        }
        false => count(names.len(), "account"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_would_be_locked_in_is_named_with_a_rule_that_lets_them_out() {
        let text = behind_their_screen(&["i3lock", "swaylock"], &["bob".to_owned()]);
        for part in [
            "taken there: bob.",
            "services     = [\"i3lock\", \"swaylock\"]",
            "not-enrolled = \"pass\"",
            "per = \"login-session\"",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let many: Vec<_> = (0..9).map(|number| format!("user{number}")).collect();
        assert!(behind_their_screen(&["i3lock"], &many).contains("9 accounts"));
    }
}
