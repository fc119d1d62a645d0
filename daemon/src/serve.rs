//! The daemon's life: doors open, signals, watchdog, doors shut.

use std::io;
use std::num::NonZeroUsize;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_lite::future;
use nix::unistd::geteuid;
use sd_notify::NotifyState;
use thiserror::Error;
use zruntime::SharedRuntime;
use zruntime::mpmc;
use zruntime::signal::{Signal, Signals};

use crate::cli::Serve;
use crate::clock;
use crate::config::{Config, ConfigError};
use crate::door::{public, root::RootDoor};
use crate::engine::Engine;
use crate::entropy::Kernel;
use crate::server::Server;
use crate::store::sqlite::Sqlite;
use crate::vault::Vault;

/// Serves until told to stop.
///
/// # Errors
///
/// If it cannot begin to. Once it serves, nothing but a signal ends it.
pub fn serve(options: &Serve) -> Result<(), NotServed> {
    let config = Config::load(&options.config)?;
    let door = root_door(options.socket.as_deref())?;
    let store = Sqlite::open(&options.place.state_directory());
    let vault = Vault::new(store, options.place.master_key());
    let engine = Arc::new(Engine::new(vault, clock::System::new(), Kernel, config));
    let server = Arc::new(Server::new(engine, options.config.clone()));

    zruntime::block_on(live(options, door, server)).map_err(NotServed::Runtime)
}

async fn live(options: &Serve, door: RootDoor, server: Arc<Server>) -> io::Result<()> {
    let runtime = SharedRuntime::current()?;
    let signals = [Signal::Hangup, Signal::Terminate, Signal::Interrupt];
    let mut signals = Signals::new(&runtime, signals)?;

    let root = door.open(runtime.clone(), Arc::clone(&server));
    let root = runtime.spawn("root door", root);
    if !options.no_bus {
        let (sender, receiver) = mpmc::bounded(NonZeroUsize::MIN);
        let opened = move || {
            let _ = sender.try_send(());
        };
        let address = options.bus.clone();
        public_door(address, Arc::clone(&server), opened)?;
        // Whoever waits for this daemon should find both doors open, if both can be.
        let _ = runtime
            .timeout(Duration::from_secs(2), receiver.recv())
            .await;
    }
    // Not tasks of their own: those outlive the stop, and would keep the database from being closed.
    let beside = future::zip(events(&runtime, &server), watchdog(&runtime, &server));
    tell(NotifyState::Ready);
    tracing::info!("ready");

    let root = async { root.await? };
    let told = async {
        while signals.recv().await? == Signal::Hangup {
            tell(NotifyState::Reloading);
            // What is wrong with it is in the log.
            let _ = server.reload();
            tell(NotifyState::Ready);
        }
        tell(NotifyState::Stopping);
        tracing::info!("told to stop");
        Ok(())
    };
    let beside = async {
        beside.await;
        future::pending().await
    };
    let ended = future::or(future::or(root, told), beside).await;
    let last = runtime.timeout(Duration::from_secs(2), server.engine.write_events());
    if !matches!(last.await, Ok(Ok(()))) {
        tracing::warn!("the last events are in this journal only");
    }
    ended
}

/// Opens the public door on a thread of its own, so that a crowd there keeps only itself waiting.
fn public_door(
    address: String,
    server: Arc<Server>,
    opened: impl Fn() + Send + 'static,
) -> io::Result<()> {
    let serve = || {
        zruntime::block_on(async {
            match SharedRuntime::current() {
                Ok(runtime) => public::open(runtime, address, server, opened).await,
                Err(error) => tracing::error!("no public door: {error}"),
            }
        });
    };
    std::thread::Builder::new()
        .name("public door".to_owned())
        .spawn(serve)?;
    Ok(())
}

/// Writes the events of a few seconds together, for ever.
async fn events(runtime: &SharedRuntime, server: &Server) {
    const SETTLED: Duration = Duration::from_secs(3);
    let events = server.engine.events();
    let mut failing = false;
    loop {
        if !events.is_waiting() {
            events.stirred().await;
        }
        future::or(events.stirred(), runtime.sleep(SETTLED)).await;
        match server.engine.write_events().await {
            Ok(()) => failing = false,
            // It is tried again and again; once is enough to hear of it.
            Err(_) if failing => {}
            Err(error) => {
                tracing::warn!("events are in this journal only for now: {error}");
                failing = true;
            }
        }
    }
}

/// Tells systemd that logins can be judged: that this thread runs, and the store's.
async fn watchdog(runtime: &SharedRuntime, server: &Server) {
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        server.engine.is_alive().await;
        tell(NotifyState::Watchdog);
        runtime.sleep(interval / 3).await;
    }
}

fn tell(state: NotifyState<'_>) {
    // Nobody listens where systemd does not run.
    let _ = sd_notify::notify(&[state]);
}

/// The socket that systemd passes, for root only; else one of our own, for us too.
fn root_door(path: Option<&Path>) -> Result<RootDoor, NotServed> {
    if let Some(path) = path {
        let listener = bind(path).map_err(|error| NotServed::Socket {
            path: path.to_owned(),
            error,
        })?;
        return Ok(RootDoor::new(listener, vec![0, geteuid().as_raw()]));
    }
    let passed = listenfd::ListenFd::from_env().take_unix_listener(0);
    match passed.map_err(NotServed::PassedSocket)? {
        Some(listener) => Ok(RootDoor::new(listener, vec![0])),
        None => Err(NotServed::NoSocket),
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another daemon listens there",
        ));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // What is made from here on is nobody else's, from its first moment on.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    listener
}

/// The daemon could not begin to serve.
#[derive(Debug, Error)]
pub enum NotServed {
    /// The configuration is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nobody said where to listen.
    #[error("no socket to listen on: start countersignd.socket, or name one with --socket PATH")]
    NoSocket,
    /// The socket that systemd passed is none.
    #[error("the socket passed by systemd is not usable: {0}")]
    PassedSocket(io::Error),
    /// The root door's socket cannot be made.
    #[error("{}: {error}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The process may open no more files, most likely.
    #[error("cannot run: {0}")]
    Runtime(io::Error),
}
