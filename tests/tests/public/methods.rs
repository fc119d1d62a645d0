//! Every method, by whoever could call it.

use std::collections::BTreeSet;
use std::fs;

use countersign_bus::events::EventOptions;
use countersign_bus::import::ImportOptions;
use countersign_bus::types::{
    BackupOptions, ChangeOptions, EnrollOptions, ExplainOptions, IssueOptions, Login,
    RestoreOptions,
};
use countersign_bus::{ADMIN, PATH, TRANSACTION, USER, VERIFIER};
use countersign_tests::bus::Policy;
use countersign_tests::programs::root;
use countersign_tests::public::{ADA, BOB, NOBODY, outcome, request};
use countersign_tests::{Enrolled, Public};
use zbus::Connection;
use zbus::connection::Builder;

const DENIED: &str = "AccessDenied";
const OTHERS: &str = "NotPermitted: that is another user";
const PROOF: &str = "NotPermitted: this takes a code of a factor you hold";
const NOT_THEIRS: &str = "NotPermitted: that is another one's login";

/// Method; at the root door; by the user themself; by another user.
const TABLE: [(&str, [&str; 3]); 25] = [
    ("Verifier.Begin", ["answered"; 3]),
    ("Verifier.Guard", [UNPROVEN; 3]),
    ("Transaction.Respond", ["answered", "answered", NOT_THEIRS]),
    (
        "Transaction.Choose",
        [
            "answered",
            "NotPermitted: no recovery codes are taken here",
            NOT_THEIRS,
        ],
    ),
    ("Transaction.Reveal", [HIDDEN, DENIED, DENIED]),
    ("Transaction.Cancel", ["answered", "answered", NOT_THEIRS]),
    ("User.Status", ["answered", "answered", OTHERS]),
    ("User.Forget", ["answered", "answered", OTHERS]),
    ("User.Enroll", ["answered", PROOF, OTHERS]),
    ("User.Confirm", [WRONG, WRONG, OTHERS]),
    ("User.Remove", ["answered", PROOF, OTHERS]),
    ("User.RenewRecoveryCodes", ["answered", PROOF, OTHERS]),
    ("User.Rename", ["answered", PROOF, OTHERS]),
    ("User.Resynchronize", [NO_CODES, NO_CODES, OTHERS]),
    ("Admin.List", ["answered", DENIED, DENIED]),
    ("Admin.Events", ["answered", DENIED, DENIED]),
    ("Admin.Unlock", ["answered", DENIED, DENIED]),
    ("Admin.Reset", ["answered", DENIED, DENIED]),
    ("Admin.Reload", ["answered", DENIED, DENIED]),
    ("Admin.IssueCode", ["answered", DENIED, DENIED]),
    ("Admin.Backup", ["answered", DENIED, DENIED]),
    ("Admin.Import", [UNSEALED, DENIED, DENIED]),
    ("Admin.Restore", [EMPTY, DENIED, DENIED]),
    ("Admin.Explain", ["answered", DENIED, DENIED]),
    ("Admin.About", ["answered", DENIED, DENIED]),
];
const UNPROVEN: &str = "NotPermitted: the rule \"(end)\" demands a factor, and none was proven";
const HIDDEN: &str = "NotPermitted: there is nothing to show";
const WRONG: &str = "Rejected: not a code";
const UNSEALED: &str = "InvalidArgs: secret: not a sealed file in memory";
const EMPTY: &str = "InvalidArgs: that is not a backup of Countersign: name the file that \
    `countersignctl backup` wrote";
const NO_CODES: &str = "Rejected: type two codes that follow each other";

#[test]
fn every_method_answers_whom_it_should_and_nobody_else() {
    assert_eq!(
        written(),
        TABLE
            .iter()
            .map(|(method, _)| (*method).to_owned())
            .collect(),
        "a row for each method of the contract, and no other"
    );
    // As many at a time as the door takes of one user at once.
    for rows in TABLE.chunks(10) {
        let Some(place) = Public::start() else { return };
        let wrong = wrong(&place, rows);
        assert!(wrong.is_empty(), "{wrong:#?}");
        let status = place.world.client().status((ADA.0, ADA.1)).unwrap();
        assert_eq!(status.credentials.map(|all| all.len()), Some(1));
    }
}

