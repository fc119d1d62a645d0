//! A login: what the daemon wants asked is asked, until it is satisfied or somebody gives up.

use countersign_bus::Error;
use countersign_bus::types::{Ask, Challenge, Entry, News, Next};
use pam_countersign_ffi as ffi;
use zeroize::Zeroizing;

use crate::answer::{Answer, Kind};
use crate::claim::Claim;
use crate::conversation::{Claimant, Conversation, Picked};
use crate::daemon::{Daemon, Start};
use crate::messages::{FEW, Message, Prompt, Way};
use crate::outcome::{Passed, Refusal};

mod appended;
mod enrollment;

/// How many answers a login takes, whatever the daemon says: several codes in a row are one.
const MOST_ANSWERS: u32 = 3;
/// How often the question is put again when nothing was typed.
const MOST_REPEATS: u32 = 3;
/// How many codes in a row the daemon may ask for.
pub(crate) const MOST_CODES_IN_A_ROW: u32 = 3;

/// Puts the daemon's challenges to the claimant until one of them has had enough.
///
/// # Errors
///
/// Why the login must not go on; the claimant has been told what there is to tell.
pub(crate) fn authenticate(
    daemon: &mut impl Daemon,
    claimant: &mut Claimant<'_, impl Conversation>,
    claim: &Claim<'_>,
) -> Result<Passed, Refusal> {
    let mut exchange = Exchange {
        daemon,
        claimant,
        password: claim.password,
        seen: 0,
        unseen: 0,
        repeats: 0,
        in_a_row: 1,
        offered: false,
        chosen: None,
    };
    let mut outcome = exchange.run(claim);
    if let Err(refusal @ Refusal::NoAnswer(_)) = outcome {
        // The daemon waits, and counts it among those of the user that are open.
        outcome = Err(exchange.give_up(refusal));
    }
    outcome.inspect_err(|refusal| explain(refusal, claimant))
}

/// Tells the claimant why, if there is anything to tell.
pub(crate) fn explain(refusal: &Refusal, claimant: &mut Claimant<'_, impl Conversation>) {
    if let Some(message) = refusal.consequence().message {
        claimant.tell(message);
    }
}

/// A login in progress.
struct Exchange<'a, 'c, D, C> {
    daemon: &'a mut D,
    claimant: &'a mut Claimant<'c, C>,
    password: Option<&'a [u8]>,
    /// Answers that the daemon judged.
    seen: u32,
    /// Answers that it did not see, and does not count.
    unseen: u32,
    /// How often nothing was typed.
    repeats: u32,
    /// The place of the code asked for among those in a row.
    in_a_row: u32,
    /// Whether a list was put to the claimant, which is done once.
    offered: bool,
    /// What was chosen from it.
    chosen: Option<Way>,
}

impl<D: Daemon, C: Conversation> Exchange<'_, '_, D, C> {
    fn run(&mut self, claim: &Claim<'_>) -> Result<Passed, Refusal> {
        match claim.put(|login| self.daemon.begin(login))? {
            Start::Ask {
                challenge,
                entry,
                language,
            } => {
                self.claimant.speak(language);
                match (entry, self.password) {
                    (Entry::Appended, None) => self.prove_appended(&challenge),
                    (Entry::Appended, Some(_)) => self.prove_behind_password(challenge),
                    (Entry::Separate, _) => self.prove(challenge),
                }
            }
            Start::Enroll { offer, language } => {
                self.claimant.speak(language);
                self.enroll(offer)
            }
            Start::NotDemanded { rule } => Ok(Passed::NotDemanded { rule }),
            Start::Remembered { rule, seconds } => Ok(Passed::Remembered { rule, seconds }),
        }
    }

    /// Has the claimant prove a factor.
    fn prove(&mut self, mut challenge: Challenge) -> Result<Passed, Refusal> {
        loop {
            self.introduce(&challenge);
            let (kind, code) = self.answer(&challenge, Prompt::Of(challenge.ask))?;
            match self.daemon.respond(&code).map_err(Refusal::Daemon)? {
                Next::Finished { recovery_left } => {
                    self.take_leave(kind, recovery_left);
                    return Ok(Passed::Finished);
                }
                Next::Ask(next) => challenge = self.go_on(next)?,
                Next::Enroll(_) | Next::Acknowledge => {
                    return Err(out_of_place("an enrolment in place of a code"));
                }
            }
        }
    }

    /// Tells what there is to know before the question.
    fn introduce(&mut self, challenge: &Challenge) {
        let left = self.left(challenge);
        let several = Message::SeveralCodes {
            codes: challenge.codes,
        };
        let news = match challenge.news {
            Some(News::Wrong) => Some(Message::WrongCode { left }),
            Some(News::Used) => Some(Message::UsedCode),
            Some(News::SeveralCodes) => Some(several),
            Some(News::WrongRecovery) => Some(Message::WrongRecoveryCode { left }),
            Some(News::RecoveryWait) => Some(Message::RecoveryWait {
                wait: challenge.wait,
            }),
            None => match challenge.ask {
                Ask::Code => None,
                Ask::FirstCode => Some(several),
                Ask::NextCode => Some(Message::AwaitNextCode),
                Ask::RecoveryCode => Some(Message::TypeRecoveryCode),
            },
        };
        if let Some(news) = news {
            self.claimant.tell(news);
        }
    }

