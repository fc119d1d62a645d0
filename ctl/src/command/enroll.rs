//! `enroll`: a new key, for an authenticator app to keep.

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum, value_parser};
use countersign_bus::types::{EnrollOptions, Factor};
use countersign_qr::{LEAST_QUIET, QUIET, Qr};
use zeroize::Zeroizing;

use super::{confirm, recovery_codes};
use crate::account::Account;
use crate::context::Context;
use crate::error::Error;
use crate::help;
use crate::key_uri::KeyUri;
use crate::output::{Output, Size};
use crate::words::{grouped, printable};
use crate::{report, sealed};

/// Lines that should stay in sight below the QR code: the prompt, and an empty one.
const BELOW: usize = 2;

/// What the daemon offers.
struct Offer {
    credential: String,
    uri: KeyUri,
    recovery_codes: Vec<Zeroizing<String>>,
}

#[derive(Args, Debug)]
#[command(after_help = help::examples(&[
    "countersignctl enroll --label phone     # your own, with a QR code to scan",
    "sudo countersignctl enroll alice        # alice's, while she is here to scan it",
    "sudo countersignctl enroll alice --unconfirmed --json >alice.json   # to send her",
    "sudo countersignctl enroll alice --factor hotp --secret-stdin <token.key",
]))]
pub(crate) struct Enroll {
    /// Whose factor it will be
    pub(crate) user: Option<String>,
    /// Codes by the clock (an app), or by a counter (most hardware tokens)
    #[arg(long, value_name = "KIND", default_value = "totp")]
    pub(crate) factor: Kind,
    /// What to call it, such as "phone"
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// How many digits its codes have
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(6..=8))]
    pub(crate) digits: Option<u32>,
    /// Its hash function; many apps know SHA1 only
    #[arg(
        long,
        value_name = "NAME",
        ignore_case = true,
        value_parser = PossibleValuesParser::new(["SHA1", "SHA256", "SHA512"])
    )]
    pub(crate) algorithm: Option<String>,
    /// How many seconds a code by the clock lasts
    #[arg(long, value_name = "S", value_parser = value_parser!(u32).range(15..=120))]
    pub(crate) period: Option<u32>,
    /// Which number the next code by a counter has; 0 for a new token
    #[arg(long, value_name = "N", conflicts_with = "period")]
    pub(crate) counter: Option<u64>,
    /// Have it count at once, without a first code (root)
    #[arg(long)]
    pub(crate) unconfirmed: bool,
    /// Take the secret, in base 32, from standard input instead of making a new one
    #[arg(long)]
    pub(crate) secret_stdin: bool,
    /// Print the otpauth URI as well
    #[arg(long)]
    pub(crate) show_uri: bool,
    /// Print JSON, and ask for no first code
    #[arg(long)]
    pub(crate) json: bool,
}

/// A kind of factor that can be set up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Kind {
    /// By the clock
    Totp,
    /// By a counter
    Hotp,
}

impl From<Kind> for Factor {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Totp => Self::Totp,
            Kind::Hotp => Self::Hotp,
        }
    }
}

pub(super) fn run(arguments: &Enroll, context: &mut Context) -> Result<(), Error> {
    let account = Account::find(arguments.user.as_deref())?;
    if arguments.unconfirmed {
        context.need_root("have a factor count without a first code")?;
    }
    let secret = match arguments.secret_stdin {
        true => Some(secret(context)?),
        false => None,
    };
    let offer = offer(arguments, &account, secret.as_ref(), context)?;
    if arguments.json {
        return context.output.json(&report::Enrolled {
            user: &account.name,
            uid: account.uid,
            credential: &offer.credential,
            factor: arguments.factor.into(),
            confirmed: arguments.unconfirmed,
            secret: offer.uri.secret(),
            uri: offer.uri.as_str(),
            recovery_codes: recovery_codes::strings(&offer.recovery_codes),
        });
    }
    show(&account, &offer, arguments.show_uri, &context.output)?;
    let codes = if arguments.unconfirmed {
        offer.recovery_codes
    } else {
        let device = confirm::Device::of(Some(arguments.factor.into()));
        confirm::first_code(&account, (device, &offer.credential), context)?
    };
    confirm::done(&account, &codes, context)
}

