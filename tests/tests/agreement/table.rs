//! The table: rules as an admin writes them, logins, and by which rule each comes to what, worked
//! out by another program than ours.

use std::collections::BTreeMap;
use std::fs;

use countersign_bus::events::{Event, EventOptions};
use countersign_bus::types::{ExplainOptions, Explanation, Login};
use countersign_tests::login::Started;
use countersign_tests::programs::programs;
use countersign_tests::{Login as Attempt, Outcome, TestClock, World};

use crate::people::{People, resolved};

const RULES: &str = include_str!("rules.toml");
const LOGINS: &str = include_str!("logins.tsv");

#[test]
fn two_hundred_logins_against_twenty_rules_come_to_what_is_explained() {
    let clock = TestClock::default();
    let world = World::with_settings(&clock, RULES);
    let mut place = Place {
        people: People::enroll(&world),
        after: u64::MAX,
        clock,
        world,
    };
    place.after = place.upto();

    let rows: Vec<Row> = LOGINS.lines().filter_map(Row::read).collect();
    let mut came = BTreeMap::<&str, usize>::new();
    for row in &rows {
        *came.entry(row.comes_to).or_default() += 1;
    }
    // What PAM says at last is waited for at the end: it takes its time to refuse.
    let begun: Vec<_> = rows.iter().map(|row| place.follow(row)).collect();
    let ended = begun
        .into_iter()
        .zip(&rows)
        .map(|(begun, row)| check_login(row, &begun?.finish()));
    let wrong: Vec<String> = (1..)
        .zip(rows.iter().zip(ended))
        .filter_map(|(number, (row, ended))| Some(format!("{number}. {row:?}: {}", ended.err()?)))
        .collect();
    let agree = rows.len() - wrong.len();
    println!(
        "{agree} of {} logins come to what is explained: {came:?}",
        rows.len()
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!((rows.len(), RULES.matches("[[rule]]").count()), (200, 20));
}

/// A login of the table, and what must come of it.
#[derive(Debug)]
struct Row {
    minutes: u64,
    service: &'static str,
    user: &'static str,
    terminal: Option<&'static str>,
    from: Option<&'static str>,
    rule: &'static str,
    report: bool,
    comes_to: &'static str,
    standing: Option<&'static str>,
}

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let [
            minutes,
            service,
            user,
            terminal,
            from,
            rule,
            comes_to,
            standing,
        ] = columns[..]
        else {
            panic!("{line}");
        };
        let said = |text: &'static str| (text != "-").then_some(text);
        let reported = comes_to.strip_prefix("report ");
        Some(Self {
            minutes: minutes.parse().unwrap(),
            service,
            user,
            terminal: said(terminal),
            from: said(from),
            rule,
            report: reported.is_some(),
            comes_to: reported.unwrap_or(comes_to),
            standing: said(standing),
        })
    }

    /// What the module says of it.
    fn login(&self) -> Login {
        let said = |text: Option<&str>| text.map(str::to_owned);
        let (uid, groups) = resolved(self.user).unzip();
        Login {
            user: said(Some(self.user)),
            uid,
            groups,
            service: said(Some(self.service)),
            rhost: said(self.from),
            tty: said(self.terminal),
            ..Login::default()
        }
    }

    /// What PAM returns, what is recorded, and whether a code is asked for, where the rule is in
    /// force.
    fn expected(&self) -> (&'static str, &'static str, bool) {
        match (self.report, self.comes_to) {
            (true, _) => ("PAM_SUCCESS", "reported", false),
            (false, "ask") => ("PAM_SUCCESS", "accepted", true),
            (false, "remembered") => ("PAM_SUCCESS", "accepted", false),
            (false, "not-demanded") => ("PAM_SUCCESS", "not-demanded", false),
            (false, "refuse") => ("PAM_PERM_DENIED", "refused", false),
            (false, "ask-in-vain") => ("PAM_AUTH_ERR", "rejected", true),
            // Nobody answers.
            (false, "enroll") => ("PAM_CONV_ERR", "abandoned", true),
            (false, other) => panic!("{other}"),
        }
    }

    /// Whether a login that proves nothing may go on.
    fn is_let_by(&self) -> bool {
        self.report || self.comes_to == "not-demanded"
    }
}

struct Place {
    world: World,
    clock: TestClock,
    people: People,
    /// Up to where the record of events is read.
    after: u64,
}

