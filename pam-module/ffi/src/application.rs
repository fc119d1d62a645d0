//! The application's side of libpam: a login that this program goes through itself, with the
//! configuration of a directory that it names.
//!
//! No crate that was looked at offers `pam_start_confdir`, without which a stack can be tried only
//! by putting it in place.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr;

use crate::conversation::{Answer, Conversation, Message, PAM_CONV_ERR, Response};
use crate::{PAM_SUCCESS, pam_set_item};

/// What libpam returns for something that it cannot make sense of.
const PAM_SYSTEM_ERR: c_int = 4;
/// No more messages than this come at once.
const PAM_MAX_NUM_MSG: c_int = 32;

/// `pam_handle_t`.
#[repr(C)]
struct Opaque([u8; 0]);

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        directory: *const c_char,
        handle: *mut *mut Opaque,
    ) -> c_int;
    fn pam_end(handle: *mut Opaque, status: c_int) -> c_int;
    fn pam_putenv(handle: *mut Opaque, setting: *const c_char) -> c_int;
    fn pam_authenticate(handle: *mut Opaque, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut Opaque, flags: c_int) -> c_int;
    fn pam_strerror(handle: *mut Opaque, status: c_int) -> *const c_char;
}

/// How a module puts something to the person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// A question whose answer is not shown.
    Hidden,
    /// A question whose answer is shown.
    Shown,
    /// Something went wrong.
    Error,
    /// Something to know.
    Info,
}

/// Who answers.
pub trait Converse {
    /// The answer to a question, or anything at all to what is no question; `None` if there is no
    /// answer, which ends the login.
    fn converse(&mut self, style: Style, text: &str) -> Option<Answer>;
}

/// What a login is told of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(i32)]
pub enum Item {
    /// `PAM_TTY`.
    Terminal = 3,
    /// `PAM_RHOST`.
    RemoteHost = 4,
    /// `PAM_RUSER`.
    RemoteUser = 8,
}

/// What libpam returned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// Its number, as in `_pam_types.h`.
    pub result: i32,
    /// Its words.
    pub text: String,
}

/// A login through PAM.
pub struct Login<'a> {
    handle: *mut Opaque,
    last: c_int,
    /// What libpam's conversation points to; not touched while `handle` lives.
    answers: *mut &'a mut dyn Converse,
}

impl<'a> Login<'a> {
    /// Begins one of `user` through `service`, as `directory` configures it.
    ///
    /// # Errors
    ///
    /// What libpam says, or that a name has a NUL in it.
    pub fn begin(
        directory: &Path,
        service: &str,
        user: &str,
        answers: &'a mut dyn Converse,
    ) -> Result<Self, Failure> {
        let directory = c_string(directory.as_os_str().as_encoded_bytes())?;
        let (service, user) = (c_string(service.as_bytes())?, c_string(user.as_bytes())?);
        let mut login = Self {
            handle: ptr::null_mut(),
            last: PAM_SUCCESS,
            answers: Box::into_raw(Box::new(answers)),
        };
        let conversation = Conversation {
            function: Some(answer),
            data: login.answers.cast(),
        };
        // SAFETY: all strings end with NUL and outlive the call; libpam copies them and the
        // conversation. What its data points to lives until `login` is dropped.
        let result = unsafe {
            pam_start_confdir(
                service.as_ptr(),
                user.as_ptr(),
                &raw const conversation,
                directory.as_ptr(),
                &raw mut login.handle,
            )
        };
        login.outcome(result)?;
        Ok(login)
    }

    /// Tells it something of itself.
    ///
    /// # Errors
    ///
    /// What libpam says, or that the value has a NUL in it.
    pub fn set(&mut self, item: Item, value: &str) -> Result<(), Failure> {
        let value = c_string(value.as_bytes())?;
        // SAFETY: the handle is open, and libpam copies the string.
        let result =
            unsafe { pam_set_item(self.handle.cast(), item as c_int, value.as_ptr().cast()) };
        self.outcome(result)
    }

    /// Puts `NAME=value` into the environment that its modules see.
    ///
    /// # Errors
    ///
    /// What libpam says, or that the setting has a NUL in it.
    pub fn put_environment(&mut self, setting: &str) -> Result<(), Failure> {
        let setting = c_string(setting.as_bytes())?;
        // SAFETY: the handle is open, and libpam copies the string.
        let result = unsafe { pam_putenv(self.handle, setting.as_ptr()) };
        self.outcome(result)
    }

    /// `pam_authenticate`.
    ///
    /// # Errors
    ///
    /// What libpam says.
    pub fn authenticate(&mut self) -> Result<(), Failure> {
        // SAFETY: the handle is open, and nothing else uses what the conversation points to.
        let result = unsafe { pam_authenticate(self.handle, 0) };
        self.outcome(result)
    }

    /// `pam_acct_mgmt`.
    ///
    /// # Errors
    ///
    /// What libpam says.
    pub fn account(&mut self) -> Result<(), Failure> {
        // SAFETY: the handle is open, and nothing else uses what the conversation points to.
        let result = unsafe { pam_acct_mgmt(self.handle, 0) };
        self.outcome(result)
    }

    fn outcome(&mut self, result: c_int) -> Result<(), Failure> {
        self.last = result;
        if result == PAM_SUCCESS {
            return Ok(());
        }
        // SAFETY: it does not look at the handle, which may be NULL.
        let text = unsafe { pam_strerror(self.handle, result) };
        // SAFETY: it is NULL or a constant string, which ends with NUL.
        let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) });
        Err(Failure {
            result,
            text: text.map_or_else(String::new, |text| text.to_string_lossy().into_owned()),
        })
    }
}

