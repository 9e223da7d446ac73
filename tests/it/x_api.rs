//! The client of X and the fake X against X's own description, and against what X has been seen to answer.

use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::{OsEntropy, SystemClock};
use amber_server::ingestion::SharedGovernor;
use amber_server::resilience::{Backoff, BreakerSettings, RetryPolicy};
use amber_server::store::{self, Store};
use amber_server::x_api::{Client, Settings};
use amber_tests::FakeXApi;

mod answers;
mod recorded;
mod requests;

/// A client of `x` that waits for nothing.
async fn client(x: &FakeXApi) -> Client {
    let settings = Settings::new(x.url(), FakeXApi::bearer().into());
    let at_once = Duration::from_millis(1);
    let backoff = Backoff { base: at_once, factor: 1, cap: at_once };
    let retry = RetryPolicy { backoff, max_imposed_wait: at_once, ..RetryPolicy::default() };
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    let memory = store::Settings {
        url: "sqlite::memory:".into(),
        max_connections: 1,
        acquire_timeout: Duration::from_secs(5),
        lease_ttl: None,
    };
    let store = Store::connect(&memory, clock.clone(), entropy.clone()).await.expect("a database in memory");
    store.migrate().await.expect("an empty database takes all tables");
    let governor = SharedGovernor::new(Arc::new(store), clock.clone(), BreakerSettings::default(), None);
    Client::new(settings, retry, Arc::new(governor), clock, entropy, Arc::new(())).expect("the settings are valid")
}