/// A secret in base 32, without what people put between its letters.
fn secret(context: &mut Context) -> Result<Zeroizing<String>, Error> {
    let mut secret = context.answers.secret("Secret (base 32): ")?;
    secret.retain(|c| !c.is_whitespace() && c != '-');
    secret.make_ascii_uppercase();
    if secret.is_empty() {
        return Err(Error::Refused(
            "No secret was given. Give it in base 32 on standard input.".to_owned(),
        ));
    }
    Ok(secret)
}

fn offer(
    arguments: &Enroll,
    account: &Account,
    secret: Option<&Zeroizing<String>>,
    context: &mut Context,
) -> Result<Offer, Error> {
    // As many as there may be calls: sent, a file is gone.
    let mut secrets = match secret {
        Some(secret) => vec![
            sealed::seal(secret.as_bytes())?,
            sealed::seal(secret.as_bytes())?,
        ],
        None => Vec::new(),
    };
    let (credential, file) = context.with_proof(account, |client, proof| {
        let options = EnrollOptions {
            label: arguments.label.clone(),
            digits: arguments.digits,
            algorithm: arguments.algorithm.as_deref().map(str::to_ascii_uppercase),
            period: arguments.period,
            counter: arguments.counter,
            unconfirmed: arguments.unconfirmed.then_some(true),
            secret: secrets.pop().map(Into::into),
            proof,
        };
        client.enroll(account.wire(), arguments.factor.into(), &options)
    })?;
    let mut lines = sealed::lines(file)?.into_iter();
    let uri = lines
        .next()
        .ok_or(Error::Garbled("there is no key in it"))?;
    Ok(Offer {
        credential,
        uri: KeyUri::new(uri)?,
        recovery_codes: lines.collect(),
    })
}

/// Shows the key. The QR code comes last, so that all of it stays in sight.
fn show(account: &Account, offer: &Offer, show_uri: bool, output: &Output) -> Result<(), Error> {
    output.strong(&format!("A key for {account}"))?;
    output.say(&format!(
        "Add it to an authenticator app, which will call it \"{}\".",
        printable(&offer.uri.label())
    ))?;
    let secret = grouped(offer.uri.secret());
    output.line("")?;
    output.line(&Zeroizing::new(format!("  Key:      {}", secret.as_str())))?;
    output.line(&format!("  Settings: {}", printable(&offer.uri.settings())))?;
    if show_uri {
        output.line(&Zeroizing::new(format!(
            "  URI:      {}",
            offer.uri.as_str()
        )))?;
    }
    output.line("")?;
    match output.size() {
        Some(size) => picture(offer.uri.as_str(), size, output),
        None => Ok(()),
    }
}

/// The QR code, if it fits.
fn picture(uri: &str, size: Size, output: &Output) -> Result<(), Error> {
    let qr = Qr::new(uri).map_err(|_| Error::Garbled("its key is too long for a QR code"))?;
    let (columns, lines) = (usize::from(size.columns), usize::from(size.lines));
    let fits = |quiet| qr.columns(quiet) <= columns && qr.lines(quiet) + BELOW <= lines;
    let quiet = if fits(QUIET) { QUIET } else { LEAST_QUIET };
    if qr.columns(quiet) > columns {
        return output.say(&format!(
            "This terminal is too narrow for a QR code, which takes {} columns. \
             Type the key into the app.",
            qr.columns(quiet)
        ));
    }
    output.line(qr.draw(quiet, output.ink()).trim_end_matches('\n'))?;
    if qr.lines(quiet) >= lines {
        output.say("Make the window taller to see the whole QR code, or type the key.")?;
    }
    Ok(())
}
