//! Prints posts as they are stored, up to a number: `cargo run -p amber-sdk --example follow -- http://localhost:5000 10`.
//! It goes on wherever the connection broke, and prints each post once.
#![expect(clippy::disallowed_methods, reason = "an example reads its settings itself")]

use std::env;
use std::error::Error;
use std::pin::pin;

use amber_sdk::v1::WatchPostsRequest;
use amber_sdk::{Amber, Options, RetryPolicy};
use futures::{StreamExt, TryStreamExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let endpoint = arguments.next().unwrap_or_else(|| "http://localhost:5000".to_owned());
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(usize::MAX);
    // One who follows for days is more patient than one who asks.
    let patient = RetryPolicy { attempts: 20, ..RetryPolicy::default() };
    let amber = Amber::connect(Options::new(endpoint).retry(patient)).await?;

    // Keep the last token in a file, and another process goes on from there.
    let resume_token = env::var("RESUME_TOKEN").unwrap_or_default();
    let asked = WatchPostsRequest { resume_token, ..Default::default() };
    let mut posts = pin!(amber.watch_posts(asked).take(count));
    while let Some(new) = posts.try_next().await? {
        println!("{}: {} [{}]", new.post.leader_name, new.post.text, new.resume_token);
    }
    Ok(())
}
