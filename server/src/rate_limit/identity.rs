//! Whose bucket a call takes its permit from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::domain::Principal;

/// The owner of a bucket. Its text is the name of the bucket in a shared store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// An anonymous caller, by address; IPv6 by its /64, which one site can change at will.
    Ip(IpAddr),
    /// A person, by id.
    User(String),
    /// A service, by the public id of its key.
    Key(String),
}

impl Identity {
    /// The identity of a caller: who it proves to be, else its address.
    #[must_use]
    pub fn of(principal: &Principal, peer: IpAddr) -> Self {
        match principal {
            Principal::Anonymous => Self::of_address(peer),
            Principal::User { id, .. } => Self::User(id.clone()),
            Principal::Key { id, .. } => Self::Key(id.clone()),
        }
    }

    /// The identity of an address.
    #[must_use]
    pub fn of_address(peer: IpAddr) -> Self {
        match peer.to_canonical() {
            IpAddr::V6(v6) => Self::Ip(IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)))),
            v4 @ IpAddr::V4(_) => Self::Ip(v4),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(f, "rate_limit:ip:{address}"),
            Self::User(id) => write!(f, "rate_limit:user:{id}"),
            Self::Key(id) => write!(f, "rate_limit:key:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> String {
        Identity::of_address(text.parse().unwrap()).to_string()
    }

    #[test]
    fn one_site_has_one_bucket() {
        assert_eq!(ip("192.168.1.1"), "rate_limit:ip:192.168.1.1");
        assert_eq!(ip("::ffff:192.168.1.1"), "rate_limit:ip:192.168.1.1");
        assert_eq!(ip("2001:db8:1:2:3:4:5:6"), "rate_limit:ip:2001:db8:1:2::");
    }

    #[test]
    fn a_proven_caller_is_counted_wherever_it_calls_from() {
        let key = Principal::Key { id: "web".into(), scopes: Vec::new() };
        let from = |address: &str| Identity::of(&key, address.parse().unwrap());
        assert_eq!(from("10.0.0.1"), from("10.0.0.2"));
    }
}
