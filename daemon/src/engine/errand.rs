//! Work that goes through all users, or takes long: on a thread of its own, one at a time, so
//! that no login waits for it.

use std::fmt::Display;
use std::fs::File;
use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::sync::{Arc, PoisonError, TryLockError};
use std::task::Poll;

use countersign_bus::Error;
use countersign_bus::types::Problem;
use futures_channel::oneshot;

use super::Engine;
use crate::backup::BackupError;

/// How many users are named whom something could not be done of; all are counted.
const MOST_NAMED: usize = 100;

impl Engine {
    /// Does `work` on a thread of its own, unless such work is going on already. The work is
    /// handed a way to ask whether anybody still waits for it.
    pub(super) async fn errand<T: Send + 'static>(
        self: Arc<Self>,
        name: &str,
        work: impl FnOnce(&Self, &dyn Fn() -> bool) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let work = move || {
            let guard = match self.errand.try_lock() {
                Ok(guard) => guard,
                Err(TryLockError::Poisoned(guard)) => PoisonError::into_inner(guard),
                Err(TryLockError::WouldBlock) => {
                    let text = "a backup or a restore is going on: wait until it is done";
                    let _ = reply.send(Err(Error::Busy(text.to_owned())));
                    return;
                }
            };
            let outcome = work(&self, &|| !reply.is_canceled());
            drop(guard);
            // Whoever asked may be gone.
            let _ = reply.send(outcome);
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|error| Error::Unavailable(format!("no thread can be started: {error}")))?;
        answer.await.unwrap_or_else(|oneshot::Canceled| {
            Err(Error::Unavailable(
                "its thread ended before it was done".to_owned(),
            ))
        })
    }
}

/// Whoever asked has gone away.
pub(super) fn given_up() -> Error {
    Error::Expired("nobody waits for it any more".to_owned())
}

/// A file that a client handed over, which must be one that never keeps the daemon waiting.
pub(super) fn regular(fd: impl Into<OwnedFd>) -> Result<File, Error> {
    let file = File::from(fd.into());
    let refused = |text: &dyn Display| Error::InvalidArgs(format!("file: {text}"));
    let metadata = file.metadata().map_err(|error| refused(&error))?;
    if !metadata.is_file() {
        return Err(refused(&"it is not a regular file"));
    }
    Ok(file)
}

/// All of `futures`, at the same time, in their order.
pub(super) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None::<F::Output>))
        .collect();
    poll_fn(|context| {
        for (future, outcome) in all.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *outcome = Some(ready);
            }
        }
        if all.iter().any(|(_, outcome)| outcome.is_none()) {
            return Poll::Pending;
        }
        let outcomes = all.iter_mut().filter_map(|(_, outcome)| outcome.take());
        Poll::Ready(outcomes.collect())
    })
    .await
}

/// Those of whom something could not be done: all counted, the first of them named.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, uid: u32, user: Option<&str>, problem: &dyn Display) {
        if self.0.len() < MOST_NAMED {
            self.0.push(Problem {
                uid: Some(uid),
                user: user.map(str::to_owned),
                problem: Some(problem.to_string()),
            });
        }
    }

    pub(super) fn into_wire(self) -> Vec<Problem> {
        self.0
    }
}

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Entropy(_) => Self::Unavailable(error.to_string()),
            BackupError::NotABackup
            | BackupError::Newer
            | BackupError::NeedsPassphrase
            | BackupError::NeedsMasterKey
            | BackupError::WrongPassphrase
            | BackupError::WrongMasterKey
            | BackupError::Truncated
            | BackupError::Damaged
            | BackupError::File(_) => Self::InvalidArgs(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::{block_on, yield_now};

    #[test]
    fn what_is_done_together_comes_back_in_order() {
        let all = (0..5).map(|number| async move {
            for _ in number..5 {
                yield_now().await;
            }
            number
        });
        assert_eq!(block_on(together(all)), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_file_that_could_keep_the_daemon_waiting_is_refused() {
        let (reader, _writer) = std::io::pipe().unwrap();
        assert!(matches!(regular(reader), Err(Error::InvalidArgs(_))));
        let directory = tempfile::tempdir().unwrap();
        let directory = File::open(directory.path()).unwrap();
        assert!(matches!(regular(directory), Err(Error::InvalidArgs(_))));
    }
}
