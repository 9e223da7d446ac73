//! Starts a double of X with the invented people of the demo, prints where it is as JSON, and stops it when standard
//! input ends.
//!
//! The browser tests fill a server from it; by hand it gives `amber serve` something to read.

use std::io::{Read, Write};

use amber_server::domain::SystemClock;
use amber_server::sandbox::Sandbox;
use amber_tests::FakeXApi;
use serde_json::json;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let x = FakeXApi::peopled(SystemClock).await;
    let handles: Vec<_> = Sandbox::demo_leaders().iter().map(|leader| leader.handle).collect();
    let place = json!({ "url": x.url(), "bearer": FakeXApi::bearer(), "handles": handles });
    writeln!(std::io::stdout(), "{place}")?;
    let waited = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    waited.await.expect("waiting does not panic").map(|_| ())
}
