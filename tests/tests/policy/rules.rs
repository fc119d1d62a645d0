//! What a rule makes of those whom it meets.

use std::fs;

use countersign_bus::client::Begun;
use countersign_bus::types::{ExplainOptions, Login};
use countersign_bus::{Client, Error};
use countersign_tests::{Enrolled, TestClock, World, daemon};

use crate::seat::{Seat, ssh, through};

/// An enrolled user; one who is not; one whose uid was another's; a name that is nobody's.
fn people(seat: &Seat) -> [Login; 4] {
    let ada = ssh(&seat.world.enroll_as("ada", 1000));
    let as_user = |name: &str, uid| Login {
        user: Some(name.to_owned()),
        uid,
        groups: Some(Vec::new()),
        ..ada.clone()
    };
    [
        ada.clone(),
        as_user("bob", Some(1001)),
        as_user("eve", Some(1000)),
        as_user("mallory", None),
    ]
}

#[test]
fn each_demand_makes_of_each_user_what_it_says() {
    for (rule, courses) in [
        ("", ["ask", "ask", "ask", "ask"]),
        ("require = 'none'", ["not-demanded"; 4]),
        ("require = 'refuse'", ["refuse"; 4]),
        (
            "not-enrolled = 'pass'",
            ["ask", "not-demanded", "ask", "not-demanded"],
        ),
        ("not-enrolled = 'enroll'", ["ask", "enroll", "ask", "ask"]),
        (
            "not-enrolled = 'enroll'\nenroll-by = 2020-01-01",
            ["ask", "ask", "ask", "ask"],
        ),
        (
            "factors = ['hotp']\nnot-enrolled = 'pass'",
            ["ask", "not-demanded", "ask", "not-demanded"],
        ),
        ("mode = 'report'\nrequire = 'refuse'", ["not-demanded"; 4]),
        ("mode = 'report'", ["not-demanded"; 4]),
    ] {
        let mut seat = Seat::with(&format!("[[rule]]\nname = 'a'\n{rule}\n"));
        let courses = courses.map(str::to_owned);
        assert_eq!(
            people(&seat).map(|login| seat.begin(&login)),
            courses,
            "{rule}"
        );
    }
}

#[test]
fn nothing_that_a_rule_does_not_take_opens_it() {
    let mut seat = Seat::with("[[rule]]\nname = 'a'\nfactors = ['totp']\n");
    let ada = seat.world.enroll_as("ada", 1000);
    let issued = seat
        .client
        .issue_code((1000, "ada"), &Default::default())
        .unwrap()
        .0;
    let issued = countersign_tests::world::read(issued);
    for code in [issued.trim(), &ada.recovery_codes[0]] {
        assert!(matches!(
            seat.answer(&ssh(&ada), code),
            Err(Error::Rejected(_))
        ));
    }
    seat.log_in(&ssh(&ada), &ada);
    seat.reload("[[rule]]\nname = 'a'\nfactors = ['hotp']\n");
    let code = seat.code(&ada);
    assert!(matches!(
        seat.answer(&ssh(&ada), &code),
        Err(Error::Rejected(_))
    ));
}

#[test]
fn whom_a_rule_refuses_cannot_tell_who_is_there() {
    let mut seat = Seat::with("[[rule]]\nname = 'shut'\nrequire = 'refuse'\n");
    let refusals = people(&seat).map(|login| match seat.client.begin(&login) {
        Err(error @ Error::NotPermitted(_)) => error.to_string(),
        other => panic!("{other:?}"),
    });
    assert!(
        refusals.iter().all(|text| text == &refusals[0]),
        "{refusals:?}"
    );
    let event = seat.event();
    assert_eq!(event.outcome.as_deref(), Some("refused"));
    assert_eq!(event.rule.as_deref(), Some("shut"));
    assert_eq!(
        event.user.as_deref(),
        Some("(unknown)"),
        "a name that is nobody's is never kept"
    );
}

