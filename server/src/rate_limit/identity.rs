//! Whose bucket a call takes its permit from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ring::digest::{SHA256, digest};

use crate::domain::Principal;

/// The longest id that is the name of a bucket as it is, in bytes.
const LONGEST: usize = 128;
/// What begins the name of every bucket in the shared store.
const PREFIX: &str = "rate_limit:";
/// What begins a name that stands for an id that is no fit name.
const HASHED: &str = "h:";

/// The owner of a bucket. Its text is the name of the bucket in a shared store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// An anonymous caller, by address; IPv6 by its /64, which one site can change at will.
    Ip(IpAddr),
    /// A person, by id.
    User(Name),
    /// A service, by the public id of its key.
    Key(Name),
}

/// An id as a part of the name of a bucket: short, and of plain characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

/// A text that names no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it names no caller: write ip:192.0.2.1, user:asha or key:web")]
pub struct UnknownIdentity;

impl Identity {
    /// The identity of a caller: who it proves to be, else its address.
    #[must_use]
    pub fn of(principal: &Principal, address: IpAddr) -> Self {
        match principal {
            Principal::Anonymous | Principal::Scraper => Self::of_address(address),
            Principal::User { id, .. } => Self::User(Name::of(id)),
            Principal::Key { id, .. } => Self::Key(Name::of(id)),
        }
    }

    /// The identity of an address.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self::Ip(IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)))),
            v4 @ IpAddr::V4(_) => Self::Ip(v4),
        }
    }
}

impl Name {
    /// The id itself, or a digest of one that is long or holds unusual characters.
    fn of(id: &str) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@:-".contains(&byte);
        let is_digest = id.strip_prefix(HASHED).is_some_and(|rest| rest.len() == 32);
        if (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_plain) && !is_digest {
            return Self(id.to_owned());
        }
        Self(format!("{HASHED}{}", hex::encode(&digest(&SHA256, id.as_bytes()).as_ref()[..16])))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(f, "{PREFIX}ip:{address}"),
            Self::User(Name(id)) => write!(f, "{PREFIX}user:{id}"),
            Self::Key(Name(id)) => write!(f, "{PREFIX}key:{id}"),
        }
    }
}

impl FromStr for Identity {
    type Err = UnknownIdentity;

    /// Reads `ip:<address>`, `user:<id>` and `key:<id>`, as they are or as the whole name of a bucket.
    fn from_str(text: &str) -> Result<Self, UnknownIdentity> {
        let (scope, id) = text.strip_prefix(PREFIX).unwrap_or(text).split_once(':').ok_or(UnknownIdentity)?;
        if id.is_empty() {
            return Err(UnknownIdentity);
        }
        // A name that is a digest already stays what it is: it is how the bucket is called.
        let name = || if id.starts_with(HASHED) { Name(id.to_owned()) } else { Name::of(id) };
        match scope {
            "ip" => id.parse().map(Self::of_address).map_err(|_| UnknownIdentity),
            "user" => Ok(Self::User(name())),
            "key" => Ok(Self::Key(name())),
            _ => Err(UnknownIdentity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn ip(text: &str) -> String {
        Identity::of_address(text.parse().unwrap()).to_string()
    }

    fn user(id: &str) -> String {
        Identity::of(&Principal::User { id: id.into(), role: Role::Viewer, expires_at: None }, [10, 0, 0, 1].into())
            .to_string()
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

    #[test]
    fn an_unusual_id_becomes_a_short_plain_name() {
        assert_eq!(user("asha@example.org"), "rate_limit:user:asha@example.org");
        for odd in ["", "a b", "a\nb", "ä", &"x".repeat(129), &user("a b")["rate_limit:user:".len()..]] {
            let name = user(odd);
            let digest = name.strip_prefix("rate_limit:user:h:").unwrap_or_else(|| panic!("{odd:?}: {name}"));
            assert!(digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
        }
        assert_ne!(user("a b"), user("a c"));
    }

    #[test]
    fn the_name_of_a_bucket_is_read_back() {
        for (text, name) in [
            ("ip:192.0.2.1", "rate_limit:ip:192.0.2.1"),
            ("ip:2001:db8::7", "rate_limit:ip:2001:db8::"),
            ("rate_limit:user:asha", "rate_limit:user:asha"),
            ("key:web", "rate_limit:key:web"),
            (&user("a b"), &user("a b")),
        ] {
            assert_eq!(text.parse::<Identity>().unwrap().to_string(), name);
        }
        for text in ["", "asha", "ip:", "ip:nowhere", "team:a", "rate_limit:", "192.0.2.1"] {
            assert_eq!(text.parse::<Identity>(), Err(UnknownIdentity), "{text}");
        }
    }
}
