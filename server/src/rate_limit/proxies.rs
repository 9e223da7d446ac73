//! The address of a caller behind proxies that are trusted to tell it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::domain::Cidr;

/// The most proxies in a row that are believed.
const MOST_HOPS: usize = 16;
/// The longest text of an address with its port, in bytes.
const LONGEST: usize = 64;

/// Proxies whose word about the address of a caller counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[Cidr]>);

impl TrustedProxies {
    /// Trusts these blocks; without any, the address of a caller is that of its socket.
    #[must_use]
    pub fn new(blocks: &[Cidr]) -> Self {
        Self(blocks.into())
    }

    /// Whether `peer` is one of them.
    #[must_use]
    pub fn trust(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|block| block.contains(peer))
    }

    /// The address of the caller: the last one that a proxy which is not trusted, or the caller itself, told nothing
    /// about. `forwarded` are the values of `X-Forwarded-For` from first to last; they are read from their end, because
    /// what stands before the first address that is not trusted anybody can have written.
    pub fn client<'h>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'h [u8]>) -> IpAddr {
        let mut client = peer;
        let mut hops = forwarded.rev().flat_map(|line| line.rsplit(|byte| *byte == b',')).take(MOST_HOPS);
        while self.trust(client) {
            let Some(hop) = hops.next().and_then(address) else { break };
            client = hop;
        }
        client
    }
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` and `[2001:db8::1]:80`.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = hop.trim_ascii();
    let text = std::str::from_utf8(hop.get(..hop.len().min(LONGEST + 1))?).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    bare.parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let blocks = ["10.0.0.0/8", "2001:db8:f::/48"].map(|block| block.parse().unwrap());
        let lines = forwarded.iter().map(|line| line.as_bytes());
        TrustedProxies::new(&blocks).client(peer.parse().unwrap(), lines).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_trusted() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        let address = "192.0.2.1".parse().unwrap();
        assert_eq!(TrustedProxies::default().client(address, [&b"198.51.100.7"[..]].into_iter()), address);
    }

    #[test]
    fn the_address_that_the_nearest_proxy_saw_counts() {
        assert_eq!(client(PROXY, &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(PROXY, &["1.1.1.1, 2.2.2.2,198.51.100.7 "]), "198.51.100.7");
        assert_eq!(client(PROXY, &["1.1.1.1", "198.51.100.7"]), "198.51.100.7", "the last line is the newest");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("2001:db8:f::1", &["2001:db8::7"]), "2001:db8::7");
    }

    #[test]
    fn a_chain_of_trusted_proxies_is_followed_to_its_end() {
        assert_eq!(client(PROXY, &["1.1.1.1, 198.51.100.7, 10.0.0.3, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client(PROXY, &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        let long = vec!["10.0.0.9"; 100_000].join(",");
        assert_eq!(client(PROXY, &["1.1.1.1", &long]), "10.0.0.9");
    }

    #[test]
    fn what_is_no_address_ends_the_walk() {
        for odd in ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "\u{e4}", &"1".repeat(10_000)] {
            assert_eq!(client(PROXY, &[&format!("198.51.100.7,{odd}")]), PROXY, "{odd:.20}");
            assert_eq!(client(PROXY, &[&format!("{odd},198.51.100.7")]), "198.51.100.7", "{odd:.20}");
        }
        assert_eq!(client(PROXY, &[]), PROXY);
    }

    #[test]
    fn a_port_is_left_out() {
        assert_eq!(client(PROXY, &["198.51.100.7:1234"]), "198.51.100.7");
        assert_eq!(client(PROXY, &["[2001:db8::7]:1234"]), "2001:db8::7");
        assert_eq!(client(PROXY, &["[2001:db8::7]"]), "2001:db8::7");
    }
}
