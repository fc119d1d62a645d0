//! A list to choose from, which GDM's login screen shows and nothing else: one of its extensions
//! of PAM's conversation (gdm-choice-list-pam-extension.h).

use std::env;
use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use pam::module::PamHandle;

use crate::conversation::{
    Conversation, Message, PAM_CONV_ERR, Response, conversation, hand_over, take_text,
};
use crate::{Answer, NoAnswer, PAM_SUCCESS, pam_get_item};

const PAM_SERVICE: c_int = 1;
const PAM_BINARY_PROMPT: c_int = 7;
/// The extension.
const NAME: &[u8] = b"org.gnome.DisplayManager.UserVerifier.ChoiceList";
/// Where GDM's worker says which extensions the login screen knows: their names in a row. A
/// message's type is its name's place among them.
const VARIABLE: &str = "GDM_SUPPORTED_PAM_EXTENSIONS";

/// One of the things to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// What stands for it in the answer; not shown.
    pub key: &'a str,
    /// What is shown.
    pub text: &'a str,
}

/// What came of a list.
#[derive(Debug, Eq, PartialEq)]
pub enum Chosen {
    /// The choice at this place.
    Place(usize),
    /// What was typed while the list was shown, in place of choosing.
    Typed(Answer),
}

/// Has one of `choices` chosen.
///
/// # Errors
///
/// [`NoAnswer`] if the application is not GDM with a login screen that shows lists, or if it cannot
/// or will not ask.
pub fn choose<const N: usize>(
    handle: &mut PamHandle,
    prompt: &str,
    choices: [Choice<'_>; N],
) -> Result<Chosen, NoAnswer> {
    let list = List::offered(&service(handle)).ok_or(NoAnswer {
        result: PAM_CONV_ERR,
    })?;
    list.exchange(&conversation(handle)?, prompt, choices)
}

/// `PAM_SERVICE`, or nothing.
fn service(handle: &PamHandle) -> Vec<u8> {
    let mut item: *const c_void = ptr::null();
    // SAFETY: the handle is libpam's own, and `item` outlives the call.
    let result = unsafe { pam_get_item(handle, PAM_SERVICE, &raw mut item) };
    if result != PAM_SUCCESS || item.is_null() {
        return Vec::new();
    }
    // SAFETY: on success it is a C string of libpam's, which lives through this copy.
    unsafe { CStr::from_ptr(item.cast()) }.to_bytes().to_vec()
}

/// The application's offer to show a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct List {
    kind: u8,
}

