//! One message to the application, and what comes back.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use pam::module::PamHandle;
use zeroize::{Zeroize, Zeroizing};

use crate::{NoAnswer, PAM_SUCCESS, pam_get_item};

const PAM_CONV: c_int = 5;
pub(crate) const PAM_CONV_ERR: c_int = 19;

/// What was typed; wiped when dropped.
pub type Answer = Zeroizing<Vec<u8>>;

/// Whether a line is shown while it is typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(i32)]
pub enum Echo {
    /// `PAM_PROMPT_ECHO_OFF`: it is not.
    Off = 1,
    /// `PAM_PROMPT_ECHO_ON`: it is.
    On = 2,
}

/// How something is told that asks for nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(i32)]
pub enum Tone {
    /// `PAM_ERROR_MSG`: something went wrong.
    Error = 3,
    /// `PAM_TEXT_INFO`: something to know.
    Info = 4,
}

/// Asks for one line.
///
/// The application may set items while it asks, which frees what was borrowed of them; hence the
/// exclusive borrow.
///
/// # Errors
///
/// [`NoAnswer`] if the application cannot or will not ask.
pub fn ask(handle: &mut PamHandle, echo: Echo, prompt: &str) -> Result<Answer, NoAnswer> {
    let conversation = conversation(handle)?;
    let reply = exchange(&conversation, echo as c_int, prompt)?;
    reply.ok_or(NoAnswer {
        result: PAM_SUCCESS,
    })
}

/// Tells something. That nothing comes back, not even an array for it, is as it should be.
///
/// # Errors
///
/// [`NoAnswer`] if the application did not take it.
pub fn tell(handle: &mut PamHandle, tone: Tone, text: &str) -> Result<(), NoAnswer> {
    let conversation = conversation(handle)?;
    exchange(&conversation, tone as c_int, text).map(drop)
}

/// `struct pam_message`.
#[repr(C)]
pub(crate) struct Message {
    pub(crate) style: c_int,
    pub(crate) text: *const c_char,
}

/// `struct pam_response`.
#[repr(C)]
pub(crate) struct Response {
    pub(crate) text: *mut c_char,
    pub(crate) unused: c_int,
}

/// The application's function. An application that leaves it by `longjmp` or an exception of its
/// own does so through us.
pub(crate) type Converse = unsafe extern "C-unwind" fn(
    c_int,
    *mut *const Message,
    *mut *mut Response,
    *mut c_void,
) -> c_int;

/// `struct pam_conv`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Conversation {
    pub(crate) function: Option<Converse>,
    pub(crate) data: *mut c_void,
}

pub(crate) fn conversation(handle: &PamHandle) -> Result<Conversation, NoAnswer> {
    let mut item: *const c_void = ptr::null();
    // SAFETY: the handle is libpam's own, and `item` outlives the call.
    let result = unsafe { pam_get_item(handle, PAM_CONV, &raw mut item) };
    if result != PAM_SUCCESS {
        return Err(NoAnswer { result });
    }
    // SAFETY: PAM_CONV is a `struct pam_conv`, or NULL. It is copied at once, as the application
    // may set another while it is being called.
    let conversation = unsafe { item.cast::<Conversation>().as_ref() };
    conversation.copied().ok_or(NoAnswer {
        result: PAM_CONV_ERR,
    })
}

/// Hands over one message of text.
fn exchange(
    conversation: &Conversation,
    style: c_int,
    text: &str,
) -> Result<Option<Answer>, NoAnswer> {
    if text.contains('\0') {
        return Err(NoAnswer {
            result: PAM_CONV_ERR,
        });
    }
    // It may be a secret, and is wiped when it was shown.
    let mut c_string = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    c_string.extend_from_slice(text.as_bytes());
    c_string.push(0);
    let message = Message {
        style,
        text: c_string.as_ptr().cast(),
    };
    // SAFETY: the message is one of pam_conv(3)'s, and its text a C string.
    let responses = unsafe { hand_over(conversation, &message) }?;
    // SAFETY: on success it is NULL or an array of one from malloc, which is now ours.
    Ok(unsafe { take(responses) })
}

/// Hands over one message: several at once corrupt the memory of some screen lockers. What comes
/// back is NULL, or an array of one response from `malloc`, which is the caller's.
///
/// # Safety
///
/// The message's text is what its style says.
pub(crate) unsafe fn hand_over(
    conversation: &Conversation,
    message: &Message,
) -> Result<*mut Response, NoAnswer> {
    let function = conversation.function.ok_or(NoAnswer {
        result: PAM_CONV_ERR,
    })?;
    let mut messages = ptr::from_ref(message);
    let mut responses: *mut Response = ptr::null_mut();

    // SAFETY: what is handed over is what pam_conv(3) says, and outlives the call.
    let result = unsafe { function(1, &raw mut messages, &raw mut responses, conversation.data) };
    if result == PAM_SUCCESS {
        Ok(responses)
    } else {
        // Whatever the application made it has freed (pam_conv(3)): `responses` may dangle.
        Err(NoAnswer { result })
    }
}

