//! Two servers on one database.

use std::time::Duration;

use amber_sdk::v1::{RunStatus, TriggerIngestionRequest};
use amber_server::sandbox::Fault;
use amber_tests::Backend;

use crate::stage::{Stage, balanced, end_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_read_the_same_leaders_lose_and_double_nothing() {
    let set = |builder: amber_tests::Builder| builder.env("X_INGEST_LIMIT", "8").env("X_BACKFILL_COUNT", "8");
    let Some(stage) = Stage::with(Backend::Postgres, set).await else { return };
    let second = stage.server.twin().start().await;
    let owners = [stage.amber.clone(), second.sdk_as_admin().await];
    let handles = ["ada", "bob", "cyd", "dan", "eve", "fay"];
    for handle in handles {
        stage.add(handle).await;
        stage.write(handle, 9);
    }
    let mut inserted = 0;
    for round in 0..8 {
        stage.advance(Duration::from_hours(2));
        for handle in &handles[..round % handles.len()] {
            stage.write(handle, 12);
        }
        // Answers that take a while make the two meet on most pages.
        stage.x.fail_next(40, Fault::Slow(Duration::from_millis(2)));
        let request = TriggerIngestionRequest { backfill: round % 3 == 2, ..Default::default() };
        let asked = owners.each_ref().map(|owner| {
            let (mut ingestion, request) = (owner.ingestion(), request.clone());
            async move { ingestion.trigger_ingestion(request).await.expect("runs are taken").into_inner().run_id }
        });
        let [one, other] = asked;
        let (one, other) = tokio::join!(one, other);
        let (one, other) = tokio::join!(end_of(&owners[0], &one), end_of(&owners[1], &other));
        // Who asks while an equal run is open is told of that one.
        let runs = if one.id == other.id { vec![one] } else { vec![one, other] };
        for run in runs {
            assert_eq!(run.status(), RunStatus::Succeeded, "who was overtaken leaves the leader to the other: {run:?}");
            inserted += balanced(&run).inserted;
        }
    }
    let mut left = 1;
    while left > 0 {
        left = balanced(&stage.run().await).inserted + balanced(&stage.backfill().await).inserted;
        inserted += left;
    }
    stage.assert_complete(&handles).await;
    let stored = i64::try_from(stage.stored().await.len()).unwrap();
    assert_eq!(inserted, stored, "each post was new to one of the two");
    second.stop().await;
}
