use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tempfile::TempDir;

use super::super::file::kill;
use super::super::ledger::Busy;
use super::*;

const BLOCK: &str = "# BEGIN countersign auth: x\nours\n# END countersign auth\n";

/// A system whose systemd and sshd do as they are told, and remember it.
#[derive(Default)]
struct World {
    armed: Cell<bool>,
    heard: RefCell<Vec<&'static str>>,
    refuses: Option<&'static str>,
}

impl World {
    fn hear(&self, what: &'static str) -> Result<(), Error> {
        self.heard.borrow_mut().push(what);
        match self.refuses {
            Some(refused) if refused == what => Err(Error::Refused(format!("no {what}"))),
            Some(_) | None => Ok(()),
        }
    }
}

impl Outside for World {
    fn arm(&self, _after: Duration) -> Result<(), Error> {
        self.hear("arm")?;
        self.armed.set(true);
        Ok(())
    }
    fn disarm(&self) {
        self.armed.set(false);
    }
    fn check(&self, _changes: &[Change]) -> Result<(), Error> {
        self.hear("check")
    }
    fn reload_sshd(&self) -> Result<(), Error> {
        self.hear("reload")
    }
    fn forget_logins(&self, _changes: &[Change]) {}
    fn ticks(&self) -> u64 {
        42
    }
}

fn planted() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/pam.d")).unwrap();
    fs::create_dir_all(root.path().join("etc/ssh")).unwrap();
    fs::write(root.path().join("etc/pam.d/sshd"), b"old\xff\r\nsshd").unwrap();
    fs::write(root.path().join("etc/pam.d/su"), "old su\n").unwrap();
    root
}

/// One file that is new, and two that are changed.
fn changes(root: &Path) -> Vec<Change> {
    let change = |path: &str, after: &str| {
        let before = Snapshot::of(&root.join(path)).unwrap();
        let after = after.as_bytes().to_vec();
        Change {
            service: "sshd".to_owned(),
            path: Path::new("/").join(path),
            after: match &before {
                Some(before) => before.with(after),
                None => Snapshot::new(after),
            },
            before,
        }
    };
    vec![
        change("etc/ssh/drop-in", &format!("{BLOCK}rest\n")),
        change("etc/pam.d/sshd", &format!("old\n{BLOCK}")),
        change("etc/pam.d/su", &format!("old su\n{BLOCK}")),
    ]
}

