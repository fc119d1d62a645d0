use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::stat::{Mode as Bits, SFlag as Kind, mknod};
use tempfile::TempDir;

use super::*;

const FILE: &str = ".google_authenticator";
const LARGEST: u64 = 65536;
const ALICE: u32 = 61_001;
const BOB: u32 = 61_002;

/// Groups are the whole process's, and so one test at a time reads.
static ALONE: Mutex<()> = Mutex::new(());

/// Homes of people who need not exist. Only root can make them.
struct Homes(
    TempDir,
    #[expect(dead_code, reason = "held")] MutexGuard<'static, ()>,
);

impl Homes {
    fn build() -> Option<Self> {
        if !Uid::effective().is_root() {
            println!("skipped: only root can make other people's homes");
            return None;
        }
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let homes = Self(TempDir::new().unwrap(), alone);
        fs::set_permissions(homes.0.path(), Permissions::from_mode(0o755)).unwrap();
        for uid in [ALICE, BOB] {
            let home = homes.path(uid);
            fs::create_dir(&home).unwrap();
            fs::set_permissions(&home, Permissions::from_mode(0o700)).unwrap();
            chown(&home, Some(uid), Some(uid)).unwrap();
        }
        Some(homes)
    }

    fn path(&self, uid: u32) -> PathBuf {
        self.0.path().join(uid.to_string())
    }

    fn file(&self, uid: u32) -> PathBuf {
        self.path(uid).join(FILE)
    }

    fn put(&self, uid: u32, contents: &[u8]) {
        fs::write(self.file(uid), contents).unwrap();
        self.give(uid, 0o600);
    }

    fn give(&self, uid: u32, mode: u32) {
        chown(self.file(uid), Some(uid), Some(uid)).unwrap();
        fs::set_permissions(self.file(uid), Permissions::from_mode(mode)).unwrap();
    }

    fn account(&self, uid: u32) -> Entry {
        Entry {
            name: format!("u{uid}"),
            uid,
            gid: uid,
            home: self.path(uid).display().to_string(),
            shell: String::new(),
        }
    }

    fn read(&self, uid: u32) -> Result<Option<Vec<u8>>, NotRead> {
        let read = read(&self.account(uid), Path::new(FILE), LARGEST);
        assert_eq!(current_uid(), Uid::from_raw(0), "root again");
        assert_eq!(current_gid(), Gid::from_raw(0), "root's group again");
        read.map(|bytes| bytes.map(|bytes| bytes.to_vec()))
    }

    #[track_caller]
    fn refuses(&self, uid: u32, why: NotRead) {
        assert_eq!(self.read(uid), Err(why));
    }
}

#[test]
fn an_owners_own_file_is_read() {
    let Some(homes) = Homes::build() else { return };
    assert_eq!(homes.read(ALICE), Ok(None));
    homes.put(ALICE, b"secret");
    assert_eq!(homes.read(ALICE), Ok(Some(b"secret".to_vec())));
    homes.give(ALICE, 0o400);
    assert_eq!(homes.read(ALICE), Ok(Some(b"secret".to_vec())));
}

#[test]
fn roots_groups_are_back_afterwards() {
    let Some(homes) = Homes::build() else { return };
    let before = getgroups().unwrap();
    homes.put(ALICE, b"secret");
    homes.read(ALICE).unwrap();
    assert_eq!(getgroups().unwrap(), before);
}

#[test]
fn a_link_to_what_only_root_may_read_is_not_followed() {
    let Some(homes) = Homes::build() else { return };
    symlink("/etc/shadow", homes.file(ALICE)).unwrap();
    homes.refuses(ALICE, NotRead::Link);
}

#[test]
fn a_link_to_another_users_file_is_not_followed_nor_one_within_the_home() {
    let Some(homes) = Homes::build() else { return };
    homes.put(BOB, b"bob's");
    symlink(homes.file(BOB), homes.file(ALICE)).unwrap();
    homes.refuses(ALICE, NotRead::Link);

    fs::remove_file(homes.file(ALICE)).unwrap();
    fs::write(homes.path(ALICE).join("elsewhere"), "secret").unwrap();
    symlink("elsewhere", homes.file(ALICE)).unwrap();
    homes.refuses(ALICE, NotRead::Link);
}

#[test]
fn a_directory_on_the_way_that_is_a_link_is_not_followed_nor_a_way_out() {
    let Some(homes) = Homes::build() else { return };
    homes.put(BOB, b"bob's");
    symlink(homes.path(BOB), homes.path(ALICE).join("ssh")).unwrap();
    let through = |file: &Path| read(&homes.account(ALICE), file, LARGEST).map(drop);
    let way = Path::new("ssh").join(FILE);
    assert_eq!(through(&way), Err(NotRead::Link));
    let way = Path::new("..").join(BOB.to_string()).join(FILE);
    assert_eq!(through(&way), Err(NotRead::Link));
    assert_eq!(through(&homes.file(BOB)), Err(NotRead::Link));
}

