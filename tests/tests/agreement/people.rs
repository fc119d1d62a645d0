//! Accounts that every machine has, and what they hold.

use std::collections::BTreeMap;
use std::ffi::CString;

use countersign_bus::types::{EnrollOptions, Factor};
use countersign_core::hotp::{Counter, Hotp};
use countersign_core::otp::{Algorithm, Digits};
use countersign_core::secret::Secret;
use countersign_tests::world::read;
use countersign_tests::{Enrolled, World};
use nix::unistd::{Group, User, getgrouplist};

/// Those who hold an app, and the one who holds a token.
const APPS: [&str; 4] = ["daemon", "games", "man", "mail"];
const TOKEN: &str = "lp";
/// Whose uid somebody of another name had before.
const SUCCESSOR: &str = "sys";

pub(crate) struct People {
    apps: BTreeMap<&'static str, Enrolled>,
    token: Hotp,
    /// The counter that it shows next.
    counter: u64,
}

impl People {
    pub(crate) fn enroll(world: &World) -> Self {
        world.enroll_as("gone", account(SUCCESSOR).unwrap().uid.as_raw());
        Self {
            apps: APPS.map(|name| (name, world.enroll(name))).into(),
            token: enroll_token(world),
            counter: 0,
        }
    }

    /// What a user answers with, if they hold something.
    pub(crate) fn code(&mut self, name: &str, unix: u64) -> Option<String> {
        if name == TOKEN {
            let counter = Counter::new(self.counter).unwrap();
            self.counter += 1;
            return Some(self.token.code_at(counter));
        }
        self.apps.get(name).map(|app| app.code(unix))
    }
}

fn enroll_token(world: &World) -> Hotp {
    let options = EnrollOptions {
        unconfirmed: Some(true),
        ..EnrollOptions::default()
    };
    let uid = account(TOKEN).unwrap().uid.as_raw();
    let enrolled = world.client().enroll((uid, TOKEN), Factor::Hotp, &options);
    let uri = read(enrolled.unwrap().1);
    let (_, secret) = uri.split_once("secret=").unwrap();
    let secret = secret.split(['&', '\n']).next().unwrap();
    let secret = Secret::from_base32(secret).unwrap();
    Hotp::new(secret, Algorithm::Sha1, Digits::DEFAULT)
}

/// The uid and the groups of a name, as a login looks them up.
pub(crate) fn resolved(name: &str) -> Option<(u32, Vec<String>)> {
    let user = account(name)?;
    let groups = getgrouplist(&CString::new(name).unwrap(), user.gid).unwrap();
    let groups = groups.into_iter();
    let names = groups.filter_map(|gid| Some(Group::from_gid(gid).unwrap()?.name));
    Some((user.uid.as_raw(), names.collect()))
}

fn account(name: &str) -> Option<User> {
    User::from_name(name).unwrap()
}
