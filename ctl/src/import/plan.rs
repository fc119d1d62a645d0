//! Who is to get what: the lines of a file, by the account they are for.

use std::collections::HashMap;

use countersign_bus::import::{ImportCredential, ImportUser};

use super::passwd::Accounts;
use super::{Bad, Found};
use crate::error::Error;
use crate::words::count;

/// What is to be done.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) newcomers: Vec<Newcomer>,
    pub(crate) skipped: Vec<Skipped>,
    /// Where among the newcomers an account is.
    places: HashMap<u32, usize>,
}

/// An account, and all that is for it.
pub(crate) struct Newcomer {
    pub(crate) user: ImportUser,
    pub(crate) uid: u32,
    pub(crate) name: String,
    /// Of each credential, in the order they have there.
    pub(crate) items: Vec<Item>,
}

/// A credential, in words.
pub(crate) struct Item {
    pub(crate) factor: &'static str,
    /// What its codes are like.
    pub(crate) codes: String,
    /// What comes over.
    pub(crate) kept: Vec<String>,
    /// What does not, and why.
    pub(crate) left: Vec<String>,
}

/// Something that is not imported.
pub(crate) struct Skipped {
    /// Of the file; none, if it is a user altogether.
    pub(crate) line: Option<usize>,
    pub(crate) user: Option<String>,
    pub(crate) why: String,
}

/// Whom lines are for.
pub(crate) enum Whose {
    /// Those whom they name.
    Named,
    /// All of them this account.
    All { uid: u32, name: String },
}

impl Plan {
    /// Of the lines of one file.
    pub(crate) fn of(lines: Vec<Result<Found, Bad>>, whose: Whose) -> Result<Self, Error> {
        let mut book = Book::new(&lines, whose)?;
        let mut plan = Self::default();
        let mut spoiled = HashMap::new();
        for line in lines {
            match line {
                Ok(found) => match book.find(found.user.as_deref())? {
                    Some((uid, name)) => plan.add(uid, name, found),
                    None => plan.skipped.push(Skipped {
                        line: Some(found.line),
                        user: found.user,
                        why: "there is no such user on this system".to_owned(),
                    }),
                },
                Err(bad) => {
                    if let Some((uid, _)) = book.find(bad.user.as_deref())? {
                        spoiled.entry(uid).or_insert(bad.line);
                    }
                    plan.skipped.push(Skipped {
                        line: Some(bad.line),
                        user: bad.user,
                        why: bad.flaw.to_string(),
                    });
                }
            }
        }
        plan.hold_back(&spoiled);
        Ok(plan)
    }

    /// Nothing is done by half: whoever has a bad line gets none of the others.
    fn hold_back(&mut self, spoiled: &HashMap<u32, usize>) {
        let skipped = &mut self.skipped;
        self.newcomers
            .retain(|newcomer| match spoiled.get(&newcomer.uid) {
                None => true,
                Some(line) => {
                    skipped.push(Skipped {
                        line: None,
                        user: Some(newcomer.name.clone()),
                        why: format!("nothing of this user comes over while line {line} is bad"),
                    });
                    false
                }
            });
    }

    /// Something for an account.
    pub(crate) fn add(&mut self, uid: u32, name: String, found: Found) {
        let place = *self.places.entry(uid).or_insert(self.newcomers.len());
        if place == self.newcomers.len() {
            self.newcomers.push(Newcomer::new(uid, name));
        }
        if let Some(newcomer) = self.newcomers.get_mut(place) {
            newcomer.add(found);
        }
    }
}

impl Newcomer {
    /// Somebody for whom there is nothing yet.
    fn new(uid: u32, name: String) -> Self {
        Self {
            user: ImportUser {
                uid: Some(uid),
                name: Some(name.clone()),
                ..ImportUser::default()
            },
            uid,
            name,
            items: Vec::new(),
        }
    }

    fn add(&mut self, found: Found) {
        self.items.push(Item::of(&found));
        let credentials = self.user.credentials.get_or_insert_default();
        credentials.push(found.credential);
        self.user
            .scratch
            .get_or_insert_default()
            .extend(found.scratch);
    }
}

impl Item {
    fn of(found: &Found) -> Self {
        let credential = &found.credential;
        let mut kept = vec!["secret".to_owned()];
        kept.extend(state(credential));
        if !found.scratch.is_empty() {
            kept.push(count(found.scratch.len(), "scratch code"));
        }
        Self {
            factor: if credential.counter.is_some() {
                "hotp"
            } else {
                "totp"
            },
            codes: codes(credential),
            kept,
            left: found.left.iter().map(|left| left.words()).collect(),
        }
    }
}

/// What its codes are like.
fn codes(credential: &ImportCredential) -> String {
    let mut codes = format!("{} digits", credential.digits.unwrap_or(6));
    if credential.counter.is_none() {
        codes.push_str(&format!(", {} s", credential.period.unwrap_or(30)));
    }
    if let Some(algorithm) = credential
        .algorithm
        .as_deref()
        .filter(|name| *name != "SHA1")
    {
        codes.push_str(&format!(", {algorithm}"));
    }
    codes
}

