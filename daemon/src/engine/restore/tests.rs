//! On real files, some of them damaged.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use countersign_bus::types::{BackupOptions, BackupReport, EnrollOptions, Factor as Kind};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::authorize::Caller;
use crate::clock::Manual;
use crate::config::Config;
use crate::entropy::Kernel;
use crate::keys::Keyring;
use crate::store::sqlite::{FILE_NAME, Sqlite, schema};
use crate::vault::Vault;

#[test]
fn a_record_that_cannot_be_read_is_named_and_the_others_are_backed_up() {
    let host = Host::with_users(3);
    let (_, report) = host.back_up().unwrap();
    assert_eq!((report.users, report.skipped), (Some(3), Some(0)));

    host.damage(1001);
    let (file, report) = host.back_up().unwrap();
    assert_eq!((report.users, report.skipped), (Some(2), Some(1)));
    let problems = report.problems.unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].uid, Some(1001));
    assert!(problems[0].problem.as_ref().unwrap().contains("damaged"));

    // Whoever restores it is told whom it lacks.
    let there = Host::with_users(0);
    let options = RestoreOptions {
        master_key: Some(host.key()),
        ..RestoreOptions::default()
    };
    let report = there.restore(&file, options).unwrap();
    assert_eq!((report.restored, report.skipped), (Some(2), Some(1)));
    assert_eq!(report.problems.unwrap()[0].uid, Some(1001));
}

#[test]
fn a_damaged_record_is_replaced_only_if_that_is_asked_for() {
    let host = Host::with_users(2);
    let (file, _) = host.back_up().unwrap();
    host.damage(1001);
    for (overwrite, dry_run, refused) in [(false, false, 1), (true, true, 0), (true, false, 0)] {
        assert!(host.status(1001).is_err(), "it is as damaged as it was");
        let options = RestoreOptions {
            overwrite: Some(overwrite),
            dry_run: Some(dry_run),
            ..RestoreOptions::default()
        };
        let report = host.restore(&file, options).unwrap();
        assert_eq!(report.refused, Some(refused));
        assert_eq!(report.restored, Some(1 - refused));
    }
    assert!(host.status(1001).is_ok());
}

#[test]
fn one_backup_or_restore_goes_on_at_a_time() {
    let host = Host::with_users(1);
    let (file, _) = host.back_up().unwrap();
    let _going_on = host.engine.errand.lock().unwrap();
    assert!(matches!(host.back_up(), Err(Error::Busy(_))));
    let restored = host.restore(&file, RestoreOptions::default());
    assert!(matches!(restored, Err(Error::Busy(_))));
}

#[test]
fn what_nobody_waits_for_any_more_is_given_up() {
    let host = Host::with_users(1);
    let (file, _) = host.back_up().unwrap();
    let opener = Opener::Passphrase("correct horse".to_owned().into());
    let gone = host.engine.write_backup(&file, &opener, &|| false);
    assert!(matches!(gone, Err(Error::Expired(_))), "{gone:?}");
}

#[test]
fn a_passphrase_is_not_short_and_a_file_is_empty_before_a_backup() {
    let host = Host::with_users(1);
    for (passphrase, text) in [
        ("eleven char", "x"),
        ("twelve chars", "x"),
        ("eleven char", ""),
    ] {
        let file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
        let options = BackupOptions {
            passphrase: Some(file::seal([passphrase]).unwrap()),
        };
        // The line's end is one character more.
        let passphrase_is_short = passphrase.len() + 1 < 12;
        let refused = block_on(Arc::clone(&host.engine).backup(fd(&file), options));
        let expected = passphrase_is_short || !text.is_empty();
        assert_eq!(matches!(refused, Err(Error::InvalidArgs(_))), expected);
    }
}

#[test]
fn a_line_is_written_for_each_user() {
    let host = Host::with_users(2);
    let (file, _) = host.back_up().unwrap();
    let list = tempfile::tempfile().unwrap();
    let options = RestoreOptions {
        list: Some(fd(&list)),
        dry_run: Some(true),
        ..RestoreOptions::default()
    };
    host.restore(&file, options).unwrap();
    (&list).rewind().unwrap();
    let text = std::io::read_to_string(&list).unwrap();
    assert_eq!(text, "kept 1000 ada\nkept 1001 ada\n");
}

/// A host with users from 1000 on, all called ada.
struct Host {
    directory: TempDir,
    engine: Arc<Engine>,
}

impl Host {
    fn with_users(count: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("master.key");
        let master = MasterKey::generate(&Kernel).unwrap();
        fs::write(&key, master.expose()).unwrap();
        fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
        let keyring = Keyring::generate(&master, &Kernel).unwrap();
        let database = directory.path().join(FILE_NAME);
        schema::make(&database, &[(Keyring::entry(), keyring)]).unwrap();

        let vault = Vault::new(Sqlite::open(directory.path()), key);
        let clock = Manual::at(1_790_000_000);
        let engine = Engine::new(vault, clock, Kernel, Config::default());
        for uid in (1000..).take(count as usize) {
            let options = EnrollOptions {
                unconfirmed: Some(true),
                ..EnrollOptions::default()
            };
            let kind = Kind::Totp as u32;
            block_on(engine.enroll(&Caller::Root, (uid, "ada"), kind, &options)).unwrap();
        }
        Self {
            directory,
            engine: Arc::new(engine),
        }
    }

    fn back_up(&self) -> Result<(File, BackupReport), Error> {
        let file = tempfile::tempfile().unwrap();
        let options = BackupOptions::default();
        let report = block_on(Arc::clone(&self.engine).backup(fd(&file), options))?;
        Ok((file, report))
    }

    fn restore(&self, backup: &File, options: RestoreOptions) -> Result<RestoreReport, Error> {
        block_on(Arc::clone(&self.engine).restore(fd(backup), options))
    }

    fn status(&self, uid: u32) -> Result<(), Error> {
        block_on(self.engine.status(&Caller::Root, (uid, "ada"))).map(|_| ())
    }

    /// As one who writes to the disk could.
    fn damage(&self, uid: u32) {
        let database = Connection::open(self.directory.path().join(FILE_NAME)).unwrap();
        let key = [b"u".as_slice(), &uid.to_be_bytes()].concat();
        let damaged = "UPDATE record SET data = zeroblob(100) WHERE key = ?1";
        assert_eq!(database.execute(damaged, [key]).unwrap(), 1);
    }

    /// The master key, as a client hands it over.
    fn key(&self) -> OwnedFd {
        use std::io::Write;
        use std::os::fd::OwnedFd as Fd;

        use nix::fcntl::{FcntlArg, SealFlag, fcntl};
        use nix::sys::memfd::{MFdFlags, memfd_create};

        let bytes = fs::read(self.directory.path().join("master.key")).unwrap();
        let mut file = File::from(memfd_create("key", MFdFlags::MFD_ALLOW_SEALING).unwrap());
        file.write_all(&bytes).unwrap();
        fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all())).unwrap();
        Fd::from(file).into()
    }
}

fn fd(file: &File) -> OwnedFd {
    std::os::fd::OwnedFd::from(file.try_clone().unwrap()).into()
}