#[test]
fn a_home_that_its_owner_made_a_link_is_not_followed() {
    let Some(homes) = Homes::build() else { return };
    homes.put(BOB, b"bob's");
    fs::remove_dir(homes.path(ALICE)).unwrap();
    symlink(homes.path(BOB), homes.path(ALICE)).unwrap();
    lchown(homes.path(ALICE), Some(ALICE), Some(ALICE)).unwrap();
    homes.refuses(ALICE, NotRead::LinkedHome);
}

#[test]
fn a_home_that_root_made_a_link_is_followed_to_the_owners_own_directory_only() {
    let Some(homes) = Homes::build() else { return };
    let elsewhere = homes.0.path().join("elsewhere");
    fs::rename(homes.path(ALICE), &elsewhere).unwrap();
    symlink(&elsewhere, homes.path(ALICE)).unwrap();
    homes.put(ALICE, b"secret");
    assert_eq!(homes.read(ALICE), Ok(Some(b"secret".to_vec())));

    chown(&elsewhere, Some(BOB), Some(BOB)).unwrap();
    homes.refuses(ALICE, NotRead::ForeignHome);
}

#[test]
fn what_would_keep_a_reader_waiting_is_no_regular_file() {
    let Some(homes) = Homes::build() else { return };
    mknod(&homes.file(ALICE), Kind::S_IFIFO, Bits::S_IRWXU, 0).unwrap();
    homes.give(ALICE, 0o600);
    homes.refuses(ALICE, NotRead::Irregular);

    fs::remove_file(homes.file(ALICE)).unwrap();
    let _socket = UnixListener::bind(homes.file(ALICE)).unwrap();
    homes.give(ALICE, 0o600);
    homes.refuses(ALICE, NotRead::Irregular);

    fs::remove_file(homes.file(ALICE)).unwrap();
    fs::create_dir(homes.file(ALICE)).unwrap();
    homes.give(ALICE, 0o600);
    homes.refuses(ALICE, NotRead::Irregular);
}

#[test]
fn somebody_elses_file_in_the_home_is_not_read() {
    let Some(homes) = Homes::build() else { return };
    homes.put(ALICE, b"secret");
    chown(homes.file(ALICE), Some(BOB), Some(ALICE)).unwrap();
    fs::set_permissions(homes.file(ALICE), Permissions::from_mode(0o644)).unwrap();
    homes.refuses(ALICE, NotRead::Foreign);

    // The owner may not read it, and root's rights are not used.
    fs::set_permissions(homes.file(ALICE), Permissions::from_mode(0o600)).unwrap();
    homes.refuses(ALICE, NotRead::System(Errno::EACCES));
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let Some(homes) = Homes::build() else { return };
    homes.put(ALICE, b"secret");
    for mode in [0o640, 0o604, 0o660, 0o700, 0o4600] {
        homes.give(ALICE, mode);
        homes.refuses(ALICE, NotRead::Mode);
    }
}

#[test]
fn a_second_name_elsewhere_gives_nobody_the_file_and_takes_it_from_nobody() {
    let Some(homes) = Homes::build() else { return };
    homes.put(BOB, b"bob's");
    fs::hard_link(homes.file(BOB), homes.file(ALICE)).unwrap();
    homes.refuses(ALICE, NotRead::System(Errno::EACCES));
    assert_eq!(homes.read(BOB), Ok(Some(b"bob's".to_vec())));
}

#[test]
fn an_empty_file_and_a_huge_one_are_refused() {
    let Some(homes) = Homes::build() else { return };
    homes.put(ALICE, b"");
    homes.refuses(ALICE, NotRead::Length(LARGEST));
    homes.put(ALICE, &[b'A'; LARGEST as usize + 1]);
    homes.refuses(ALICE, NotRead::Length(LARGEST));
    homes.put(ALICE, &[b'A'; LARGEST as usize]);
    assert!(homes.read(ALICE).unwrap().is_some());
}

#[test]
fn no_home_is_no_file() {
    let Some(homes) = Homes::build() else { return };
    for home in ["/nonexistent", "/dev/null", "/dev/null/x"] {
        let account = Entry {
            home: home.to_owned(),
            shell: String::new(),
            ..homes.account(ALICE)
        };
        assert_eq!(read(&account, Path::new(FILE), LARGEST), Ok(None), "{home}");
    }
}