/// Every file beneath `etc`, with what is in it.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for directory in ["etc/pam.d", "etc/ssh"] {
        for entry in fs::read_dir(root.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

const TRY: Option<Duration> = Some(Duration::from_secs(20));

fn with<T>(root: &Path, world: &World, deed: impl FnOnce(&Changer<'_>) -> T) -> T {
    let store = Store::open(root, Busy::Wait).unwrap();
    deed(&Changer {
        root,
        store: &store,
        outside: world,
    })
}

fn undo(root: &Path, world: &World) -> Result<Vec<PutBack>, Error> {
    with(root, world, |changer| {
        changer.undo(&mut changer.store.read().unwrap())
    })
}

#[test]
fn a_change_counts_until_it_is_undone_and_then_all_is_as_before() {
    let (root, world) = (planted(), World::default());
    let before = files(root.path());
    with(root.path(), &world, |changer| {
        let pending = changer.make(changes(root.path()), TRY, 1000).unwrap();
        assert_eq!((pending.until, pending.since), (1020, Some(42)));
    });
    assert_eq!(*world.heard.borrow(), ["arm", "check", "reload"]);
    assert!(world.armed.get());
    assert_ne!(files(root.path()), before);
    let done = undo(root.path(), &world).unwrap();
    assert!(
        done.iter().all(|done| matches!(done, PutBack::Whole(_))),
        "{done:?}"
    );
    assert_eq!(files(root.path()), before);
    assert!(!world.armed.get());
}

#[test]
fn what_is_refused_by_systemd_or_sshd_is_not_changed() {
    for refused in ["arm", "check"] {
        let (root, world) = (
            planted(),
            World {
                refuses: Some(refused),
                ..World::default()
            },
        );
        let before = files(root.path());
        let error = with(root.path(), &world, |changer| {
            changer.make(changes(root.path()), TRY, 0).unwrap_err()
        });
        assert!(error.to_string().contains("Nothing is changed"), "{error}");
        assert_eq!(files(root.path()), before, "{refused}");
        assert!(!world.armed.get());
    }
}

#[test]
fn a_confirmed_change_stays_and_is_taken_back_byte_for_byte() {
    let (root, world) = (planted(), World::default());
    let before = files(root.path());
    with(root.path(), &world, |changer| {
        changer.make(changes(root.path()), TRY, 0).unwrap();
        let mut ledger = changer.store.read().unwrap();
        changer.confirm(&mut ledger).unwrap();
        assert!(changer.undo(&mut ledger).unwrap().is_empty());
        assert!(!world.armed.get());
        assert_ne!(files(root.path()), before);
        changer.unprotect(&mut ledger, "sshd").unwrap();
        assert_eq!(ledger, Ledger::default());
    });
    assert_eq!(files(root.path()), before);
}

#[test]
fn killed_between_any_two_steps_nothing_is_changed_or_it_undoes_itself() {
    let mut points = 0;
    loop {
        let (root, world) = (planted(), World::default());
        let before = files(root.path());
        kill::after(Some(points));
        let made = catch_unwind(AssertUnwindSafe(|| {
            with(root.path(), &world, |changer| {
                changer.make(changes(root.path()), TRY, 0).map(drop)
            })
        }));
        kill::after(None);
        if files(root.path()) != before {
            assert!(world.armed.get(), "{points}: changed, and nobody undoes it");
        }
        if made.is_ok() {
            assert!(points > 8, "{points}");
            break;
        }
        // And whoever undoes it may be killed too, at any point, and more than once.
        for second in 0..12 {
            kill::after(Some(second));
            let _ = catch_unwind(AssertUnwindSafe(|| undo(root.path(), &world)));
            kill::after(None);
        }
        undo(root.path(), &world).unwrap();
        assert_eq!(files(root.path()), before, "{points}");
        with(root.path(), &world, |changer| {
            assert_eq!(changer.store.read().unwrap(), Ledger::default());
        });
        points += 1;
    }
}

#[test]
fn of_a_file_that_was_edited_since_only_our_lines_are_taken_out() {
    let (root, world) = (planted(), World::default());
    let (su, drop_in) = (
        root.path().join("etc/pam.d/su"),
        root.path().join("etc/ssh/drop-in"),
    );
    with(root.path(), &world, |changer| {
        changer.make(changes(root.path()), TRY, 0).unwrap();
    });
    fs::write(&su, format!("old su\n{BLOCK}and mine\n")).unwrap();
    fs::write(&drop_in, BLOCK).unwrap();
    let done = undo(root.path(), &world).unwrap();
    assert_eq!(fs::read_to_string(&su).unwrap(), "old su\nand mine\n");
    assert!(
        done.contains(&PutBack::BlockOnly("/etc/pam.d/su".into())),
        "{done:?}"
    );
    // A file that was not there, and has nothing but our lines, is none again.
    assert!(!drop_in.exists());
}

#[test]
fn broken_marks_do_not_keep_a_change_from_undoing_itself_but_are_a_persons_to_mend() {
    let (root, world) = (planted(), World::default());
    let su = root.path().join("etc/pam.d/su");
    with(root.path(), &world, |changer| {
        changer.make(changes(root.path()), TRY, 0).unwrap();
    });
    let broken = "mine\n# BEGIN countersign auth: x\n";
    fs::write(&su, broken).unwrap();
    let done = undo(root.path(), &world).unwrap();
    assert_eq!(fs::read_to_string(&su).unwrap(), "old su\n");
    let aside = done.iter().find_map(|done| match done {
        PutBack::Aside(_, aside) => Some(aside),
        PutBack::Whole(_) | PutBack::BlockOnly(_) => None,
    });
    assert_eq!(fs::read_to_string(aside.unwrap()).unwrap(), broken);

    with(root.path(), &world, |changer| {
        changer.make(changes(root.path()), TRY, 0).unwrap();
        let mut ledger = changer.store.read().unwrap();
        changer.confirm(&mut ledger).unwrap();
        fs::write(&su, broken).unwrap();
        let refusal = changer
            .unprotect(&mut ledger, "sshd")
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("/etc/pam.d/su") && refusal.contains("line 2"),
            "{refusal}"
        );
    });
    assert_eq!(fs::read_to_string(&su).unwrap(), broken);
}
