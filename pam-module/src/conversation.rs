//! What is said to the claimant, through an application that may not show all of it.

use countersign_bus::Profile;
use pam::module::PamHandle;
use pam_countersign_ffi::{self as ffi, Choice, Chosen, Echo, NoAnswer, NotKept, Tone};
use zeroize::Zeroizing;

use crate::language::Language;
use crate::messages::{Message, Prompt, Way};

/// An application's conversation: one message at a time.
pub(crate) trait Conversation {
    /// Asks for one line.
    fn ask(&mut self, echo: Echo, prompt: &str) -> Result<ffi::Answer, NoAnswer>;
    /// Tells something.
    fn tell(&mut self, tone: Tone, text: &str) -> Result<(), NoAnswer>;
    /// Has one of a list chosen, if there is a way to show one.
    fn choose(&mut self, heading: &str, choices: [Choice<'_>; 2]) -> Result<Chosen, NoAnswer>;
    /// Gives the password to the modules further down the stack, as what was typed.
    fn hand_on(&mut self, password: &[u8]) -> Result<(), NotKept>;
}

impl Conversation for PamHandle {
    fn ask(&mut self, echo: Echo, prompt: &str) -> Result<ffi::Answer, NoAnswer> {
        ffi::ask(self, echo, prompt)
    }

    fn tell(&mut self, tone: Tone, text: &str) -> Result<(), NoAnswer> {
        ffi::tell(self, tone, text)
    }

    fn choose(&mut self, heading: &str, choices: [Choice<'_>; 2]) -> Result<Chosen, NoAnswer> {
        ffi::choose(self, heading, choices)
    }

    fn hand_on(&mut self, password: &[u8]) -> Result<(), NotKept> {
        ffi::set_password(self, password)
    }
}

/// What came of a list.
pub(crate) enum Picked {
    /// What will be typed.
    Way(Way),
    /// It was typed already, by somebody who had no need to choose.
    Answer(ffi::Answer),
}

/// Whoever is asked, behind a conversation that suits the application.
pub(crate) struct Claimant<'a, C> {
    conversation: &'a mut C,
    profile: Profile,
    language: Language,
    /// Whether the application asked for silence (`PAM_SILENT`), which a prompt cannot keep.
    silent: bool,
    /// Whether something was told since the last prompt.
    told: bool,
}

impl<'a, C: Conversation> Claimant<'a, C> {
    /// In English, until the daemon has said otherwise.
    pub(crate) fn new(conversation: &'a mut C, profile: Profile, silent: bool) -> Self {
        Self {
            conversation,
            profile,
            language: Language::En,
            silent,
            told: false,
        }
    }

    /// Goes on in this language.
    pub(crate) fn speak(&mut self, language: Language) {
        self.language = language;
    }

    /// Whether there is room to show lines that must be read, and be kept to oneself.
    pub(crate) fn has_room(&self) -> bool {
        match self.profile {
            Profile::Ssh | Profile::Terminal => !self.silent,
            Profile::Dialog | Profile::Silent => false,
        }
    }

    /// Whether a picture made of characters comes through: sshd shows what is not ASCII as escapes,
    /// unless its client's locale is UTF-8.
    pub(crate) fn shows_pictures(&self) -> bool {
        self.has_room() && self.profile == Profile::Terminal
    }

    /// Asks.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`] if the application cannot or will not ask: this ends the login.
    pub(crate) fn ask(&mut self, prompt: Prompt) -> Result<ffi::Answer, NoAnswer> {
        self.told = false;
        let text = prompt.text(self.language);
        self.conversation.ask(prompt.echo(), &text)
    }

    /// Has the claimant choose from a list what to type, where a login screen shows one.
    pub(crate) fn choose(&mut self) -> Option<Picked> {
        match self.profile {
            Profile::Dialog => {}
            Profile::Ssh | Profile::Terminal | Profile::Silent => return None,
        }
        let choices = Way::ALL.map(|way| Choice {
            key: way.key(),
            text: way.text(self.language),
        });
        let heading = Way::heading(self.language);
        // A list that is not shown, or not chosen from, leaves the prompt, which says enough.
        match self.conversation.choose(heading, choices).ok()? {
            Chosen::Place(place) => Way::ALL.get(place).copied().map(Picked::Way),
            Chosen::Typed(answer) => Some(Picked::Answer(answer)),
        }
    }

    /// Gives the password to the modules further down the stack.
    ///
    /// # Errors
    ///
    /// [`NotKept`] if libpam does not take it: this ends the login.
    pub(crate) fn hand_on(&mut self, password: &[u8]) -> Result<(), NotKept> {
        self.conversation.hand_on(password)
    }

    /// Shows something in front of a prompt that cannot be answered without.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`] if the application does not show it: this ends the login.
    pub(crate) fn show(&mut self, message: Message) -> Result<(), NoAnswer> {
        let text = message.text(self.profile, self.language);
        text.map_or(Ok(()), |text| self.show_line(&text))
    }

    /// As [`Self::show`], for a line that is in no language.
    pub(crate) fn show_line(&mut self, line: &str) -> Result<(), NoAnswer> {
        let front = self.front();
        self.told = true;
        let mut text = Zeroizing::new(String::with_capacity(front.len() + line.len()));
        text.push_str(front);
        text.push_str(line);
        self.conversation.tell(Tone::Info, &text)
    }

    /// Tells something in front of a prompt.
    pub(crate) fn tell(&mut self, message: Message) {
        let front = self.front();
        self.say(message, front);
        self.told = true;
    }

    /// What stands before what is told: sshd puts it behind the client's "(user@host) ", so there
    /// the first begins a new line.
    fn front(&self) -> &'static str {
        if self.profile == Profile::Ssh && !self.told {
            "\n"
        } else {
            ""
        }
    }

    /// Tells something behind which no prompt comes.
    pub(crate) fn tell_at_the_end(&mut self, message: Message) {
        self.say(message, "");
    }

    fn say(&mut self, message: Message, front: &str) {
        // Debian's sudo asks for silence. Still, nobody can answer "This code:" who is not told
        // that two are asked for; so what went wrong before a prompt is part of the prompt.
        if self.silent && message.tone() == Tone::Info {
            return;
        }
        if let Some(text) = message.text(self.profile, self.language) {
            // Ignoring a failure: some lockers refuse everything but prompts, and what is asked
            // can be answered without.
            let _ = self
                .conversation
                .tell(message.tone(), &format!("{front}{text}"));
        }
    }
}