/// What is answered otherwise than the rows say.
fn wrong(place: &Public, rows: &[(&str, [&str; 3])]) -> Vec<String> {
    let root_door = root_door(place);
    let [own, other, admin] =
        [ADA.0, BOB.0, 0].map(|uid| place.bus.connect(uid).expect("a connection"));
    let subject = place.world.enroll_as(ADA.1, ADA.0);
    let mut wrong = Vec::new();
    for (number, (method, expected)) in (0..).zip(rows) {
        // Root's changes are made to somebody else each, so that ada stays as she is.
        let target = place.world.enroll_as("target", 70_000 + number);
        let at_root = Call::new(method, &target, &begun(&root_door, &target));
        let by_ada = Call::new(method, &subject, &begun(&own, &subject));
        let cells = [
            ("root door", at_root.by(&root_door), expected[0]),
            // First the other user: what is theirs must still be there for its owner.
            ("another user", by_ada.by(&other), expected[2]),
            // Root on the bus is a user as any other.
            ("root on the bus", by_ada.by(&admin), expected[2]),
            ("the user", by_ada.by(&own), expected[1]),
        ];
        for (who, said, expected) in cells {
            if said != expected {
                wrong.push(format!("{method} by {who}: {said}, not {expected}"));
            }
        }
        let _ = (by_ada.over(&own), at_root.over(&root_door));
    }
    wrong
}

#[test]
fn what_only_root_may_do_is_not_served_on_the_bus_even_if_the_policy_lets_it_through() {
    let Some(place) = Public::with(Policy::AllowAll, &[]) else {
        return;
    };
    let target = place.world.enroll_as(ADA.1, ADA.0);
    for uid in [NOBODY.0, ADA.0, 0] {
        let connection = place.bus.connect(uid).unwrap();
        for (method, _) in TABLE
            .iter()
            .filter(|(method, _)| method.starts_with("Admin"))
        {
            let said = Call::new(method, &target, PATH).by(&connection);
            assert!(
                said.starts_with("UnknownInterface"),
                "{uid} {method}: {said}"
            );
        }
    }
    let status = place.world.client().status((ADA.0, ADA.1)).unwrap();
    assert_eq!(status.enrolled, Some(true));
}

#[test]
fn whatever_belongs_to_the_bus_library_is_refused_by_the_policy() {
    let Some(place) = Public::start() else { return };
    let mine = place.bus.connect(ADA.0).unwrap();
    let transaction = begun(&mine, &place.world.enroll_as(ADA.1, ADA.0));
    for uid in [NOBODY.0, ADA.0, 0] {
        let connection = place.bus.connect(uid).unwrap();
        for path in [PATH, "/", transaction.as_str()] {
            let ask = |interface: &str, member: &str, arguments: &[&str]| {
                let interface = format!("org.freedesktop.DBus.{interface}");
                let method = (path, interface.as_str(), member);
                match arguments {
                    [] => outcome(&connection, method, &()),
                    [one] => outcome(&connection, method, &(one,)),
                    [one, two, ..] => outcome(&connection, method, &(one, two)),
                }
            };
            for said in [
                ask("Introspectable", "Introspect", &[]),
                ask("Properties", "GetAll", &[USER]),
                ask("Properties", "Get", &[ADMIN, "Anything"]),
                ask("ObjectManager", "GetManagedObjects", &[]),
                ask("Peer", "Ping", &[]),
                ask("Peer", "GetMachineId", &[]),
            ] {
                assert_eq!(said, DENIED, "{uid} {path}");
            }
        }
    }
}

/// The methods in the contract that we ship, each "Interface.Method".
fn written() -> BTreeSet<String> {
    let file = root().join("packaging/dbus/org.countersign.Countersign1.xml");
    let mut interface = String::new();
    let mut methods = BTreeSet::new();
    for line in fs::read_to_string(file).unwrap().lines() {
        let name = |tag: &str| {
            let (_, rest) = line.split_once(&format!("<{tag} name=\""))?;
            Some(rest.split('"').next()?.to_owned())
        };
        if let Some(name) = name("interface") {
            name.rsplit('.').next().unwrap().clone_into(&mut interface);
        } else if let Some(name) = name("method") {
            methods.insert(format!("{interface}.{name}"));
        }
        assert!(
            !line.contains("<property") && !line.contains("<signal"),
            "{line}"
        );
    }
    assert!(methods.len() > 10, "{methods:?}");
    methods
}

