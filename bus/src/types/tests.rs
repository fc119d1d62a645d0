//! What travels, there and back.

use super::*;

#[test]
fn what_comes_next_survives_the_wire() {
    for next in [
        Next::Finished {
            recovery_left: Some(3),
        },
        Next::Ask(Challenge {
            ask: Ask::FirstCode,
            codes: 2,
            tries: 2,
            lengths: vec![6, 8],
            recovery: true,
            news: Some(News::SeveralCodes),
            wait: Some(59),
        }),
        Next::Enroll(Offer {
            tries: 2,
            lengths: vec![6],
            news: Some(News::Wrong),
            qr: true,
            until: Some(1_800_000_000),
        }),
        Next::Acknowledge,
    ] {
        assert_eq!(Next::from_wire(next.clone().into_wire()), Ok(next));
    }
}

#[test]
fn an_entry_that_is_not_said_is_separate_and_an_unknown_one_is_refused() {
    for entry in [Entry::Separate, Entry::Appended] {
        assert_eq!(Entry::from_wire(Some(entry as u32)), Ok(entry));
    }
    assert_eq!(Entry::from_wire(None), Ok(Entry::Separate));
    for number in [0, 3, u32::MAX] {
        let entry = Entry::from_wire(Some(number));
        assert!(matches!(entry, Err(Error::Transport(_))), "{number}");
    }
}

#[test]
fn a_question_is_one_whatever_else_it_says() {
    for challenge in 1..=6 {
        let details = Details {
            rule: Some("office".to_owned()),
            remembered: Some(60),
            recovery_left: Some(3),
            ..Details::default()
        };
        let next = Next::from_wire((challenge, details)).unwrap();
        assert!(!matches!(next, Next::Finished { .. }), "{next:?}");
    }
}

#[test]
fn an_unknown_challenge_is_not_taken_for_a_success() {
    let reply = Next::from_wire((17, Details::default()));
    assert!(matches!(reply, Err(Error::Transport(_))), "{reply:?}");
}
