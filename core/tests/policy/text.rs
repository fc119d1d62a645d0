//! Networks, hours and names: what their texts mean, and how they are shown.

use std::collections::BTreeSet;

use countersign_core::policy::{Cidr, Hours, Pattern, WeekMinute};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::draw::{SERVICES, glob, span};
use crate::naive::{DAY, DAYS, Glob, Net, Span, address};

/// As many as are fast.
const MANY: u32 = 100_000;

/// Any network, and an address that is in it up to some bit.
fn network_and_address() -> impl Strategy<Value = (Net, Vec<bool>)> {
    any::<(bool, u128, u8, u8, u64)>().prop_map(|(six, bits, length, at, noise)| {
        let width = if six { 128 } else { 32 };
        let [length, at] = [length, at].map(|place| usize::from(place) % (width + 1));
        let bits: Vec<bool> = (0..width).map(|place| bits >> place & 1 == 1).collect();
        let mut near = bits.clone();
        for (place, bit) in near.iter_mut().enumerate().skip(at) {
            *bit ^= place == at || noise >> (place % 64) & 1 == 1;
        }
        let bits = bits[..length].to_vec();
        (Net { six, bits }, near)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(MANY))]

    #[test]
    fn a_network_holds_the_addresses_that_begin_with_its_bits(
        (net, near) in network_and_address(),
    ) {
        let near = address(&near);
        let Ok(cidr) = net.text().parse::<Cidr>() else {
            prop_assert!(net.six && net.with_rest(false).to_canonical().is_ipv4());
            return Ok(());
        };
        prop_assert_eq!(cidr.contains(near), net.holds(near), "{} {}", net.text(), near);
        prop_assert!(cidr.contains(net.with_rest(false)) && cidr.contains(net.with_rest(true)));
        prop_assert_eq!(cidr.to_string().parse::<Cidr>(), Ok(cidr));
    }

    #[test]
    fn a_network_with_bits_behind_its_prefix_is_refused_with_the_one_that_is_meant(
        (net, near) in network_and_address(),
    ) {
        let near = address(&near);
        let text = format!("{near}/{}", net.bits.len());
        match text.parse::<Cidr>() {
            Ok(cidr) => prop_assert_eq!(cidr.to_string().parse::<Cidr>(), Ok(cidr)),
            Err(countersign_core::policy::BadCidr::Host(_, meant)) => {
                prop_assert!(meant.contains(near));
                prop_assert_eq!(meant.to_string().parse::<Cidr>(), Ok(meant));
            }
            Err(countersign_core::policy::BadCidr::Mapped(_)) => {
                prop_assert!(near.to_canonical() != near);
            }
            Err(other) => prop_assert!(false, "{text}: {other}"),
        }
    }

    #[test]
    fn a_name_is_meant_letter_by_letter(
        glob in glob(&SERVICES),
        name in prop_oneof![proptest::sample::select(&SERVICES[..]).prop_map(str::to_owned), "[a-z*é]{0,6}"],
    ) {
        let pattern: Pattern = glob.text().parse().unwrap();
        prop_assert_eq!(pattern.matches(&name), glob.means(&name), "{} {}", pattern, name);
        prop_assert_eq!(pattern.to_string(), glob.text());
        prop_assert_eq!(pattern.to_string().parse::<Pattern>(), Ok(pattern));
    }

    #[test]
    fn a_pattern_covers_another_exactly_if_it_means_all_that_the_other_means(
        one in glob(&SERVICES),
        other in glob(&SERVICES),
    ) {
        let pattern = |glob: &Glob| glob.text().parse::<Pattern>().unwrap();
        let longer = format!("{}\u{10ffff}", other.letters);
        let expected = one.means(&other.letters) && (!other.star || one.means(&longer));
        prop_assert_eq!(pattern(&one).covers(&pattern(&other)), expected);
    }

    #[test]
    fn hours_contain_the_minutes_that_a_clock_shows_from_their_beginning_to_their_end(
        span in span(),
        minute in 0..7 * DAY,
    ) {
        let hours: Hours = span.text().parse().unwrap();
        for minute in near_the_edges(&span, minute % 7).into_iter().chain([minute]) {
            let expected = span.has(minute);
            prop_assert_eq!(hours.contain(moment(minute)), expected, "{} {}", span.text(), minute);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn hours_contain_what_walking_through_them_comes_across(span in span()) {
        let hours: Hours = span.text().parse().unwrap();
        let walked = span.minutes();
        let contained: BTreeSet<usize> =
            (0..7 * DAY).filter(|minute| hours.contain(moment(*minute))).collect();
        prop_assert_eq!(contained, walked, "{}", span.text());
    }

    #[test]
    fn days_mean_the_same_in_a_list_and_as_ranges(
        ranges in vec((0..7_usize, 0..7_usize), 1..4),
        from in 0..DAY / 2,
    ) {
        let named = |(first, last): &(usize, usize)| match first == last {
            true => DAYS[*first].to_owned(),
            false => format!("{}-{}", DAYS[*first], DAYS[*last]),
        };
        let text: Vec<String> = ranges.iter().map(named).collect();
        let mut days = BTreeSet::new();
        for (first, last) in &ranges {
            let mut day = *first;
            days.insert(day);
            while day != *last {
                day = (day + 1) % 7;
                days.insert(day);
            }
        }
        let span = Span { days, from, to: from + 1 };
        let hours: Hours = span.text().parse().unwrap();
        let (_, clock) = span.text().rsplit_once(' ').map_or_else(
            || (String::new(), span.text()),
            |(days, clock)| (days.to_owned(), clock.to_owned()),
        );
        prop_assert_eq!(format!("{} {clock}", text.join(",")).parse::<Hours>(), Ok(hours));
    }

    #[test]
    fn a_text_that_was_spoilt_is_refused_or_means_what_it_says(
        span in span(),
        at in any::<prop::sample::Index>(),
        letter in "[-0-9:, adefhimnorstuw+*/A]",
    ) {
        let mut letters: Vec<char> = span.text().chars().collect();
        let at = at.index(letters.len());
        letters[at] = letter.chars().next().unwrap();
        let text: String = letters.into_iter().collect();
        if let Ok(hours) = text.parse::<Hours>() {
            let (days, clock) = text.split_once(' ').unwrap_or(("mon-sun", &text));
            prop_assert!(days.split([',', '-']).all(|day| DAYS.contains(&day)), "{}", text);
            let digits: Vec<usize> = clock.split([':', '-']).map(|two| two.parse().unwrap()).collect();
            prop_assert_eq!((clock.len(), digits.len()), (11, 4));
            let (from, to) = (digits[0] * 60 + digits[1], digits[2] * 60 + digits[3]);
            prop_assert!(from < DAY && to <= DAY && digits[1] < 60 && digits[3] < 60);
            let day = (0..7).find(|day| hours.contain(moment(day * DAY + from)));
            prop_assert!(day.is_some(), "{}", text);
        }
    }
}

/// The first minute and the last, and those beside them, of a day.
fn near_the_edges(span: &Span, day: usize) -> [usize; 4] {
    let minutes = [
        span.from,
        span.from + 7 * DAY - 1,
        span.to,
        span.to + 7 * DAY - 1,
    ];
    minutes.map(|minute| (day * DAY + minute) % (7 * DAY))
}

fn moment(minute: usize) -> WeekMinute {
    let (day, minute) = (minute / DAY, minute % DAY);
    WeekMinute::new(u8::try_from(day).unwrap(), u16::try_from(minute).unwrap()).unwrap()
}

#[test]
fn every_minute_of_the_week_is_shown_as_a_clock_shows_it() {
    for minute in 0..7 * DAY {
        let (day, of_day) = (minute / DAY, minute % DAY);
        let shown = format!("{} {:02}:{:02}", DAYS[day], of_day / 60, of_day % 60);
        assert_eq!(moment(minute).to_string(), shown);
    }
}
