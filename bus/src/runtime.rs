//! zbus's runtime, for use inside somebody else's process.
//!
//! It runs on the thread that calls `block_on` and on no other: a shared zruntime that has no
//! thread of its own to hand work to, so that no login program ever gains one, not even under a
//! flood of messages, on a timeout, or after a `fork`.

use std::future::{Future, ready};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, ExitStatus, Stdio};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use zbus::runtime::{Interest, IoSource, traits};
use zruntime::net::unix::UnixStream;
use zruntime::{Registration, Shared, SharedRuntime, Sleep, Task};

/// A runtime that connects only to listeners of one of `listeners`, where any are named.
pub(crate) struct Inline {
    pub(crate) runtime: SharedRuntime,
    pub(crate) listeners: Option<Vec<u32>>,
}

impl Inline {
    /// The connection to the socket at `path`, once whoever listens there is known to be right.
    ///
    /// A full backlog answers at once with "would block" and cannot be waited for, so it is asked
    /// again after a moment; the caller's deadline ends that.
    async fn connect(&self, path: &Path) -> io::Result<OwnedFd> {
        let address = std::os::unix::net::SocketAddr::from_pathname(path)?;
        let stream = loop {
            match UnixStream::<Shared>::connect_addr(&self.runtime, &address).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.runtime.sleep(Duration::from_millis(5)).await;
                }
                outcome => break outcome?.into_std(),
            }
        };

        let listener = socket_peercred(&stream)?.uid.as_raw();
        match &self.listeners {
            Some(allowed) if !allowed.contains(&listener) => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("whoever listens there is uid {listener}, not root: nothing was sent"),
            )),
            Some(_) | None => Ok(stream.into()),
        }
    }
}

impl traits::Runtime for Inline {
    type RegisteredIoSource = Registered;
    type Sleep = Sleep<Shared>;
    type Task<T>
        = Spawned<T>
    where
        T: Send + 'static;

    fn register_io_source(&self, source: IoSource) -> io::Result<Registered> {
        self.runtime.register(source).map(Registered)
    }

    fn sleep(&self, duration: Duration) -> Sleep<Shared> {
        self.runtime.sleep(duration)
    }

    fn spawn<T: Send + 'static>(
        &self,
        name: &str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Spawned<T> {
        Spawned(self.runtime.spawn(name.to_owned(), future))
    }

    async fn connect_tcp(&self, _: SocketAddr) -> io::Result<IoSource> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn connect_unix(&self, path: &Path) -> io::Result<IoSource> {
        self.connect(path).await.map(IoSource::from)
    }

    fn spawn_process(
        &self,
        _: Command,
        _: Stdio,
        _: Stdio,
        _: Stdio,
    ) -> io::Result<Pin<Box<dyn Future<Output = io::Result<ExitStatus>> + Send + 'static>>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Pin<Box<dyn Future<Output = T> + Send + 'static>> {
        Box::pin(ready(work()))
    }
}

/// A socket that the runtime watches.
pub(crate) struct Registered(Registration<Shared>);

impl traits::PollIo for Registered {
    fn poll_io<T>(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        operation: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let interest = match interest {
            Interest::Writable => zruntime::Interest::Writable,
            // Kinds of readiness that zbus may yet learn of are waited for as reading is.
            Interest::Readable | _ => zruntime::Interest::Readable,
        };
        self.0.poll_io(context, interest, operation)
    }
}

/// A task of the runtime.
pub(crate) struct Spawned<T>(Task<T, Shared>);

impl<T> Future for Spawned<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T: Send + 'static> traits::TaskHandle<T> for Spawned<T> {
    fn detach(self) {
        self.0.detach();
    }
}
