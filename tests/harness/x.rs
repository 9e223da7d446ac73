//! X as the tests want it: the sandbox on a port of its own, with a handle on its world.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use amber_server::domain::Clock;
use amber_server::sandbox::{Options, Sandbox, Tap};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::OpenApi;

/// The bearer token that the fake accepts.
const BEARER: &str = "fake-x-bearer-0123456789abcdefghij";

/// X as the tests want it: nobody lives there until a test says so. It ends when it is dropped.
///
/// Where `AMBER_TEST_DATA` is set, every request and every true answer is held against X's own description. The drop
/// panics when one of them breaks it, so that the test fails.
pub struct FakeXApi {
    world: Sandbox,
    address: SocketAddr,
    broken: Arc<Broken>,
    _end: DropGuard,
}

/// What was broken of the description.
#[derive(Default)]
struct Broken(Mutex<BTreeSet<String>>);

impl Broken {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeXApi {
    /// A world without users, in which `clock` tells the time.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn start(clock: impl Clock + Clone + 'static) -> Self {
        Self::with(clock, |_| {}).await
    }

    /// The same after `set`. Without a tap, nothing is held against the description.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn with(clock: impl Clock + Clone + 'static, set: impl FnOnce(&mut Options)) -> Self {
        Self::serve(clock, set, Sandbox::empty).await
    }

    /// A world with the invented people of the demo, who post no more.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn peopled(clock: impl Clock + Clone + 'static) -> Self {
        Self::serve(clock, |_| {}, Sandbox::new).await
    }

    async fn serve(
        clock: impl Clock + Clone + 'static,
        set: impl FnOnce(&mut Options),
        make: fn(Options) -> Sandbox,
    ) -> Self {
        let broken = Arc::<Broken>::default();
        let mut options = Options::new(Self::bearer().into(), Arc::new(move || clock.now()));
        options.posting = None;
        options.tap = OpenApi::shared().map(|openapi| check_against(openapi, broken.clone()));
        set(&mut options);
        let world = make(options);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let end = CancellationToken::new();
        let (served, until) = (world.clone(), end.clone());
        TaskTracker::new().spawn(async move { served.serve(listener, until.cancelled_owned()).await });
        Self { world, address, broken, _end: end.drop_guard() }
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

impl Drop for FakeXApi {
    fn drop(&mut self) {
        let broken = self.broken.lock();
        assert!(broken.is_empty() || thread::panicking(), "X's description is broken: {broken:#?}");
    }
}

fn check_against(openapi: &'static OpenApi, broken: Arc<Broken>) -> Tap {
    Arc::new(move |exchange| {
        let faults = openapi.broken_by(exchange);
        broken.lock().extend(faults);
    })
}
