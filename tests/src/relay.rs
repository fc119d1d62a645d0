//! What a module says to the daemon: everything, byte for byte.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A socket in front of a daemon's. Both sides hear each other through it; what the module's side
/// says is kept. No file descriptor comes through.
#[derive(Clone, Debug)]
pub struct Relay {
    socket: PathBuf,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    /// One in `directory`, in front of the daemon that listens there.
    pub fn in_directory(directory: &Path) -> Self {
        let this = Self {
            socket: directory.join("relay"),
            said: Arc::default(),
        };
        let listener = UnixListener::bind(&this.socket).expect("a socket");
        let daemon = directory.join("socket");
        let said = Arc::clone(&this.said);
        thread::spawn(move || {
            for module in listener.incoming() {
                let module = module.expect("a connection");
                let daemon = UnixStream::connect(&daemon).expect("a daemon");
                let (back, to) = (
                    daemon.try_clone().expect("a stream"),
                    module.try_clone().expect("a stream"),
                );
                let said = Arc::clone(&said);
                thread::spawn(move || carry(module, daemon, Some(&said)));
                thread::spawn(move || carry(back, to, None));
            }
        });
        this
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Whether this was among what was said.
    pub fn heard(&self, bytes: &[u8]) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.windows(bytes.len()).any(|window| window == bytes)
    }
}

/// Carries what one side says to the other, until it hangs up.
fn carry(mut from: UnixStream, mut to: UnixStream, said: Option<&Mutex<Vec<u8>>>) {
    let mut buffer = [0; 4096];
    while let Ok(length) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        if let Some(said) = said {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            said.extend_from_slice(bytes);
        }
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}