impl List {
    /// The offer of a login screen that is asked through `service`, if it is GDM's and makes one.
    ///
    /// It is made by the environment, which is nobody's word but root's where it is looked at: in
    /// a program that root started, as root, and that gained nothing by being started.
    fn offered(service: &[u8]) -> Option<Self> {
        if !Process::own().is_believed(service) {
            return None;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the only way in which GDM says it; and the environment is root's, as was just seen"
        )]
        Self::among(&env::var_os(VARIABLE)?)
    }

    fn among(extensions: &OsStr) -> Option<Self> {
        let names = extensions.as_bytes().split(|b| *b == b' ');
        let place = names
            .filter(|name| !name.is_empty())
            .position(|name| name == NAME)?;
        let kind = place.try_into().ok()?;
        Some(Self { kind })
    }

    fn exchange<const N: usize>(
        self,
        conversation: &Conversation,
        prompt: &str,
        choices: [Choice<'_>; N],
    ) -> Result<Chosen, NoAnswer> {
        let prompt = c_string(prompt)?;
        let mut texts = Vec::with_capacity(2 * N);
        for choice in choices {
            texts.push((c_string(choice.key)?, c_string(choice.text)?));
        }
        let mut request = Request {
            header: self.header(size_of::<Request<N>>()),
            prompt: prompt.as_ptr(),
            count: N,
            items: [Item {
                key: ptr::null(),
                text: ptr::null(),
            }; N],
        };
        for (item, (key, text)) in request.items.iter_mut().zip(&texts) {
            (item.key, item.text) = (key.as_ptr(), text.as_ptr());
        }
        let message = Message {
            style: PAM_BINARY_PROMPT,
            text: (&raw const request).cast(),
        };
        // SAFETY: the message is one of GDM's, which said that it knows them; what it points to
        // outlives the call.
        let responses = unsafe { hand_over(conversation, &message) }?;
        // SAFETY: it is NULL, or an array of one response from `malloc`, which is now ours; the
        // response is one to the message, as GDM makes it.
        let key = unsafe { self.take(responses) }.ok_or(NoAnswer {
            result: PAM_SUCCESS,
        })?;
        let place = texts.iter().position(|(ours, _)| ours.as_bytes() == &**key);
        Ok(place.map_or_else(|| Chosen::Typed(key), Chosen::Place))
    }

    fn header(self, length: usize) -> Header {
        // A list that long does not exist; an application would refuse a length of 0.
        let length = u32::try_from(length).unwrap_or_default();
        Header {
            length: length.to_be(),
            kind: self.kind,
        }
    }

    /// The key in a response; what held it is wiped and freed, which is the module's part.
    ///
    /// # Safety
    ///
    /// `responses` is NULL, or an array of one response that `malloc` made and nothing else frees.
    /// Its text is likewise, and a [`Reply`] as far as its header says that it is one.
    unsafe fn take(self, responses: *mut Response) -> Option<Answer> {
        // SAFETY: as the caller promises.
        let reply = unsafe { responses.as_ref()? }.text.cast::<Reply>();
        let whole = self.header(size_of::<Reply>());
        // SAFETY: as the caller promises, there is a header, if there is anything.
        let ours = unsafe { reply.cast::<Header>().as_ref() } == Some(&whole);
        let key = if ours {
            // SAFETY: the header says that it is a whole reply to a list.
            unsafe { (*reply).key }
        } else {
            ptr::null_mut()
        };
        // SAFETY: a reply's key is NULL, or a C string from `malloc` that nothing else frees.
        let answer = unsafe { take_text(key) };
        // SAFETY: as the caller promises; free(NULL) does nothing.
        unsafe {
            libc::free(reply.cast());
            libc::free(responses.cast());
        }
        answer
    }
}

/// `GdmPamExtensionMessage`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C)]
struct Header {
    /// Of the whole message in bytes, the most significant first.
    length: u32,
    kind: u8,
}

/// `GdmChoiceListItems`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Item {
    key: *const c_char,
    text: *const c_char,
}

/// `GdmPamExtensionChoiceListRequest`.
#[repr(C)]
struct Request<const N: usize> {
    header: Header,
    prompt: *const c_char,
    count: usize,
    items: [Item; N],
}

/// `GdmPamExtensionChoiceListResponse`.
#[repr(C)]
struct Reply {
    header: Header,
    key: *mut c_char,
}

/// Whose a process is.
#[derive(Clone, Copy, Debug)]
struct Process {
    real_uid: u32,
    effective_uid: u32,
    /// Whether it gained something when it was started, as setuid programs do (`AT_SECURE`).
    secure: bool,
}

impl Process {
    fn own() -> Self {
        // SAFETY: these take no pointer and cannot fail.
        let (real_uid, effective_uid) = unsafe { (libc::getuid(), libc::geteuid()) };
        // SAFETY: as above; a kernel that did not say would give 0, and all kernels say.
        let secure = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
        Self {
            real_uid,
            effective_uid,
            secure,
        }
    }

    /// Whether it is GDM, and root started it as it is, with an environment of root's.
    fn is_believed(self, service: &[u8]) -> bool {
        let roots = (self.real_uid, self.effective_uid, self.secure) == (0, 0, false);
        roots && service.starts_with(b"gdm-")
    }
}

fn c_string(text: &str) -> Result<CString, NoAnswer> {
    CString::new(text).map_err(|_| NoAnswer {
        result: PAM_CONV_ERR,
    })
}

#[cfg(test)]
mod tests;
