//! What a line does with each outcome of its module: `required`, or `[success=ok default=die]`.

/// The values that a control may name, and libpam's modules return.
const VALUES: [&str; 32] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
];

/// What is done about an outcome.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Action {
    /// It has no say.
    Ignore,
    /// It counts for the login.
    Ok,
    /// It counts for the login, and the stack ends here if nothing has failed.
    Done,
    /// It counts against the login.
    Bad,
    /// It counts against the login, and the stack ends here.
    Die,
    /// What came before is forgotten.
    Reset,
    /// So many lines are skipped.
    Jump(usize),
}

/// What a line does with each outcome.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Control {
    /// As it is written, with the brackets.
    pub(crate) written: String,
    actions: Vec<(&'static str, Action)>,
    default: Action,
}

impl Control {
    /// A word, such as `required`.
    pub(crate) fn word(word: &str) -> Option<Self> {
        use Action::{Bad, Die, Done, Ignore, Ok};
        let (good, default, ignore) = match word.to_ascii_lowercase().as_str() {
            "required" => (Ok, Bad, Some(Ignore)),
            "requisite" => (Ok, Die, Some(Ignore)),
            "sufficient" => (Done, Ignore, None),
            "optional" => (Ok, Ignore, None),
            _ => return None,
        };
        let good = [("success", good), ("new_authtok_reqd", good)];
        let ignore = ignore.map(|action| ("ignore", action));
        Some(Self {
            written: word.to_owned(),
            actions: good.into_iter().chain(ignore).collect(),
            default,
        })
    }

    /// What is between brackets, such as `success=ok default=die`.
    ///
    /// # Errors
    ///
    /// What cannot be understood.
    pub(crate) fn bracketed(text: &str) -> Result<Self, String> {
        let mut control = Self {
            written: format!("[{text}]"),
            actions: Vec::new(),
            // libpam's own, for what is not named.
            default: Action::Bad,
        };
        for pair in text.split_whitespace() {
            let (value, action) = pair
                .split_once('=')
                .ok_or_else(|| format!("{pair} is no VALUE=ACTION"))?;
            let action = self::action(action).ok_or_else(|| format!("{pair} names no action"))?;
            if value == "default" {
                control.default = action;
                continue;
            }
            let value = VALUES.into_iter().find(|known| *known == value);
            let value = value.ok_or_else(|| format!("{pair} names no value"))?;
            control.actions.retain(|(known, _)| *known != value);
            control.actions.push((value, action));
        }
        Ok(control)
    }

    /// What is done where the module returns this value.
    pub(crate) fn on(&self, value: &str) -> Action {
        let found = self.actions.iter().find(|(known, _)| *known == value);
        found.map_or(self.default, |(_, action)| *action)
    }

    /// What is done about failures: each action that some failing value leads to, once.
    pub(crate) fn on_failures(&self) -> Vec<Action> {
        let failing = VALUES
            .iter()
            .filter(|value| !["success", "new_authtok_reqd", "ignore"].contains(*value));
        let mut actions: Vec<_> = failing.map(|value| self.on(value)).collect();
        actions.sort_unstable();
        actions.dedup();
        actions
    }
}

fn action(text: &str) -> Option<Action> {
    Some(match text {
        "ignore" => Action::Ignore,
        "ok" => Action::Ok,
        "done" => Action::Done,
        "bad" => Action::Bad,
        "die" => Action::Die,
        "reset" => Action::Reset,
        number => match number.parse() {
            // libpam takes it for "ignore", and warns.
            Ok(0) => Action::Ignore,
            Ok(number) => Action::Jump(number),
            Err(_) => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_the_manual_says_it_is() {
        for (word, success, ignore, failure) in [
            ("required", Action::Ok, Action::Ignore, Action::Bad),
            ("requisite", Action::Ok, Action::Ignore, Action::Die),
            ("Sufficient", Action::Done, Action::Ignore, Action::Ignore),
            ("optional", Action::Ok, Action::Ignore, Action::Ignore),
        ] {
            let control = Control::word(word).unwrap();
            assert_eq!(control.on("success"), success, "{word}");
            assert_eq!(control.on("ignore"), ignore, "{word}");
            assert_eq!(control.on("auth_err"), failure, "{word}");
            assert_eq!(control.written, word);
        }
        assert_eq!(Control::word("needed"), None);
    }

    #[test]
    fn brackets_name_an_action_for_each_value() {
        let control = Control::bracketed("success=2 auth_err=die default=ignore").unwrap();
        assert_eq!(control.on("success"), Action::Jump(2));
        assert_eq!(control.on("maxtries"), Action::Ignore);
        assert_eq!(control.on_failures(), [Action::Ignore, Action::Die]);
        assert_eq!(control.written, "[success=2 auth_err=die default=ignore]");
    }

    #[test]
    fn what_is_not_named_counts_against_the_login() {
        let control = Control::bracketed("success=ok").unwrap();
        assert_eq!(control.on("ignore"), Action::Bad);
        assert_eq!(control.on_failures(), [Action::Bad]);
    }

    #[test]
    fn brackets_that_libpam_would_not_understand_are_refused() {
        for text in ["success", "succes=ok", "success=fine", "success=-1"] {
            assert!(Control::bracketed(text).is_err(), "{text}");
        }
    }
}
