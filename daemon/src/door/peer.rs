//! A peer's socket on the root door.
//!
//! zbus's own asks the name services for the groups of whoever connects. The daemon asks them for
//! nothing: one that hangs, as a directory server far away may, would hang every login. The kernel
//! has said who it is, and nothing else counts.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use zbus::connection::socket::{ReadHalf, Socket, Split, WriteHalf};
use zbus::export::async_trait::async_trait;
use zbus::fdo::ConnectionCredentials;
use zruntime::{AsyncIo, Shared, SharedRuntime};

/// How many files a message may carry. Ours carry one.
const MOST_FILES: usize = 8;

/// A connection whose other end is known.
#[derive(Clone, Debug)]
pub struct Peer {
    stream: Arc<AsyncIo<UnixStream, Shared>>,
    uid: u32,
}

impl Peer {
    /// The connection `stream`, with somebody of this uid at its other end.
    ///
    /// # Errors
    ///
    /// If it cannot be waited for.
    pub fn new(runtime: &SharedRuntime, stream: UnixStream, uid: u32) -> io::Result<Self> {
        Ok(Self {
            stream: Arc::new(AsyncIo::new(runtime, stream)?),
            uid,
        })
    }

    fn credentials(&self) -> ConnectionCredentials {
        ConnectionCredentials::default().set_unix_user_id(self.uid)
    }
}

impl Socket for Peer {
    type ReadHalf = Self;
    type WriteHalf = Self;

    fn split(self) -> Split<Self, Self> {
        Split::new(self.clone(), self)
    }
}

#[async_trait]
impl ReadHalf for Peer {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        self.stream
            .read_with(|stream| receive(stream, buffer))
            .await
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        Ok(self.credentials())
    }
}

#[async_trait]
impl WriteHalf for Peer {
    async fn sendmsg(&mut self, buffer: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<usize> {
        self.stream
            .write_with(|stream| send(stream, buffer, files))
            .await
    }

    async fn close(&mut self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Both)
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        Ok(self.credentials())
    }
}

fn receive(stream: &UnixStream, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(buffer)];
    let received = recvmsg(stream, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;

    let mut files = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            files.extend(rights);
        }
    }
    Ok((received.bytes, files))
}

fn send(stream: &UnixStream, buffer: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "too many files",
        ));
    }
    // A peer that went away is an error, never a signal.
    Ok(sendmsg(
        stream,
        &[IoSlice::new(buffer)],
        &mut control,
        SendFlags::NOSIGNAL,
    )?)
}
