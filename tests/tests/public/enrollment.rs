//! What users may change about themselves.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use countersign_bus::Error;
use countersign_bus::types::{ChangeOptions, EnrollOptions, Factor};
use countersign_tests::bus::Policy;
use countersign_tests::public::{ADA, request};
use countersign_tests::world::read;
use countersign_tests::{Enrolled, Public};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};

use super::{log_in, now};

const ON: (&str, &str) = ("self-service = \"off\"", "self-service = \"open\"");

#[test]
fn a_first_factor_is_the_admins_to_enroll_unless_the_configuration_says_otherwise() {
    let Some(place) = Public::start() else { return };
    let enroll = EnrollOptions::default();
    let refused = place.client(ADA).enroll(ADA, Factor::Totp, &enroll);
    assert!(
        matches!(refused, Err(Error::NotPermitted(_))),
        "{refused:?}"
    );
    let status = place.world.client().status(ADA).unwrap();
    assert_eq!(status.enrolled, Some(false));
    assert_eq!(status.credentials.map(|all| all.len()), Some(0));
}

#[test]
fn with_self_service_a_user_enrolls_and_every_later_change_takes_a_fresh_code() {
    let Some(place) = Public::with(Policy::Shipped, &[ON]) else {
        return;
    };
    let mut client = place.client(ADA);
    let overheard = Overheard::begin(&place);

    // Only root can skip the first code.
    let at_once = EnrollOptions {
        unconfirmed: Some(true),
        ..EnrollOptions::default()
    };
    let refused = client.enroll(ADA, Factor::Totp, &at_once);
    assert!(
        matches!(refused, Err(Error::NotPermitted(_))),
        "{refused:?}"
    );

    let enroll = EnrollOptions::default();
    let (credential, secret) = client.enroll(ADA, Factor::Totp, &enroll).unwrap();
    assert_sealed(&secret);
    let offer = read(secret);
    let mut ada = Enrolled::new(ADA.1, ADA.0, credential, &offer);
    assert!(ada.recovery_codes.is_empty(), "none before it is confirmed");
    let early = log_in(&mut client, &request(ADA), &ada.code(now()));
    assert!(
        early.is_err(),
        "an unconfirmed credential counts for nothing"
    );

    let wrong = client.confirm(ADA, &ada.credential, &ada.wrong_code(now()));
    assert!(matches!(wrong, Err(Error::Rejected(_))), "{wrong:?}");
    let used = ada.code(now());
    let recovery = client.confirm(ADA, &ada.credential, &used).unwrap();
    assert_sealed(&recovery);
    ada.recovery_codes = read(recovery).lines().map(str::to_owned).collect();
    assert_eq!(ada.recovery_codes.len(), 10);
    assert!(log_in(&mut client, &request(ADA), &used).is_err(), "spent");
    log_in(
        &mut place.world.client(),
        &request(ADA),
        &ada.recovery_codes[0],
    )
    .unwrap();

    place.world.client().unlock(ADA.0).unwrap();
    changes_take_proof(&place, &mut client, &ada, &used);
    overheard.nothing_of(&offer, &ada.recovery_codes);
}

/// Without a proof, or with a used code, nothing changes. With a fresh one, once.
fn changes_take_proof(
    place: &Public,
    client: &mut countersign_bus::Client,
    ada: &Enrolled,
    used: &str,
) {
    for proof in [None, Some(used.to_owned())] {
        let enroll = EnrollOptions {
            proof: proof.clone(),
            ..EnrollOptions::default()
        };
        let change = ChangeOptions {
            proof: proof.clone(),
        };
        for refused in [
            client.enroll(ADA, Factor::Totp, &enroll).map(drop),
            client.renew_recovery_codes(ADA, &change).map(drop),
            client.remove(ADA, &ada.credential, &change),
        ] {
            let expected = matches!(
                refused,
                Err(Error::NotPermitted(_) | Error::Rejected(_) | Error::Throttled(_))
            );
            assert!(expected, "{proof:?}: {refused:?}");
        }
        place.world.client().unlock(ADA.0).unwrap();
    }
    let status = place.world.client().status(ADA).unwrap();
    assert_eq!(status.credentials.map(|all| all.len()), Some(1));
    assert_eq!(status.recovery_left, Some(9));

    let fresh = EnrollOptions {
        proof: Some(ada.code(now() + 30)),
        ..EnrollOptions::default()
    };
    let (second, _) = client.enroll(ADA, Factor::Totp, &fresh).unwrap();
    assert_ne!(second, ada.credential);
    let again = client.enroll(ADA, Factor::Totp, &fresh).map(drop);
    assert!(matches!(again, Err(Error::Rejected(_))), "{again:?}");
}

fn assert_sealed(fd: &zbus::OwnedFd) {
    let seals = SealFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GET_SEALS).unwrap());
    assert!(seals.contains(SealFlag::all()), "{seals:?}");
    let mut file = File::from(std::os::fd::AsFd::as_fd(fd).try_clone_to_owned().unwrap());
    assert!(file.write_all(b"x").is_err());
}

/// What root hears who monitors the bus.
struct Overheard {
    monitor: std::process::Child,
    heard: std::path::PathBuf,
}

impl Overheard {
    fn begin(place: &Public) -> Self {
        let heard = place.world.path().join("overheard");
        let monitor = Command::new("dbus-monitor")
            .args(["--address", &place.address(), "--binary"])
            .stdout(File::create(&heard).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-monitor");
        let this = Self { monitor, heard };
        super::wait_until(
            "the monitor listens",
            std::time::Duration::from_secs(10),
            || {
                let _ = place.bus.connect(ADA.0);
                this.size() > 0
            },
        );
        this
    }

    fn size(&self) -> u64 {
        std::fs::metadata(&self.heard).map_or(0, |file| file.len())
    }

    fn nothing_of(mut self, offer: &str, recovery_codes: &[String]) {
        self.monitor.kill().unwrap();
        self.monitor.wait().unwrap();
        let heard = std::fs::read(&self.heard).unwrap();
        let contains = |text: &str| {
            heard
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(
            contains("RenewRecoveryCodes"),
            "the monitor heard the calls"
        );
        let (_, secret) = offer.split_once("secret=").unwrap();
        let secret = secret.split('&').next().unwrap();
        assert!(!contains("otpauth:") && !contains(secret));
        for code in recovery_codes {
            assert!(!contains(code), "a recovery code travelled in a message");
        }
    }
}
