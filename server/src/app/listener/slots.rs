//! Places for connections: so many in all, and so many of each address.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::rate_limit::{Identity, TrustedProxies};
use crate::resilience::{Seat, Seats};

/// Connections at a time; the next ones wait in the queue of the system.
const MAX_CONNECTIONS: usize = 10_000;

/// Places for connections. Clones share them.
#[derive(Debug, Clone)]
pub(in crate::app) struct Slots {
    places: Arc<Semaphore>,
    /// Those of each address, IPv6 by its /64; None: no address has a bound.
    shares: Option<Seats<IpAddr>>,
    /// Connections of many callers come from these.
    proxies: TrustedProxies,
}

/// A place of any address, for the next connection.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// The place of one connection.
#[derive(Debug)]
pub(super) struct Slot {
    _place: Place,
    _share: Option<Seat<IpAddr>>,
}

impl Slots {
    /// `each` bounds every address but those of `proxies`.
    pub(in crate::app) fn new(each: Option<NonZeroUsize>, proxies: TrustedProxies) -> Self {
        let shares = each.map(|each| Seats::new(MAX_CONNECTIONS, each.get()));
        Self { places: Arc::new(Semaphore::new(MAX_CONNECTIONS)), shares, proxies }
    }

    /// How many connections there are. A place is held for the next one while there is room, and is not one.
    pub(in crate::app) fn taken(&self) -> usize {
        (MAX_CONNECTIONS - self.places.available_permits()).saturating_sub(1)
    }

    /// Waits for a place.
    pub(super) async fn next(&self) -> Place {
        Place { _permit: Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed") }
    }

    /// A place, if one is free.
    pub(super) fn try_next(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(|permit| Place { _permit: permit })
    }

    /// Gives the place to a connection of `peer`; None when that address has all that it may have.
    pub(super) fn give(&self, place: Place, peer: IpAddr) -> Option<Slot> {
        let Some(shares) = self.shares.as_ref().filter(|_| !self.proxies.trust(peer)) else {
            return Some(Slot { _place: place, _share: None });
        };
        let Identity::Ip(address) = Identity::of_address(peer) else { return None };
        let share = shares.take(address).ok()?;
        Some(Slot { _place: place, _share: Some(share) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(each: usize, proxies: &[&str]) -> Slots {
        let proxies: Vec<_> = proxies.iter().map(|block| block.parse().unwrap()).collect();
        Slots::new(NonZeroUsize::new(each), TrustedProxies::new(&proxies))
    }

    fn give(slots: &Slots, peer: &str) -> Option<Slot> {
        slots.give(slots.try_next().expect("there are ten thousand"), peer.parse().unwrap())
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let slots = slots(2, &[]);
        let held = [give(&slots, "192.0.2.1"), give(&slots, "192.0.2.1")];
        assert!(held.iter().all(Option::is_some));
        assert!(give(&slots, "192.0.2.1").is_none() && give(&slots, "::ffff:192.0.2.1").is_none());
        let other = give(&slots, "192.0.2.2");
        assert!(other.is_some(), "others do not suffer");
        drop(held);
        assert!(give(&slots, "192.0.2.1").is_some());
        drop(other);
        assert!(slots.shares.as_ref().unwrap().is_empty(), "nobody who is gone is remembered");
    }

    #[test]
    fn one_site_shares_and_a_trusted_proxy_has_no_bound() {
        let slots = slots(1, &["10.0.0.0/8"]);
        let held = [give(&slots, "2001:db8::1"), give(&slots, "2001:db8:0:1::1")];
        assert!(held.iter().all(Option::is_some));
        assert!(give(&slots, "2001:db8::2").is_none());
        let proxied: Vec<_> = (0..5).map(|_| give(&slots, "10.1.2.3")).collect();
        assert!(proxied.iter().all(Option::is_some));
    }

    #[test]
    fn zero_is_no_bound() {
        let slots = slots(0, &[]);
        let held: Vec<_> = (0..100).map(|_| give(&slots, "192.0.2.1")).collect();
        assert!(held.iter().all(Option::is_some));
    }
}
