//! The root door: a Unix socket of its own, D-Bus from peer to peer, for root only.
//!
//! Nothing that an unprivileged user can do to the system bus delays a login through here.

use std::io;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_lite::future;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use zbus::connection::Builder;
use zruntime::{Shared, SharedRuntime, net::unix};

use crate::server::Server;
use crate::service::{Door, serve};
use crate::transactions::Transactions;

/// How many connections there may be. Each is root's.
const MOST_CONNECTIONS: usize = 400;
/// How long a peer may take to introduce itself.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How often logins are looked at that wait for an answer.
const SWEEP: Duration = Duration::from_secs(5);

/// A socket to listen on, and who may connect to it.
pub struct RootDoor {
    listener: UnixListener,
    peers: Vec<u32>,
}

impl RootDoor {
    /// A door on `listener`, for peers with one of these uids.
    pub const fn new(listener: UnixListener, peers: Vec<u32>) -> Self {
        Self { listener, peers }
    }

    /// Lets peers in, for ever.
    ///
    /// # Errors
    ///
    /// If the socket cannot be listened on at all.
    pub async fn open(self, runtime: SharedRuntime, server: Arc<Server>) -> io::Result<()> {
        self.listener.set_nonblocking(true)?;
        let listener = unix::UnixListener::<Shared>::from_std(&runtime, self.listener)?;
        let guests = Arc::new(AtomicUsize::new(0));
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream.into_std(),
                Err(error) => {
                    // Out of files, most likely; whoever waits keeps waiting.
                    tracing::error!("the root door cannot let anyone in: {error}");
                    runtime.sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let welcome = getsockopt(&stream, PeerCredentials)
                .is_ok_and(|peer| self.peers.contains(&peer.uid()));
            if !welcome || guests.load(Ordering::Relaxed) >= MOST_CONNECTIONS {
                // Closed before a byte of it is read.
                continue;
            }
            let guest = Guest::count(&guests);
            let (server, clock) = (Arc::clone(&server), runtime.clone());
            let visit = async move {
                if let Err(error) = attend(stream, &clock, &server).await {
                    tracing::debug!("a connection to the root door ended: {error}");
                }
                drop(guest);
            };
            runtime.spawn("root door", visit).detach();
        }
    }
}

async fn attend(
    stream: std::os::unix::net::UnixStream,
    runtime: &SharedRuntime,
    server: &Server,
) -> zbus::Result<()> {
    let transactions = Arc::new(Transactions::default());
    let builder = Builder::unix_stream(stream)
        .server(server.guid.clone())
        .p2p();
    let builder = serve(builder, &Door::Root, server, &transactions);
    let connection = match runtime.timeout(HANDSHAKE, builder.build()).await {
        Ok(connection) => connection?,
        Err(_) => return Ok(()),
    };
    while !connection.is_closed() {
        let closed = async {
            connection.closed().await;
        };
        future::or(closed, runtime.sleep(SWEEP)).await;
        transactions.sweep(connection.object_server(), &[]).await;
    }
    Ok(())
}

/// One of the connections there are.
struct Guest(Arc<AtomicUsize>);

impl Guest {
    fn count(guests: &Arc<AtomicUsize>) -> Self {
        guests.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(guests))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
