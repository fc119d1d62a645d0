//! What may happen to one user's record, in any order.

use countersign_core::otp::Algorithm;
use countersign_core::throttle::Backoff;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::store::Fate;
use crate::user::{Kind, Moves, Past, SCRATCH};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// The clock goes on, or is set.
    Leap(Leap),
    LogIn(Login),
    /// Several logins answer in the same instant.
    Race(Vec<Rival>),
    /// One more device, confirmed by the code so many steps from now or counters on.
    Enrol {
        device: Kind,
        offset: i64,
    },
    /// The administrator issues a code that is good for so many seconds.
    Issue(u64),
    /// The administrator forgives all failures.
    Unlock,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Leap {
    /// By so many seconds, either way.
    By(i64),
    /// To the latest time that it ever showed.
    ToLatest,
}

/// A login: where it comes from, whether recovery codes are taken, and what is answered.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) from: usize,
    pub(crate) recovery: bool,
    pub(crate) answers: Vec<Answered>,
}

#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    /// How many seconds it takes to type.
    pub(crate) pause: u16,
    pub(crate) fate: Fate,
}

/// A login that answers in the same instant as others, of which the lowest rank is saved first.
#[derive(Clone, Debug)]
pub(crate) struct Rival {
    pub(crate) from: usize,
    pub(crate) answer: Answer,
    pub(crate) rank: u32,
    pub(crate) fate: Fate,
}

/// What is typed. In a row, each place has the next code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// What one of the devices shows so many steps from now, or counters after those that are used.
    Shown {
        credential: usize,
        offset: i64,
    },
    /// What that device shows next.
    Following,
    /// What was typed so many codes ago, right or wrong.
    Again(usize),
    Guess(String),
    /// The recovery code at this place, used or not.
    Recovery(usize),
    /// One that never was, of this number.
    WrongRecovery(u8),
    /// The scratch code at this place, used or not.
    Scratch(usize),
    /// The code that was issued so many before the last.
    Issued(usize),
    WrongIssued,
    ChooseRecovery,
    Nonsense,
}

/// Whose history it is, and under which rule.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kinds: Vec<Kind>,
    /// How many scratch codes came over from another verifier.
    pub(crate) scratch_codes: usize,
    pub(crate) past: Past,
    pub(crate) rule: Backoff,
    pub(crate) acts: Vec<Act>,
}

/// A history is long: a fifth as many as of other properties, 51 unless PROPTEST_CASES is set.
pub(crate) fn fewer() -> Config {
    let config = Config::default();
    Config {
        cases: config.cases / 5,
        ..config
    }
}

/// Histories of somebody who is enrolled.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    cases_of(1)
}

/// Histories of anybody.
pub(crate) fn cases_of_anybody() -> impl Strategy<Value = Case> {
    cases_of(0)
}

fn cases_of(least: usize) -> impl Strategy<Value = Case> {
    let rule = prop_oneof![Just(Backoff::DEFAULT), Just(Backoff::STRICT)];
    let scratch_codes = prop_oneof![1 => Just(0), 1 => 1..=SCRATCH.len()];
    let kinds = vec(any_kind(), least..4);
    (kinds, scratch_codes, any_past(), rule, acts()).prop_map(
        |(kinds, scratch_codes, past, rule, acts)| Case {
            kinds,
            scratch_codes,
            past,
            rule,
            acts,
        },
    )
}

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => any_leap().prop_map(Act::Leap),
        8 => any_login().prop_map(Act::LogIn),
        4 => vec(any_rival(), 2..7).prop_map(Act::Race),
        1 => (any_kind(), -2..=2_i64).prop_map(|(device, offset)| Act::Enrol { device, offset }),
        2 => prop_oneof![0..90_u64, 0..86_400_u64].prop_map(Act::Issue),
        1 => Just(Act::Unlock),
    ];
    vec(act, 1..30)
}

pub(crate) fn any_kind() -> impl Strategy<Value = Kind> {
    let algorithm = prop_oneof![
        Just(Algorithm::Sha1),
        Just(Algorithm::Sha256),
        Just(Algorithm::Sha512)
    ];
    let digits = prop_oneof![Just(6_u32), Just(8)];
    (digits, algorithm, any_moves()).prop_map(|(digits, algorithm, moves)| Kind {
        digits,
        algorithm,
        moves,
    })
}

fn any_moves() -> impl Strategy<Value = Moves> {
    let period = prop_oneof![Just(30_u64), Just(60)];
    let skew = prop_oneof![6 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    let look_ahead = prop_oneof![4 => Just(5_u64), 1 => Just(0), 1 => Just(10)];
    prop_oneof![
        2 => (period, skew).prop_map(|(period, skew)| Moves::Clock { period, skew }),
        1 => look_ahead.prop_map(|look_ahead| Moves::Button { look_ahead }),
    ]
}

fn any_past() -> impl Strategy<Value = Past> {
    prop_oneof![
        4 => Just(Past::Nothing),
        2 => (1..=120_u8).prop_map(Past::WrongCodes),
        1 => Just(Past::WrongPairs),
    ]
}

pub(crate) fn any_leap() -> impl Strategy<Value = Leap> {
    const DAY: i64 = 86_400;
    prop_oneof![
        6 => (0..90_i64).prop_map(Leap::By),
        3 => (-90..90_i64).prop_map(Leap::By),
        2 => (-7200..7200_i64).prop_map(Leap::By),
        1 => (-40 * DAY..40 * DAY).prop_map(Leap::By),
        1 => (-3000 * DAY..3000 * DAY).prop_map(Leap::By),
        3 => Just(Leap::ToLatest),
    ]
}

fn any_login() -> impl Strategy<Value = Login> {
    (any::<usize>(), any::<bool>(), vec(any_answered(), 1..=4)).prop_map(
        |(from, recovery, answers)| Login {
            from,
            recovery,
            answers,
        },
    )
}

fn any_answered() -> impl Strategy<Value = Answered> {
    let pause = prop_oneof![Just(0_u16), 1..4_u16, 5..70_u16];
    let answer = prop_oneof![
        30 => any_answer(),
        1 => Just(Answer::ChooseRecovery),
        1 => Just(Answer::Nonsense),
    ];
    (answer, pause, any_fate()).prop_map(|(answer, pause, fate)| Answered {
        answer,
        pause,
        fate,
    })
}

fn any_rival() -> impl Strategy<Value = Rival> {
    (any::<usize>(), any_answer(), any::<u32>(), any_fate()).prop_map(
        |(from, answer, rank, fate)| Rival {
            from,
            answer,
            rank,
            fate,
        },
    )
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let offset = prop_oneof![
        16 => -1..=1_i64,
        4 => -4..=6_i64,
        4 => -22..=22_i64,
        1 => -110..=110_i64,
    ];
    prop_oneof![
        24 => (0..4_usize, offset)
            .prop_map(|(credential, offset)| Answer::Shown { credential, offset }),
        16 => Just(Answer::Following),
        12 => prop_oneof![0..8_usize, any::<usize>()].prop_map(Answer::Again),
        8 => "[0-9]{6,8}".prop_map(Answer::Guess),
        2 => (0..10_usize).prop_map(Answer::Recovery),
        2 => (1..=10_u8).prop_map(Answer::WrongRecovery),
        3 => (0..SCRATCH.len()).prop_map(Answer::Scratch),
        3 => (0..3_usize).prop_map(Answer::Issued),
        1 => Just(Answer::WrongIssued),
    ]
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Saved),
        1 => Just(Fate::Fails),
        1 => Just(Fate::AnswerLost),
    ]
}
