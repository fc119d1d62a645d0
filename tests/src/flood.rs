//! Somebody without privileges who uses the public door as hard as can be.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use countersign_bus::types::Login;
use countersign_bus::{NAME, PATH, VERIFIER};
use zbus::Message;
use zbus::message::Flags;

use crate::bus::Bus;

/// How many threads of the flood there are.
const THREADS: usize = 8;
/// How many connections each keeps full.
const CONNECTIONS: usize = 20;
/// How many connections stay in the middle of their introduction.
const HALF_OPEN: usize = 48;

/// What a flood came to.
#[derive(Debug, Default)]
pub struct Flood {
    stop: AtomicBool,
    /// Messages written to the bus.
    pub messages: AtomicU64,
    /// Connections made.
    pub connections: AtomicU64,
}

impl Flood {
    /// Does `work` while the flood goes on: half of the threads without asking for replies, half
    /// with, one connection in each being made anew again and again.
    pub fn during<R>(&self, bus: &Bus, uid: u32, work: impl FnOnce() -> R) -> R {
        std::thread::scope(|scope| {
            for number in 0..THREADS {
                scope.spawn(move || self.pour(bus, uid, number % 2 == 0));
            }
            let half_open: Vec<_> = (0..HALF_OPEN).map(|_| bus.stream(uid)).collect();
            let ended = Ended(&self.stop);
            let result = work();
            drop((ended, half_open));
            result
        })
    }

    fn pour(&self, bus: &Bus, uid: u32, quiet: bool) {
        let mut begin = begin(quiet);
        let mut serial: u32 = 1;
        let mut open: Vec<UnixStream> = Vec::new();
        let mut heard = vec![0; 65_536];
        while !self.stop.load(Relaxed) {
            if open.len() < CONNECTIONS
                && let Ok(stream) = introduce(bus, uid)
            {
                self.connections.fetch_add(1, Relaxed);
                open.push(stream);
            }
            let before = open.len();
            open.retain_mut(|stream| {
                // Until the bus takes no more: it keeps those who send too much waiting.
                for _ in 0..64 {
                    // A message's serial number stands behind its first eight bytes.
                    serial = serial.wrapping_add(1).max(2);
                    begin[8..12].copy_from_slice(&serial.to_ne_bytes());
                    match stream.write(&begin) {
                        Ok(written) if written == begin.len() => {
                            self.messages.fetch_add(1, Relaxed);
                        }
                        // A message cut in the middle ends this connection, and another is made.
                        Ok(written) => return stream.write_all(&begin[written..]).is_ok(),
                        Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
                    }
                    while stream.read(&mut heard).is_ok_and(|length| length > 0) {}
                }
                true
            });
            if before == CONNECTIONS {
                open.pop();
            }
        }
    }
}

/// Tells the threads to end, also when what went on meanwhile panics.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// A connection that the bus knows, and that never waits.
fn introduce(bus: &Bus, uid: u32) -> std::io::Result<UnixStream> {
    let mut stream = bus.stream(uid)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.set_write_timeout(Some(Duration::from_secs(2)))?;
    let id: String = uid
        .to_string()
        .bytes()
        .map(|b| format!("{b:02x}"))
        .collect();
    stream.write_all(format!("\0AUTH EXTERNAL {id}\r\nBEGIN\r\n").as_bytes())?;
    let hello = Message::method_call("/org/freedesktop/DBus", "Hello")
        .destination("org.freedesktop.DBus")
        .interface("org.freedesktop.DBus")
        .build(&())
        .expect("a message");
    stream.write_all(hello.data())?;
    let mut heard = [0; 1024];
    if stream.read(&mut heard)? == 0 {
        return Err(std::io::ErrorKind::ConnectionReset.into());
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn begin(quiet: bool) -> Vec<u8> {
    let login = Login {
        user: Some("nobody".to_owned()),
        service: Some("flood".to_owned()),
        tty: Some("x".repeat(2000)),
        ..Login::default()
    };
    let call = Message::method_call(PATH, "Begin")
        .destination(NAME)
        .interface(VERIFIER);
    let call = if quiet {
        call.with_flags(Flags::NO_REPLY_EXPECTED)
    } else {
        call
    };
    call.build(&(login,)).expect("a message").data().to_vec()
}
