use proptest::prelude::*;

use super::*;

const KEY: &str = "3132333435363738393031323334353637383930";

fn setting() -> Setting {
    Setting {
        zone: TimeZone::UTC,
        window: 5,
    }
}

fn one(line: &str) -> Result<Found, Bad> {
    let mut lines = parse(line.as_bytes(), &setting());
    assert_eq!(lines.len(), 1, "{line:?}");
    lines.remove(0)
}

fn credential(line: &str) -> ImportCredential {
    one(line).unwrap().credential
}

#[test]
fn upstreams_own_examples_are_read() {
    let found = one(&format!("HOTP/E/7\trms\t6767\t{KEY}\t10")).unwrap();
    assert_eq!(found.user.as_deref(), Some("rms"));
    let secret = found.credential.secret.as_ref().unwrap();
    assert_eq!(secret.expose(), b"12345678901234567890");
    assert_eq!(found.credential.digits, Some(7));
    assert_eq!(found.credential.counter, Some(10));
    assert_eq!(found.credential.look_ahead, Some(5));
    assert_eq!(found.left, [Left::Password]);

    let found = one(&format!(
        "HOTP\t\tfoo\t8989\t{KEY}\t0\t755224\t2009-12-07T17:25:42L"
    ))
    .unwrap();
    assert_eq!(found.credential.counter, Some(1));
    assert!(found.credential.last_code.is_none());

    let bad = one("HOTP/T30\teve\t-\t00").err().unwrap();
    assert_eq!(bad.user.as_deref(), Some("eve"));
    assert_eq!(bad.flaw, Flaw::ShortSecret);
}

#[test]
fn the_types_are_those_that_liboath_knows_and_no_others() {
    for (kind, period, digits) in [
        ("HOTP", None, 6),
        ("HOTP/E", None, 6),
        ("HOTP/E/6", None, 6),
        ("HOTP/E/7", None, 7),
        ("HOTP/E/8", None, 8),
        ("HOTP/T30", Some(30), 6),
        ("HOTP/T30/6", Some(30), 6),
        ("HOTP/T30/7", Some(30), 7),
        ("HOTP/T30/8", Some(30), 8),
        ("HOTP/T60", Some(60), 6),
        ("HOTP/T60/6", Some(60), 6),
        ("HOTP/T60/7", Some(60), 7),
        ("HOTP/T60/8", Some(60), 8),
    ] {
        let credential = credential(&format!("{kind} u - {KEY}"));
        assert_eq!(credential.period, period, "{kind}");
        assert_eq!(credential.digits, Some(digits), "{kind}");
        assert_eq!(credential.counter.is_none(), period.is_some(), "{kind}");
    }
    for kind in [
        "hotp",
        "TOTP",
        "HOTP/",
        "HOTP/T",
        "HOTP/T15",
        "HOTP/E/5",
        "HOTP/E/9",
        "MOTP",
        "HOTP/T30/",
    ] {
        let bad = one(&format!("{kind} u - {KEY}")).err().unwrap();
        assert_eq!((bad.flaw, bad.user), (Flaw::NoType, None), "{kind}");
    }
}

#[test]
fn comments_and_empty_lines_say_nothing_and_lines_are_counted_with_them() {
    let file = format!("# users\n\n \t\r\n  # more\nHOTP a - {KEY}\r\nHOTP b\n");
    let lines = parse(file.as_bytes(), &setting());
    let [Ok(a), Err(b)] = &lines[..] else {
        panic!("{} lines", lines.len());
    };
    assert_eq!((a.line, a.user.as_deref()), (5, Some("a")));
    assert_eq!((b.line, b.user.as_deref()), (6, Some("b")));
    assert_eq!(b.flaw, Flaw::Missing("password"));
}

#[test]
fn a_used_time_based_code_comes_with_when_it_was_used() {
    let credential = credential(&format!(
        "HOTP/T30 u - {KEY} 3 12345678 2009-12-07T17:25:42L"
    ));
    assert_eq!(credential.last_time, Some(1_260_206_742));
    assert_eq!(credential.last_code.as_ref().unwrap().expose(), b"12345678");
    assert_eq!(credential.spent, None);
    assert_eq!(credential.skew, Some(5));
}

