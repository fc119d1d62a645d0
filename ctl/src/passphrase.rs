//! Passphrases: typed where nobody sees them, never in a command line or an environment.

use countersign_bus::types::SHORTEST_PASSPHRASE;
use zeroize::Zeroizing;

use crate::answers::Answers;
use crate::error::Error;

/// A new passphrase, typed twice.
pub(crate) fn choose() -> Result<Zeroizing<String>, Error> {
    let mut terminal = Answers::of_terminal()?;
    let passphrase = terminal.hidden("Passphrase: ")?;
    fit(&passphrase)?;
    if terminal.hidden("The same again: ")? != passphrase {
        return Err(Error::Refused(
            "Those were two different passphrases. Nothing was done; start again.".to_owned(),
        ));
    }
    Ok(passphrase)
}

/// The passphrase of something that is there.
pub(crate) fn ask() -> Result<Zeroizing<String>, Error> {
    Answers::of_terminal()?.hidden("Passphrase: ")
}

/// Refuses a new passphrase that is too short.
pub(crate) fn fit(passphrase: &str) -> Result<(), Error> {
    if passphrase.chars().count() >= SHORTEST_PASSPHRASE {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "The passphrase is too short: whoever finds the file can try as often as they like. Take \
         {SHORTEST_PASSPHRASE} characters or more, such as five words that have nothing to do \
         with each other."
    )))
}
