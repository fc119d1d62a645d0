//! A login whose program has one field: the password, and behind it the code.

use countersign_bus::types::{Ask, Challenge, Next};
use zeroize::Zeroizing;

use super::{Exchange, MOST_CODES_IN_A_ROW, out_of_place};
use crate::conversation::Conversation;
use crate::daemon::Daemon;
use crate::field::Field;
use crate::messages::Prompt;
use crate::outcome::{Passed, Refusal};

impl<D: Daemon, C: Conversation> Exchange<'_, '_, D, C> {
    /// Asks for both at once, and once: the program begins anew by itself. The code is judged
    /// first, here; the password then, by whatever stands behind this module, and only if the
    /// daemon took the code.
    pub(super) fn prove_appended(&mut self, challenge: &Challenge) -> Result<Passed, Refusal> {
        if challenge.ask == Ask::NextCode || challenge.codes > MOST_CODES_IN_A_ROW {
            return Err(out_of_place("what nobody begins with"));
        }
        self.introduce(challenge);
        let prompt = Prompt::Appended {
            ask: challenge.ask,
            codes: challenge.codes,
        };
        let typed = self.claimant.ask(prompt).map_err(Refusal::NoAnswer)?;
        let (password, answers) = match Field::read(&typed, challenge) {
            Field::Both { password, answers } => (password, answers),
            Field::Empty => return Err(self.give_up(Refusal::NothingTyped)),
            Field::Unfit => return Err(self.give_up(Refusal::NoCodeAtTheEnd)),
        };
        self.submit(answers)?;
        self.claimant
            .hand_on(password)
            .map_err(Refusal::NotHandedOn)?;
        // How many recovery codes are left is nobody's to know whose password was not looked at.
        Ok(Passed::Finished)
    }

    /// Asks for the code alone, since another module has asked for the password already. What has
    /// one field in truth gives it once more.
    pub(super) fn prove_behind_password(
        &mut self,
        challenge: Challenge,
    ) -> Result<Passed, Refusal> {
        self.prove(challenge).map_err(|refusal| {
            if refusal == Refusal::TooManyAnswers {
                Refusal::StandsTooLow
            } else {
                refusal
            }
        })
    }

    /// Has the daemon judge what was typed; whatever it asks for beyond that is not to be had.
    fn submit(&mut self, answers: Vec<Zeroizing<String>>) -> Result<(), Refusal> {
        for answer in answers {
            match self.daemon.respond(&answer).map_err(Refusal::Daemon)? {
                Next::Finished { .. } => return Ok(()),
                Next::Ask(next) if next.ask == Ask::NextCode => {}
                Next::Ask(_) | Next::Enroll(_) | Next::Acknowledge => break,
            }
        }
        Err(self.give_up(out_of_place("more than was typed")))
    }
}
