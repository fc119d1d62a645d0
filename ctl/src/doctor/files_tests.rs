use super::*;
use crate::doctor::planted::{NOW, Planted, ids, one};

const CHECKED: &str = "/usr/libexec/countersign/countersignd check-config";

fn well() -> Planted {
    Planted::new()
        .file(KEY, &"k".repeat(32))
        .mode(KEY, 0o600)
        .file(DATABASE, "")
        .mode(DATABASE, 0o600)
        .mode(STORE, 0o700)
        .file(CONFIGURATION, "")
        .says(CHECKED, "")
}

#[test]
fn a_key_a_database_and_a_configuration_as_installed_are_well() {
    let report = well().report(&GROUP);
    assert_eq!((report.findings, report.unchecked), (vec![], vec![]));
}

#[test]
fn a_key_that_is_readable_damaged_or_gone_is_a_danger() {
    one(&GROUP, well().mode(KEY, 0o640), "key-readable", KEY);
    one(
        &GROUP,
        well().file(KEY, "short").mode(KEY, 0o600),
        "key-damaged",
        KEY,
    );
    let gone = Planted::new()
        .file(DATABASE, "")
        .mode(DATABASE, 0o600)
        .mode(STORE, 0o700)
        .says(CHECKED, "");
    one(&GROUP, gone, "key-missing", KEY);
}

#[test]
fn a_key_that_systemd_brings_encrypted_is_not_missing() {
    let drop_in = "/etc/systemd/system/countersignd.service.d/tpm.conf";
    let planted = Planted::new()
        .file(DATABASE, "")
        .mode(DATABASE, 0o600)
        .mode(STORE, 0o700)
        .says(CHECKED, "");
    let text = "[Service]\nLoadCredentialEncrypted=master.key:/etc/countersign/master.cred\n";
    assert_eq!(ids(&planted.file(drop_in, text).found(&GROUP)), [""; 0]);
}

#[test]
fn a_database_that_is_open_or_gone_is_a_danger() {
    one(&GROUP, well().mode(STORE, 0o755), "store-open", STORE);
    one(&GROUP, well().mode(DATABASE, 0o644), "store-open", DATABASE);
    let gone = Planted::new()
        .file(KEY, &"k".repeat(32))
        .mode(KEY, 0o600)
        .says(CHECKED, "");
    assert_eq!(ids(&gone.found(&GROUP)), ["store-missing"]);
}

#[test]
fn a_disk_that_is_almost_full_is_told() {
    one(&GROUP, well().room(1024 * 1024), "disk-full", STORE);
}

#[test]
fn a_configuration_that_others_may_write_is_a_danger() {
    one(
        &GROUP,
        well().mode(CONFIGURATION, 0o666),
        "config-writable",
        CONFIGURATION,
    );
    let drop_in = format!("{DROP_INS}/countersign-x.toml");
    one(
        &GROUP,
        well().file(&drop_in, "").mode(&drop_in, 0o664),
        "config-writable",
        &drop_in,
    );
}

#[test]
fn a_configuration_that_is_wrong_is_told_with_its_line() {
    let said = "countersignd: /etc/countersign/countersign.toml:2:10: 9 cannot be used here\n";
    let planted = well().answers(CHECKED, false, "", said);
    one(
        &GROUP,
        planted,
        "config-wrong",
        "/etc/countersign/countersign.toml:2",
    );
    one(
        &GROUP,
        well().config_problem("x:1:1: no"),
        "config-not-taken",
        "",
    );
}

#[test]
fn a_change_that_is_not_confirmed_is_told_with_its_time() {
    let text = format!(
        r#"{{"pending":{{"until":{},"since":null,"changes":[]}},"kept":[]}}"#,
        NOW + 60
    );
    let found = well().file(LEDGER, &text).found(&GROUP);
    assert_eq!(ids(&found), ["protect-pending"]);
    assert!(found[0].found.contains("in 1 min"), "{found:?}");
    let kept = well().file(LEDGER, r#"{"pending":null,"kept":[]}"#);
    assert_eq!(ids(&kept.found(&GROUP)), [""; 0]);
}

#[test]
fn what_could_not_be_looked_at_is_said() {
    let planted = Planted::new()
        .file(KEY, &"k".repeat(32))
        .mode(KEY, 0o600)
        .away("it is away")
        .file(LEDGER, "{");
    let report = planted.report(&GROUP);
    let unchecked: Vec<_> = report
        .unchecked
        .iter()
        .map(|unchecked| unchecked.id)
        .collect();
    assert_eq!(
        unchecked,
        ["config-wrong", "config-not-taken", "protect-pending"]
    );
}
