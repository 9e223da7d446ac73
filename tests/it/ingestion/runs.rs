//! Runs are watched, listed and cancelled, and the schedule is stopped and started, by whoever may.

use std::time::Duration;

use amber_sdk::v1::{
    CancelRunRequest, ErrorReason, ListRunsRequest, Run, RunStatus, StartIngestionRequest, StopIngestionRequest,
    TriggerIngestionRequest, WatchRunRequest,
};
use amber_sdk::{Amber, Credentials, Options};
use amber_server::sandbox::Fault;
use amber_tests::{Backend, Flaky};
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tonic::Code;

use crate::stage::{PATIENCE, Stage, balanced, end_of, on_both_databases, succeeded};
use crate::wire::{Answer, reason_of};

on_both_databases! {
    a_watcher_sees_a_run_grow_until_its_end,
    a_watch_outlives_its_connection,
    a_watch_goes_on_at_the_next_process,
    a_cancelled_run_ends_after_the_pages_under_way_and_loses_nothing,
    a_page_that_is_under_way_when_its_run_is_cancelled_is_stored,
    accounts_that_are_looked_up_when_their_run_is_cancelled_are_known,
    runs_are_listed_newest_first_page_by_page,
    a_stopped_schedule_rests_until_somebody_starts_it,
}

/// The scheduler looks at its clock once a second: after this time it has seen what there is to see.
const TWO_LOOKS: Duration = Duration::from_millis(2_200);

/// How long X takes for an answer, so that a run can be watched.
const SLOW: Duration = Duration::from_millis(150);

/// A run of twelve leaders, each request of which takes a while.
async fn slow_run(stage: &Stage, slow: Duration) -> String {
    for n in 0..12 {
        stage.add(&format!("leader{n}")).await;
        stage.write(&format!("leader{n}"), 2);
    }
    succeeded(&stage.run().await);
    stage.advance(Duration::from_hours(2));
    stage.x.fail_next(1_000, Fault::Slow(slow));
    let asked = stage.amber.ingestion().trigger_ingestion(TriggerIngestionRequest::default()).await;
    asked.expect("runs are taken").into_inner().run_id
}

