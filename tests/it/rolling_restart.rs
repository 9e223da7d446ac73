//! A service that is written with the SDK lives through a rolling restart of two servers without one failed call.

use std::time::Duration;

use amber_sdk::v1::{ListPostsRequest, StartIngestionRequest};
use amber_sdk::{AdminLogin, Amber, Options, RetryPolicy};
use amber_tests::{Backend, TestServer};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Calls that the service makes in each state of the two servers, at least.
const CALLS: usize = 20;

/// What the service does again and again: it reads as anybody, and it changes something as an admin.
async fn serve(amber: &Amber, made: &watch::Sender<usize>, until: &CancellationToken) {
    while !until.is_cancelled() {
        amber.feed().list_posts(ListPostsRequest::default()).await.expect("no call fails");
        if made.borrow().is_multiple_of(10) {
            amber.ingestion().start_ingestion(StartIngestionRequest {}).await.expect("no call fails");
        }
        made.send_modify(|made| *made += 1);
        sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until the service has made so many more calls.
async fn more(made: &watch::Sender<usize>) {
    let enough = *made.borrow() + CALLS;
    made.subscribe().wait_for(|made| *made >= enough).await.expect("the service is at work");
}

/// Takes one server away and starts it anew at its address, as an orchestrator does.
async fn restart(server: TestServer) -> TestServer {
    let next = server.twin().in_place_of(&server);
    server.stop().await;
    let server = next.start().await;
    // The next one is taken away only once this one is ready.
    let ready = Amber::connect_lazy(Options::new(server.url(""))).expect("an address");
    ready.wait_until_ready(Duration::from_secs(20)).await.expect("it gets ready");
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_two_servers_are_restarted_one_after_the_other() {
    let Some(builder) = TestServer::on(Backend::Postgres).await else { return };
    let mut first = builder.start().await;
    let mut second = first.twin().start().await;
    let options = Options::new(first.url(""))
        .or_endpoint(second.url(""))
        .admin_login(AdminLogin::new("service", first.bootstrap_secret()))
        .retry(RetryPolicy { attempts: 8, ..RetryPolicy::default() });
    let amber = Amber::connect(options).await.expect("a server listens");
    let (done, made) = (CancellationToken::new(), watch::Sender::new(0));
    let restarts = async {
        for _ in 0..2 {
            more(&made).await;
            first = restart(first).await;
            more(&made).await;
            second = restart(second).await;
        }
        more(&made).await;
        done.cancel();
        (first, second)
    };
    let ((), servers) = tokio::join!(serve(&amber, &made, &done), restarts);
    drop(servers);
}
