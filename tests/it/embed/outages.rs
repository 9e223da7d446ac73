//! What is refused, and what is not, while Redis or the database is away.

use std::time::Duration;

use amber_sdk::v1::ErrorReason;
use amber_tests::{Backend, Flaky, Postgres, Redis, TestServer};
use sea_orm::{ConnectionTrait, Database};
use tokio::time::Instant;
use tonic::Code;

use super::{asked, issue, issuing, redeem, refused, renew};
use crate::frame;
use crate::wire::{Answer, opening};

#[tokio::test]
async fn a_frozen_redis_delays_a_frame_by_a_moment_and_decides_nothing() {
    let Some(redis) = Redis::start() else { return };
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("REDIS_URL", redis.url()).start().await;
    let amber = issuing(&server).await;
    redeem(&server, &issue(&amber).await).await.expect("Redis is well");
    let token = issue(&amber).await;
    redis.freeze();
    let started = Instant::now();
    redeem(&server, &token).await.expect("the database admits");
    assert_eq!(refused(redeem(&server, &token).await).1, ErrorReason::TokenReplayed, "the database refuses");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    redis.thaw();
}

#[tokio::test]
async fn nothing_is_issued_admitted_or_renewed_while_the_database_is_away() {
    let Some(cluster) = Postgres::shared() else { return };
    let database = cluster.database().await;
    let (before, name) = database.rsplit_once('/').expect("a URL with a database");
    let (before, address) = before.rsplit_once('@').expect("a URL with a user");
    let flaky = Flaky::in_front_of(address.replace("localhost", "127.0.0.1").parse().expect("an address"));
    let builder = TestServer::on(Backend::Postgres).await.expect("there is PostgreSQL");
    let builder = builder.env("DATABASE_URL", format!("{before}@{}/{name}", flaky.address()));
    let server = match Redis::start() {
        // Whatever Redis says, the database decides.
        Some(redis) => builder.env("REDIS_URL", redis.url()).start().await,
        None => builder.start().await,
    };
    let amber = issuing(&server).await;
    let session = redeem(&server, &issue(&amber).await).await.expect("a session");
    let token = issue(&amber).await;
    flaky.cut().await;
    let outage = (Code::Unavailable, ErrorReason::ReplayStoreUnavailable);
    assert_eq!(refused(redeem(&server, &token).await), outage);
    assert_eq!(refused(renew(&server, &session, &token).await), outage);
    let refusal = amber.embed_tokens().issue_embed_token(asked()).await;
    assert_eq!(refused(refusal), (Code::Unavailable, ErrorReason::DatabaseUnavailable), "without its line no token");
    flaky.heal().await;
    renew(&server, &session, &token).await.expect("the token was not used up");
}

#[tokio::test]
async fn a_page_that_cannot_be_made_costs_no_token() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(builder) = TestServer::on(backend).await else { continue };
        let server = builder.start().await;
        let token = frame::token(&server, "main").await;
        let load = || Answer::to(opening(server.http.post(server.url("/embed/v1/dashboards/main")), &token));
        let db = Database::connect(server.database()).await.expect("the database of the server");
        // The topics of the page are out of reach; what is known of tokens is not.
        db.execute_unprepared("ALTER TABLE post_hashtags RENAME TO away").await.expect("a table that is there");
        assert_eq!(load().await.status, 500, "{backend:?}");
        assert_eq!(load().await.status, 500, "{backend:?}: the first failure did not use the token up");
        db.execute_unprepared("ALTER TABLE away RENAME TO post_hashtags").await.expect("a table that is there");
        assert_eq!(load().await.status, 200, "{backend:?}");
        assert_eq!(load().await.status, 401, "{backend:?}: now it is used up");
    }
}