async fn a_watcher_sees_a_run_grow_until_its_end(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let id = slow_run(&stage, SLOW).await;
    let states: Vec<Run> = timeout(PATIENCE, stage.amber.watch_run(&id, 0).try_collect()).await.unwrap().unwrap();
    let seqs: Vec<i64> = states.iter().map(|run| run.seq).collect();
    assert!(seqs.len() > 2 && seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    assert!(states.windows(2).all(|pair| pair[0].leaders_done <= pair[1].leaders_done));
    let (last, before) = states.split_last().unwrap();
    let is_under_way = |run: &Run| [RunStatus::Pending, RunStatus::Running].contains(&run.status());
    assert!(before.iter().all(|run| is_under_way(run) && run.end_time.is_none()), "{before:?}");
    succeeded(last);
    assert_eq!((last.leaders_done, last.leaders_total), (12, 12));

    // Taken up in the middle: only what is newer, and always the end.
    for after in [seqs[1], last.seq, last.seq + 100] {
        let rest: Vec<Run> = stage.amber.watch_run(&id, after).try_collect().await.unwrap();
        assert_eq!(rest, std::slice::from_ref(last), "after {after}");
    }
}

async fn a_watch_outlives_its_connection(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let proxy = Flaky::in_front_of(stage.server.address());
    let credentials = Credentials::admin_jwt(stage.server.token("admin").await);
    let options = Options::new(format!("http://{}", proxy.address())).credentials(credentials);
    let amber = Amber::connect(options).await.expect("the proxy passes everything");
    let id = slow_run(&stage, SLOW).await;
    let mut states = std::pin::pin!(amber.watch_run(&id, 0));
    let mut seen = vec![states.try_next().await.unwrap().unwrap()];
    proxy.cut().await;
    proxy.heal().await;
    seen.extend(timeout(PATIENCE, states.try_collect::<Vec<Run>>()).await.unwrap().expect("it connects again"));
    assert!(seen.windows(2).all(|pair| pair[0].seq < pair[1].seq), "nothing is told twice: {seen:?}");
    succeeded(seen.last().unwrap());
}

async fn a_watch_goes_on_at_the_next_process(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let id = slow_run(&stage, SLOW).await;
    let mut states = std::pin::pin!(stage.amber.watch_run(&id, 0));
    let seen = states.try_next().await.unwrap().unwrap();
    let twin = stage.server.twin();
    let stopped = tokio::join!(stage.server.stop(), async {
        loop {
            if let Err(status) = states.try_next().await.map(Option::unwrap) {
                return status;
            }
        }
    });
    assert_eq!(reason_of(&stopped.1, "the end"), (Code::Unavailable, ErrorReason::ShuttingDown));
    let server = twin.start().await;
    let amber = server.sdk_as_admin().await;
    let rest: Vec<Run> = timeout(PATIENCE, amber.watch_run(&id, seen.seq).try_collect()).await.unwrap().unwrap();
    let last = rest.last().unwrap();
    assert!(rest.iter().all(|run| run.seq > seen.seq), "{rest:?}");
    succeeded(last);
    assert_eq!(last.leaders_done, 12, "the next process went on with the same run");
    drop(stopped.0);
}

async fn a_cancelled_run_ends_after_the_pages_under_way_and_loses_nothing(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let id = slow_run(&stage, SLOW).await;
    let mut states = std::pin::pin!(stage.amber.watch_run(&id, 0));
    states.try_next().await.unwrap().expect("it is under way");
    let cancel = || {
        let (mut ingestion, run_id) = (stage.amber.ingestion(), id.clone());
        async move { ingestion.cancel_run(CancelRunRequest { run_id }).await }
    };
    let asked = cancel().await.expect("an admin may").into_inner().run.unwrap();
    assert!(asked.cancel_requested, "{asked:?}");
    let last = timeout(PATIENCE, states.try_collect::<Vec<Run>>()).await.unwrap().unwrap().pop().unwrap();
    assert_eq!(last.status(), RunStatus::Cancelled, "{last:?}");
    let again = cancel().await.expect("once more is no mistake").into_inner().run.unwrap();
    assert_eq!(again, last, "a run that is over stays as it is");

    let done = end_of(&stage.amber, &id).await;
    assert_eq!(done.counters, last.counters, "nothing is stored after the end");
    let by_http = stage.server.http.post(stage.server.url(&format!("/api/ingestion/runs/{id}/cancel")));
    let by_http = Answer::to(by_http.bearer_auth(stage.server.token("admin").await)).await;
    assert_eq!((by_http.status, &by_http.json()["status"]), (200, &json!("cancelled")));
    stage.run_dry().await;
    let handles: Vec<String> = (0..12).map(|n| format!("leader{n}")).collect();
    stage.assert_complete(&handles.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// X bills it, whether somebody waits for it or not.
async fn a_page_that_is_under_way_when_its_run_is_cancelled_is_stored(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    succeeded(&stage.run().await);
    stage.write("ada", 3);
    stage.x.fail_next(1, Fault::Slow(Duration::from_secs(1)));
    let ended = cancelled_while_x_is_asked(&stage).await;
    assert_eq!((ended.status(), balanced(&ended).inserted), (RunStatus::Cancelled, 3), "{ended:?}");
    stage.assert_complete(&["ada"]).await;
}

/// The end of a run that is called off while X makes the first answer.
async fn cancelled_while_x_is_asked(stage: &Stage) -> Run {
    let before = stage.requests();
    let run_id = stage.ask().await;
    let asked = async {
        while stage.requests() == before {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("X is asked");
    stage.amber.ingestion().cancel_run(CancelRunRequest { run_id: run_id.clone() }).await.expect("an admin may");
    end_of(&stage.amber, &run_id).await
}

/// X bills each of them.
async fn accounts_that_are_looked_up_when_their_run_is_cancelled_are_known(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    for name in ["ada", "bob"] {
        stage.add(name).await;
        stage.write(name, 1);
    }
    stage.x.fail_next(1, Fault::Slow(Duration::from_secs(1)));
    let ended = cancelled_while_x_is_asked(&stage).await;
    assert_eq!((ended.status(), balanced(&ended).fetched), (RunStatus::Cancelled, 0), "{ended:?}");
    let lookups = || stage.x.requests().iter().filter(|request| request.path.starts_with("/2/users/by")).count();
    assert_eq!(lookups(), 1, "nobody was asked for after the end");
    assert_eq!(succeeded(&stage.run().await).inserted, 2);
    assert_eq!(lookups(), 1);
}

async fn runs_are_listed_newest_first_page_by_page(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    let mut made = Vec::new();
    for _ in 0..5 {
        stage.advance(Duration::from_mins(1));
        made.insert(0, stage.run().await);
    }
    let listed: Vec<Run> =
        stage.amber.runs(ListRunsRequest { page_size: 2, ..Default::default() }).try_collect().await.unwrap();
    assert_eq!(listed, made);
    let page = stage.amber.ingestion().list_runs(ListRunsRequest { page_size: 2, ..Default::default() }).await.unwrap();
    let page = page.into_inner();
    assert_eq!((page.runs.len(), page.next_page_token.is_empty()), (2, false));

    let reviewer = stage.server.token("reviewer").await;
    let get = |path: String| Answer::to(stage.server.http.get(stage.server.url(&path)).bearer_auth(&reviewer));
    let first = get("/api/ingestion/runs?page_size=3".to_owned()).await.json();
    let rest = get(format!("/api/ingestion/runs?cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
    let ids = |page: &Value| -> Vec<String> {
        page["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
    };
    let expected: Vec<_> = made.iter().map(|run| run.id.clone()).collect();
    assert_eq!([ids(&first), ids(&rest)].concat(), expected);
    assert_eq!(rest["next_cursor"], Value::Null);
    let one = get(format!("/api/ingestion/runs/{}", made[0].id)).await.json();
    assert_eq!((&one, &one["status"]), (&first["runs"][0], &json!("succeeded")));
}

/// Waits until there are so many runs, all of them over, whichever process made them.
async fn ended(stage: &Stage, count: usize) {
    let all = || stage.amber.runs(ListRunsRequest::default()).try_collect::<Vec<Run>>();
    let reached = async {
        loop {
            let runs = all().await.expect("runs are listed");
            if runs.len() >= count && runs.iter().all(|run| run.end_time.is_some()) {
                return runs;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let runs = timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("there are fewer than {count} runs"));
    assert_eq!(runs.len(), count, "{runs:?}");
}

async fn a_stopped_schedule_rests_until_somebody_starts_it(backend: Backend) {
    let set = |builder: amber_tests::Builder| builder.env("X_INGEST_ENABLED", "true");
    let Some(stage) = Stage::with(backend, set).await else { return };
    ended(&stage, 1).await;
    let admin = stage.server.token("admin").await;
    let stop = stage.server.http.post(stage.server.url("/api/ingestion/stop")).bearer_auth(&admin);
    let stopped = Answer::to(stop).await;
    assert_eq!((stopped.status, &stopped.json()["status"]), (200, &json!("stopped")));
    let status = stage.status().await;
    assert!(status.paused && !status.running && status.jobs.is_empty(), "{status:?}");
    stage.advance(Duration::from_hours(3));
    sleep(TWO_LOOKS).await;
    ended(&stage, 1).await;
    succeeded(&stage.run().await);
    ended(&stage, 2).await;
    assert!(stage.status().await.paused, "a run by hand does not start the schedule");

    // The next process rests as well.
    let twin = stage.server.twin();
    let folder = stage.server.stop().await;
    let server = twin.start().await;
    let amber = server.sdk_as_admin().await;
    let stage = Stage { server, amber, x: stage.x };
    sleep(TWO_LOOKS).await;
    ended(&stage, 2).await;
    let started = stage.amber.ingestion().start_ingestion(StartIngestionRequest {}).await.unwrap().into_inner();
    assert!(started.running && started.jobs.len() == 1, "{started:?}");
    ended(&stage, 3).await;
    stage.amber.ingestion().stop_ingestion(StopIngestionRequest {}).await.unwrap();
    let start = stage.server.http.post(stage.server.url("/api/ingestion/start")).bearer_auth(&admin);
    let started = Answer::to(start).await;
    assert_eq!((&started.json()["status"], &started.json()["running"]), (&json!("started"), &json!(true)));
    assert!(!stage.status().await.paused);
    drop(folder);
}

#[tokio::test]
async fn a_run_that_is_not_there_cannot_be_watched() {
    let stage = Stage::on(Backend::Sqlite).await.expect("SQLite is always there");
    for id in ["", "nope", "00000000-0000-4000-8000-000000000000"] {
        let mut states = std::pin::pin!(stage.amber.watch_run(id, 0));
        let refusal = states.next().await.expect("it is told").expect_err("there is no such run");
        assert_eq!(reason_of(&refusal, id), (Code::NotFound, ErrorReason::RunNotFound));
        assert!(states.next().await.is_none(), "a refusal is the last item");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_are_bounded_and_a_place_is_free_again_when_one_leaves() {
    let stage = Stage::on(Backend::Sqlite).await.expect("SQLite is always there");
    let run_id = slow_run(&stage, Duration::from_secs(20)).await;
    let watched = WatchRunRequest { run_id, after_seq: 1_000_000 };
    let (mut amber, mut open) = (stage.amber.clone(), Vec::new());
    let refusal = loop {
        match amber.ingestion().watch_run(watched.clone()).await {
            Ok(states) => open.push(states),
            Err(refusal) => break refusal,
        }
        assert!(open.len() <= 1_000, "there is no bound");
        if open.len().is_multiple_of(100) {
            // One connection carries 200 streams at most.
            amber = stage.server.sdk_as_admin().await;
        }
    };
    assert_eq!(reason_of(&refusal, "one more"), (Code::ResourceExhausted, ErrorReason::TooManyWatchers));
    open.pop();
    let freed = async {
        while amber.ingestion().watch_run(watched.clone()).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, freed).await.expect("the place of the one that left is free");
}