/// A call of a method about somebody.
struct Call<'a> {
    method: &'a str,
    about: &'a Enrolled,
    transaction: String,
}

impl<'a> Call<'a> {
    fn new(method: &'a str, about: &'a Enrolled, transaction: &str) -> Self {
        Self {
            method,
            about,
            transaction: transaction.to_owned(),
        }
    }

    fn by(&self, connection: &Connection) -> String {
        let (interface, member) = self.method.split_once('.').unwrap();
        let Enrolled {
            name,
            uid,
            credential,
            ..
        } = self.about;
        let user = (PATH, USER, member);
        let admin = (PATH, ADMIN, member);
        let login = (self.transaction.as_str(), TRANSACTION, member);
        let change = ChangeOptions::default();
        match (interface, member) {
            ("Verifier", _) => {
                let login = request((*uid, name));
                outcome(connection, (PATH, VERIFIER, member), &(login,))
            }
            ("Transaction", "Respond") => outcome(connection, login, &("not a code",)),
            ("Transaction", "Choose") => outcome(connection, login, &(2_u32,)),
            ("Transaction", "Cancel") => outcome(connection, login, &()),
            ("Transaction", "Reveal") => outcome(connection, login, &()),
            ("User", "Forget") => outcome(connection, user, &(uid, name)),
            ("User", "Status") => outcome(connection, user, &(uid, name)),
            ("User", "Enroll") => outcome(
                connection,
                user,
                &(uid, name, 1_u32, EnrollOptions::default()),
            ),
            ("User", "Confirm") => outcome(connection, user, &(uid, name, credential, "x")),
            ("User", "Remove") => outcome(connection, user, &(uid, name, credential, change)),
            ("User", "RenewRecoveryCodes") => outcome(connection, user, &(uid, name, change)),
            ("Admin", "List") => outcome(connection, admin, &(u32::MAX, 10_u32)),
            ("Admin", "Events") => {
                let options = EventOptions::default();
                outcome(connection, admin, &(0_u64, &options))
            }
            ("User", "Rename") => outcome(connection, user, &(uid, name, credential, "x", change)),
            ("User", "Resynchronize") => outcome(connection, user, &(uid, name, "x", "y")),
            ("Admin", "IssueCode") => {
                outcome(connection, admin, &(uid, name, IssueOptions::default()))
            }
            ("Admin", "Backup") => outcome(connection, admin, &(file(), BackupOptions::default())),
            ("Admin", "Import") => outcome(connection, admin, &(file(), ImportOptions::default())),
            ("Admin", "Restore") => {
                outcome(connection, admin, &(file(), RestoreOptions::default()))
            }
            ("Admin", "Unlock" | "Reset") => outcome(connection, admin, &(uid,)),
            ("Admin", "Explain") => {
                let options = ExplainOptions::default();
                outcome(connection, admin, &(request((*uid, name)), options))
            }
            ("Admin", "Reload" | "About") => outcome(connection, admin, &()),
            unknown => panic!("how is {unknown:?} called?"),
        }
    }

    /// Ends the login that it was about.
    fn over(&self, connection: &Connection) -> String {
        outcome(connection, (&self.transaction, TRANSACTION, "Cancel"), &())
    }
}

/// An empty file, as one that is to be written or read is handed over.
fn file() -> zbus::OwnedFd {
    let file = tempfile::tempfile().expect("a file");
    std::os::fd::OwnedFd::from(file).into()
}

fn begun(connection: &Connection, user: &Enrolled) -> String {
    let destination = connection.is_bus().then_some(countersign_bus::NAME);
    let login: (Login,) = (request((user.uid, &user.name)),);
    let call = connection.call_method(destination, PATH, Some(VERIFIER), "Begin", &login);
    let reply = zbus::block_on(call).expect("a login begins");
    let (transaction, ..): countersign_bus::types::BeginReply =
        reply.body().deserialize().expect("a transaction");
    transaction.to_string()
}

fn root_door(place: &Public) -> Connection {
    let address = format!("unix:path={}", place.world.path().join("socket").display());
    zbus::block_on(Builder::address(address.as_str()).p2p().build()).expect("the root door")
}
