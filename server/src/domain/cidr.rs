//! A block of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses, as `10.0.0.0/8` or `2001:db8::/32`; an address alone is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    first: IpAddr,
    prefix: u8,
}

/// A text that is no block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// The part before the slash is no address, or the part behind it no length of this kind of address.
    #[error("it is not written as address/length")]
    Form,
    /// The address has bits beyond the length, so that it is unclear which block is meant.
    #[error("the address has bits beyond the length")]
    Bits,
}

impl Cidr {
    /// Whether the address lies in the block. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.prefix) == bits(self.first)
    }
}

/// The address as a number whose highest bit is the first one of the address.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn masked(address: IpAddr, prefix: u8) -> u128 {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or_default();
    bits(address) & mask
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| CidrError::Form)?;
        if matches!(address, IpAddr::V6(v6) if is_mapped(v6)) {
            return Err(CidrError::Form);
        }
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = length.map_or(Ok(longest), |length| length.parse().map_err(|_| CidrError::Form))?;
        if prefix > longest {
            return Err(CidrError::Form);
        }
        if masked(address, prefix) != bits(address) {
            return Err(CidrError::Bits);
        }
        Ok(Self { first: address, prefix })
    }
}

fn is_mapped(address: Ipv6Addr) -> bool {
    address.to_ipv4_mapped().is_some()
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(block: &str, address: &str) -> bool {
        block.parse::<Cidr>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_block_holds_what_begins_as_it_does() {
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::1") && !holds("2001:db8::/33", "2001:db8:8000::1"));
        assert!(holds("0.0.0.0/0", "255.255.255.255") && holds("::/0", "::1"));
    }

    #[test]
    fn the_two_kinds_of_address_are_apart_but_a_mapped_one_is_an_old_one() {
        assert!(!holds("0.0.0.0/0", "::1") && !holds("::/0", "127.0.0.1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3") && !holds("::/0", "::ffff:10.1.2.3"));
    }

    #[test]
    fn what_is_unclear_is_no_block() {
        for text in ["", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0/8", "/8", "10.0.0.0/-1", "::ffff:10.0.0.0/104"] {
            assert_eq!(text.parse::<Cidr>(), Err(CidrError::Form), "{text}");
        }
        assert_eq!("10.0.0.1/8".parse::<Cidr>(), Err(CidrError::Bits));
        assert_eq!("10.0.0.0/8".parse::<Cidr>().unwrap().to_string(), "10.0.0.0/8");
    }
}