impl Place {
    /// Goes through what is said of a login, and through the login until it is recorded.
    fn follow(&mut self, row: &Row) -> Result<Started, String> {
        self.clock.pass(row.minutes * 60);
        let explain = ExplainOptions::default();
        let explained = self.world.client().explain(&row.login(), &explain);
        let explained = explained.map_err(|error| format!("not explained: {error:?}"))?;
        check_explanation(row, &explained)?;

        self.stack(row.service);
        let guarded = self.pam(row, &["-n", "-a"], &[]).run();
        let verdict = guarded
            .shown
            .lines()
            .find_map(|line| line.strip_prefix("pam_acct_mgmt: "));
        let expected = match row.is_let_by() {
            true => "PAM_SUCCESS",
            false => "PAM_PERM_DENIED",
        };
        same("by the guard", verdict, Some(expected))?;
        // Of those that it lets by, such as cron's, it keeps no record.
        if row.report || !row.is_let_by() {
            let guarded = self.event()?;
            same("the guard's rule", guarded.rule.as_deref(), Some(row.rule))?;
        }

        let started = self.log_in(row).start();
        check_record(row, &self.event()?)?;
        // Of nobody, the guard does not know that it was asked before.
        if row.report && resolved(row.user).is_none() {
            let guarded = self.event()?;
            same("the guard's rule", guarded.rule.as_deref(), Some(row.rule))?;
        }
        Ok(started)
    }

    fn log_in(&mut self, row: &Row) -> Attempt {
        let in_vain = row.comes_to == "ask-in-vain";
        let is_answered = (in_vain || row.comes_to == "ask") && !row.report;
        // Whoever is asked in vain gives what they hold, which would be right elsewhere.
        let code = self
            .people
            .code(row.user, self.clock.unix())
            .filter(|_| is_answered);
        let code = code.or_else(|| in_vain.then(|| "314159".to_owned()));
        let times = match (is_answered, in_vain) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 9,
        };
        self.pam(row, &["-a"], &vec![code.unwrap_or_default(); times])
    }

    /// A login by libpam, as a program of that service makes it.
    fn pam(&self, row: &Row, arguments: &[&str], answers: &[String]) -> Attempt {
        let mut login = self.world.login(row.user).with(&["-s", row.service]);
        login = login.with(arguments);
        if let Some(terminal) = row.terminal {
            login = login.with(&["-t", terminal]);
        }
        if let Some(from) = row.from {
            login = login.from(from);
        }
        login.answers(answers)
    }

    /// The module asks, guards, and leaves what it has no say in to the next line.
    fn stack(&self, service: &str) {
        let module = programs().module.display();
        let socket = self.world.path().join("socket");
        let socket = socket.display();
        let stack = format!(
            "auth [success=ok ignore=ignore default=die] {module} socket={socket}\n\
             auth required pam_permit.so\n\
             account [success=ok ignore=ignore default=die] {module} socket={socket}\n\
             account required pam_permit.so\n"
        );
        fs::write(self.world.pam().join(service), stack).unwrap();
    }

    /// The next login that is recorded.
    fn event(&mut self) -> Result<Event, String> {
        let options = EventOptions {
            limit: Some(1),
            ..EventOptions::default()
        };
        for _ in 0..10_000 {
            let (mut events, upto) = self.world.client().events(self.after, &options).unwrap();
            self.after = upto;
            if let Some(event) = events.pop() {
                return Ok(event);
            }
        }
        Err("nothing is recorded".to_owned())
    }

    fn upto(&self) -> u64 {
        self.world
            .client()
            .events(0, &EventOptions::default())
            .unwrap()
            .1
    }
}

fn check_record(row: &Row, event: &Event) -> Result<(), String> {
    let (_, recorded, asked) = row.expected();
    same("the rule recorded", event.rule.as_deref(), Some(row.rule))?;
    same(
        "the outcome recorded",
        event.outcome.as_deref(),
        Some(recorded),
    )?;
    let factor = match row.comes_to {
        "ask" if asked => Some("code"),
        "remembered" => Some("pass"),
        _ => None,
    };
    same("the factor recorded", event.factor.as_deref(), factor)
}

fn check_login(row: &Row, outcome: &Outcome) -> Result<(), String> {
    let (result, _, asked) = row.expected();
    same("PAM's result", outcome.result.as_str(), result)?;
    let account = outcome.shown.contains("pam_acct_mgmt: PAM_SUCCESS");
    same("the guard after the code", account, result == "PAM_SUCCESS")?;
    let mut shown = outcome.shown.lines();
    same(
        "whether it asks",
        shown.any(|line| line.starts_with("prompt")),
        asked,
    )
}

fn check_explanation(row: &Row, explained: &Explanation) -> Result<(), String> {
    same("the rule", explained.rule.as_deref(), Some(row.rule))?;
    same(
        "the course",
        explained.course.as_deref(),
        Some(row.comes_to),
    )?;
    same("report", explained.report.unwrap_or(false), row.report)?;
    same("the standing", explained.standing.as_deref(), row.standing)?;
    let guard = if row.is_let_by() {
        "not-demanded"
    } else {
        "refuse"
    };
    same("the guard", explained.guard.as_deref(), Some(guard))?;

    // Every rule before it, in the order in which they are written.
    let names = RULES
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let before: Vec<&str> = names.take_while(|name| *name != row.rule).collect();
    let passed_over = explained.passed_over.iter().flatten();
    let passed_over: Vec<&str> = passed_over.filter_map(|it| it.rule.as_deref()).collect();
    same("passed over", passed_over, before)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} is {found:?} instead of {expected:?}"))
}
