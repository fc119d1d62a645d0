//! What the daemon itself takes and tells.

use std::fs::File;
use std::io::Write;

use countersign_bus::Error;
use countersign_bus::events::EventOptions;
use countersign_bus::import::{
    Hidden, ImportCredential, ImportOptions, ImportResult, ImportUser, encode,
};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::world;

#[test]
fn the_daemon_reads_sealed_files_with_users_and_nothing_else() {
    let (_clock, world) = world();
    let options = ImportOptions::default;
    let pipe = std::io::pipe().unwrap().0;
    let pipe = zbus::OwnedFd::from(std::os::fd::OwnedFd::from(pipe));
    let refused = world.client().import(pipe, &options());
    assert!(matches!(refused, Err(Error::InvalidArgs(_))), "{refused:?}");

    let refused = world.client().import(sealed(b"nonsense"), &options());
    assert!(matches!(refused, Err(Error::InvalidArgs(_))), "{refused:?}");

    // A user without a name is refused, as one of many.
    let users = [ImportUser {
        uid: Some(1),
        ..ImportUser::default()
    }];
    let file = sealed(encode(&users).unwrap().bytes());
    let outcomes = world.client().import(file, &options()).unwrap();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].result, Some(ImportResult::Refused as u32));
}

#[test]
fn a_crowd_is_one_event_and_a_few_are_one_each() {
    let (_clock, world) = world();
    let crowd = |first: u32, count: u32| {
        let users: Vec<_> = (first..first + count).map(newcomer).collect();
        let file = sealed(encode(&users).unwrap().bytes());
        let outcomes = world
            .client()
            .import(file, &ImportOptions::default())
            .unwrap();
        let imported = Some(ImportResult::Imported as u32);
        assert!(outcomes.iter().all(|outcome| outcome.result == imported));
        let (events, _) = world.client().events(0, &EventOptions::default()).unwrap();
        events
            .into_iter()
            .filter(|event| event.outcome.as_deref() == Some("imported"))
            .map(|event| event.uid)
            .collect::<Vec<_>>()
    };
    assert_eq!(crowd(300_000, 300), [None]);
    assert_eq!(crowd(400_000, 2), [None, Some(400_000), Some(400_001)]);
}

/// Somebody with a token of their own.
fn newcomer(uid: u32) -> ImportUser {
    let secret = [&uid.to_be_bytes()[..], b"0123456789abcdef"].concat();
    ImportUser {
        uid: Some(uid),
        name: Some(format!("u{uid}")),
        credentials: Some(vec![ImportCredential {
            secret: Some(Hidden::from(&secret[..])),
            counter: Some(0),
            ..ImportCredential::default()
        }]),
        scratch: None,
    }
}

fn sealed(bytes: &[u8]) -> zbus::OwnedFd {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("users", flags).unwrap();
    let mut file = File::from(file);
    file.write_all(bytes).unwrap();
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW).unwrap();
    std::os::fd::OwnedFd::from(file).into()
}
