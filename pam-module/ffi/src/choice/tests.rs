//! A login screen that takes the bytes apart as gdm-session-worker does.

use super::*;

const LIST: List = List { kind: 1 };
const CHOICES: [Choice<'_>; 2] = [
    Choice {
        key: "code",
        text: "Code from app",
    },
    Choice {
        key: "recovery",
        text: "Recovery code",
    },
];

/// What the login screen does.
struct Screen {
    result: c_int,
    /// Whether there is an array of responses.
    array: bool,
    /// The reply's header: its length, its type.
    header: Option<(u32, u8)>,
    key: Option<&'static CStr>,
    /// What it was asked to show.
    shown: Vec<String>,
}

fn screen(key: &'static CStr) -> Screen {
    Screen {
        result: PAM_SUCCESS,
        array: true,
        header: Some((16, 1)),
        key: Some(key),
        shown: Vec::new(),
    }
}

impl Screen {
    fn choose(&mut self) -> Result<Chosen, NoAnswer> {
        let conversation = Conversation {
            function: Some(converse),
            data: ptr::from_mut(self).cast(),
        };
        LIST.exchange(&conversation, "Log in by:", CHOICES)
    }
}

/// The bytes of a message, as many as its header says.
unsafe fn message(text: *const c_char) -> Vec<u8> {
    let start = text.cast::<u8>();
    let mut length = [0; 4];
    // SAFETY: a message begins with its length.
    unsafe { ptr::copy_nonoverlapping(start, length.as_mut_ptr(), 4) };
    // SAFETY: so long is it.
    let bytes = unsafe { std::slice::from_raw_parts(start, u32::from_be_bytes(length) as usize) };
    bytes.to_vec()
}

fn number(bytes: &[u8], at: usize) -> usize {
    usize::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The text that a pointer in the message leads to.
fn text(bytes: &[u8], at: usize) -> String {
    let pointer = number(bytes, at) as *const c_char;
    // SAFETY: GDM's pointers lead to C strings.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().unwrap().to_owned()
}

unsafe extern "C-unwind" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    assert_eq!(count, 1);
    // SAFETY: `choose` passed itself, and `exchange` one message.
    let (screen, prompt) = unsafe { (&mut *data.cast::<Screen>(), &**messages) };
    assert_eq!(prompt.style, 7);
    // SAFETY: the message is a list.
    let bytes = unsafe { message(prompt.text) };
    assert_eq!(bytes[4], 1, "its type");
    screen.shown.push(text(&bytes, 8));
    for item in 0..number(&bytes, 16) {
        screen.shown.push(text(&bytes, 24 + 16 * item));
        screen.shown.push(text(&bytes, 32 + 16 * item));
    }
    if screen.array {
        // SAFETY: what is written fits what was allocated for it.
        unsafe {
            let array = libc::calloc(1, size_of::<Response>()).cast::<Response>();
            if let Some((length, kind)) = screen.header {
                let reply = libc::calloc(1, (length as usize).max(8)).cast::<u8>();
                ptr::copy_nonoverlapping(length.to_be_bytes().as_ptr(), reply, 4);
                reply.add(4).write(kind);
                if let Some(key) = screen.key.filter(|_| length >= 16) {
                    let copy = libc::strdup(key.as_ptr());
                    reply.add(8).cast::<*mut c_char>().write(copy);
                }
                (*array).text = reply.cast();
            }
            *responses = array;
        }
    }
    screen.result
}

#[test]
fn a_list_is_shown_and_the_place_of_what_was_chosen_comes_back() {
    for (key, place) in [(c"code", 0), (c"recovery", 1)] {
        let mut screen = screen(key);
        assert_eq!(screen.choose(), Ok(Chosen::Place(place)));
        assert_eq!(
            screen.shown,
            [
                "Log in by:",
                "code",
                "Code from app",
                "recovery",
                "Recovery code"
            ]
        );
    }
}

#[test]
fn whatever_is_none_of_the_choices_was_typed() {
    for typed in [c"", c"123456", c"Code from app", c"codes", c"cod", c"\xff"] {
        let answer = Answer::new(typed.to_bytes().to_vec());
        assert_eq!(screen(typed).choose(), Ok(Chosen::Typed(answer)));
    }
}

#[test]
fn a_reply_without_a_key_or_of_another_kind_is_no_answer() {
    let none = Err(NoAnswer {
        result: PAM_SUCCESS,
    });
    let mut without = screen(c"code");
    without.key = None;
    assert_eq!(without.choose(), none);
    for header in [None, Some((0, 1)), Some((8, 1)), Some((15, 1))] {
        let mut other = screen(c"code");
        other.header = header;
        assert_eq!(other.choose(), none, "{header:?}");
    }
    for header in [(16, 0), (17, 1)] {
        let mut other = screen(c"code");
        // What it points to would not be ours to free.
        (other.header, other.key) = (Some(header), None);
        assert_eq!(other.choose(), none, "{header:?}");
    }
    let mut nothing = screen(c"code");
    nothing.array = false;
    assert_eq!(nothing.choose(), none);
}

#[test]
fn a_screen_that_fails_is_no_answer_whatever_comes_with_it() {
    for result in [PAM_CONV_ERR, 25, -1, 4711] {
        let mut failing = screen(c"code");
        (failing.result, failing.array) = (result, false);
        assert_eq!(failing.choose(), Err(NoAnswer { result }));
    }
}

#[test]
fn a_text_that_c_would_cut_short_is_not_shown() {
    let mut screen = screen(c"code");
    let conversation = Conversation {
        function: Some(converse),
        data: ptr::from_mut(&mut screen).cast(),
    };
    assert!(
        LIST.exchange(&conversation, "Log in\0 by:", CHOICES)
            .is_err()
    );
    assert!(screen.shown.is_empty());
}

#[test]
fn the_type_of_a_message_is_its_name_s_place_in_the_variable() {
    let other = "org.gnome.DisplayManager.UserVerifier.CustomJSON";
    let ours = "org.gnome.DisplayManager.UserVerifier.ChoiceList";
    for (variable, kind) in [
        (ours.to_owned(), Some(0)),
        (format!("{ours} {other}"), Some(0)),
        (format!("{other} {ours}"), Some(1)),
        (format!("  {other}  {ours} "), Some(1)),
        (format!("{}{ours}", "a ".repeat(255)), Some(255)),
        (format!("{}{ours}", "a ".repeat(256)), None),
        (other.to_owned(), None),
        (format!("{ours}2"), None),
        ("org.gnome".to_owned(), None),
        (String::new(), None),
    ] {
        let offered = List::among(OsStr::new(&variable));
        assert_eq!(offered.map(|list| list.kind), kind, "{variable:?}");
    }
}

#[test]
fn the_environment_is_believed_only_where_it_is_root_s_and_of_gdm() {
    for (real_uid, effective_uid, secure, believed) in [
        (0, 0, false, true),
        (0, 0, true, false),
        (1000, 0, true, false),
        (1000, 0, false, false),
        (0, 1000, false, false),
        (1000, 1000, false, false),
    ] {
        let process = Process {
            real_uid,
            effective_uid,
            secure,
        };
        assert_eq!(
            process.is_believed(b"gdm-password"),
            believed,
            "{process:?}"
        );
        for service in [
            "", "sshd", "sudo", "login", "lightdm", "gdm", "xgdm-a", "GDM-a",
        ] {
            assert!(
                !process.is_believed(service.as_bytes()),
                "{service} in {process:?}"
            );
        }
    }
}