/// The text of a response; what held it is wiped and freed.
///
/// # Safety
///
/// `responses` is NULL, or an array of one response that `malloc` made and nothing else frees;
/// likewise its text.
unsafe fn take(responses: *mut Response) -> Option<Answer> {
    // SAFETY: as the caller promises.
    let text = unsafe { responses.as_ref()? }.text;
    // SAFETY: as the caller promises.
    let answer = unsafe { take_text(text) };
    // SAFETY: as the caller promises.
    unsafe { libc::free(responses.cast()) }
    answer
}

/// A text, if there is one; what held it is wiped and freed.
///
/// # Safety
///
/// `text` is NULL, or a C string that `malloc` made and nothing else frees.
pub(crate) unsafe fn take_text(text: *mut c_char) -> Option<Answer> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises, it is a C string that nobody else holds.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(text.cast::<u8>(), CStr::from_ptr(text).count_bytes())
    };
    let answer = Zeroizing::new(bytes.to_vec());
    bytes.zeroize();
    // SAFETY: as the caller promises.
    unsafe { libc::free(text.cast()) }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use super::*;

    const PAM_PROMPT_ECHO_OFF: c_int = Echo::Off as c_int;

    /// Behaves as the array says: what to return, whether there is an array, what is in it.
    struct Application {
        result: c_int,
        array: bool,
        answer: Option<&'static CStr>,
        heard: Vec<(c_int, CString)>,
    }

    fn application(answer: Option<&'static CStr>) -> Application {
        Application {
            result: PAM_SUCCESS,
            array: true,
            answer,
            heard: Vec::new(),
        }
    }

    impl Application {
        fn hear(&mut self, style: c_int, text: &str) -> Result<Option<Answer>, NoAnswer> {
            let conversation = Conversation {
                function: Some(converse),
                data: ptr::from_mut(self).cast(),
            };
            exchange(&conversation, style, text)
        }
    }

    unsafe extern "C-unwind" fn converse(
        count: c_int,
        messages: *mut *const Message,
        responses: *mut *mut Response,
        data: *mut c_void,
    ) -> c_int {
        assert_eq!(count, 1);
        // SAFETY: `hear` passed itself, and `exchange` one message.
        let (application, message) = unsafe { (&mut *data.cast::<Application>(), &**messages) };
        // SAFETY: a message's text is a C string.
        let text = unsafe { CStr::from_ptr(message.text) };
        application.heard.push((message.style, text.to_owned()));

        if application.array {
            // SAFETY: each copy fits what was allocated for it.
            unsafe {
                let array = libc::calloc(1, size_of::<Response>()).cast::<Response>();
                if let Some(answer) = application.answer {
                    let bytes = answer.to_bytes_with_nul();
                    let copy = libc::malloc(bytes.len()).cast::<u8>();
                    ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len());
                    (*array).text = copy.cast();
                }
                *responses = array;
            }
        }
        application.result
    }

    #[test]
    fn an_answer_is_handed_over_and_its_memory_released() {
        let mut application = application(Some(c"123456"));
        let answer = application.hear(PAM_PROMPT_ECHO_OFF, "Code: ").unwrap();
        assert_eq!(answer.unwrap().as_slice(), b"123456");
        assert_eq!(application.heard, [(1, c"Code: ".to_owned())]);
    }

    #[test]
    fn an_answer_need_not_be_text() {
        let answer = application(Some(c"\xff\x08")).hear(1, "Code: ").unwrap();
        assert_eq!(answer.unwrap().as_slice(), b"\xff\x08");
    }

    #[test]
    fn an_application_may_leave_out_the_array_where_nothing_was_asked() {
        let mut application = application(None);
        application.array = false;
        assert_eq!(application.hear(Tone::Info as c_int, "Hello."), Ok(None));
        assert_eq!(application.heard, [(4, c"Hello.".to_owned())]);
    }

    #[test]
    fn an_array_without_a_text_holds_no_answer() {
        assert_eq!(application(None).hear(1, "Code: "), Ok(None));
    }

    #[test]
    fn an_answer_to_what_did_not_ask_is_released_too() {
        let mut application = application(Some(c"yes"));
        assert!(application.hear(Tone::Error as c_int, "No.").is_ok());
    }

    #[test]
    fn a_failure_is_one_whatever_comes_with_it() {
        for result in [PAM_CONV_ERR, 25, -1, 4711] {
            let mut application = application(None);
            (application.result, application.array) = (result, false);
            assert_eq!(application.hear(1, "Code: "), Err(NoAnswer { result }));
        }
    }

    #[test]
    fn without_a_function_nothing_can_be_asked() {
        let conversation = Conversation {
            function: None,
            data: ptr::null_mut(),
        };
        let result = PAM_CONV_ERR;
        assert_eq!(
            exchange(&conversation, 1, "Code: "),
            Err(NoAnswer { result })
        );
    }

    #[test]
    fn a_text_that_c_would_cut_short_is_not_shown() {
        let mut application = application(Some(c"123456"));
        assert!(application.hear(1, "Code\0: ").is_err());
        assert_eq!(application.heard, []);
    }
}
