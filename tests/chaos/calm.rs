//! Waits until nothing is left to do.

use std::time::Duration;

use amber_sdk::v1::{GetRunRequest, Run, RunStatus, StopIngestionRequest, TriggerIngestionRequest};
use amber_sdk::{Amber, Credentials, Options};
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Status;

use crate::fleet::Seat;

/// Stops the schedule and asks for runs until a round finds nothing new and nothing wrong.
///
/// Without the stop a tick could open a run between the last round and the verdict, which would then find it open.
/// The first round asks every process and may join runs of the storm, which began before the last post. When they are
/// over, one process is enough to tell.
///
/// # Errors
/// With the last run that was no part of a calm round, when it takes too long.
pub(crate) async fn wait(seats: &[Seat], token: &str, patience: Duration) -> Result<(), String> {
    let deadline = Instant::now() + patience;
    let mut clients = Vec::new();
    for seat in seats {
        let url = seat.program.as_ref().unwrap().url();
        let options = Options::new(url).credentials(Credentials::admin_jwt(token));
        clients.push(Amber::connect(options).await.unwrap());
    }
    let stopped = timeout_at(deadline, clients[0].ingestion().stop_ingestion(StopIngestionRequest {})).await;
    stopped.map_err(|_| "the schedule does not stop")?.map_err(|status| format!("the schedule stays: {status}"))?;
    let (mut rounds, mut restless) = (0, None);
    while Instant::now() < deadline {
        let mut is_calm = true;
        let asked = if rounds == 0 { &clients[..] } else { &clients[..1] };
        for (client, backfill) in asked.iter().flat_map(|client| [(client, false), (client, true)]) {
            match timeout_at(deadline, run_to_end(client, backfill)).await {
                Ok(Ok(run)) if has_nothing_new(&run) => {}
                Ok(run) => (is_calm, restless) = (false, Some(format!("{run:?}"))),
                Err(_) => return Err(format!("a run of round {rounds} does not end, before it {restless:?}")),
            }
        }
        rounds += 1;
        if is_calm && rounds > 1 {
            return Ok(());
        }
    }
    Err(format!("after {rounds} rounds there is still something new or wrong: {restless:?}"))
}

fn has_nothing_new(run: &Run) -> bool {
    run.status() == RunStatus::Succeeded && run.counters.is_some_and(|counters| counters.inserted == 0)
}

/// The end of a run that is asked for now.
async fn run_to_end(amber: &Amber, backfill: bool) -> Result<Run, Status> {
    let request = TriggerIngestionRequest { backfill, ..Default::default() };
    let run_id = amber.ingestion().trigger_ingestion(request).await?.into_inner().run_id;
    loop {
        let request = GetRunRequest { run_id: run_id.clone() };
        let run = amber.ingestion().get_run(request).await?.into_inner().run.unwrap_or_default();
        if !matches!(run.status(), RunStatus::Pending | RunStatus::Running) {
            return Ok(run);
        }
        sleep(Duration::from_millis(20)).await;
    }
}
