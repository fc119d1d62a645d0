use super::*;

const NOW: u64 = 1_790_000_010;
const STEP: u64 = NOW / 30;
const SECRET: &[u8] = b"12345678901234567890";

fn credential() -> ImportCredential {
    ImportCredential {
        secret: Some(Hidden::from(SECRET)),
        ..ImportCredential::default()
    }
}

fn user(credential: ImportCredential) -> ImportUser {
    ImportUser {
        credentials: Some(vec![credential]),
        ..ImportUser::default()
    }
}

fn taken(credential: ImportCredential) -> Result<(Factor, Vec<u32>), Error> {
    let takeover = Takeover::of(&user(credential), Timestamp::from_unix(NOW))?;
    let [imported] = &takeover.credentials[..] else {
        panic!("{} credentials", takeover.credentials.len());
    };
    let notes = takeover.notes.iter();
    assert!(notes.clone().all(|(place, _)| *place == 0));
    Ok((
        imported.factor.clone(),
        notes.map(|(_, note)| *note).collect(),
    ))
}

/// Its last used step and its drift, and the skew.
fn totp(credential: ImportCredential) -> (Option<u64>, i64, u64) {
    let (factor, _) = taken(credential).unwrap();
    let Factor::Totp { totp, spent, drift } = factor else {
        panic!("{factor:?}");
    };
    (spent.map(Step::number), drift.steps(), totp.skew().steps())
}

/// A credential whose last code, of the step `code_of`, was accepted in the step `accepted_in`.
fn with_last(code_of: u64, accepted_in: u64) -> ImportCredential {
    let secret = Secret::from_entropy(SECRET);
    let totp = Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT);
    let code = totp.code_at(Step::from_number(code_of));
    ImportCredential {
        last_code: Some(Hidden::from(code.as_bytes())),
        last_time: Some(accepted_in * 30 + 7),
        skew: Some(5),
        ..credential()
    }
}

fn refused(credential: ImportCredential) -> String {
    taken(credential).unwrap_err().text().to_owned()
}

#[test]
fn what_is_not_said_is_as_everywhere() {
    assert_eq!(totp(credential()), (None, 0, 1));
    let (factor, notes) = taken(credential()).unwrap();
    assert_eq!(factor.otp().digits(), Digits::DEFAULT);
    assert!(notes.is_empty());
}

#[test]
fn the_last_codes_step_is_found_around_the_time_it_was_used() {
    for code_of in [STEP - 101, STEP - 100, STEP - 98] {
        let (spent, ..) = totp(with_last(code_of, STEP - 100));
        assert_eq!(spent, Some(code_of));
    }
}

#[test]
fn a_last_code_that_is_not_found_uses_up_the_step_it_was_used_in() {
    let (spent, drift, _) = totp(with_last(STEP - 1000, STEP - 100));
    assert_eq!((spent, drift), (Some(STEP - 100), 0));
}

#[test]
fn a_device_that_is_further_off_than_the_window_is_followed() {
    for (off, drift) in [(-4, -4), (-2, 0), (0, 0), (2, 0), (5, 5)] {
        let code_of = (STEP - 100).checked_add_signed(off).unwrap();
        assert_eq!(totp(with_last(code_of, STEP - 100)).1, drift, "{off}");
    }
}

#[test]
fn of_two_used_steps_the_later_counts_and_a_drift_that_is_said_is_believed() {
    let spent = |spent| ImportCredential {
        spent: Some(spent),
        drift: Some(3),
        ..with_last(STEP - 95, STEP - 100)
    };
    assert_eq!(totp(spent(STEP - 50)), (Some(STEP - 50), 3, 2));
    assert_eq!(totp(spent(STEP - 150)), (Some(STEP - 95), 3, 2));
}

#[test]
fn a_wider_window_and_a_larger_drift_are_narrowed_and_told() {
    let (factor, notes) = taken(ImportCredential {
        skew: Some(50),
        drift: Some(-1500),
        ..credential()
    })
    .unwrap();
    let Factor::Totp { totp, drift, .. } = factor else {
        panic!("{factor:?}");
    };
    assert_eq!(totp.skew(), Skew::MOST);
    assert_eq!(drift.steps(), -i64::from(Drift::MOST));
    assert_eq!(
        notes,
        [ImportNote::Narrowed as u32, ImportNote::DriftCapped as u32]
    );

    let (factor, notes) = taken(ImportCredential {
        counter: Some(42),
        look_ahead: Some(99),
        ..credential()
    })
    .unwrap();
    let Factor::Hotp { hotp, next, .. } = factor else {
        panic!("{factor:?}");
    };
    assert_eq!(hotp.look_ahead(), LookAhead::MOST);
    assert_eq!(next.value(), 42);
    assert_eq!(notes, [ImportNote::Narrowed as u32]);
}

#[test]
fn a_step_that_no_clock_can_have_reached_is_refused() {
    let with = |spent| ImportCredential {
        spent: Some(spent),
        ..credential()
    };
    assert_eq!(totp(with(STEP + 22)).0, Some(STEP + 22));
    assert!(refused(with(STEP + 23)).contains("still to come"));
    assert!(refused(with(u64::MAX)).contains("still to come"));
}

#[test]
fn what_makes_no_sense_is_refused_without_quoting_it() {
    let short = ImportCredential {
        secret: Some(Hidden::from(&b"123456789"[..])),
        ..credential()
    };
    let none = ImportCredential {
        secret: None,
        ..credential()
    };
    let last = ImportCredential {
        last_code: Some(Hidden::from(&b"hunter2"[..])),
        ..credential()
    };
    let digits = ImportCredential {
        digits: Some(5),
        ..credential()
    };
    let period = ImportCredential {
        period: Some(10),
        ..credential()
    };
    let algorithm = ImportCredential {
        algorithm: Some("MD5".to_owned()),
        ..credential()
    };
    let counter = ImportCredential {
        counter: Some(u64::MAX),
        ..credential()
    };
    for wrong in [short, none, last, digits, period, algorithm, counter] {
        let text = refused(wrong);
        assert!(
            !text.contains("hunter2") && !text.contains("12345678"),
            "{text}"
        );
    }
}

#[test]
fn scratch_codes_are_codes() {
    let of = |code: &[u8]| {
        let user = ImportUser {
            scratch: Some(vec![Hidden::from(code)]),
            ..ImportUser::default()
        };
        Takeover::of(&user, Timestamp::from_unix(NOW)).map(|takeover| takeover.scratch.len())
    };
    assert_eq!(of(b"12345678"), Ok(1));
    assert!(of(b"1234567x").is_err());
    assert!(of(b"\xff").is_err());
}
