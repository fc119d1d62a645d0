use proptest::prelude::*;

use super::*;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn with(rest: &str) -> Found {
    parse(format!("{SECRET}\n{rest}").as_bytes()).unwrap()
}

fn flaw(rest: &str) -> Bad {
    let file = format!("{SECRET}\n\" TOTP_AUTH\n{rest}");
    parse(file.as_bytes()).err().unwrap()
}

fn scratch(found: &Found) -> Vec<&[u8]> {
    found.scratch.iter().map(Hidden::expose).collect()
}

#[test]
fn a_file_as_the_program_writes_it_is_read_whole() {
    let found = with(
        "\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 17\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n12345678\n23456789\n",
    );
    let credential = &found.credential;
    let secret = credential.secret.as_ref().unwrap();
    assert_eq!(secret.expose(), b"12345678901234567890");
    assert_eq!(credential.counter, None);
    assert_eq!(credential.skew, Some(8));
    assert_eq!(credential.spent, None);
    assert_eq!(credential.drift, None);
    assert_eq!(scratch(&found), [b"12345678", b"23456789"]);
    assert_eq!(found.left, [Left::RateLimit]);
}

#[test]
fn the_highest_used_step_the_skew_and_the_step_size_are_kept() {
    let found = with(
        "\" TIME_SKEW -7\n\" DISALLOW_REUSE 59666666 59666668 59666667\n\" STEP_SIZE 60\n\" TOTP_AUTH\n",
    );
    assert_eq!(found.credential.spent, Some(59_666_668));
    assert_eq!(found.credential.drift, Some(-7));
    assert_eq!(found.credential.period, Some(60));
    assert!(found.left.is_empty());
}

#[test]
fn a_counter_above_0_wins_over_time_and_its_window_begins_with_it() {
    let found = with("\" HOTP_COUNTER 42\n\" WINDOW_SIZE 10\n\" TOTP_AUTH\n");
    assert_eq!(found.credential.counter, Some(42));
    assert_eq!(found.credential.look_ahead, Some(9));
    assert_eq!(found.credential.skew, None);
    assert_eq!(found.left, [Left::Totp]);

    let found = with("\" HOTP_COUNTER 0\n\" TOTP_AUTH\n\" DISALLOW_REUSE\n");
    assert_eq!(found.credential.counter, None);
    assert!(found.left.is_empty());
}

#[test]
fn a_window_is_3_unless_it_is_said() {
    assert_eq!(with("\" TOTP_AUTH\n").credential.skew, Some(1));
    assert_eq!(with("\" HOTP_COUNTER 1\n").credential.look_ahead, Some(2));
    for (window, skew) in [(1, 0), (2, 1), (4, 2), (100, 50)] {
        let found = with(&format!("\" WINDOW_SIZE {window}\n\" TOTP_AUTH\n"));
        assert_eq!(found.credential.skew, Some(skew), "{window}");
    }
}

#[test]
fn the_hardened_forks_digits_and_algorithm_are_kept() {
    let found = with("\" DIGITS 8\n\" ALGORITHM sha256\n\" TOTP_AUTH\n");
    assert_eq!(found.credential.digits, Some(8));
    assert_eq!(found.credential.algorithm.as_deref(), Some("SHA256"));
}

#[test]
fn the_mark_of_time_based_codes_counts_wherever_it_is() {
    assert!(parse(format!("{SECRET}\n\" X \" TOTP_AUTHENTIC\n").as_bytes()).is_ok());
    assert!(parse(format!("{SECRET}\n\"TOTP_AUTH\n").as_bytes()).is_err());
}

#[test]
fn without_time_or_counter_there_are_no_codes() {
    for rest in ["", "12345678\n", "\" HOTP_COUNTER 0\n"] {
        let bad = parse(format!("{SECRET}\n{rest}").as_bytes()).err().unwrap();
        assert_eq!(bad.flaw, Flaw::NoCodes, "{rest:?}");
    }
}

#[test]
fn of_an_option_given_twice_the_first_counts() {
    let found = with("\" STEP_SIZE 20\n\" STEP_SIZE 40\n\" TOTP_AUTH\n");
    assert_eq!(found.credential.period, Some(20));
}

#[test]
fn an_option_is_a_whole_word_behind_a_quotation_mark_and_a_space() {
    let found = with(
        "\" STEP_SIZES 20\n\"  STEP_SIZE 20\n\"STEP_SIZE 20\n\" TOTP_AUTH\n\" DISALLOW_REUSE\n",
    );
    assert_eq!(found.credential.period, None);
    assert_eq!(
        found.left,
        [Left::Unknown(2), Left::Unknown(3), Left::Unknown(4)]
    );
    assert_eq!(
        with("\" STEP_SIZE\t 20 \r\n\" TOTP_AUTH\r\n")
            .credential
            .period,
        Some(20)
    );
}

