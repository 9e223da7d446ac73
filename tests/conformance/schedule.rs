//! The schedule that all replicas share.

use std::time::Duration;

use amber_server::domain::{Clock, RunStatus, RunTrigger};
use amber_server::store::{Control, Runs, Schedules, Tick, Ticked, Work};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{leader, open, request, want, worker};

on_both_databases!(
    of_those_who_plan_by_what_they_saw_the_first_does,
    of_eight_replicas_one_takes_each_tick,
    an_open_run_swallows_the_tick,
    a_tick_that_had_its_run_has_no_second_one,
    no_tick_is_taken_while_the_schedule_is_stopped,
    a_stop_ends_by_itself_when_its_time_has_come,
);

const RHYTHM: Duration = Duration::from_mins(15);

/// The tick after `since`, without any that was missed.
fn tick(since: Timestamp) -> Tick {
    let due = since + RHYTHM;
    Tick { due, at: due, missed: 0, next: due + RHYTHM }
}

/// Plans as a replica that has just looked.
async fn plan(fresh: &Fresh, rhythm: &str, due: Timestamp) -> Control {
    let seen = fresh.store.control().await.unwrap();
    fresh.store.plan(&seen, rhythm, due).await.unwrap()
}

async fn planned(fresh: &Fresh) -> Tick {
    let tick = tick(fresh.clock.now());
    plan(fresh, "every 15 minutes", tick.due).await;
    tick
}

async fn of_those_who_plan_by_what_they_saw_the_first_does(fresh: Fresh) {
    let seen = fresh.store.control().await.unwrap();
    assert_eq!(seen, Control::default());
    let first = fresh.clock.now();
    let planned = fresh.store.plan(&seen, "hourly", first).await.unwrap();
    assert_eq!((planned.schedule.as_str(), planned.next_due), ("hourly", Some(first)));
    assert_eq!(fresh.store.plan(&seen, "daily", first + RHYTHM).await.unwrap(), planned);
    let other = fresh.store.plan(&planned, "hourly", first + RHYTHM).await.unwrap();
    assert_eq!((other.schedule.as_str(), other.next_due), ("hourly", Some(first + RHYTHM)));
    assert_eq!(fresh.store.plan(&planned, "daily", first).await.unwrap(), other);
}

async fn of_eight_replicas_one_takes_each_tick(fresh: Fresh) {
    let mut tick = planned(&fresh).await;
    for n in 1..=5 {
        tick.missed = n;
        let mut replicas = JoinSet::new();
        for _ in 0..8 {
            let store = fresh.store.clone();
            replicas.spawn(async move { store.open_tick(tick, false).await.unwrap() });
        }
        let results = replicas.join_all().await;
        let started: Vec<_> = results
            .iter()
            .filter_map(|ticked| if let Ticked::Started(run) = ticked { Some(run) } else { None })
            .collect();
        assert_eq!(started.len(), 1, "{results:?}");
        assert_eq!(results.iter().filter(|ticked| **ticked == Ticked::Lost).count(), 7, "{results:?}");
        assert_eq!((started[0].trigger, started[0].tick), (RunTrigger::Schedule, Some(tick.at)));
        let control = fresh.store.control().await.unwrap();
        assert_eq!((control.last_tick, control.next_due), (Some(tick.at), Some(tick.next)));
        assert_eq!(control.missed_ticks, (1..=n).sum::<u64>());
        tick = self::tick(tick.due);
    }
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_runs").await, 5);
}

async fn an_open_run_swallows_the_tick(fresh: Fresh) {
    leader(&fresh.store, "amber").await;
    let first = planned(&fresh).await;
    // A run that somebody asked for is not in the way.
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let Ticked::Started(run) = fresh.store.open_tick(first, true).await.unwrap() else { panic!("the tick was lost") };
    assert!(run.dry_run && run.status == RunStatus::Queued, "{run:?}");

    let second = Tick { missed: 2, ..tick(first.due) };
    assert_eq!(fresh.store.open_tick(second, false).await.unwrap(), Ticked::Swallowed);
    let control = fresh.store.control().await.unwrap();
    assert_eq!((control.missed_ticks, control.last_tick), (3, Some(first.at)));
    assert_eq!(control.next_due, Some(second.next));

    fresh.store.cancel_run(run.id).await.unwrap();
    let third = fresh.store.open_tick(tick(second.due), false).await.unwrap();
    assert!(matches!(third, Ticked::Started(_)), "{third:?}");
}

async fn a_tick_that_had_its_run_has_no_second_one(fresh: Fresh) {
    let first = planned(&fresh).await;
    fresh.store.open_tick(first, false).await.unwrap();
    plan(&fresh, "another rhythm", first.due).await;
    assert_eq!(fresh.store.open_tick(first, false).await.unwrap(), Ticked::Swallowed);
}

async fn no_tick_is_taken_while_the_schedule_is_stopped(fresh: Fresh) {
    leader(&fresh.store, "amber").await;
    let tick = planned(&fresh).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;

    assert!(fresh.store.pause().await.unwrap().paused);
    assert_eq!(fresh.store.open_tick(tick, false).await.unwrap(), Ticked::Lost);
    assert!(fresh.store.lift_stop().await.unwrap().paused, "a stop by hand is lifted by hand");
    let claimed = fresh.store.claim(worker(), want(1)).await.unwrap();
    fresh.store.return_task(&claimed[0], None).await.unwrap();
    assert!(!fresh.store.start().await.unwrap().paused);

    fresh.store.stop("the credential is dead", None).await.unwrap();
    assert_eq!(fresh.store.open_tick(tick, false).await.unwrap(), Ticked::Lost);
    assert_eq!(fresh.store.claim(worker(), want(1)).await.unwrap(), [], "every call would fail");
    let stopped = fresh.store.control().await.unwrap();
    assert_eq!((stopped.stopped_reason.as_deref(), stopped.missed_ticks), (Some("the credential is dead"), 0));
    assert_eq!(stopped.next_due, Some(tick.due), "the tick waits");

    assert_eq!(fresh.store.lift_stop().await.unwrap().stopped_reason, None);
    assert_eq!(fresh.store.claim(worker(), want(1)).await.unwrap().len(), 1);
    fresh.store.stop("again", None).await.unwrap();
    assert_eq!(fresh.store.start().await.unwrap().stopped_reason, None);
    assert!(matches!(fresh.store.open_tick(tick, false).await.unwrap(), Ticked::Started(_)));
}

async fn a_stop_ends_by_itself_when_its_time_has_come(fresh: Fresh) {
    leader(&fresh.store, "amber").await;
    let tick = planned(&fresh).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let until = fresh.clock.now() + Duration::from_hours(1);
    fresh.store.stop("the month's posts are used up", Some(until)).await.unwrap();
    assert_eq!(fresh.store.control().await.unwrap().stopped_until, Some(until));

    fresh.clock.set(until - Duration::from_micros(1));
    assert!(fresh.store.control().await.unwrap().stopped_reason.is_some());
    assert_eq!(fresh.store.open_tick(tick, false).await.unwrap(), Ticked::Lost);
    assert_eq!(fresh.store.claim(worker(), want(1)).await.unwrap(), []);

    fresh.clock.set(until);
    let control = fresh.store.control().await.unwrap();
    assert_eq!((control.stopped_reason, control.stopped_until), (None, None));
    assert_eq!(fresh.store.claim(worker(), want(1)).await.unwrap().len(), 1);
    assert!(matches!(fresh.store.open_tick(tick, false).await.unwrap(), Ticked::Started(_)));
}
