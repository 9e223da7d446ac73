//! A port that stays one's own while nobody listens on it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of 127.0.0.1. For as long as this lives, nobody is given it by chance, but who knows the number can listen.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    /// Bound, and never listens.
    _claim: TcpSocket,
}

impl Port {
    /// Claims a free one.
    ///
    /// # Panics
    /// When no port of 127.0.0.1 is free.
    pub(crate) fn claim() -> Self {
        let claim = try_reserve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port of 127.0.0.1 is free");
        let number = claim.local_addr().expect("a bound socket has an address").port();
        Self { number, _claim: claim }
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.number))
    }
}

/// Binds a port without listening on it. Several sockets may, as long as none listens.
pub(crate) fn try_reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