#[test]
fn an_option_that_makes_no_sense_is_named_with_its_line() {
    for (rest, key) in [
        ("\" STEP_SIZE 0\n", "STEP_SIZE"),
        ("\" STEP_SIZE 61\n", "STEP_SIZE"),
        ("\" WINDOW_SIZE 0\n", "WINDOW_SIZE"),
        ("\" WINDOW_SIZE 101\n", "WINDOW_SIZE"),
        ("\" WINDOW_SIZE x\n", "WINDOW_SIZE"),
        ("\" DISALLOW_REUSE 1 x\n", "DISALLOW_REUSE"),
        ("\" TIME_SKEW\n", "TIME_SKEW"),
        ("\" TIME_SKEW --1\n", "TIME_SKEW"),
        ("\" DIGITS 5\n", "DIGITS"),
        ("\" ALGORITHM md5\n", "ALGORITHM"),
        ("\" HOTP_COUNTER -1\n", "HOTP_COUNTER"),
    ] {
        let bad = flaw(rest);
        assert_eq!((bad.line, bad.flaw), (3, Flaw::Value(key)), "{rest:?}");
    }
}

#[test]
fn scratch_codes_are_lines_of_their_own_and_end_at_the_first_that_is_none() {
    for (rest, codes, left) in [
        ("12345678\n", &["12345678"][..], None),
        (
            "\n\r\n12345678\n\n23456789",
            &["12345678", "23456789"],
            None,
        ),
        (
            "12345678\n\" RATE_LIMIT 3 30\n23456789\n",
            &["12345678", "23456789"],
            Some(Left::RateLimit),
        ),
        (
            "12345678\n1234567\n23456789\n",
            &["12345678"],
            Some(Left::Unread(5)),
        ),
        ("123456789\n12345678\n", &[], Some(Left::Unread(4))),
        ("12345678 \n", &[], Some(Left::Unread(4))),
        ("12345678 # spare\n", &[], Some(Left::Unread(4))),
    ] {
        let found = with(&format!("\" TOTP_AUTH\n\" DISALLOW_REUSE\n{rest}"));
        let expected: Vec<_> = codes.iter().map(|code| code.as_bytes()).collect();
        assert_eq!(scratch(&found), expected, "{rest:?}");
        assert_eq!(found.left, left.into_iter().collect::<Vec<_>>(), "{rest:?}");
    }
}

#[test]
fn grace_an_unfinished_skew_and_leave_to_reuse_are_left_behind() {
    let found = with(
        "\" LAST0 192.0.2.1 1700000000\n\" LAST1 192.0.2.2 1700000001\n\" RESETTING_TIME_SKEW 1+2\n\" TOTP_AUTH\n",
    );
    assert_eq!(found.left, [Left::Grace, Left::Resetting, Left::Reuse]);
}

#[test]
fn secrets_of_any_age_are_read_and_what_can_be_guessed_is_not() {
    for letters in [16, 26, 32, 52] {
        let file = format!("{}\n\" TOTP_AUTH\n", "a".repeat(letters));
        let found = parse(file.as_bytes()).unwrap();
        let secret = found.credential.secret.as_ref().unwrap();
        assert_eq!(secret.expose().len(), letters * 5 / 8);
    }
    for (first, expected) in [
        ("", Flaw::ShortSecret),
        ("GEZDGNBVGY3TQOJ", Flaw::ShortSecret),
        ("GEZDGNBVGY3TQOJQ======", Flaw::NotBase32),
        ("not base 32!", Flaw::NotBase32),
        ("\" TOTP_AUTH", Flaw::NotBase32),
    ] {
        let bad = parse(format!("{first}\n\" TOTP_AUTH\n").as_bytes())
            .err()
            .unwrap();
        assert_eq!((bad.line, bad.flaw), (1, expected), "{first:?}");
    }
}

#[test]
fn what_is_no_text_is_refused() {
    for file in [
        &b"\0"[..],
        b"GEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n\0",
        b"\xff\n",
        "é\n".as_bytes(),
    ] {
        assert_eq!(parse(file).err().unwrap().flaw, Flaw::NoText);
    }
}

#[test]
fn no_text_quotes_the_secret() {
    let shown = format!("{:?} {}", flaw("\" DIGITS GEZD\n"), Flaw::Value("DIGITS"));
    assert!(!shown.contains("GEZD"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(file: Vec<u8>) {
        let _ = parse(&file);
    }

    #[test]
    fn no_lines_make_it_panic(lines in prop::collection::vec(
        prop_oneof!["\" [A-Z_0-9]{1,14} [0-9 +-]{0,30}", "[0-9]{0,12}", "\\PC{0,20}"], 0..12))
    {
        let file = format!("{SECRET}\n\" TOTP_AUTH\n{}", lines.join("\n"));
        let _ = parse(file.as_bytes());
    }
}
