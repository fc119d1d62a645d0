//! Enrolment within a login, of somebody who has no factor yet.

use countersign_bus::types::{Ask, Challenge, News, Next, Offer};
use zeroize::Zeroizing;

use super::{Exchange, out_of_place};
use crate::conversation::Conversation;
use crate::daemon::Daemon;
use crate::messages::{Message, Prompt};
use crate::outcome::{Passed, Refusal};
use crate::reveal::{Key, recovery_codes};

impl<D: Daemon, C: Conversation> Exchange<'_, '_, D, C> {
    /// Shows a new key and asks for its first code, then shows the recovery codes.
    pub(super) fn enroll(&mut self, offer: Offer) -> Result<Passed, Refusal> {
        if !self.claimant.has_room() {
            return Err(self.send_elsewhere());
        }
        self.show_key(&offer)?;
        let mut challenge = first_code(offer);
        loop {
            if challenge.news == Some(News::Wrong) {
                let left = self.left(&challenge);
                self.claimant.tell(Message::WrongFirstCode { left });
            }
            let (_, code) = self.answer(&challenge, Prompt::Enroll)?;
            match self.daemon.respond(&code).map_err(Refusal::Daemon)? {
                Next::Enroll(offer) => challenge = self.go_on(first_code(offer))?,
                Next::Acknowledge => return self.show_recovery_codes(),
                // Where no recovery codes are made.
                Next::Finished { .. } => return Ok(Passed::Finished),
                Next::Ask(_) => return Err(out_of_place("a code in place of an enrolment")),
            }
        }
    }

    /// Says that there is no room here. In front of a prompt, since a dialog loses a last word;
    /// what is typed there is not looked at.
    fn send_elsewhere(&mut self) -> Refusal {
        self.claimant.tell(Message::EnrollElsewhere);
        match self.claimant.ask(Prompt::Of(Ask::Code)) {
            Ok(_) => self.give_up(Refusal::NoRoomToEnroll),
            Err(why) => Refusal::NoAnswer(why),
        }
    }

    fn show_key(&mut self, offer: &Offer) -> Result<(), Refusal> {
        let revealed = self.daemon.reveal().map_err(Refusal::Daemon)?;
        let key = Key::read(&revealed).map_err(Refusal::Daemon)?;

        self.show(Message::Enroll)?;
        self.show(Message::AddKey)?;
        for line in &key.secret {
            self.show_line(&indented(line))?;
        }
        if let Some(settings) = &key.settings {
            self.show_line(&indented(settings))?;
        }
        if let Some(uri) = &key.uri {
            self.show(Message::OpenAddress)?;
            self.show_line(&indented(uri))?;
        }
        // Last, so that on a terminal of 24 lines all of it is left in sight.
        if offer.qr && self.claimant.shows_pictures() && !key.picture.is_empty() {
            self.show(Message::ScanPicture)?;
            for line in &key.picture {
                self.show_line(line)?;
            }
        }
        Ok(())
    }

    /// Shows them until the claimant says that they are kept, whatever is typed to say so.
    fn show_recovery_codes(&mut self) -> Result<Passed, Refusal> {
        let revealed = self.daemon.reveal().map_err(Refusal::Daemon)?;
        let codes = recovery_codes(&revealed).map_err(Refusal::Daemon)?;
        self.show(Message::KeepRecoveryCodes)?;
        for code in &codes {
            self.show_line(&indented(code))?;
        }
        drop(self.claimant.ask(Prompt::Keep).map_err(Refusal::NoAnswer)?);
        match self.daemon.respond("").map_err(Refusal::Daemon)? {
            Next::Finished { .. } => Ok(Passed::Finished),
            Next::Ask(_) | Next::Enroll(_) | Next::Acknowledge => {
                Err(out_of_place("more than that the codes are kept"))
            }
        }
    }

    fn show(&mut self, message: Message) -> Result<(), Refusal> {
        self.claimant.show(message).map_err(Refusal::NoAnswer)
    }

    fn show_line(&mut self, line: &str) -> Result<(), Refusal> {
        self.claimant.show_line(line).map_err(Refusal::NoAnswer)
    }
}

/// What is asked for with an offer: a code of the new key, and nothing in its place.
fn first_code(offer: Offer) -> Challenge {
    Challenge {
        ask: Ask::Code,
        codes: 1,
        tries: offer.tries,
        lengths: offer.lengths,
        recovery: false,
        news: offer.news,
        wait: None,
    }
}

fn indented(line: &str) -> Zeroizing<String> {
    let mut indented = Zeroizing::new(String::with_capacity(2 + line.len()));
    indented.push_str("  ");
    indented.push_str(line);
    indented
}
