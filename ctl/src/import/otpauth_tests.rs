use proptest::prelude::*;

use super::*;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn one(uri: &str) -> Result<Found, Bad> {
    let mut lines = parse(uri.as_bytes());
    assert_eq!(lines.len(), 1, "{uri:?}");
    lines.remove(0)
}

#[test]
fn a_uri_as_apps_share_it_is_read_whole() {
    let found = one(&format!(
        "otpauth://totp/Acme%20Co:%20alice?secret={SECRET}&issuer=Acme%20Co&algorithm=SHA512&digits=8&period=60&image=x"
    ))
    .unwrap();
    assert_eq!(found.user.as_deref(), Some("alice"));
    let credential = &found.credential;
    let secret = credential.secret.as_ref().unwrap();
    assert_eq!(secret.expose(), b"12345678901234567890");
    assert_eq!(credential.label.as_deref(), Some("Acme Co"));
    assert_eq!(credential.algorithm.as_deref(), Some("SHA512"));
    assert_eq!(credential.digits, Some(8));
    assert_eq!(credential.period, Some(60));
    assert_eq!(credential.counter, None);
}

#[test]
fn what_is_not_said_is_left_to_the_daemon() {
    let found = one(&format!("otpauth://totp/bob?secret={SECRET}")).unwrap();
    assert_eq!(found.user.as_deref(), Some("bob"));
    assert_eq!(found.credential.label.as_deref(), Some("otpauth"));
    assert_eq!(found.credential.algorithm, None);
    assert_eq!(found.credential.digits, None);
    assert_eq!(found.credential.period, None);
}

#[test]
fn a_counter_based_uri_says_its_counter() {
    let found = one(&format!("OTPAUTH://HOTP/bob?secret={SECRET}&counter=7")).unwrap();
    assert_eq!(found.credential.counter, Some(7));
    let bad = one(&format!("otpauth://hotp/bob?secret={SECRET}"));
    assert_eq!(bad.err().unwrap().flaw, Flaw::Missing("counter"));
}

#[test]
fn lists_have_comments_and_empty_lines() {
    let file = format!("# mine\n\n  otpauth://totp/a?secret={SECRET}  \r\nnonsense\n");
    let lines = parse(file.as_bytes());
    let [Ok(a), Err(nonsense)] = &lines[..] else {
        panic!("{} lines", lines.len());
    };
    assert_eq!((a.line, a.user.as_deref()), (3, Some("a")));
    assert_eq!((nonsense.line, nonsense.flaw), (4, Flaw::NoUri));
}

#[test]
fn an_export_of_several_keys_is_told_apart() {
    let bad = one("otpauth-migration://offline?data=CjEKCkhlbGxv").err();
    let bad = bad.unwrap();
    assert_eq!(bad.flaw, Flaw::Migration);
    assert!(bad.flaw.to_string().contains("otpauth://"));
}

#[test]
fn what_is_malformed_is_told_by_its_part() {
    let s = SECRET;
    for (uri, flaw) in [
        ("https://totp/a?secret=A".to_owned(), Flaw::NoUri),
        (format!("otpauth://steam/a?secret={s}"), Flaw::NoUri),
        (format!("otpauth://totp/%zz?secret={s}"), Flaw::NoUri),
        ("otpauth://totp/a".to_owned(), Flaw::Missing("secret")),
        ("otpauth://totp/a?x=1".to_owned(), Flaw::Missing("secret")),
        (
            format!("otpauth://totp/?secret={s}"),
            Flaw::Missing("account in the label"),
        ),
        (
            format!("otpauth://totp/Acme:%20?secret={s}"),
            Flaw::Missing("account in the label"),
        ),
        ("otpauth://totp/a?secret=01".to_owned(), Flaw::NotBase32),
        ("otpauth://totp/a?secret=GEZD".to_owned(), Flaw::ShortSecret),
        (
            format!("otpauth://totp/a?secret={s}&secret={s}"),
            Flaw::Twice("secret"),
        ),
        (
            format!("otpauth://totp/a?secret={s}&digits=5"),
            Flaw::Value("digits"),
        ),
        (
            format!("otpauth://totp/a?secret={s}&period=-30"),
            Flaw::Value("period"),
        ),
        (
            format!("otpauth://totp/a?secret={s}&algorithm=MD5"),
            Flaw::Value("algorithm"),
        ),
        (
            format!("otpauth://hotp/a?secret={s}&counter=x"),
            Flaw::Value("counter"),
        ),
    ] {
        assert_eq!(one(&uri).err().unwrap().flaw, flaw, "{uri}");
    }
}

#[test]
fn a_bad_line_of_a_known_account_is_that_accounts() {
    let bad = one("otpauth://totp/alice?secret=GEZD").err().unwrap();
    assert_eq!(bad.user.as_deref(), Some("alice"));
}

#[test]
fn a_label_cannot_steer_a_terminal_nor_be_endless() {
    let uri = format!(
        "otpauth://totp/a?secret={SECRET}&issuer=x%1b%5b2J{}",
        "y".repeat(200)
    );
    let label = one(&uri).unwrap().credential.label.unwrap();
    assert!(
        label.chars().count() <= 64 && !label.contains('\u{1b}'),
        "{label:?}"
    );
}

#[test]
fn a_secret_may_have_padding() {
    let found = one("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGE%3D%3D%3D%3D%3D%3D").unwrap();
    let secret = found.credential.secret.as_ref().unwrap();
    assert_eq!(secret.expose(), b"12345678901");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(file: Vec<u8>) {
        let _ = parse(&file);
    }

    #[test]
    fn no_uri_makes_it_panic(label in "[a-z%:0-9 ]{0,12}", query in "[a-z=&%0-9A-Z]{0,40}") {
        let _ = parse(format!("otpauth://totp/{label}?secret={SECRET}&{query}").as_bytes());
    }
}
