//! `confirm`: a first code shows that the key has arrived, and makes it count.

use clap::Args;
use countersign_bus::types::Factor;
use zeroize::Zeroizing;

use super::recovery_codes;
use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::output::{Output, Tone};
use crate::report::Credential;
use crate::words::printable;
use crate::{report, sealed};

/// How often a person may try.
const TRIES: usize = 3;

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl confirm            # the one that waits",
    "sudo countersignctl confirm alice # hers, with the code that she reads out",
]))]
pub(crate) struct Confirm {
    /// Whose credential it is
    pub(crate) user: Option<String>,
    /// Which one; needed only if several wait to be confirmed
    pub(crate) credential: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(arguments: &Confirm, context: &mut Context) -> Result<(), Error> {
    let (account, device, credential) = named(arguments, context)?;
    let codes = first_code(&account, (device, &credential), context)?;
    if arguments.json {
        return context.output.json(&report::Confirmed {
            user: &account.name,
            uid: account.uid,
            credential: &credential,
            confirmed: true,
            recovery_codes: recovery_codes::strings(&codes),
        });
    }
    done(&account, &codes, context)
}

/// What shows the codes of a credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Device {
    /// It goes by the clock.
    App,
    /// It goes by a counter.
    Token,
}

impl Device {
    /// What shows the codes of this factor.
    pub(super) fn of(factor: Option<Factor>) -> Self {
        match factor {
            Some(Factor::Hotp) => Self::Token,
            Some(Factor::Totp | Factor::Recovery) | None => Self::App,
        }
    }

    fn prompt(self) -> &'static str {
        match self {
            Self::App => "First code from the app: ",
            Self::Token => "First code from the token: ",
        }
    }

    /// What may be wrong, if its codes are.
    fn doubt(self) -> &'static str {
        match self {
            Self::App => "Is the clock right, on the phone and here (see: date)?",
            Self::Token => {
                "Was the token used before? Set it up with --counter, the number of its next code."
            }
        }
    }

    /// What to do about it.
    fn advice(self) -> &'static str {
        match self {
            Self::App => {
                "Is the phone's clock right? Its codes depend on it: let it set its time itself."
            }
            Self::Token => "Take the next code that it shows, not one from before.",
        }
    }
}

/// Asks for the first code of a credential until it fits, and gives the recovery codes that were
/// made for that, if any were.
pub(super) fn first_code(
    account: &Account,
    (device, credential): (Device, &str),
    context: &mut Context,
) -> Result<Vec<Zeroizing<String>>, Error> {
    ask(account, (device, credential), context).map_err(|error| {
        let (user, credential) = (printable(&account.name), printable(credential));
        let state = if error.leaves_doubt() {
            format!(
                "The new key may be unconfirmed still; or it counts, and its recovery codes were \
                 not shown. Look, and confirm it or make new recovery codes:\n  \
                 countersignctl status {user}\n  \
                 countersignctl confirm {user} {credential}\n  \
                 countersignctl recovery-codes {user}"
            )
        } else {
            format!(
                "The new key stays unconfirmed: no login takes its codes. \
                 Confirm it, or remove it:\n  \
                 countersignctl confirm {user} {credential}\n  \
                 countersignctl remove {user} {credential}"
            )
        };
        error.leaving(state)
    })
}

/// Says that the factor counts, and what else there is to know.
pub(super) fn done(
    account: &Account,
    codes: &[Zeroizing<String>],
    context: &Context,
) -> Result<(), Error> {
    context
        .output
        .tell(Tone::Good, &format!("Second factor of {account} set up."))?;
    recovery_codes::show(account, codes, &context.output)?;
    context.output.line("")?;
    context.output.say(&format!(
        "Try it with the next code:\n  countersignctl test{}",
        account.argument()
    ))
}

fn ask(
    account: &Account,
    (device, credential): (Device, &str),
    context: &mut Context,
) -> Result<Vec<Zeroizing<String>>, Error> {
    let tries = if context.answers.are_typed() {
        TRIES
    } else {
        1
    };
    for left in (0..tries).rev() {
        let code = code(device, context)?;
        match context.call(|client| client.confirm(account.wire(), credential, &code)) {
            Ok(file) => return sealed::lines(file),
            Err(error) if !error.is_rejection() => return Err(error),
            Err(_) if left > 0 => try_again(device, left, &context.output)?,
            Err(_) => break,
        }
    }
    Err(Error::Refused(format!(
        "The code does not fit the key. {}",
        device.doubt()
    )))
}

fn try_again(device: Device, left: usize, output: &Output) -> Result<(), Error> {
    output.say(&format!(
        "That code does not fit the key. Try again ({left} left)."
    ))?;
    if left < TRIES - 1 {
        return Ok(());
    }
    output.say(device.advice())
}

/// What has the shape of a code. What has not is not sent, and is no try.
fn code(device: Device, context: &mut Context) -> Result<Zeroizing<String>, Error> {
    for _ in 0..TRIES {
        let mut code = context.answers.hidden(device.prompt())?;
        code.retain(|c| !matches!(c, ' ' | '-'));
        if (6..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(code);
        }
        if !context.answers.are_typed() {
            break;
        }
        context
            .output
            .say("A code is the six to eight digits that it shows now.")?;
    }
    Err(Error::Refused(
        "What was given is no code: a code is six to eight digits.".to_owned(),
    ))
}

/// The credential that the arguments name; without a name, the one that waits.
fn named(arguments: &Confirm, context: &mut Context) -> Result<(Account, Device, String), Error> {
    let user = arguments.user.as_deref();
    let (account, named) = match (Account::find(user), user, &arguments.credential) {
        (Ok(account), _, named) => (account, named.as_deref()),
        // A lone argument that is no user's name may be a credential of the caller.
        (Err(unknown @ Error::NoSuchUser(_)), Some(id), None) => {
            let caller = Account::find(None)?;
            let status = context.status(&caller)?;
            if !status.credentials.iter().any(|c| c.id == id) {
                return Err(unknown);
            }
            (caller, Some(id))
        }
        (Err(error), _, _) => return Err(error),
    };
    let credential = match named {
        None => waiting(&account, context)?,
        Some(id) => context.credential(&account, id)?,
    };
    if credential.confirmed {
        return Err(Error::Refused(format!(
            "Credential {} of {account} is confirmed already, and counts.",
            printable(&credential.id)
        )));
    }
    Ok((account, Device::of(credential.factor), credential.id))
}

/// The one credential that waits to be confirmed.
fn waiting(account: &Account, context: &mut Context) -> Result<Credential, Error> {
    let status = context.status(account)?;
    let mut waiting = status.credentials.into_iter().filter(|c| !c.confirmed);
    match (waiting.next(), waiting.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::Refused(format!(
            "No credential of {account} waits to be confirmed. Set one up:\n  \
             countersignctl enroll{}",
            account.argument()
        ))),
        (Some(_), Some(_)) => Err(Error::Refused(format!(
            "Several credentials of {account} wait to be confirmed. Look, and name one:\n  \
             countersignctl status{}\n  \
             countersignctl confirm {} ID",
            account.argument(),
            printable(&account.name)
        ))),
    }
}
