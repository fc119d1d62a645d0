//! A year in which an attacker guesses once a second, always with the fewest codes that will do,
//! and the owner logs in ten times a day.

use countersign_core::throttle::{Backoff, Demand, Origin, Throttle};
use countersign_core::time::Timestamp;

/// Who does what in this year.
pub(crate) struct Year {
    pub(crate) rule: Backoff,
    /// All the places that the attacker can log in from.
    pub(crate) attacker: Vec<Origin>,
    /// Whether the attacker also guesses when several codes in a row are asked for.
    pub(crate) guesses_pairs: bool,
    pub(crate) owner: Owner,
    /// The owner mistypes the code of each login whose number is a multiple of this.
    pub(crate) typo_every: u64,
}

/// Where the owner logs in from.
#[derive(Clone, Copy)]
pub(crate) enum Owner {
    /// From nowhere, all year.
    Absent,
    /// From so many addresses, in turn.
    Addresses(u32),
    /// From this machine's keyboard.
    Seat,
    /// From a new address each time.
    Traveller,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// How many guesses of one, two and three codes were evaluated.
    pub(crate) guesses: [u64; 3],
    /// How many times the owner got in with one, two and three codes.
    pub(crate) logins: [u64; 3],
}

impl Year {
    pub(crate) fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        let mut throttle = self.owner.moved_in(&self.rule);
        let mut now = BEGIN;
        let mut login = 0;
        while now < BEGIN + 365 * DAY {
            // When a guess becomes possible, the attacker is always there first.
            let next_login = BEGIN + (login + 1) * DAY / LOGINS_A_DAY + 1;
            if now >= next_login {
                login += 1;
                now += self.log_in(&mut throttle, &mut figures, now, login);
            } else {
                now += self.attack(&mut throttle, &mut figures, now, next_login - now);
            }
        }
        figures
    }

    /// Does the owner's next login, and says how many seconds it took.
    fn log_in(
        &self,
        throttle: &mut Throttle,
        figures: &mut Figures,
        began: u64,
        login: u64,
    ) -> u64 {
        let Some(origin) = self.owner.origin(login) else {
            return 1;
        };
        let mut now = Timestamp::from_unix(began);
        if login.is_multiple_of(self.typo_every) {
            let codes = throttle.demand(&self.rule, origin, now).codes();
            *throttle = std::mem::take(throttle).after_failure(&self.rule, origin, now, codes);
            now = Timestamp::from_unix(began + 2);
        }
        let codes = throttle.demand(&self.rule, origin, now).codes();
        figures.logins[codes - 1] += 1;
        *throttle = std::mem::take(throttle).after_success(&self.rule, origin, now);
        now.unix() - began + 1
    }

    /// Does the attacker's next guess, and says how many seconds pass until the one after it.
    ///
    /// Seconds are skipped, at most `room` of them, in which all that is evaluated is a guess at
    /// three codes, which changes nothing.
    fn attack(&self, throttle: &mut Throttle, figures: &mut Figures, now: u64, room: u64) -> u64 {
        let at = Timestamp::from_unix(now);
        let demand = |origin: &Origin| (*origin, throttle.demand(&self.rule, *origin, at));
        let demands: Vec<_> = self.attacker.iter().map(demand).collect();
        let most = if self.guesses_pairs { 2 } else { 1 };
        let easiest = demands.iter().min_by_key(|(_, demand)| demand.codes());
        if let Some((origin, demand)) = easiest
            && demand.codes() <= most
        {
            figures.guesses[demand.codes() - 1] += 1;
            let before = std::mem::take(throttle);
            *throttle = before.after_failure(&self.rule, *origin, at, demand.codes());
            return 1;
        }
        let waits = demands.iter().filter_map(|(_, demand)| match demand {
            Demand::One | Demand::Three | Demand::Two { wait: None } => None,
            Demand::Two { wait: Some(wait) } => Some(wait.as_secs()),
        });
        let mut pause = waits.min().unwrap_or(room).clamp(1, room);
        if self.guesses_pairs {
            pause = pause.min(SECONDS_A_PAIR_TAKES_TO_LEAK);
            figures.guesses[2] += pause;
        }
        pause
    }
}

impl Owner {
    /// Where the login of this number comes from.
    fn origin(self, login: u64) -> Option<Origin> {
        match self {
            Self::Absent => None,
            Self::Addresses(count) => Some(address((login % u64::from(count)) as u32)),
            Self::Seat => Some(Origin::Seat),
            Self::Traveller => Some(address(1_000 + login as u32)),
        }
    }

    /// A throttle that knows where the owner comes from.
    fn moved_in(self, rule: &Backoff) -> Throttle {
        let count = match self {
            Self::Absent | Self::Addresses(_) => 12,
            Self::Seat | Self::Traveller => 0,
        };
        let begin = Timestamp::from_unix(BEGIN);
        let logins = (0..count).filter_map(|login| self.origin(login));
        logins.fold(Throttle::default(), |throttle, origin| {
            throttle.after_success(rule, origin, begin)
        })
    }
}

impl Figures {
    /// The chance, in percent, that one of the guesses was right: six digits, and three codes that
    /// would do at any time.
    pub(crate) fn percent(&self) -> f64 {
        let [singles, pairs, triples] = self.guesses.map(|guesses| guesses as f64);
        let fail = |share: f64, guesses: f64| (-share).ln_1p() * guesses;
        let none = fail(3e-6, singles) + fail(3e-12, pairs) + fail(3e-18, triples);
        -100.0 * none.exp_m1()
    }
}

/// One of the owner's addresses.
pub(crate) fn address(number: u32) -> Origin {
    let [_, b, c, d] = number.to_be_bytes();
    Origin::from_rhost(&format!("10.{b}.{c}.{d}"))
}

const LOGINS_A_DAY: u64 = 10;
const DAY: u64 = 86_400;
const SECONDS_A_PAIR_TAKES_TO_LEAK: u64 = 31;

/// 2026-08-01, at midnight.
const BEGIN: u64 = 1_785_542_400;
