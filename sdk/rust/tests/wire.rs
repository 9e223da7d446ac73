//! The SDK against a small server on loopback: what goes over the wire, and what comes back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use amber_sdk::v1::feed_service_server::{FeedService, FeedServiceServer};
use amber_sdk::v1::{ErrorReason, ListPostsRequest, ListPostsResponse, Post};
use amber_sdk::{Amber, Credentials, Error, Options, Refusal, RetryPolicy};
use futures::{StreamExt, TryStreamExt};
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Three pages of one post each. Refuses the first calls as often as told, and keeps what every call carried.
#[derive(Clone, Default)]
struct Feed {
    refusals: Arc<Mutex<u32>>,
    calls: Arc<Mutex<Vec<(MetadataMap, ListPostsRequest)>>>,
}

impl Feed {
    fn refusing(times: u32) -> Self {
        Self { refusals: Arc::new(Mutex::new(times)), ..Self::default() }
    }

    /// Serves on a free port until the test ends, and answers the options to reach it.
    #[expect(clippy::disallowed_methods, reason = "the test owns the task of its server")]
    fn serve(&self) -> Options {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = incoming.local_addr().expect("a bound port");
        let server = Server::builder().add_service(FeedServiceServer::new(self.clone())).serve_with_incoming(incoming);
        tokio::spawn(server);
        let first_backoff = Duration::from_millis(1);
        Options::new(format!("http://{address}")).retry(RetryPolicy { first_backoff, ..RetryPolicy::default() })
    }
}

#[tonic::async_trait]
impl FeedService for Feed {
    async fn list_posts(&self, request: Request<ListPostsRequest>) -> Result<Response<ListPostsResponse>, Status> {
        let (metadata, _, body) = request.into_parts();
        let page: u32 = body.page_token.parse().unwrap_or(0);
        self.calls.lock().expect("no panic").push((metadata, body));
        let mut refusals = self.refusals.lock().expect("no panic");
        if *refusals > 0 {
            *refusals -= 1;
            let mut details = ErrorDetails::with_error_info("DATABASE_UNAVAILABLE", "amber.v1", []);
            details.set_retry_info(Some(Duration::from_millis(2)));
            return Err(Status::with_error_details(Code::Unavailable, "the database is down", details));
        }
        let next_page_token = if page < 2 { (page + 1).to_string() } else { String::new() };
        let posts = vec![Post { id: format!("post-{page}"), ..Post::default() }];
        Ok(Response::new(ListPostsResponse { posts, next_page_token, total_size: 3, ..Default::default() }))
    }
}

async fn ids(amber: &Amber, request: ListPostsRequest) -> Result<Vec<String>, Status> {
    amber.posts(request).map_ok(|post| post.id).try_collect().await
}

#[tokio::test]
async fn the_stream_of_posts_walks_every_page_with_the_same_filter() {
    let feed = Feed::default();
    let amber = Amber::connect(feed.serve()).await.expect("the server listens");
    let request = ListPostsRequest { leader_ids: vec!["a".into()], ..Default::default() };
    assert_eq!(ids(&amber, request).await.expect("every page is given"), ["post-0", "post-1", "post-2"]);
    let calls = feed.calls.lock().expect("no panic");
    assert!(calls.iter().all(|(_, request)| request.leader_ids == ["a"]));
    assert_eq!(calls.len(), 3);
}

#[tokio::test]
async fn a_page_that_is_not_asked_for_is_not_fetched() {
    let feed = Feed::default();
    let amber = Amber::connect(feed.serve()).await.expect("the server listens");
    let first = std::pin::pin!(amber.posts(ListPostsRequest::default())).next().await;
    assert_eq!(first.expect("there is a post").expect("the page is given").id, "post-0");
    assert_eq!(feed.calls.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn a_passing_outage_is_bridged_and_a_lasting_one_is_told() {
    let amber = Amber::connect(Feed::refusing(3).serve()).await.expect("the server listens");
    assert_eq!(ids(&amber, ListPostsRequest::default()).await.expect("the fourth call succeeds").len(), 3);

    let lasting = Feed::refusing(u32::MAX);
    let amber = Amber::connect(lasting.serve()).await.expect("the server listens");
    let refusal = ids(&amber, ListPostsRequest::default()).await.expect_err("every call fails");
    assert_eq!(refusal.reason(), Some(ErrorReason::DatabaseUnavailable));
    assert_eq!(refusal.retry_after(), Some(Duration::from_millis(2)));
    assert_eq!(lasting.calls.lock().expect("no panic").len(), 4);
}

#[tokio::test]
async fn every_call_carries_the_credential_and_a_request_id_of_its_own() {
    let feed = Feed::default();
    let anonymous = Amber::connect(feed.serve()).await.expect("the server listens");
    let known = anonymous.with_credentials(&Credentials::api_key("key-1")).expect("the key can be sent");
    for amber in [&anonymous, &known] {
        amber.feed().list_posts(ListPostsRequest::default()).await.expect("the page is given");
    }
    let calls = feed.calls.lock().expect("no panic");
    let value = |call: usize, key: &str| calls[call].0.get(key).map(|value| value.to_str().expect("ASCII").to_owned());
    assert_eq!(value(0, "authorization"), None);
    assert_eq!(value(1, "authorization").as_deref(), Some("Bearer key-1"));
    assert!(value(0, "x-request-id").is_some());
    assert_ne!(value(0, "x-request-id"), value(1, "x-request-id"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_with_its_address() {
    let free = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let endpoint = format!("http://{}", free.local_addr().expect("a bound port"));
    drop(free);
    let error = Amber::connect(Options::new(endpoint.clone())).await.expect_err("nobody listens");
    assert!(matches!(&error, Error::Connect { endpoint: told, .. } if *told == endpoint), "{error:?}");
    assert!(Amber::connect_lazy(Options::new(endpoint)).is_ok());
}
