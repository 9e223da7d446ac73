//! Scheduled runs: one at a time, one after any number of missed ticks, none when nobody would profit.

use std::time::Duration;

use amber_sdk::v1::{RunStatus, RunTrigger};
use amber_server::sandbox::Fault;
use amber_tests::Backend;
use tokio::time::{sleep, timeout};

use crate::stage::{PATIENCE, Stage, on_both_databases, succeeded};

on_both_databases! {
    many_missed_ticks_are_one_run,
    a_refused_credential_suspends_the_schedule_until_somebody_asks,
    a_start_plans_anew_what_a_clock_that_was_wrong_had_planned,
}

/// The scheduler looks at its clock once a second: after this time it has seen what there is to see.
const TWO_LOOKS: Duration = Duration::from_millis(2_200);

async fn scheduled(backend: Backend) -> Option<Stage> {
    let set =
        |builder: amber_tests::Builder| builder.env("X_INGEST_ENABLED", "true").env("X_INGEST_INTERVAL_MINUTES", "30");
    let stage = Stage::with(backend, set).await?;
    stage.runs_are(1).await;
    Some(stage)
}

async fn many_missed_ticks_are_one_run(backend: Backend) {
    let Some(stage) = scheduled(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 3);
    sleep(TWO_LOOKS).await;
    stage.runs_are(1).await;

    stage.advance(Duration::from_hours(20));
    stage.runs_are(2).await;
    sleep(TWO_LOOKS).await;
    stage.runs_are(2).await;
    stage.assert_complete(&["ada"]).await;
    let status = stage.status().await;
    assert_eq!(status.last_run.unwrap().trigger(), RunTrigger::Schedule);
    let next = status.jobs[0].next_run_time.unwrap().seconds;
    let now = amber_server::domain::Clock::now(&stage.server.clock).as_second();
    assert!((1..=1_800).contains(&(next - now)), "the rhythm goes on from the tick that was caught up: {}", next - now);

    let until_next = Duration::from_secs(u64::try_from(next - now).unwrap());
    stage.advance(until_next.saturating_sub(Duration::from_secs(1)));
    sleep(TWO_LOOKS).await;
    stage.runs_are(2).await;
    stage.advance(Duration::from_secs(1));
    stage.runs_are(3).await;
}

async fn a_refused_credential_suspends_the_schedule_until_somebody_asks(backend: Backend) {
    let Some(stage) = scheduled(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 3);
    // The first request after it is a lookup, the second time it is a timeline.
    for runs in [2, 4] {
        stage.x.fail_next(1, Fault::Status(401, r#"{"title":"Unauthorized","status":401}"#.to_owned()));
        stage.advance(Duration::from_hours(1));
        stage.runs_are(runs).await;
        let suspended = async {
            loop {
                let status = stage.status().await;
                if !status.stopped_reason.is_empty() {
                    return status;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let status = timeout(PATIENCE, suspended).await.expect("the schedule is suspended");
        assert!(status.stopped_reason.contains("bearer token"), "{}", status.stopped_reason);
        assert_eq!(status.last_run.unwrap().status(), RunStatus::Failed);

        let asked = stage.requests();
        stage.advance(Duration::from_hours(5));
        sleep(TWO_LOOKS).await;
        stage.runs_are(runs).await;
        assert_eq!(stage.requests(), asked, "a dead credential is not tried again and again");

        stage.server.clock.set(amber_server::domain::Clock::now(&stage.server.clock) - Duration::from_hours(5));
        succeeded(&stage.run().await);
        assert_eq!(stage.status().await.stopped_reason, "", "somebody asked, and it works again");
        stage.runs_are(runs + 1).await;
    }
    stage.assert_complete(&["ada"]).await;
    stage.advance(Duration::from_hours(1));
    stage.runs_are(6).await;
}

async fn a_start_plans_anew_what_a_clock_that_was_wrong_had_planned(backend: Backend) {
    let Some(stage) = scheduled(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 3);
    let right = amber_server::domain::Clock::now(&stage.server.clock);
    stage.advance(Duration::from_hours(20));
    stage.runs_are(2).await;
    stage.server.clock.set(right);
    let twin = stage.server.twin();
    let _folder = stage.server.stop().await;
    let server = twin.start().await;
    let amber = server.sdk_as_admin().await;
    let stage = Stage { server, amber, ..stage };
    stage.runs_are(1).await;
    let next = stage.status().await.jobs[0].next_run_time.unwrap().seconds;
    assert!((1..=1_800).contains(&(next - right.as_second())), "{}", next - right.as_second());
    stage.assert_complete(&["ada"]).await;
}
