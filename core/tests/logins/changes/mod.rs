//! Changes of what a user holds, in any order, through power cuts, and what opens a login after
//! each.

mod act;
mod model;
mod passes;
mod registry;
mod table;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use self::act::any_changes;
use self::registry::Registry;

proptest! {
    #![proptest_config(half_as_many())]

    #[test]
    fn no_sequence_of_changes_has_anything_open_a_login_but_what_was_confirmed(
        changes in any_changes(1..16),
    ) {
        let mut registry = Registry::new();
        for change in &changes {
            registry.make(change);
        }
    }
}

/// Hashing takes a while: half as many as of other properties, 128 unless PROPTEST_CASES is set.
fn half_as_many() -> Config {
    let config = Config::default();
    Config {
        cases: config.cases / 2,
        ..config
    }
}

/// Guards the property against sequences in which nothing of note happens.
#[test]
fn sequences_of_changes_come_to_all_that_can_come_of_one() {
    let mut runner = TestRunner::deterministic();
    let mut recalled = 0;
    let mut tally = std::collections::BTreeMap::new();
    for _ in 0..50 {
        let changes = any_changes(16..17).new_tree(&mut runner).unwrap();
        let mut registry = Registry::new();
        for change in &changes.current() {
            let came = registry.make(change);
            *tally.entry((change.name(), came)).or_insert(0) += 1;
        }
        recalled += usize::from(registry.recalled > 0);
    }
    println!("{tally:?}; recalled in {recalled}");
    assert!(
        recalled >= 10,
        "{recalled} of 50 sequences leave a pass that is good somewhere"
    );
    for change in [
        "offer",
        "confirm",
        "trust",
        "rename",
        "remove",
        "log in by codes",
        "log in by scratch code",
        "log in by issued code",
        "log in by recovery code",
    ] {
        for came in [true, false] {
            let times = tally.get(&(change, came)).copied().unwrap_or_default();
            assert!(times >= 3, "{change} {came}: {tally:?}");
        }
    }
}
