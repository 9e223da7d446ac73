//! X as the tests want it: the sandbox on a port of its own, with a handle on its world.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use amber_server::domain::Clock;
use amber_server::sandbox::{Options, Sandbox};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// The bearer token that the fake accepts.
const BEARER: &str = "fake-x-bearer-0123456789abcdefghij";

/// X as the tests want it: nobody lives there until a test says so. It ends when it is dropped.
pub struct FakeXApi {
    world: Sandbox,
    address: SocketAddr,
    _end: DropGuard,
}

impl FakeXApi {
    /// A world without users, in which `clock` tells the time.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn start(clock: impl Clock + Clone + 'static) -> Self {
        Self::start_with(clock, |_| {}).await
    }

    /// The same after `set`.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn start_with(clock: impl Clock + Clone + 'static, set: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(Self::bearer().into(), Arc::new(move || clock.now()));
        options.posting = None;
        set(&mut options);
        let world = Sandbox::empty(options);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let end = CancellationToken::new();
        let (served, until) = (world.clone(), end.clone());
        TaskTracker::new().spawn(async move { served.serve(listener, until.cancelled_owned()).await });
        Self { world, address, _end: end.drop_guard() }
    }

    /// The bearer token that it accepts.
    #[must_use]
    pub fn bearer() -> &'static str {
        BEARER
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Deref for FakeXApi {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.world
    }
}