#[test]
fn groups_are_asked_for_when_a_rule_depends_on_them_and_only_then() {
    let mut seat = Seat::with(
        "[[rule]]\nname = 'cron'\nservices = ['cron']\nrequire = 'none'\n\
         [[rule]]\nname = 'staff'\nservices = ['sshd']\ngroups = ['staff']\nrequire = 'none'\n",
    );
    let ada = seat.world.enroll_as("ada", 1000);
    let groups = |groups: &[&str], login: Login| Login {
        groups: Some(groups.iter().map(|name| (*name).to_owned()).collect()),
        ..login
    };
    let unsaid = |login: Login| Login {
        groups: None,
        ..login
    };
    for (login, course) in [
        (unsaid(through("cron", &ada)), "not-demanded"),
        (unsaid(through("su", &ada)), "ask"),
        (unsaid(ssh(&ada)), "groups-needed"),
        (groups(&["ada", "staff"], ssh(&ada)), "not-demanded"),
        (groups(&["ada", "staffing"], ssh(&ada)), "ask"),
        (groups(&[], ssh(&ada)), "ask"),
        // Nobody is in no group.
        (
            Login {
                uid: None,
                ..unsaid(ssh(&ada))
            },
            "ask",
        ),
        (
            Login {
                uid: None,
                ..groups(&["staff"], ssh(&ada))
            },
            "ask",
        ),
    ] {
        assert_eq!(seat.begin(&login), course, "{login:?}");
    }
    let guarded = seat.client.guard(&unsaid(ssh(&ada)));
    assert!(
        matches!(guarded, Err(Error::GroupsNeeded(_))),
        "{guarded:?}"
    );
}

#[test]
fn hours_are_those_of_the_login_and_explained_for_any_other_time() {
    let mut seat =
        Seat::with("[[rule]]\nname = 'work'\nhours = ['mon-fri 08:00-18:00']\nrequire = 'none'\n");
    let ada = seat.world.enroll_as("ada", 1000);
    // The clock of these tests is in UTC; a Monday in 2026.
    let monday = 1_790_553_600;
    for (at, course) in [
        (monday + 8 * 3600 - 1, "ask"),
        (monday + 8 * 3600, "not-demanded"),
        (monday + 18 * 3600 - 1, "not-demanded"),
        (monday + 18 * 3600, "ask"),
        (monday - 12 * 3600, "ask"),
    ] {
        let options = ExplainOptions { at: Some(at) };
        let explained = seat.client.explain(&ssh(&ada), &options).unwrap();
        assert_eq!(explained.course.as_deref(), Some(course), "{at}");
        seat.clock.set(at);
        assert_eq!(seat.begin(&ssh(&ada)), course, "{at}");
    }
}

#[test]
fn the_end_of_enrolment_at_logins_is_kept_to_the_second() {
    let rules = "[[rule]]\nname = 'a'\nnot-enrolled = 'enroll'\nenroll-by = 2026-12-31T12:00:00Z\n";
    let mut seat = Seat::with(rules);
    let [_, bob, ..] = people(&seat);
    for (at, course) in [(1_798_718_399, "enroll"), (1_798_718_400, "ask")] {
        seat.clock.set(at);
        assert_eq!(seat.begin(&bob), course, "{at}");
    }
}

#[test]
fn what_is_explained_names_each_earlier_rule_and_why_it_does_not_decide() {
    let mut seat = Seat::with(
        "[[rule]]\nname = 'net'\nfrom = ['198.51.100.0/24']\n\
         [[rule]]\nname = 'console'\nterminals = ['tty*']\n\
         [[rule]]\nname = 'here'\nservices = ['sshd']\nfactors = ['totp', 'recovery']\n\
         remember = { for = '1h', per = 'origin' }\nnot-enrolled = 'pass'\n",
    );
    let [ada, ..] = people(&seat);
    let explained = seat
        .client
        .explain(&ada, &ExplainOptions::default())
        .unwrap();
    assert_eq!(explained.rule.as_deref(), Some("here"));
    assert_eq!(explained.guard.as_deref(), Some("refuse"));
    assert_eq!(explained.standing.as_deref(), Some("answerable"));
    assert_eq!(explained.factors.unwrap(), ["totp", "recovery"]);
    assert_eq!(explained.entry.as_deref(), Some("separate"));
    assert_eq!(explained.remember_seconds, Some(3600));
    assert_eq!(explained.remember_per.as_deref(), Some("origin"));
    let passed_over: Vec<[String; 3]> = explained
        .passed_over
        .unwrap()
        .into_iter()
        .map(|rule| [rule.rule, rule.condition, rule.found].map(Option::unwrap))
        .collect();
    assert_eq!(
        passed_over,
        [
            ["net", "from", "192.0.2.7"],
            ["console", "terminals", "ssh"]
        ]
    );
}