impl Drop for Login<'_> {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: it is open, and is not used after this.
            unsafe { pam_end(self.handle, self.last) };
        }
        // SAFETY: it came from a box, and libpam, which knew of it, is done.
        drop(unsafe { Box::from_raw(self.answers) });
    }
}

fn c_string(bytes: &[u8]) -> Result<CString, Failure> {
    CString::new(bytes).map_err(|_| Failure {
        result: PAM_SYSTEM_ERR,
        text: "a name has a NUL in it".to_owned(),
    })
}

/// The conversation function that libpam's modules call.
unsafe extern "C-unwind" fn answer(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    if !(1..=PAM_MAX_NUM_MSG).contains(&count) || messages.is_null() || responses.is_null() {
        return PAM_CONV_ERR;
    }
    let count = count.unsigned_abs() as usize;
    // SAFETY: `data` is what `begin` gave, and libpam calls from within a method that has the
    // login to itself.
    let Some(answers) = (unsafe { data.cast::<&mut dyn Converse>().as_mut() }) else {
        return PAM_CONV_ERR;
    };
    // SAFETY: libpam's modules hand over as many pointers as they say.
    let messages = unsafe { std::slice::from_raw_parts(messages, count) };
    let mut replies = Vec::with_capacity(count);
    for message in messages {
        // SAFETY: each points to a message, or is NULL.
        let reply = unsafe { message.as_ref() }.and_then(|message| reply(&mut **answers, message));
        match reply {
            Some(reply) => replies.push(reply),
            None => return PAM_CONV_ERR,
        }
    }
    // SAFETY: memory for so many responses, which the module frees.
    let array = unsafe { libc::calloc(count, size_of::<Response>()) }.cast::<Response>();
    if array.is_null() {
        return PAM_CONV_ERR;
    }
    for (index, reply) in replies.iter().enumerate() {
        // SAFETY: so many bytes are copied; the copy is the module's to wipe and free.
        let text = unsafe { libc::strndup(reply.as_ptr().cast(), reply.len()) };
        // SAFETY: `index` is below `count`.
        unsafe { array.add(index).write(Response { text, unused: 0 }) };
    }
    // SAFETY: the module gave a place for it.
    unsafe { *responses = array };
    PAM_SUCCESS
}

/// The answer to one message.
fn reply(answers: &mut dyn Converse, message: &Message) -> Option<Answer> {
    let style = match message.style {
        1 => Style::Hidden,
        2 => Style::Shown,
        3 => Style::Error,
        4 => Style::Info,
        _ => return None,
    };
    if message.text.is_null() {
        return None;
    }
    // SAFETY: a message's text ends with NUL.
    let text = unsafe { CStr::from_ptr(message.text) }.to_string_lossy();
    // A panic must not travel through libpam.
    let answer = catch_unwind(AssertUnwindSafe(|| answers.converse(style, &text)));
    let answer = answer.ok().flatten()?;
    (!answer.contains(&0)).then_some(answer)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Script(Vec<(Style, String)>);

    impl Converse for Script {
        fn converse(&mut self, style: Style, text: &str) -> Option<Answer> {
            self.0.push((style, text.to_owned()));
            None
        }
    }

    fn log_in(stack: &str) -> (Result<(), Failure>, Vec<(Style, String)>) {
        let directory = std::env::temp_dir().join(format!("application-{}", fastrand()));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("try"), stack).unwrap();
        let mut script = Script(Vec::new());
        let mut login = Login::begin(&directory, "try", "nobody", &mut script).unwrap();
        login.set(Item::Terminal, "/dev/null").unwrap();
        login.put_environment("A=b").unwrap();
        let result = login.authenticate().and_then(|()| login.account());
        drop(login);
        fs::remove_dir_all(&directory).unwrap();
        (result, script.0)
    }

    fn fastrand() -> u64 {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(0)
    }

    #[test]
    fn the_stack_of_the_directory_is_the_one_that_decides() {
        let permit = "auth required pam_permit.so\naccount required pam_permit.so\n";
        assert_eq!(log_in(permit), (Ok(()), vec![]));
        let deny = "auth required pam_deny.so\naccount required pam_permit.so\n";
        assert_eq!(log_in(deny).0.unwrap_err().result, 7);
        let refused = "auth required pam_permit.so\naccount required pam_deny.so\n";
        assert!(log_in(refused).0.is_err());
    }

    #[test]
    fn a_module_that_is_not_there_is_a_failure_with_words() {
        let (result, _) = log_in("auth required pam_no_such_module.so\n");
        let failure = result.unwrap_err();
        assert_eq!((failure.result, failure.text.is_empty()), (28, false));
    }

    #[test]
    fn what_a_module_says_arrives_and_no_answer_ends_the_login() {
        let echo = "auth optional pam_echo.so file=/etc/hostname\nauth required pam_unix.so\n";
        let (result, said) = log_in(echo);
        assert!(result.is_err());
        assert!(
            said.iter().any(|(style, _)| *style == Style::Hidden),
            "{said:?}"
        );
    }

    #[test]
    fn a_name_that_c_would_cut_short_is_refused() {
        let mut script = Script(Vec::new());
        let login = Login::begin(Path::new("/nonexistent"), "a\0b", "root", &mut script);
        assert!(login.is_err());
    }
}
