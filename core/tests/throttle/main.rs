//! How much guessing the throttle lets through, whatever happens, and what it asks of the owner.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test, also outside of the functions marked as one"
)]

mod history;
mod property;
mod year;

use countersign_core::throttle::{Backoff, Origin, Throttle};

use crate::year::{Figures, Owner, Year, address};

/// What the module's documentation and SECURITY.md promise of [`Backoff::DEFAULT`]: the single
/// codes evaluated in 365 days for an attacker who is elsewhere, who is on one of the owner's
/// addresses too, and who is wherever the owner is.
const PROMISED: [u64; 3] = [1_480, 2_960, 10_360];

#[test]
fn what_is_promised_is_the_yearly_allowance_of_one_two_and_all_pools() {
    let of = |pools: usize| pools as u64 * Backoff::DEFAULT.singles_a_year();
    assert_eq!(PROMISED, [of(1), of(2), of(Throttle::POOLS)]);
}

#[test]
fn a_year_of_guessing_single_codes_comes_to_the_documented_figures() {
    println!("single codes evaluated in a year, chance with six digits, owner's logins by codes");
    for case in cases() {
        let [default, strict] = [Backoff::DEFAULT, Backoff::STRICT].map(|rule| case.worst(rule));
        println!(
            "{:42} {:>6} {:.3} % {:?}   strict {:>5} {:.3} % {:?}",
            case.name,
            default.guesses[0],
            default.percent(),
            default.logins,
            strict.guesses[0],
            strict.percent(),
            strict.logins,
        );
        let found = [default.guesses[0], strict.guesses[0], default.logins[1]];
        assert_eq!(found, case.documented, "{}", case.name);
    }
}

#[test]
fn a_year_of_guessing_pairs_too_stays_within_both_buckets_and_keeps_nobody_out() {
    println!("codes evaluated in a year singly, in twos, in threes; owner's logins by codes");
    for (attacker, logins) in [
        (Origin::Unknown, [3_649, 0, 0]),
        (address(0), [363, 11, 3_275]),
    ] {
        let year = Year {
            rule: Backoff::DEFAULT,
            attacker: vec![attacker],
            guesses_pairs: true,
            owner: Owner::Addresses(1),
            typo_every: 10,
        };
        let figures = year.figures();
        println!("{attacker:10} {:?} {:?}", figures.guesses, figures.logins);
        assert!(figures.guesses[0] <= PROMISED[0]);
        assert!(figures.guesses[1] <= 100_000 + 365 * 2_740);
        assert_eq!(figures.logins, logins);
    }
}

struct Case {
    name: &'static str,
    /// Attacker and owner, in each of the years of which the worst counts.
    years: Vec<(Vec<Origin>, Owner)>,
    pools: u64,
    /// Guesses by the default rule and by the strict one, and the owner's logins with two codes.
    documented: [u64; 3],
}

impl Case {
    /// The year in which most guesses were evaluated, of an owner with a typo a day and without.
    fn worst(&self, rule: Backoff) -> Figures {
        let typos = [10, u64::MAX];
        let years = self
            .years
            .iter()
            .flat_map(|year| typos.map(|typo| (year, typo)));
        let figures = years.map(|((attacker, owner), typo_every)| {
            let year = Year {
                rule,
                attacker: attacker.clone(),
                guesses_pairs: false,
                owner: *owner,
                typo_every,
            };
            let figures = year.figures();
            let most = self.pools * rule.singles_a_year();
            assert!(figures.guesses[0] <= most, "{}", self.name);
            assert_eq!(figures.logins[2], 0, "{}", self.name);
            figures
        });
        let worst = figures.max_by_key(|figures| figures.guesses[0]);
        worst.expect("there is a year")
    }
}

fn cases() -> Vec<Case> {
    let all = |n| (0..n).map(address).collect();
    let mut cases = cases_of_one_year();
    cases.extend([
        round(
            "on one of the owner's 1 to 12 addresses",
            near,
            1,
            [1_479, 374, 2_678],
        ),
        round(
            "the same, and elsewhere",
            near_and_elsewhere,
            2,
            [2_958, 748, 3_648],
        ),
        round(
            "on all of the owner's 1 to 12 addresses",
            all,
            5,
            [7_395, 1_870, 3_649],
        ),
        round("everywhere", everywhere, 7, [10_353, 2_618, 3_649]),
    ]);
    cases
}

fn cases_of_one_year() -> Vec<Case> {
    let elsewhere = vec![Origin::Unknown];
    let years = [
        (
            "elsewhere, owner on a known address",
            Owner::Addresses(1),
            [1_479, 374, 0],
        ),
        ("elsewhere, owner at the seat", Owner::Seat, [1_479, 374, 0]),
        (
            "elsewhere, owner travelling",
            Owner::Traveller,
            [1_479, 374, 3_649],
        ),
        ("elsewhere, owner away", Owner::Absent, [100, 100, 0]),
    ];
    let case = |(name, owner, documented)| Case {
        name,
        years: vec![(elsewhere.clone(), owner)],
        pools: 1,
        documented,
    };
    let near = Case {
        name: "on the owner's address",
        years: vec![(near(1), Owner::Addresses(1))],
        pools: 1,
        documented: [1_479, 374, 3_649],
    };
    years.into_iter().map(case).chain([near]).collect()
}

/// The worst of twelve years, in which the owner logs in from one to twelve addresses in turn.
fn round(
    name: &'static str,
    attacker: fn(u32) -> Vec<Origin>,
    pools: u64,
    documented: [u64; 3],
) -> Case {
    let year = |n| (attacker(n), Owner::Addresses(n));
    Case {
        name,
        years: (1..=12).map(year).collect(),
        pools,
        documented,
    }
}

fn near(_addresses: u32) -> Vec<Origin> {
    vec![address(0)]
}

fn near_and_elsewhere(_addresses: u32) -> Vec<Origin> {
    vec![address(0), Origin::Unknown]
}

/// All places there are, with so many of the owner's addresses.
fn everywhere(addresses: u32) -> Vec<Origin> {
    let places = [Origin::Unknown, Origin::Seat, Origin::Locker];
    places
        .into_iter()
        .chain((0..addresses).map(address))
        .collect()
}
