//! The health report as it changes: at once, at every change, to so many, and until the process stops.

use std::time::Duration;

use amber_sdk::v1::{
    CheckStatus, ErrorReason, GetHealthResponse, HealthStatus, StartIngestionRequest, StopIngestionRequest,
    WatchHealthRequest,
};
use amber_sdk::{Amber, Options};
use amber_server::usecase::Operations;
use amber_tests::{Backend, TestServer};
use futures::TryStreamExt;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status, Streaming};

use crate::outage::flaky_server;
use crate::stage::{PATIENCE, Stage};
use crate::wire::reason_of;

/// A change is told long before the report is repeated as it is.
const SOON: Duration = Duration::from_secs(10);

type Reports = Streaming<amber_sdk::v1::WatchHealthResponse>;

async fn watch(server: &TestServer) -> Result<Reports, Status> {
    let answer = server.sdk().await.health().watch_health(WatchHealthRequest {}).await;
    answer.map(tonic::Response::into_inner)
}

async fn next(reports: &mut Reports) -> Result<GetHealthResponse, Status> {
    let told = timeout(PATIENCE, reports.message()).await.expect("something is told")?;
    Ok(told.expect("the stream goes on").report.expect("the report is in it"))
}

/// The next report for which `is_so` is true. Others are told in between, such as a part that is late for once.
async fn until(reports: &mut Reports, is_so: impl Fn(&GetHealthResponse) -> bool) -> GetHealthResponse {
    let wanted = async {
        loop {
            let report = next(reports).await.expect("the stream goes on");
            if is_so(&report) {
                return report;
            }
        }
    };
    timeout(SOON, wanted).await.expect("the report becomes what it should")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_watches_is_told_at_once_and_when_the_database_goes_and_returns() {
    let Some((server, flaky)) = flaky_server().await else { return };
    let mut watchers = vec![watch(&server).await.unwrap(), watch(&server).await.unwrap()];
    for reports in &mut watchers {
        let first = next(reports).await.unwrap();
        assert_eq!((first.status(), first.build.unwrap().version.is_empty()), (HealthStatus::Ok, false));
    }
    flaky.cut().await;
    for reports in &mut watchers {
        let ill = until(reports, |report| report.status() == HealthStatus::Degraded).await;
        assert_eq!(ill.database.unwrap().status(), CheckStatus::Error);
    }
    flaky.heal().await;
    for reports in &mut watchers {
        until(reports, |report| report.status() == HealthStatus::Ok).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_changes_is_told_although_the_whole_is_well() {
    let Some(stage) = Stage::with(Backend::Sqlite, |builder| builder.env("X_INGEST_ENABLED", "true")).await else {
        return;
    };
    let mut reports = watch(&stage.server).await.unwrap();
    let running = |report: &GetHealthResponse| report.ingestion_scheduler.is_some_and(|check| check.running);
    until(&mut reports, running).await;
    stage.amber.ingestion().stop_ingestion(StopIngestionRequest {}).await.unwrap();
    let stopped = until(&mut reports, |report| !running(report)).await;
    assert_eq!(stopped.status(), HealthStatus::Ok);
    stage.amber.ingestion().start_ingestion(StartIngestionRequest {}).await.unwrap();
    until(&mut reports, running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_may_watch_the_health_and_a_place_comes_back() {
    let server = TestServer::start().await;
    let amber = server.sdk().await;
    let mut open = Vec::new();
    for _ in 0..Operations::MAX_WATCHERS_OF_ONE {
        open.push(amber.health().watch_health(WatchHealthRequest {}).await.unwrap());
    }
    let refused = reason_of(&watch(&server).await.unwrap_err(), "one more");
    assert_eq!(refused, (Code::ResourceExhausted, ErrorReason::TooManyWatchers));
    open.pop();
    let again = async {
        while watch(&server).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("the place of one who left is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_of_the_health_ends_with_the_process_and_the_sdk_goes_on_with_the_next() {
    let server = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there").start().await;
    let again = server.twin().in_place_of(&server);
    let mut reports = watch(&server).await.unwrap();
    next(&mut reports).await.unwrap();
    let amber = Amber::connect(Options::new(server.url(""))).await.unwrap();
    let mut by_sdk = std::pin::pin!(amber.watch_health());
    let first = by_sdk.try_next().await.unwrap().expect("it has no end");
    let (ended, _folder) = tokio::join!(
        async {
            loop {
                if let Err(end) = next(&mut reports).await {
                    return end;
                }
            }
        },
        server.stop()
    );
    assert_eq!(reason_of(&ended, "the end"), (Code::Unavailable, ErrorReason::ShuttingDown));

    // The SDK goes on with the next process.
    let _server = again.start().await;
    let next = timeout(PATIENCE, by_sdk.try_next()).await.expect("it calls again").unwrap().expect("it has no end");
    assert_eq!((next.status(), next.build), (HealthStatus::Ok, first.build));
}
