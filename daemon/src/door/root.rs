//! The root door: a Unix socket of its own, D-Bus from peer to peer, for root only.
//!
//! Nothing that an unprivileged user can do to the system bus delays a login through here.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot::Receiver;
use futures_lite::future;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use zbus::connection::Builder;
use zruntime::{Shared, SharedRuntime, net::unix};

use super::guests::{Guest, Guests};
use super::peer::Peer;
use crate::server::Server;
use crate::service::{Door, serve};
use crate::transactions::Transactions;

/// How many connections there may be, well below the files that the unit lets us have.
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
        let guests = Guests::new(MOST_CONNECTIONS);
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
            let peer = getsockopt(&stream, PeerCredentials).map(|peer| peer.uid());
            let Some(uid) = peer.ok().filter(|uid| self.peers.contains(uid)) else {
                // Closed before a byte of it is read.
                continue;
            };
            let visit = Visit::new(&guests, &server, &runtime);
            let visit = async move {
                if let Err(error) = visit.attend(stream, uid).await {
                    tracing::debug!("a connection to the root door ended: {error}");
                }
            };
            runtime.spawn("root door", visit).detach();
        }
    }
}

/// One connection, from the handshake to its end.
struct Visit {
    guest: Arc<Guest>,
    asked_to_leave: Receiver<()>,
    server: Arc<Server>,
    runtime: SharedRuntime,
}

impl Visit {
    fn new(guests: &Arc<Guests>, server: &Arc<Server>, runtime: &SharedRuntime) -> Self {
        let (guest, asked_to_leave) = guests.welcome();
        Self {
            guest,
            asked_to_leave,
            server: Arc::clone(server),
            runtime: runtime.clone(),
        }
    }

    async fn attend(mut self, stream: UnixStream, uid: u32) -> zbus::Result<()> {
        let transactions = Arc::new(Transactions::of(self.guest));
        let builder = Builder::socket(Peer::new(&self.runtime, stream, uid)?)
            .server(self.server.guid.clone())
            .p2p();
        let builder = serve(builder, &Door::Root, &self.server, &transactions);
        let connection = match self.runtime.timeout(HANDSHAKE, builder.build()).await {
            Ok(connection) => connection?,
            Err(_) => return Ok(()),
        };
        while !connection.is_closed() {
            let closed = async {
                connection.closed().await;
                false
            };
            let asked_to_leave = async {
                let _ = (&mut self.asked_to_leave).await;
                true
            };
            let swept = async {
                self.runtime.sleep(SWEEP).await;
                false
            };
            if future::or(asked_to_leave, future::or(closed, swept)).await {
                tracing::warn!("too many logins at once: one of the user with the most was ended");
                return connection.close().await;
            }
            transactions.sweep(connection.object_server(), &[]).await;
        }
        Ok(())
    }
}
