//! Places for those who follow something: so many in one process, and so many for one caller, who cannot take them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{ClientId, Network, Principal};

/// Who has places: a client, or the network of a caller without a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// A client.
    Client(ClientId),
    /// A network; None is that of all whose address nobody knows.
    Network(Option<Network>),
}

impl Holder {
    pub(super) fn of(caller: &Principal, network: Option<Network>) -> Self {
        ClientId::of(caller).map_or(Self::Network(network), Self::Client)
    }
}

/// The places of one process. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Seats {
    taken: Arc<Mutex<Taken>>,
    most: usize,
    most_of_one: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Nobody is in it without a place.
    by: HashMap<Holder, usize>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    holder: Holder,
}

impl Seats {
    /// So many places, of which one caller takes at most `most_of_one`.
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self { taken: Arc::default(), most, most_of_one }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// The bound that is reached.
    pub(super) fn take(&self, holder: Holder) -> Result<Seat, usize> {
        let mut taken = self.lock();
        if taken.all >= self.most {
            return Err(self.most);
        }
        let own = taken.by.get(&holder).copied().unwrap_or_default();
        if own >= self.most_of_one {
            return Err(self.most_of_one);
        }
        taken.all += 1;
        taken.by.insert(holder.clone(), own + 1);
        drop(taken);
        Ok(Seat { seats: self.clone(), holder })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        taken.all -= 1;
        match taken.by.get_mut(&self.holder) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.by.remove(&self.holder)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn network(n: u8) -> Holder {
        Holder::of(&Principal::Anonymous, Some(Network::of([192, 0, n, 7].into())))
    }

    #[test]
    fn one_caller_leaves_places_to_others_and_all_together_have_a_bound() {
        let seats = Seats::new(5, 2);
        let mut held = vec![seats.take(network(1)).unwrap(), seats.take(network(1)).unwrap()];
        assert_eq!(seats.take(network(1)).map(drop), Err(2));
        let admin = Principal::User { id: "asha".into(), role: Role::Admin, expires_at: None };
        let asha = || Holder::of(&admin, Some(Network::of([192, 0, 1, 7].into())));
        held.extend([seats.take(asha()).unwrap(), seats.take(asha()).unwrap()]);
        assert_eq!(seats.take(asha()).map(drop), Err(2), "wherever she calls from");
        held.push(seats.take(network(2)).unwrap());
        assert_eq!(seats.take(network(3)).map(drop), Err(5));

        held.remove(0);
        held.push(seats.take(network(1)).unwrap());
        drop(held);
        assert!(seats.lock().by.is_empty() && seats.lock().all == 0, "nobody who left is remembered");
    }
}
