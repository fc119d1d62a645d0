//! What is said to the claimant, through an application that may not show all of it.

use countersign_bus::types::Ask;
use pam::module::PamHandle;
use pam_countersign_ffi::{self as ffi, NoAnswer, Tone};

use crate::language::Language;
use crate::messages::{Message, prompt};
use crate::profile::Profile;

/// An application's conversation: one message at a time.
pub(crate) trait Conversation {
    /// Asks for one line that is not shown while it is typed.
    fn ask(&mut self, prompt: &str) -> Result<ffi::Answer, NoAnswer>;
    /// Tells something.
    fn tell(&mut self, tone: Tone, text: &str) -> Result<(), NoAnswer>;
}

impl Conversation for PamHandle {
    fn ask(&mut self, prompt: &str) -> Result<ffi::Answer, NoAnswer> {
        ffi::ask(self, prompt)
    }

    fn tell(&mut self, tone: Tone, text: &str) -> Result<(), NoAnswer> {
        ffi::tell(self, tone, text)
    }
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

    /// Asks for what the daemon wants asked.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`] if the application cannot or will not ask: this ends the login.
    pub(crate) fn ask(&mut self, ask: Ask) -> Result<ffi::Answer, NoAnswer> {
        self.told = false;
        self.conversation.ask(&prompt(ask, self.language))
    }

    /// Tells something in front of a prompt.
    ///
    /// sshd puts it behind the client's "(user@host) ", so there the first begins a new line.
    pub(crate) fn tell(&mut self, message: Message) {
        let new_line = self.profile == Profile::Ssh && !self.told;
        self.say(message, if new_line { "\n" } else { "" });
        self.told = true;
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
