//! Prints the newest posts that fit: `cargo run -p amber-sdk --example feed -- http://localhost:5000 [LANGUAGE [TEXT]]`.

use std::env;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use amber_sdk::v1::ListPostsRequest;
use amber_sdk::{Amber, Options};
use futures::{StreamExt, TryStreamExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let endpoint = arguments.next().unwrap_or_else(|| "http://localhost:5000".to_owned());
    let amber = Amber::connect_lazy(Options::new(endpoint).request_timeout(Duration::from_secs(10)))?;
    amber.wait_until_ready(Duration::from_secs(30)).await?;

    let languages: Vec<String> = arguments.next().into_iter().filter(|language| language != "-").collect();
    let text = arguments.next().unwrap_or_default();
    let asked = ListPostsRequest { languages, text, ..Default::default() };
    // Further pages are fetched only as far as posts are taken.
    let mut posts = pin!(amber.posts(asked).take(10));
    while let Some(post) = posts.try_next().await? {
        println!("{}: {}", post.leader_name, post.text);
    }
    Ok(())
}
