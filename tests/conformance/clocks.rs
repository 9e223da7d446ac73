//! A clock that once ran far ahead holds nothing up for longer than a right one could.

use std::time::Duration;

use amber_server::domain::{Clock, LeaderState, RunTrigger, UserId};
use amber_server::resilience::{Ask, BreakerSettings, BreakerState, Decision, Demand, Refusal, Report};
use amber_server::store::{
    ApiBudget, ApiCall, ApiLine, Arrivals, Checked, Finding, Leaders, Rechecks, RunRequest, Runs, Schedules, Work,
};

use crate::fresh::Fresh;
use crate::sample::{commit, leader, number, open, post, reading, request, want, worker};

on_both_databases!(
    a_rest_of_a_wrong_clock_is_over,
    a_breaker_that_a_wrong_clock_opened_lets_a_probe_through,
    a_call_that_a_wrong_clock_began_is_not_under_way,
    a_task_that_a_wrong_clock_put_off_is_due,
    a_check_that_a_wrong_clock_planned_or_claimed_is_due,
    a_lookup_of_a_wrong_clock_is_none,
    a_stop_of_a_wrong_clock_is_over,
    a_place_that_a_wrong_clock_dated_keeps_no_others,
);

/// By how much the clock is wrong.
const AHEAD: Duration = Duration::from_hours(2 * 365 * 24);

/// Does something while the clock is ahead.
async fn ahead<T>(fresh: &Fresh, work: impl Future<Output = T>) -> T {
    let now = fresh.clock.now();
    fresh.clock.set(now + AHEAD);
    let done = work.await;
    fresh.clock.set(now);
    done
}

fn line() -> ApiLine {
    ApiLine { credential: "key".to_owned(), endpoint: "user_timeline" }
}

async fn ask(fresh: &Fresh) -> Decision<ApiCall> {
    let ask = Ask { demand: Demand { least: 5, most: 5 }, hold: Duration::from_mins(1) };
    fresh.store.reserve(&line(), &ask, None, &BreakerSettings::default()).await.unwrap().0
}

async fn granted(fresh: &Fresh) -> ApiCall {
    match ask(fresh).await {
        Decision::Granted(call) => call,
        other => panic!("{other:?}"),
    }
}

async fn refuse(fresh: &Fresh) {
    let call = granted(fresh).await;
    let refusal = Refusal { rest: Duration::from_mins(15), longest: Duration::from_mins(15), unit: 0.0 };
    let report = Report { refusal: Some(refusal), is_alive: true, ..Report::default() };
    ApiBudget::settle(&fresh.store, &line(), &call, &report).await.unwrap();
}

async fn a_rest_of_a_wrong_clock_is_over(fresh: Fresh) {
    ahead(&fresh, refuse(&fresh)).await;
    let known = fresh.store.known("key").await.unwrap();
    assert_eq!(known.allowances["user_timeline"].resting_until(fresh.clock.now()), None);
    refuse(&fresh).await;
    let until = fresh.clock.now() + Duration::from_mins(15);
    assert_eq!(ask(&fresh).await, Decision::RateLimited { until }, "a rest of the right clock holds");
}

async fn a_breaker_that_a_wrong_clock_opened_lets_a_probe_through(fresh: Fresh) {
    let settings = BreakerSettings::default();
    let fail = async || {
        let call = granted(&fresh).await;
        ApiBudget::settle(&fresh.store, &line(), &call, &Report::default()).await.unwrap();
        fresh.store.fail(&call, &settings).await.unwrap();
    };
    ahead(&fresh, async {
        for _ in 0..settings.failure_threshold {
            fail().await;
        }
        assert!(matches!(ask(&fresh).await, Decision::Open { .. }));
    })
    .await;
    let circuit = fresh.store.known("key").await.unwrap().circuit;
    assert_eq!(circuit.snapshot(fresh.clock.now(), &settings).state, BreakerState::HalfOpen);
    assert!(granted(&fresh).await.pass.is_probe);
}

async fn a_call_that_a_wrong_clock_began_is_not_under_way(fresh: Fresh) {
    ahead(&fresh, granted(&fresh)).await;
    granted(&fresh).await;
    assert_eq!(ask(&fresh).await, Decision::Busy, "one of the right clock is");
}