/// A world whose database is not there.
fn without_a_store(rules: &str) -> (World, Client) {
    let world = World::prepare();
    let drop_ins = world.path().join("countersign.toml.d");
    fs::create_dir(&drop_ins).unwrap();
    fs::write(drop_ins.join("test.toml"), rules).unwrap();
    fs::remove_dir_all(world.path().join("state")).unwrap();
    daemon::within(world.path(), TestClock::default());
    let client = world.client();
    (world, client)
}

#[test]
fn a_rule_that_depends_on_no_user_goes_on_without_the_store_and_no_other_does() {
    let (_world, mut client) = without_a_store(
        "[[rule]]\nname = 'cron'\nservices = ['cron']\nrequire = 'none'\n\
         [[rule]]\nname = 'ftp'\nservices = ['ftp']\nrequire = 'refuse'\n\
         [[rule]]\nname = 'trial'\nservices = ['gdm-*']\nmode = 'report'\n\
         [[rule]]\nname = 'lenient'\nservices = ['login']\nnot-enrolled = 'pass'\n",
    );
    let login = |service: &str| Login {
        user: Some("ada".to_owned()),
        uid: Some(1000),
        service: Some(service.to_owned()),
        ..Login::default()
    };
    for (service, rule) in [("cron", "cron"), ("gdm-password", "trial")] {
        let begun = client.begin(&login(service)).unwrap();
        assert!(
            matches!(&begun, Begun::NotDemanded { rule: named } if named == rule),
            "{begun:?}"
        );
        assert_eq!(client.guard(&login(service)), Ok(rule.to_owned()));
    }
    let refused = client.begin(&login("ftp"));
    assert!(
        matches!(refused, Err(Error::NotPermitted(_))),
        "{refused:?}"
    );
    for service in ["login", "sshd"] {
        let begun = client.begin(&login(service));
        assert!(matches!(begun, Err(Error::Unavailable(_))), "{begun:?}");
        let guarded = client.guard(&login(service));
        assert!(matches!(guarded, Err(Error::Unavailable(_))), "{guarded:?}");
    }
}

#[test]
fn about_says_when_the_files_say_other_than_what_is_in_force() {
    let mut seat = Seat::with("");
    assert_eq!(seat.client.about().unwrap().config_problem, None);
    let file = seat.world.path().join("countersign.toml.d/test.toml");
    fs::write(&file, "# nothing new\n").unwrap();
    assert_eq!(seat.client.about().unwrap().config_problem, None);
    fs::write(&file, "[[rule]]\nname = 'a'\n").unwrap();
    let problem = seat.client.about().unwrap().config_problem.unwrap();
    assert!(problem.contains("reload"), "{problem}");
    fs::write(&file, "[[rule]]\n").unwrap();
    let problem = seat.client.about().unwrap().config_problem.unwrap();
    assert!(problem.contains("test.toml:1:"), "{problem}");
    let about = seat.client.about().unwrap();
    assert_eq!(about.now, Some(seat.clock.unix()));
    assert!(about.started <= about.now && about.version.is_some());
}

/// Kept, so that nobody is enrolled by asking for them to be forgotten.
#[test]
fn whoever_holds_nothing_has_nothing_to_forget() {
    let mut seat = Seat::with("");
    let nobody = Enrolled::new(
        "bob",
        1001,
        String::new(),
        "otpauth://totp/?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    );
    seat.client.forget((nobody.uid, &nobody.name)).unwrap();
    assert_eq!(seat.client.list(None, 10).unwrap().len(), 0);
}
