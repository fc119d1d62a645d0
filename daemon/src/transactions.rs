//! The logins in progress on one connection: how many there may be, and when they are over.

use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError, Weak};

use countersign_bus::Error;
use zbus::{ObjectServer, OwnedObjectPath};
use zruntime::lock::Mutex;

use crate::authorize::Caller;
use crate::door::guests::Guest;
use crate::engine::Attempt;
use crate::service;

/// The logins in progress on one connection.
#[derive(Default)]
pub struct Transactions {
    places: StdMutex<Vec<Place>>,
    /// Whose connection it is, on the root door.
    guest: Option<Arc<Guest>>,
}

struct Place {
    number: u64,
    owner: Caller,
    login: Option<(OwnedObjectPath, Weak<Mutex<Attempt>>)>,
}

impl Transactions {
    /// How many logins one caller may have in progress on a connection.
    const MOST_EACH: usize = 4;
    /// How many there may be on a connection.
    const MOST: usize = 256;

    /// Those of one connection to the root door.
    pub fn of(guest: Arc<Guest>) -> Self {
        Self {
            guest: Some(guest),
            ..Self::default()
        }
    }

    /// Keeps a place for a login of `owner` as the user with `uid`.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if there is none.
    pub fn reserve(
        self: &Arc<Self>,
        owner: &Caller,
        uid: Option<u32>,
    ) -> Result<Reservation, Error> {
        if let Some(guest) = &self.guest {
            guest.logs_in(uid);
        }
        let mut places = self.places();
        let same_user = |place: &&Place| place.owner.is_same_user(owner);
        let full = places.len() >= Self::MOST
            || places.iter().filter(same_user).count() >= Self::MOST_EACH;
        if full {
            return Err(Error::Busy(
                "too many logins in progress: finish one first".into(),
            ));
        }
        let number = places.last().map_or(0, |last| last.number.wrapping_add(1));
        places.push(Place {
            number,
            owner: owner.clone(),
            login: None,
        });
        Ok(Reservation {
            transactions: Arc::clone(self),
            number,
        })
    }

    /// Ends every login that has waited too long, or whose owner `is_gone`.
    pub async fn sweep(&self, server: &ObjectServer, gone: &[Caller]) {
        let logins: Vec<_> = {
            let places = self.places();
            let login = |place: &Place| {
                let (path, attempt) = place.login.clone()?;
                Some((place.owner.clone(), path, attempt))
            };
            places.iter().filter_map(login).collect()
        };
        for (owner, path, attempt) in logins {
            let Some(attempt) = attempt.upgrade() else {
                continue;
            };
            let over = {
                let mut attempt = attempt.lock().await;
                if gone.contains(&owner) {
                    attempt.cancel();
                }
                attempt.expire()
            };
            if over {
                remove(server, &path).await;
            }
        }
    }

    /// Whose logins are in progress.
    pub fn owners(&self) -> Vec<Caller> {
        self.places()
            .iter()
            .map(|place| place.owner.clone())
            .collect()
    }

    fn places(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for one login. It is free again when this is dropped.
pub struct Reservation {
    transactions: Arc<Transactions>,
    number: u64,
}

impl Reservation {
    /// Takes the place for a login at `path`.
    pub fn take(self, attempt: Attempt, path: OwnedObjectPath) -> Open {
        let attempt = Arc::new(Mutex::new(attempt));
        let login = (path.clone(), Arc::downgrade(&attempt));
        for place in self.transactions.places().iter_mut() {
            if place.number == self.number {
                place.login = Some(login.clone());
            }
        }
        Open {
            attempt,
            path,
            _place: self,
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.transactions
            .places()
            .retain(|place| place.number != self.number);
    }
}

/// A login in progress, in its place.
pub struct Open {
    attempt: Arc<Mutex<Attempt>>,
    path: OwnedObjectPath,
    _place: Reservation,
}

impl Open {
    /// The login itself.
    pub fn attempt(&self) -> Arc<Mutex<Attempt>> {
        Arc::clone(&self.attempt)
    }

    /// Takes its object away.
    pub async fn close(&self, server: &ObjectServer) {
        remove(server, &self.path).await;
    }
}

async fn remove(server: &ObjectServer, path: &OwnedObjectPath) {
    // It may have been taken away by its own last answer already.
    let _ = server
        .remove::<service::Bounded<service::Transaction>, _>(path.as_str())
        .await;
}