async fn a_task_that_a_wrong_clock_put_off_is_due(fresh: Fresh) {
    leader(&fresh.store, "ada").await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let claim = async || fresh.store.claim(worker(), want(1)).await.unwrap().pop();
    let quarter = Duration::from_mins(15);
    let claimed = claim().await.unwrap();
    let until = fresh.clock.now() + AHEAD + quarter;
    fresh.store.return_task(&claimed, Some(until)).await.unwrap();
    let claimed = claim().await.expect("nobody waits for years");
    fresh.store.return_task(&claimed, Some(fresh.clock.now() + quarter)).await.unwrap();
    assert_eq!(claim().await, None, "a quarter of an hour is waited for");
    fresh.clock.advance(quarter);
    claim().await.expect("it is over");
}

async fn a_check_that_a_wrong_clock_planned_or_claimed_is_due(fresh: Fresh) {
    let hold = Duration::from_mins(20);
    let mut reading = reading(&fresh.store).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "one"), post(number(1), "two")]).await.unwrap();
    fresh.clock.advance(Duration::from_hours(24));
    let due = ahead(&fresh, fresh.store.claim_due(9, hold)).await.unwrap();
    assert_eq!(due.len(), 2);
    let again = fresh.store.claim_due(9, hold).await.unwrap();
    assert_eq!(again.len(), 2, "a claim of the wrong clock is none");
    assert_eq!(fresh.store.claim_due(9, hold).await.unwrap(), [], "one of the right clock is");

    let next = [AHEAD, Duration::from_hours(700)].map(|later| fresh.clock.now() + later);
    let told = again.iter().zip(next).map(|(due, next_check_at)| {
        let finding = Finding::Unclear;
        Checked { due: *due, finding, next_check_at }
    });
    Rechecks::settle(&fresh.store, told.collect()).await.unwrap();
    assert_eq!(fresh.store.claim_due(9, hold).await.unwrap(), again[..1]);
}

async fn a_lookup_of_a_wrong_clock_is_none(fresh: Fresh) {
    let lost = leader(&fresh.store, "lost").await;
    ahead(&fresh, fresh.store.set_state(&lost, LeaderState::NotFound)).await.unwrap();
    let scheduled = RunRequest { backfill: true, ..request(RunTrigger::Schedule, &[]) };
    let run = open(&fresh.store, &scheduled).await;
    assert_eq!(run.leaders_total, 1);
    assert_eq!(fresh.store.to_look_up(run.id, 9).await.unwrap().len(), 1);
    fresh.clock.advance(Duration::from_millis(1));
    fresh.store.set_state(&lost, LeaderState::NotFound).await.unwrap();
    assert_eq!(fresh.store.to_look_up(run.id, 9).await.unwrap(), [], "one of the right clock is");
    fresh.store.cancel_run(run.id).await.unwrap();
    assert_eq!(open(&fresh.store, &scheduled).await.leaders_total, 0);
    let found = leader(&fresh.store, "found").await;
    fresh.store.set_account(&found, UserId(1), None, LeaderState::Active).await.unwrap();
    assert_eq!(open(&fresh.store, &scheduled).await.leaders_total, 1);
}

async fn a_stop_of_a_wrong_clock_is_over(fresh: Fresh) {
    let month = Duration::from_hours(31 * 24);
    let stop = async |until| {
        fresh.store.stop("monthly_budget: spent", Some(until)).await.unwrap();
        fresh.store.control().await.unwrap().stopped_until
    };
    let now = fresh.clock.now();
    assert_eq!(stop(now + AHEAD + month).await, None);
    assert_eq!(stop(now + month).await, Some(now + month));
}

async fn a_place_that_a_wrong_clock_dated_keeps_no_others(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let kept = Duration::from_hours(8 * 24);
    ahead(&fresh, commit(&fresh.store, &mut reading, vec![post(number(0), "wrong")])).await.unwrap();
    commit(&fresh.store, &mut reading, vec![post(number(1), "right")]).await.unwrap();
    fresh.clock.advance(kept * 2);
    commit(&fresh.store, &mut reading, vec![post(number(2), "new")]).await.unwrap();
    assert_eq!(fresh.store.purge_arrivals(fresh.clock.now() - kept).await.unwrap(), 2);
    assert_eq!(fresh.store.arrivals(2, 9).await.unwrap().unwrap().place, 3);
}