    /// Asks until something is typed that can be meant.
    fn answer(
        &mut self,
        challenge: &Challenge,
        prompt: Prompt,
    ) -> Result<(Kind, Zeroizing<String>), Refusal> {
        loop {
            let (prompt, typed) = self.ask(challenge, prompt)?;
            match Answer::read(&typed, challenge, self.password) {
                Answer::Fit(kind, code) => return Ok((kind, code)),
                Answer::Empty if self.repeats < MOST_REPEATS => self.repeats += 1,
                Answer::Empty => return Err(self.give_up(Refusal::NothingTyped)),
                Answer::Unfit => self.count_unfit(challenge, prompt)?,
            }
        }
    }

    /// Asks, where the first answer came to nothing and a recovery code is taken as well by the
    /// prompt of the claimant's choice: the daemon asks for the same, and looks at either.
    fn ask(
        &mut self,
        challenge: &Challenge,
        usual: Prompt,
    ) -> Result<(Prompt, ffi::Answer), Refusal> {
        let mut prompt = usual;
        if self.has_choice(challenge, usual) {
            if !self.offered {
                self.offered = true;
                match self.claimant.choose() {
                    Some(Picked::Answer(typed)) => return Ok((usual, typed)),
                    Some(Picked::Way(way)) => self.chosen = Some(way),
                    None => {}
                }
            }
            prompt = match self.chosen {
                Some(Way::RecoveryCode) => Prompt::Of(Ask::RecoveryCode),
                Some(Way::Code) | None => usual,
            };
        }
        let typed = self.claimant.ask(prompt).map_err(Refusal::NoAnswer)?;
        Ok((prompt, typed))
    }

    /// Whether there is something to choose, and a reason to.
    fn has_choice(&self, challenge: &Challenge, prompt: Prompt) -> bool {
        let choice = match prompt {
            Prompt::Of(Ask::Code | Ask::FirstCode) => challenge.recovery,
            Prompt::Of(Ask::NextCode | Ask::RecoveryCode)
            | Prompt::Appended { .. }
            | Prompt::Enroll
            | Prompt::Keep => false,
        };
        choice && self.seen + self.unseen + self.repeats > 0
    }

    /// An answer that the daemon does not see looks like a wrong one.
    fn count_unfit(&mut self, challenge: &Challenge, prompt: Prompt) -> Result<(), Refusal> {
        self.unseen += 1;
        let left = self.left(challenge);
        if left == 0 {
            return Err(self.give_up(Refusal::TooManyAnswers));
        }
        self.claimant.tell(match prompt {
            Prompt::Of(Ask::Code | Ask::FirstCode | Ask::NextCode) | Prompt::Appended { .. } => {
                Message::WrongCode { left }
            }
            Prompt::Of(Ask::RecoveryCode) => Message::WrongRecoveryCode { left },
            Prompt::Enroll | Prompt::Keep => Message::WrongFirstCode { left },
        });
        Ok(())
    }

    /// The daemon's next challenge, if it can be put.
    fn go_on(&mut self, next: Challenge) -> Result<Challenge, Refusal> {
        match next.ask {
            Ask::NextCode => self.in_a_row += 1,
            Ask::Code | Ask::FirstCode | Ask::RecoveryCode => {
                self.in_a_row = 1;
                self.seen += 1;
            }
        }
        if self.in_a_row > MOST_CODES_IN_A_ROW {
            return Err(out_of_place("one more code in a row"));
        }
        if self.left(&next) == 0 {
            return Err(self.give_up(Refusal::TooManyAnswers));
        }
        Ok(next)
    }

    /// How many answers are left.
    fn left(&self, challenge: &Challenge) -> u32 {
        challenge
            .tries
            .min(MOST_ANSWERS.saturating_sub(self.seen))
            .saturating_sub(self.unseen)
    }

    /// Tells what there is to know after a success.
    fn take_leave(&mut self, kind: Kind, recovery_left: Option<u32>) {
        let message = match (kind, recovery_left) {
            (Kind::RecoveryCode, Some(left)) => Message::RecoveryCodeUsed { left },
            (Kind::Code | Kind::Issued, Some(left)) if left <= FEW => {
                Message::FewRecoveryCodes { left }
            }
            (Kind::Code | Kind::Issued, Some(_)) | (_, None) => return,
        };
        self.claimant.tell_at_the_end(message);
    }

    fn give_up(&mut self, refusal: Refusal) -> Refusal {
        // Ignoring a failure: the transaction ends with the connection too.
        let _ = self.daemon.cancel();
        refusal
    }
}

/// The daemon asks for what makes no sense here.
fn out_of_place(what: &str) -> Refusal {
    Refusal::Daemon(Error::Transport(format!("{what} is asked for")))
}

#[cfg(test)]
mod tests;
