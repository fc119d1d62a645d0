//! What is read, and what is said of what cannot be.

use tempfile::TempDir;

use super::*;

mod notes;
mod rules;

const SAMPLE: &str = include_str!("../../../packaging/countersign.toml");

#[test]
fn the_packaged_file_says_what_is_the_default() {
    let files = Files::new(SAMPLE);
    assert_eq!(files.load().unwrap(), Config::default());
}

#[test]
fn the_packaged_file_has_every_setting_with_a_reason() {
    let file: File = toml::from_str(SAMPLE).unwrap();
    let File {
        throttle,
        totp,
        enrollment,
        login,
        helpdesk,
        rule: _,
    } = file;
    assert!(throttle.rule.is_some());
    assert!(totp.issuer.is_some() && totp.digits.is_some());
    assert!(totp.algorithm.is_some() && totp.period_seconds.is_some());
    assert!(enrollment.self_service.is_some());
    assert!(login.language.is_some() && login.qr.is_some());
    assert!(helpdesk.issue_codes.is_some() && helpdesk.longest_minutes.is_some());

    let lines: Vec<_> = SAMPLE.lines().collect();
    for pair in lines.windows(2) {
        let explained = pair[0].starts_with('#');
        assert!(explained || !pair[1].contains(" = "), "{}", pair[1]);
    }
}

#[test]
fn the_packaged_file_names_every_language_that_there_is() {
    for language in file::LANGUAGES.split(' ') {
        assert!(
            SAMPLE.contains(&format!("#   \"{language}\"")),
            "{language}"
        );
    }
}

#[test]
fn an_empty_file_means_the_defaults() {
    assert_eq!(Files::new("").load().unwrap(), Config::default());
}

#[test]
fn every_setting_is_taken() {
    let files = Files::new(
        "[throttle]
        rule = 'strict'
        [totp]
        issuer = 'Example Ltd'
        digits = 8
        algorithm = 'SHA256'
        period-seconds = 60
        [enrollment]
        self-service = 'open'
        [login]
        language = 'ko'
        qr = 'never'
        [helpdesk]
        issue-codes = 'on'
        longest-minutes = 5",
    );
    let expected = Config {
        backoff: Backoff::STRICT,
        issuer: "Example Ltd".into(),
        digits: Digits::new(8).unwrap(),
        algorithm: Algorithm::Sha256,
        period: Period::from_seconds(60).unwrap(),
        language: "ko",
        self_service: SelfService::Open,
        issued_codes: Some(Duration::from_secs(300)),
        qr: Qr::Never,
        policy: Policy::default(),
    };
    assert_eq!(files.load().unwrap(), expected);
}

#[test]
fn no_code_is_issued_where_that_is_off_however_long_it_might_be_good_for() {
    let files = Files::new("[helpdesk]\nissue-codes = 'off'\nlongest-minutes = 5");
    assert_eq!(files.load().unwrap().issued_codes, None);
}

#[test]
fn later_files_win_setting_by_setting() {
    let files = Files::new("[totp]\nissuer = 'main'\ndigits = 7\nperiod-seconds = 60");
    files.drop_in("20-last.toml", "[totp]\nissuer = 'last'");
    files.drop_in("10-first.toml", "[totp]\nissuer = 'first'\ndigits = 8");
    let config = files.load().unwrap();
    assert_eq!(config.issuer, "last");
    assert_eq!(config.digits, Digits::new(8).unwrap());
    assert_eq!(config.period, Period::from_seconds(60).unwrap());
}

#[test]
fn what_is_not_called_toml_is_left_alone() {
    let files = Files::new("");
    for name in ["a.toml.dpkg-old", "b.toml~", ".c.toml", "README"] {
        files.drop_in(name, "not TOML");
    }
    assert_eq!(files.load().unwrap(), Config::default());
}

#[test]
fn a_missing_file_is_an_error_that_names_the_packaged_one() {
    let files = Files::new("");
    fs::remove_file(files.main()).unwrap();
    let error = files.error();
    assert!(error.contains("packaged countersign.toml"), "{error}");
}

