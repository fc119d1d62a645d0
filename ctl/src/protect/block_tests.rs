use proptest::prelude::*;

use super::*;

fn block(name: &'static str, behind: usize, replaces: usize) -> Block {
    Block {
        name,
        by: "countersignctl unprotect x takes this out".to_owned(),
        behind,
        replaces,
        lines: vec!["auth required pam_countersign.so".to_owned()],
    }
}

#[test]
fn a_block_stands_between_its_marks_and_ends_its_lines_as_its_neighbours_do() {
    let new = insert(b"one\r\ntwo\r\n", &[block("auth", 1, 0)]);
    assert_eq!(
        String::from_utf8(new).unwrap(),
        "one\r\n# BEGIN countersign auth: countersignctl unprotect x takes this out\r\n\
         auth required pam_countersign.so\r\n# END countersign auth\r\ntwo\r\n"
    );
}

#[test]
fn what_a_block_stands_in_place_of_is_kept_in_it() {
    let new = insert(b"one\n@include common-auth\ntwo", &[block("auth", 1, 1)]);
    let text = String::from_utf8(new.clone()).unwrap();
    assert!(
        text.contains("\n# instead of: @include common-auth\n"),
        "{text}"
    );
    assert_eq!(remove(&new).unwrap(), b"one\n@include common-auth\ntwo");
}

#[test]
fn a_file_without_a_last_line_end_has_none_afterwards() {
    for text in ["one", "one\ntwo", "one\r\ntwo", ""] {
        let count = lines(text.as_bytes()).len();
        let new = insert(text.as_bytes(), &[block("auth", count, 0)]);
        assert_eq!(remove(&new).unwrap(), text.as_bytes(), "{text:?}");
    }
    let new = insert(b"one", &[block("auth", 0, 1)]);
    assert!(!new.ends_with(b"\n"));
    assert_eq!(remove(&new).unwrap(), b"one");
}

#[test]
fn what_was_written_around_a_block_meanwhile_stays() {
    let new = insert(b"one\ntwo\n", &[block("auth", 1, 0)]);
    let edited = [b"zero\n", new.as_slice(), b"three\n"].concat();
    assert_eq!(remove(&edited).unwrap(), b"zero\none\ntwo\nthree\n");
}

#[test]
fn marks_that_do_not_pair_are_named_with_their_line_and_nothing_is_taken_out() {
    for (text, line) in [
        ("x\n# BEGIN countersign auth: y\n", 2),
        ("# END countersign auth\n", 1),
        ("# BEGIN countersign auth\n# BEGIN countersign account\n", 2),
        ("# BEGIN countersign auth\n# END countersign account\n", 2),
        (
            "# BEGIN countersign auth\n# END countersign auth\n# BEGIN countersign auth\n",
            3,
        ),
    ] {
        assert_eq!(remove(text.as_bytes()).unwrap_err().line, line, "{text}");
        assert!(is_marked(text.as_bytes()));
    }
}

fn files() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("@include common-auth"),
        Just("auth required pam_unix.so"),
        Just("-auth optional pam_x.so \\"),
        Just("  nullok # comment"),
        Just("auth [success=1 default=ignore] pam_y.so"),
        Just("# instead of: a line"),
        Just("\tauth substack password-auth"),
        Just(""),
        Just("\u{fe}"),
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    let lines = prop::collection::vec((line, end), 0..8);
    (lines, any::<bool>()).prop_map(|(lines, ends)| {
        let mut text = lines
            .iter()
            .map(|(l, e)| format!("{l}{e}"))
            .collect::<String>();
        if !ends {
            while text.ends_with(['\n', '\r']) {
                text.pop();
            }
        }
        text.into_bytes()
    })
}

proptest! {
    #[test]
    fn what_is_put_in_and_taken_out_leaves_any_file_as_it_was(
        text in files(), at in any::<prop::sample::Index>(), replaces in 0_usize..2,
        second in any::<prop::sample::Index>(),
    ) {
        let count = lines(&text).len();
        let behind = at.index(count + 1);
        let replaces = replaces.min(count - behind);
        let rest = count - behind - replaces;
        let mut blocks = vec![block("auth", behind, replaces)];
        if rest > 0 {
            blocks.push(block("account", behind + replaces + second.index(rest), 0));
        }
        let new = insert(&text, &blocks);
        prop_assert!(is_marked(&new));
        prop_assert_eq!(remove(&new).unwrap(), text.clone());
        prop_assert_eq!(remove(&text).unwrap(), text);
    }

    #[test]
    fn taking_out_never_panics(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = remove(&text);
    }
}