#[test]
fn times_are_local_and_of_two_it_is_the_later() {
    let berlin = || Setting {
        zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        window: 5,
    };
    let time = |text: &str| {
        let line = format!("HOTP/T30 u - {KEY} 0 123456 {text}");
        let found = parse(line.as_bytes(), &berlin()).remove(0);
        found.map(|found| found.credential.last_time.unwrap())
    };
    assert_eq!(time("2025-07-01T12:00:00L").unwrap(), 1_751_364_000);
    assert_eq!(time("2025-12-01T12:00:00L").unwrap(), 1_764_586_800);
    // At 3:00 of summer time the clock was set back to 2:00.
    assert_eq!(time("2025-10-26T02:30:00L").unwrap(), 1_761_442_200);
    for text in [
        "2025-07-01T12:00:00Z",
        "2025-07-01T12:00:00",
        "2025-07-01 12:00:00L",
        "2025-13-01T12:00:00L",
        "1960-01-01T12:00:00L",
        "1751364000",
    ] {
        let bad = time(text).err().unwrap();
        assert_eq!(bad.flaw, Flaw::Value("the time of the last code"), "{text}");
    }
}

#[test]
fn the_length_of_the_last_code_is_believed_before_the_type() {
    let found = one(&format!("HOTP/E u - {KEY} 0 12345678")).unwrap();
    assert_eq!(found.credential.digits, Some(8));
    assert_eq!(found.left, [Left::Digits]);
}

#[test]
fn a_plain_password_is_told_and_not_kept() {
    for (password, left) in [
        ("-", vec![]),
        ("+", vec![]),
        ("hunter2", vec![Left::Password]),
    ] {
        let found = one(&format!("HOTP u {password} {KEY}")).unwrap();
        assert_eq!(found.left, left, "{password}");
    }
}

#[test]
fn what_is_malformed_is_told_by_its_field() {
    let long = "31".repeat(33);
    for (rest, flaw) in [
        ("-".to_owned(), Flaw::Missing("secret")),
        (format!("- {KEY}3"), Flaw::NotHex),
        (format!("- {KEY}zz"), Flaw::NotHex),
        (format!("- {long}"), Flaw::LongSecret),
        ("- 3132".to_owned(), Flaw::ShortSecret),
        (format!("- {KEY} x"), Flaw::Value("the moving factor")),
        (format!("- {KEY} -1"), Flaw::Value("the moving factor")),
        (
            format!("- {KEY} {} 123456", u64::MAX),
            Flaw::Value("the moving factor"),
        ),
        (format!("- {KEY} 0 12345"), Flaw::Value("the last code")),
        (format!("- {KEY} 0 12345x"), Flaw::Value("the last code")),
    ] {
        let bad = one(&format!("HOTP u {rest}")).err().unwrap();
        assert_eq!(bad.flaw, flaw, "{rest}");
        assert_eq!(bad.user.as_deref(), Some("u"), "{rest}");
    }
    assert_eq!(one("HOTP").err().unwrap().flaw, Flaw::Missing("user"));
}

#[test]
fn a_line_that_is_no_text_is_bad_by_itself() {
    for line in [
        &b"HOTP \xff - 31\nHOTP a - 00"[..],
        b"HOTP u\0 - 31\nHOTP a - 00",
    ] {
        let lines = parse(line, &setting());
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].as_ref().err().unwrap().flaw, Flaw::NoText);
    }
}

#[test]
fn no_text_quotes_what_a_line_holds() {
    let bad = one(&format!("HOTP u - {KEY} 0 hunter2 hunter2")).err();
    let bad = bad.unwrap();
    let shown = format!("{} {bad:?}", bad.flaw);
    assert!(
        !shown.contains("hunter2") && !shown.contains(KEY),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(file: Vec<u8>) {
        let _ = parse(&file, &setting());
    }

    #[test]
    fn no_words_make_it_panic(words in prop::collection::vec(
        prop_oneof!["[0-9a-f]{0,70}", "[0-9]{0,25}", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}L", "\\PC{0,8}"], 0..8))
    {
        let _ = parse(format!("HOTP/T30 u {}", words.join(" ")).as_bytes(), &setting());
    }
}