#[test]
fn what_cannot_be_read_never_means_nothing() {
    let files = Files::new("");
    let drop_ins = files.main().with_extension("toml.d");
    fs::create_dir_all(drop_ins.join("10.toml")).unwrap();
    let error = files.error();
    assert!(error.contains("10.toml: cannot be read"), "{error}");

    let files = Files::new("");
    fs::write(files.main(), [0xff]).unwrap();
    let error = files.error();
    assert!(error.contains("cannot be read"), "{error}");

    let files = Files::new("");
    fs::write(files.main().with_extension("toml.d"), "a file").unwrap();
    let error = files.error();
    assert!(error.contains("toml.d: cannot be read"), "{error}");
}

#[test]
fn an_error_has_file_line_and_column() {
    for (text, place) in [
        ("[totp]\ndigits = 9\n", "countersign.toml:2:10: "),
        (
            "[totp]\nissuer = 'Ä'\ndigitz = 9\n",
            "countersign.toml:3:1: ",
        ),
        ("# ä\n[totp]\nissuer = 'ÄÖ' x", "countersign.toml:3:15: "),
        ("[throttle\n", "countersign.toml:1:10: "),
        (
            "[throttle]\nrule = \"strict\"\n[policy]\n",
            "countersign.toml:3:2: ",
        ),
        ("[totp]\ndigits = 6\ndigits = 7\n", "countersign.toml:3:1: "),
    ] {
        let error = Files::new(text).error();
        assert!(error.contains(place), "{place} is not in: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn an_error_in_a_drop_in_names_the_drop_in() {
    let files = Files::new("");
    files.drop_in("10.toml", "\n[throttle]\nrule = 1");
    let error = files.error();
    assert!(
        error.contains("countersign.toml.d/10.toml:3:8: "),
        "{error}"
    );
}

#[test]
fn an_error_says_what_to_write_instead() {
    for (text, advice) in [
        ("[totp]\ndigits = 9", "6, 7 or 8"),
        ("[totp]\ndigits = -1", "6, 7 or 8"),
        ("[totp]\ndigits = '6'", "6, 7 or 8, without quotes"),
        ("[totp]\ndigits = 6.0", "6, 7 or 8"),
        (
            "[totp]\nalgorithm = 'sha1'",
            "\"SHA1\", \"SHA256\" or \"SHA512\"",
        ),
        ("[totp]\nperiod-seconds = 14", "from 15 to 120"),
        ("[totp]\nperiod-seconds = 121", "from 15 to 120"),
        ("[totp]\nissuer = ''", "1 to 64 characters"),
        ("[totp]\nissuer = 'a:b'", "without a colon"),
        ("[totp]\nissuer = \"a\\nb\"", "1 to 64 characters"),
        ("[throttle]\nrule = 'lax'", "\"default\" or \"strict\""),
        ("[throttle]\nrule = true", "\"default\" or \"strict\""),
        ("[throttle]\nrules = 'strict'", "`rule`"),
        (
            "[enrollment]\nself-service = true",
            "\"off\", \"ticket\" or \"open\", in quotes",
        ),
        (
            "[login]\nlanguage = 'xx'",
            "\"xx\" cannot be used here; write one of these, in quotes: ",
        ),
        ("[login]\nlanguage = ''", "in quotes: "),
        ("[login]\nlanguage = 'en ko'", "in quotes: "),
        ("[login]\nlanguage = 'KO'", "in quotes: "),
        ("[enrollment]\nself-service = 'on'", "\"open\""),
        ("[helpdesk]\nissue-codes = 'yes'", "\"off\" or \"on\""),
        ("[helpdesk]\nlongest-minutes = 0", "from 1 to 10080"),
        ("[helpdesk]\nlongest-minutes = 10081", "from 1 to 10080"),
        ("[login]\nqr = true", "\"local-terminal\" or \"never\""),
        ("[enrolment]\n", "`enrollment`"),
        ("digits = 6", "`totp`"),
    ] {
        let error = Files::new(text).error();
        assert!(error.contains(advice), "{advice} is not in: {error}");
    }
}

struct Files(TempDir);

impl Files {
    fn new(main: &str) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        fs::write(files.main(), main).unwrap();
        files
    }

    fn main(&self) -> PathBuf {
        self.0.path().join("countersign.toml")
    }

    fn drop_in(&self, name: &str, text: &str) {
        let directory = self.main().with_extension("toml.d");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(name), text).unwrap();
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.main())
    }

    fn error(&self) -> String {
        self.load().unwrap_err().to_string()
    }
}