/// What was used of it, and how far off its codes may be.
fn state(credential: &ImportCredential) -> Vec<String> {
    let mut state = Vec::new();
    state.extend(
        credential
            .counter
            .map(|counter| format!("counter {counter}")),
    );
    let used = credential.spent.is_some() || credential.last_code.is_some();
    state.extend(used.then(|| "used codes".to_owned()));
    let drift = credential.drift.filter(|drift| *drift != 0);
    state.extend(drift.map(|drift| format!("drift {drift:+}")));
    state.extend(credential.skew.map(|skew| format!("window \u{b1}{skew}")));
    state.extend(
        credential
            .look_ahead
            .map(|ahead| format!("window +{ahead}")),
    );
    state
}

/// The accounts of the names in a file, each looked up once.
struct Book {
    whose: Whose,
    accounts: Accounts,
    known: HashMap<String, Option<(u32, String)>>,
}

impl Book {
    fn new(lines: &[Result<Found, Bad>], whose: Whose) -> Result<Self, Error> {
        let names = match whose {
            Whose::Named => lines.len(),
            Whose::All { .. } => 0,
        };
        Ok(Self {
            whose,
            accounts: Accounts::for_names(names)?,
            known: HashMap::new(),
        })
    }

    fn find(&mut self, name: Option<&str>) -> Result<Option<(u32, String)>, Error> {
        if let Whose::All { uid, name } = &self.whose {
            return Ok(Some((*uid, name.clone())));
        }
        let Some(name) = name else {
            return Ok(None);
        };
        if let Some(known) = self.known.get(name) {
            return Ok(known.clone());
        }
        let account = self.accounts.find(name)?;
        self.known.insert(name.to_owned(), account.clone());
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use countersign_bus::import::Hidden;

    use super::*;
    use crate::import::{Flaw, Left};

    fn found(line: usize, user: &str) -> Result<Found, Bad> {
        Ok(Found {
            line,
            user: Some(user.to_owned()),
            ..Found::default()
        })
    }

    fn bad(line: usize, user: Option<&str>) -> Result<Found, Bad> {
        Err(Bad {
            line,
            user: user.map(str::to_owned),
            flaw: Flaw::NotHex,
        })
    }

    fn told(plan: &Plan) -> Vec<(Option<usize>, Option<&str>)> {
        let skipped = plan.skipped.iter();
        skipped.map(|s| (s.line, s.user.as_deref())).collect()
    }

    #[test]
    fn all_lines_of_an_account_are_one_newcomers() {
        let lines = vec![found(1, "root"), found(2, "daemon"), found(3, "root")];
        let plan = Plan::of(lines, Whose::Named).unwrap();
        let [root, daemon] = &plan.newcomers[..] else {
            panic!("{} newcomers", plan.newcomers.len());
        };
        assert_eq!((root.uid, &*root.name, root.items.len()), (0, "root", 2));
        assert_eq!(root.user.credentials.as_ref().unwrap().len(), 2);
        assert_eq!(daemon.items.len(), 1);
        assert!(plan.skipped.is_empty());
    }

    #[test]
    fn an_unknown_user_is_named_with_the_line_and_others_go_on() {
        let lines = vec![found(1, "no such user"), found(2, "root")];
        let plan = Plan::of(lines, Whose::Named).unwrap();
        assert_eq!(plan.newcomers.len(), 1);
        assert_eq!(told(&plan), [(Some(1), Some("no such user"))]);
    }

    #[test]
    fn whoever_has_a_bad_line_gets_none_of_the_others() {
        let lines = vec![
            found(1, "root"),
            bad(2, Some("root")),
            found(3, "daemon"),
            bad(4, None),
        ];
        let plan = Plan::of(lines, Whose::Named).unwrap();
        assert_eq!(plan.newcomers.len(), 1);
        assert_eq!(plan.newcomers[0].name, "daemon");
        assert_eq!(
            told(&plan),
            [
                (Some(2), Some("root")),
                (Some(4), None),
                (None, Some("root"))
            ]
        );
    }

    #[test]
    fn if_a_file_is_one_accounts_so_is_each_line_of_it() {
        let whose = || Whose::All {
            uid: 0,
            name: "root".to_owned(),
        };
        let lines = vec![found(1, "alice"), found(2, "bob")];
        let plan = Plan::of(lines, whose()).unwrap();
        assert_eq!(plan.newcomers.len(), 1);
        assert_eq!(plan.newcomers[0].items.len(), 2);

        let lines = vec![found(1, "alice"), bad(2, None)];
        assert!(Plan::of(lines, whose()).unwrap().newcomers.is_empty());
    }

    #[test]
    fn what_comes_over_and_what_does_not_is_told_in_words() {
        let item = Item::of(&Found {
            credential: ImportCredential {
                digits: Some(8),
                algorithm: Some("SHA256".to_owned()),
                spent: Some(7),
                drift: Some(2),
                skew: Some(8),
                ..ImportCredential::default()
            },
            scratch: vec![Hidden::from(&b"12345678"[..])],
            left: vec![Left::Grace],
            ..Found::default()
        });
        assert_eq!(item.factor, "totp");
        assert_eq!(item.codes, "8 digits, 30 s, SHA256");
        assert_eq!(
            item.kept.join(", "),
            "secret, used codes, drift +2, window ±8, 1 scratch code"
        );
        assert_eq!(item.left, [Left::Grace.words()]);

        let item = Item::of(&Found {
            credential: ImportCredential {
                counter: Some(42),
                look_ahead: Some(5),
                algorithm: Some("SHA1".to_owned()),
                ..ImportCredential::default()
            },
            ..Found::default()
        });
        assert_eq!((item.factor, &*item.codes), ("hotp", "6 digits"));
        assert_eq!(item.kept.join(", "), "secret, counter 42, window +5");
    }
}
