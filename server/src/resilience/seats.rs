//! A bulkhead: so many places in all, and so many for one holder, who cannot take them all.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many places, of which each holder takes so many. Clones share them.
#[derive(Debug, Clone)]
pub struct Seats<H: Eq + Hash> {
    taken: Arc<Mutex<Taken<H>>>,
    most: usize,
    most_of_one: usize,
}

#[derive(Debug)]
struct Taken<H> {
    all: usize,
    /// Nobody is in it without a place.
    by: HashMap<H, usize>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub struct Seat<H: Eq + Hash> {
    taken: Arc<Mutex<Taken<H>>>,
    holder: H,
}

impl<H: Clone + Eq + Hash> Seats<H> {
    /// `most` places, of which one holder takes at most `most_of_one`.
    #[must_use]
    pub fn new(most: usize, most_of_one: usize) -> Self {
        let taken = Taken { all: 0, by: HashMap::new() };
        Self { taken: Arc::new(Mutex::new(taken)), most, most_of_one }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// The bound that is reached.
    pub fn take(&self, holder: H) -> Result<Seat<H>, usize> {
        let mut taken = lock(&self.taken);
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
        Ok(Seat { taken: Arc::clone(&self.taken), holder })
    }

    /// Whether nobody has a place, and nobody who left is remembered.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        let taken = lock(&self.taken);
        taken.by.is_empty() && taken.all == 0
    }
}

impl<H: Eq + Hash> Drop for Seat<H> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        match taken.by.get_mut(&self.holder) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.by.remove(&self.holder)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
