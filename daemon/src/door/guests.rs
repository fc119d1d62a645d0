//! Who is at the root door, and who has to go when there are too many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot::{Receiver, Sender, channel};

/// The connections there are.
///
/// When there are as many as there may be, a new one is let in all the same, and one of those that
/// log in as the user with the most has to go. So whoever leaves hundreds of logins open, which
/// any local user can by starting sudo again and again, is in nobody's way but their own.
pub struct Guests {
    most: usize,
    present: Mutex<Vec<Present>>,
}

struct Present {
    number: u64,
    /// Whose login it is; nobody's, until one has begun.
    user: Option<u32>,
    ask_to_leave: Sender<()>,
}

/// A connection, as long as it lasts.
pub struct Guest {
    guests: Arc<Guests>,
    number: u64,
}

impl Guests {
    /// Room for `most` connections.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            present: Mutex::default(),
        })
    }

    /// Lets a connection in. It has to go when the receiver says so.
    pub fn welcome(self: &Arc<Self>) -> (Arc<Guest>, Receiver<()>) {
        let (ask_to_leave, asked_to_leave) = channel();
        let mut present = self.present();
        if present.len() >= self.most {
            send_one_away(&mut present);
        }
        let number = present.last().map_or(0, |last| last.number.wrapping_add(1));
        present.push(Present {
            number,
            user: None,
            ask_to_leave,
        });
        let guest = Guest {
            guests: Arc::clone(self),
            number,
        };
        (Arc::new(guest), asked_to_leave)
    }

    fn present(&self) -> MutexGuard<'_, Vec<Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of those who log in as the user with the most logins, the one who came first.
fn send_one_away(present: &mut Vec<Present>) {
    let mut counts: HashMap<Option<u32>, usize> = HashMap::new();
    for guest in present.iter() {
        *counts.entry(guest.user).or_default() += 1;
    }
    let crowd = counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(user, _)| user);
    let place = present.iter().position(|guest| Some(guest.user) == crowd);
    if let Some(place) = place {
        // It may have gone by itself meanwhile.
        let _ = present.remove(place).ask_to_leave.send(());
    }
}

impl Guest {
    /// Notes whose login it is.
    pub fn logs_in(&self, uid: Option<u32>) {
        for guest in self.guests.present().iter_mut() {
            if guest.number == self.number {
                guest.user = uid;
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests
            .present()
            .retain(|guest| guest.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fills_the_hall_has_to_go_and_nobody_else() {
        let guests = Guests::new(8);
        let arrive = |uid| {
            let (guest, leave) = guests.welcome();
            guest.logs_in(Some(uid));
            (guest, leave)
        };
        let mut ada = arrive(1000);
        let mut crowd: Vec<_> = (0..100).map(|_| arrive(666)).collect();
        let mut bob = arrive(1001);

        assert_eq!(ada.1.try_recv(), Ok(None), "ada may stay");
        assert_eq!(bob.1.try_recv(), Ok(None), "bob may stay");
        let staying = crowd
            .iter_mut()
            .filter_map(|guest| (guest.1.try_recv() == Ok(None)).then_some(()));
        assert_eq!(staying.count(), 6);
    }

    #[test]
    fn whoever_goes_makes_room() {
        let guests = Guests::new(2);
        for _ in 0..10 {
            let (_first, mut leave) = guests.welcome();
            let (_second, _) = guests.welcome();
            assert_eq!(leave.try_recv(), Ok(None));
        }
        assert!(guests.present().is_empty());
    }
}
