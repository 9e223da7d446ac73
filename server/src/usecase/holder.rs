//! Who follows something, and takes one of the places for that.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;
    use crate::resilience::Seats;

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
        assert!(seats.is_empty(), "nobody who left is remembered");
    }
}
