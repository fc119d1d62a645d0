//! What the policy says of those who would log in through a service.

use countersign_bus::Profile;
use countersign_bus::types::{Entry, ExplainOptions, Explanation};

use crate::account::{self, Account};
use crate::context::Context;
use crate::error::Error;
use crate::words::printable;

/// What it says of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Said {
    /// How password and code are typed there.
    pub(crate) entry: Entry,
    /// Whether anybody is asked for a code.
    pub(crate) demanded: bool,
    /// The names of those who are asked, and have nothing to answer with.
    pub(crate) in_vain: Vec<String>,
}

/// Whoever knows the policy.
pub(crate) trait Policy {
    /// What it says of a service.
    ///
    /// # Errors
    ///
    /// If it cannot be told; [`Error::Refused`] if one file could not serve everybody.
    fn says(&mut self, service: &str) -> Result<Said, Error>;
}

/// The daemon, asked about everybody who may log in here.
pub(crate) struct Daemon<'a> {
    context: &'a mut Context,
    people: Vec<Account>,
}

impl<'a> Daemon<'a> {
    /// To be asked about `whom`, and the people of this machine.
    ///
    /// # Errors
    ///
    /// If the accounts cannot be read.
    pub(crate) fn about(context: &'a mut Context, whom: &Account) -> Result<Self, Error> {
        let mut people = vec![Account::find(Some(&whom.name))?];
        for name in account::local_names() {
            let account = Account::find(Some(&name))?;
            if account.uid != whom.uid && account.has_shell()? {
                people.push(account);
            }
        }
        Ok(Self { context, people })
    }

    /// What becomes of somebody's login; `None` if their record cannot be read.
    fn explanation(
        context: &mut Context,
        account: &Account,
        service: &str,
    ) -> Result<Option<Explanation>, Error> {
        let login = account.login(service);
        match context.call(|client| client.explain(&login, &ExplainOptions::default())) {
            Ok(explanation) => Ok(Some(explanation)),
            Err(error) if error.is_about_the_record() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Policy for Daemon<'_> {
    fn says(&mut self, service: &str) -> Result<Said, Error> {
        let mut verdict = Verdict::default();
        for account in &self.people {
            if let Some(explanation) = Self::explanation(self.context, account, service)? {
                verdict.add(&account.name, &explanation, service);
            }
        }
        verdict.said(service)
    }
}

/// What is said of one after the other.
#[derive(Default)]
struct Verdict {
    separate: Option<String>,
    appended: Option<String>,
    in_vain: Vec<String>,
}

impl Verdict {
    fn add(&mut self, name: &str, explanation: &Explanation, service: &str) {
        match explanation.course.as_deref() {
            Some("not-demanded" | "refuse") => return,
            Some("ask-in-vain") => self.in_vain.push(name.to_owned()),
            // A newer daemon's word: whatever it is, something is asked.
            Some(_) | None => {}
        }
        let place = match entry(explanation, service) {
            Entry::Separate => &mut self.separate,
            Entry::Appended => &mut self.appended,
        };
        place.get_or_insert_with(|| name.to_owned());
    }

    fn said(self, service: &str) -> Result<Said, Error> {
        let (entry, demanded) = match (&self.separate, &self.appended) {
            (Some(one), Some(other)) => {
                return Err(Error::Refused(format!(
                    "Nothing was changed: in {service} the policy has {} type the code at a prompt \
                     of its own, and {} behind the password, and one file cannot serve both. Say the \
                     same entry in the rules that decide there; which they are, says:\n  \
                     countersignctl explain --user {} --service {service}",
                    printable(one),
                    printable(other),
                    printable(one)
                )));
            }
            (Some(_), None) => (Entry::Separate, true),
            (None, Some(_)) => (Entry::Appended, true),
            (None, None) => (Profile::of(service).entry(), false),
        };
        Ok(Said {
            entry,
            demanded,
            in_vain: self.in_vain,
        })
    }
}

/// How a code is typed, by the daemon; an older one does not say, and has it as the service's
/// program has it.
pub(crate) fn entry(explanation: &Explanation, service: &str) -> Entry {
    match explanation.entry.as_deref() {
        Some("appended") => Entry::Appended,
        Some("separate") => Entry::Separate,
        Some(_) | None => Profile::of(service).entry(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(service: &str, people: &[(&str, &str, &str)]) -> Result<Said, Error> {
        let mut verdict = Verdict::default();
        for (name, course, entry) in people {
            let explanation = Explanation {
                course: Some((*course).to_owned()),
                entry: (!entry.is_empty()).then(|| (*entry).to_owned()),
                ..Explanation::default()
            };
            verdict.add(name, &explanation, service);
        }
        verdict.said(service)
    }

    #[test]
    fn two_ways_of_typing_in_one_service_are_refused_by_name() {
        let both = [("alice", "ask", "separate"), ("bob", "ask", "appended")];
        let refusal = said("vsftpd", &both).unwrap_err().to_string();
        for word in ["alice", "bob", "vsftpd", "entry"] {
            assert!(refusal.contains(word), "{refusal}");
        }
        // Of whom nothing is asked, types nothing.
        let one = [
            ("alice", "not-demanded", "separate"),
            ("bob", "ask", "appended"),
        ];
        assert_eq!(said("vsftpd", &one).unwrap().entry, Entry::Appended);
    }

    #[test]
    fn who_is_asked_in_vain_is_known_by_name() {
        let all = [
            ("alice", "remembered", "appended"),
            ("bob", "ask-in-vain", "appended"),
            ("carol", "not-demanded", "appended"),
        ];
        let said = said("i3lock", &all).unwrap();
        assert_eq!(
            (said.demanded, said.in_vain),
            (true, vec!["bob".to_owned()])
        );
    }

    #[test]
    fn what_a_daemon_does_not_say_is_the_programs_to_say() {
        let silent = |service| said(service, &[("alice", "ask", "")]).unwrap();
        assert_eq!(silent("i3lock").entry, Entry::Appended);
        assert_eq!(silent("sudo").entry, Entry::Separate);
        let nobody = said("i3lock", &[("alice", "not-demanded", "separate")]).unwrap();
        assert_eq!((nobody.entry, nobody.demanded), (Entry::Appended, false));
    }
}
