//! The client of X and the fake X against X's own description, and against what X has been seen to answer.

use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::{OsEntropy, SystemClock};
use amber_server::resilience::{Backoff, BreakerSettings, RetryPolicy};
use amber_server::x_api::{Client, LocalGovernor, Settings};
use amber_tests::FakeXApi;

mod answers;
mod recorded;
mod requests;

/// A client of `x` that waits for nothing.
fn client(x: &FakeXApi) -> Client {
    let settings = Settings::new(x.url(), FakeXApi::bearer().into());
    let at_once = Duration::from_millis(1);
    let backoff = Backoff { base: at_once, factor: 1, cap: at_once };
    let retry = RetryPolicy { backoff, max_imposed_wait: at_once, ..RetryPolicy::default() };
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    let governor = LocalGovernor::new(clock.clone(), entropy.clone(), BreakerSettings::default(), None);
    Client::new(settings, retry, Arc::new(governor), clock, entropy, Arc::new(())).expect("the settings are valid")
}
