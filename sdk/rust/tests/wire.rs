//! The SDK against its fake server on loopback: what goes over the wire, and what comes back.

use std::time::Duration;

use amber_sdk::fake::FakeAmber;
use amber_sdk::v1::{
    CreateLeaderRequest, ErrorReason, GetHealthRequest, ListLeadersRequest, ListPostsRequest, Post, WatchPostsRequest,
};
use amber_sdk::{
    AdminLogin, Amber, CredentialProvider, Credentials, Error, Options, Refusal, RetryPolicy, TraceContext, WatchedPost,
};
use futures::future::{BoxFuture, pending};
use futures::{StreamExt, TryStreamExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

const PATIENCE: Duration = Duration::from_secs(30);

/// A fake server with three posts, and options that wait for nothing.
async fn three_posts() -> (FakeAmber, Options) {
    let fake = FakeAmber::start().await;
    for n in 0..3 {
        fake.publish(post(n));
    }
    let options = hasty(fake.options());
    (fake, options)
}

fn post(n: i64) -> Post {
    let post_time = Some(prost_types::Timestamp { seconds: 100 - n, nanos: 0 });
    Post { id: format!("post-{n}"), post_time, ..Post::default() }
}

fn hasty(options: Options) -> Options {
    options.retry(RetryPolicy { first_backoff: Duration::from_millis(1), ..RetryPolicy::default() })
}

async fn ids(amber: &Amber, request: ListPostsRequest) -> Result<Vec<String>, Status> {
    amber.posts(request).map_ok(|post| post.id).try_collect().await
}

fn down() -> Status {
    let mut details = ErrorDetails::with_error_info("DATABASE_UNAVAILABLE", "amber.v1", []);
    details.set_retry_info(Some(Duration::from_millis(2)));
    Status::with_error_details(Code::Unavailable, "the database is down", details)
}

fn refused(code: Code, reason: &str) -> Status {
    Status::with_error_details(code, "no", ErrorDetails::with_error_info(reason, "amber.v1", []))
}

/// What each call carried under a key.
fn sent(fake: &FakeAmber, key: &str) -> Vec<Option<String>> {
    let value = |call: &amber_sdk::fake::Call| Some(call.metadata.get(key)?.to_str().ok()?.to_owned());
    fake.calls().iter().map(value).collect()
}

#[tokio::test]
async fn the_stream_of_posts_walks_every_page_with_the_same_filter() {
    let (fake, options) = three_posts().await;
    fake.publish(Post { leader_id: "a".into(), ..post(3) });
    let amber = Amber::connect(options).await.expect("the server listens");
    let request = ListPostsRequest { page_size: 1, ..Default::default() };
    let all = ids(&amber, request.clone()).await.expect("every page is given");
    assert_eq!(all, ["post-0", "post-1", "post-2", "post-3"]);
    assert_eq!(fake.calls().len(), 4);
    let some = ids(&amber, ListPostsRequest { leader_ids: vec!["a".into()], ..request }).await;
    assert_eq!(some.expect("every page is given"), ["post-3"]);
}

#[tokio::test]
async fn a_page_that_is_not_asked_for_is_not_fetched() {
    let (fake, options) = three_posts().await;
    let amber = Amber::connect(options).await.expect("the server listens");
    let request = ListPostsRequest { page_size: 1, ..Default::default() };
    let first = std::pin::pin!(amber.posts(request)).next().await;
    assert_eq!(first.expect("there is a post").expect("the page is given").id, "post-0");
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn a_passing_outage_is_bridged_and_a_lasting_one_is_told() {
    let (fake, options) = three_posts().await;
    let amber = Amber::connect(options).await.expect("the server listens");
    (0..3).for_each(|_| fake.refuse_next(down()));
    assert_eq!(ids(&amber, ListPostsRequest::default()).await.expect("the fourth call succeeds").len(), 3);

    (0..4).for_each(|_| fake.refuse_next(down()));
    let refusal = ids(&amber, ListPostsRequest::default()).await.expect_err("every call fails");
    assert_eq!(refusal.reason(), Some(ErrorReason::DatabaseUnavailable));
    assert_eq!(refusal.retry_after(), Some(Duration::from_millis(2)));
    assert_eq!(fake.calls().len(), 8);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let (fake, options) = three_posts().await;
    let amber = Amber::connect(options).await.expect("the server listens");
    let create = || CreateLeaderRequest { name: "Asha".into(), ..Default::default() };
    fake.refuse_next(down());
    let refusal = amber.leaders().create_leader(create()).await.expect_err("it may have been done");
    assert_eq!(refusal.code(), Code::Unavailable);
    assert_eq!(fake.calls().len(), 1);

    fake.refuse_next(refused(Code::ResourceExhausted, "RATE_LIMITED"));
    amber.leaders().create_leader(create()).await.expect("a limit is asked before anything is done");
    let leaders = amber.leaders().list_leaders(ListLeadersRequest::default()).await.expect("a list").into_inner();
    assert_eq!(leaders.leaders.len(), 1);
}

#[tokio::test]
async fn every_call_carries_the_credential_and_a_request_id_of_its_own() {
    let (fake, options) = three_posts().await;
    let anonymous = Amber::connect(options).await.expect("the server listens");
    let known = anonymous.with_credentials(&Credentials::api_key("key-1")).expect("the key can be sent");
    fake.refuse_next(down());
    for amber in [&anonymous, &known] {
        amber.feed().list_posts(ListPostsRequest::default()).await.expect("the page is given");
    }
    assert_eq!(sent(&fake, "authorization"), [None, None, Some("Bearer key-1".into())]);
    let ids = sent(&fake, "x-request-id");
    assert!(ids[0].is_some() && ids[0] == ids[1], "a repetition is the same call");
    assert_ne!(ids[1], ids[2]);
}

#[tokio::test]
async fn a_call_carries_its_trace_and_the_time_that_is_left() {
    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    let (fake, options) = three_posts().await;
    let options = options.trace(|| TraceContext::parse(TRACE)).request_timeout(Duration::from_secs(70));
    let amber = Amber::connect(options).await.expect("the server listens");
    amber.feed().list_posts(ListPostsRequest::default()).await.expect("the page is given");
    assert_eq!(sent(&fake, "traceparent"), [Some(TRACE.into())]);
    let left = sent(&fake, "grpc-timeout").remove(0).expect("the server is told");
    let left: u64 = left.strip_suffix('m').and_then(|left| left.parse().ok()).expect("milliseconds");
    assert!((40_000..=70_000).contains(&left), "{left}");
}

#[tokio::test]
async fn repetitions_end_with_the_time_of_the_call() {
    let (fake, options) = three_posts().await;
    let mut details = ErrorDetails::with_error_info("DATABASE_UNAVAILABLE", "amber.v1", []);
    details.set_retry_info(Some(Duration::from_secs(20)));
    fake.refuse_next(Status::with_error_details(Code::Unavailable, "down", details));
    let amber = Amber::connect(options.request_timeout(Duration::from_secs(15))).await.expect("the server listens");
    let mut feed = amber.feed();
    let asked = feed.list_posts(ListPostsRequest::default());
    let refusal = timeout(Duration::from_secs(10), asked).await.expect("it is told at once").expect_err("it is down");
    assert_eq!((refusal.code(), fake.calls().len()), (Code::Unavailable, 1));
}

/// A secret store that is away.
struct Silent;

impl CredentialProvider for Silent {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Status>> {
        Box::pin(pending())
    }
}

#[tokio::test]
async fn a_credential_that_does_not_come_holds_no_call_beyond_its_time() {
    let (fake, options) = three_posts().await;
    let options = options.credential_provider(Silent).request_timeout(Duration::from_millis(50));
    let amber = Amber::connect(options).await.expect("the server listens");
    let mut feed = amber.feed();
    let asked = feed.list_posts(ListPostsRequest::default());
    let refusal = timeout(PATIENCE, asked).await.expect("its time ends").expect_err("nothing was sent");
    assert_eq!((refusal.code(), fake.calls().len()), (Code::DeadlineExceeded, 0));
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_anew_when_it_has_expired() {
    let (fake, options) = three_posts().await;
    let login = AdminLogin::new("asha", "bootstrap").lifetime(Duration::from_mins(5));
    let amber = Amber::connect(options.admin_login(login)).await.expect("the server listens");
    let ask = async || amber.leaders().create_leader(CreateLeaderRequest::default()).await;
    let (first, second) = tokio::join!(ask(), ask());
    first.and(second).expect("both are let in");
    fake.refuse_next(refused(Code::Unauthenticated, "CREDENTIAL_EXPIRED"));
    ask().await.expect("the next token is taken");

    let methods: Vec<_> = fake.calls().iter().map(|call| call.method).collect();
    assert_eq!(
        methods,
        ["IssueAdminToken", "CreateLeader", "CreateLeader", "CreateLeader", "IssueAdminToken", "CreateLeader"]
    );
    let tokens = sent(&fake, "authorization");
    assert_eq!((tokens[0].as_deref(), tokens[4].as_deref()), (None, None), "the secret is in the message");
    assert_eq!(tokens[3].as_deref(), Some("Bearer fake-token-1"));
    assert_eq!(tokens[5].as_deref(), Some("Bearer fake-token-2"));
}

#[tokio::test]
async fn a_credential_that_stays_wrong_is_told() {
    let (fake, options) = three_posts().await;
    let amber = Amber::connect(options.credentials(Credentials::admin_jwt("old"))).await.expect("the server listens");
    (0..2).for_each(|_| fake.refuse_next(refused(Code::Unauthenticated, "CREDENTIAL_EXPIRED")));
    let refusal = amber.health().get_health(GetHealthRequest {}).await.expect_err("it has expired");
    assert_eq!(refusal.reason(), Some(ErrorReason::CredentialExpired));
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test]
async fn a_watch_goes_on_after_every_cut_and_tells_each_post_once() {
    let (fake, options) = three_posts().await;
    let amber = Amber::connect(options).await.expect("the server listens");
    let page = amber.feed().list_posts(ListPostsRequest::default()).await.expect("a page").into_inner();
    let after = WatchPostsRequest { resume_token: page.watch_token, ..Default::default() };
    let mut posts = std::pin::pin!(amber.watch_posts(after));
    for n in 3..8 {
        fake.publish(post(n));
        if n % 2 == 0 {
            fake.cut_streams();
        }
        let told: WatchedPost = timeout(PATIENCE, posts.try_next()).await.expect("it comes").unwrap().unwrap();
        assert_eq!(told.post.id, format!("post-{n}"));
    }
    fake.refuse_next(refused(Code::OutOfRange, "RESUME_TOKEN_EXPIRED"));
    fake.cut_streams();
    let refusal = timeout(PATIENCE, posts.try_next()).await.expect("it ends").expect_err("the token is too old");
    assert_eq!(refusal.reason(), Some(ErrorReason::ResumeTokenExpired));
}

#[tokio::test]
async fn another_server_answers_when_one_is_away() {
    let (fake, _) = three_posts().await;
    let (_claim, nowhere) = nobody();
    for options in
        [Options::new(nowhere.clone()).or_endpoint(fake.endpoint()), Options::new(fake.endpoint()).or_endpoint(nowhere)]
    {
        let amber = Amber::connect(hasty(options.clone())).await.expect("one server listens");
        assert_eq!(ids(&amber, ListPostsRequest::default()).await.expect("one server answers").len(), 3);
        let amber = Amber::connect_lazy(hasty(options)).expect("the options are right");
        amber.leaders().create_leader(CreateLeaderRequest::default()).await.expect("nothing was sent to nobody");
    }
}

/// An address at which nobody listens, for as long as the socket is held, which is bound to it.
fn nobody() -> (TcpSocket, String) {
    let claim = TcpSocket::new_v4().expect("a socket");
    claim.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let endpoint = format!("http://{}", claim.local_addr().expect("a bound port"));
    (claim, endpoint)
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_with_its_address() {
    let (_claim, endpoint) = nobody();
    let error = Amber::connect(Options::new(endpoint.clone())).await.expect_err("nobody listens");
    assert!(matches!(&error, Error::Connect { endpoint: told, .. } if *told == endpoint), "{error:?}");
    let amber = Amber::connect_lazy(hasty(Options::new(endpoint))).expect("the options are right");
    let refusal = amber.wait_until_ready(Duration::from_millis(300)).await.expect_err("nobody gets ready");
    assert_eq!(refusal.code(), Code::Unavailable);
}
