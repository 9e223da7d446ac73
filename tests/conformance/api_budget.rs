//! The budget of calls that replicas share: no permit is given twice, none is lost, and one probe tries a failing service.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use amber_server::domain::{Clock, Reads};
use amber_server::resilience::{
    Ask, BreakerSettings, Decision, Demand, PROBE_PATIENCE, Refusal, Report, Window, WindowKind,
};
use amber_server::store::{ApiBudget, ApiCall, ApiLine, Store};
use amber_tests::TestClock;
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::fresh::Fresh;

on_both_databases!(
    twelve_workers_use_a_window_up_and_never_exceed_it,
    of_twenty_callers_one_is_the_probe,
    a_probe_that_dies_leaves_its_place,
    windows_are_learnt_whatever_the_order_of_answers,
    a_refusal_rests_one_endpoint_of_one_credential,
    calls_of_a_dead_process_are_forgotten_in_time,
    a_call_without_an_answer_counts_as_made,
    what_is_read_is_counted_by_day_and_by_month,
    posts_are_not_promised_twice,
    unused_credentials_are_forgotten,
);

const HOLD: Duration = Duration::from_secs(45);
const QUARTER: Duration = Duration::from_mins(15);

fn line() -> ApiLine {
    ApiLine { credential: "0123456789abcdef".into(), endpoint: "user_timeline" }
}

fn ask(least: u32, most: u32) -> Ask {
    Ask { demand: Demand { least, most }, hold: HOLD }
}

fn alive(windows: Vec<(WindowKind, Window)>) -> Report {
    Report { windows, is_alive: true, ..Report::default() }
}

async fn reserve_within(store: &Store, budget: Option<u64>) -> Decision<ApiCall> {
    store.reserve(&line(), &ask(5, 100), budget, &BreakerSettings::default()).await.unwrap().0
}

async fn reserve(store: &Store) -> Decision<ApiCall> {
    reserve_within(store, None).await
}

fn granted(decision: Decision<ApiCall>) -> ApiCall {
    match decision {
        Decision::Granted(call) => call,
        other => panic!("{other:?}"),
    }
}

async fn settle(store: &Store, call: &ApiCall, report: Report) -> Option<Timestamp> {
    store.settle(&line(), call, &report).await.unwrap().0
}

/// A service that answers so many calls in a window, which begins with its first call.
struct Service {
    clock: TestClock,
    state: Mutex<Served>,
}

#[derive(Default)]
struct Served {
    used: u64,
    reset: Timestamp,
    refused: u64,
}

impl Service {
    const LIMIT: u64 = 60;

    fn answer(&self) -> Window {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap();
        if now >= state.reset {
            *state = Served { reset: now + QUARTER, refused: state.refused, used: 0 };
        }
        if state.used == Self::LIMIT {
            state.refused += 1;
        } else {
            state.used += 1;
        }
        Window { limit: Some(60), remaining: Self::LIMIT - state.used, reset: state.reset, over_at: state.reset }
    }

    fn counts(&self) -> (u64, u64) {
        let state = self.state.lock().unwrap();
        (state.used, state.refused)
    }
}

/// Calls until the window is used up; tells when the next one begins.
async fn work(store: Store, service: Arc<Service>, pause: Duration) -> Timestamp {
    loop {
        match reserve(&store).await {
            Decision::Granted(call) => {
                tokio::time::sleep(pause).await;
                let told = service.answer();
                tokio::time::sleep(pause).await;
                settle(&store, &call, alive(vec![(WindowKind::Short, told)])).await;
            }
            Decision::Busy => tokio::time::sleep(Duration::from_millis(3)).await,
            Decision::RateLimited { until } => return until,
            other => panic!("{other:?}"),
        }
    }
}

async fn twelve_workers_use_a_window_up_and_never_exceed_it(fresh: Fresh) {
    let service = Arc::new(Service { clock: fresh.clock.clone(), state: Mutex::default() });
    for round in 0..4 {
        if round == 2 {
            // Somebody else uses the credential too.
            for _ in 0..25 {
                service.answer();
            }
        }
        let mut workers = JoinSet::new();
        for worker in 0..12 {
            workers.spawn(work(fresh.store.clone(), Arc::clone(&service), Duration::from_millis(worker % 4)));
        }
        let untils = workers.join_all().await;
        assert_eq!(service.counts(), (Service::LIMIT, 0), "round {round}: calls used and refused");
        fresh.clock.set(*untils.iter().max().unwrap());
    }
    assert_eq!(fresh.number("SELECT count(*) FROM api_calls").await, 0, "every call was settled");
}

async fn open_breaker(fresh: &Fresh) {
    for _ in 0..5 {
        let call = granted(reserve(&fresh.store).await);
        settle(&fresh.store, &call, Report::default()).await;
        fresh.store.fail(&call, &BreakerSettings::default()).await.unwrap();
    }
}

async fn of_twenty_callers_one_is_the_probe(fresh: Fresh) {
    open_breaker(&fresh).await;
    let rest = Duration::from_mins(5);
    assert_eq!(reserve(&fresh.store).await, Decision::Open { retry_after: rest });
    for survives in [false, true] {
        fresh.clock.advance(rest.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(reserve(&fresh.store).await, Decision::Open { retry_after: Duration::from_secs(1) });
        fresh.clock.advance(Duration::from_secs(1));
        let mut callers = JoinSet::new();
        for _ in 0..20 {
            let store = fresh.store.clone();
            callers.spawn(async move { reserve(&store).await });
        }
        let answers = callers.join_all().await;
        let waiting = answers.iter().filter(|answer| **answer == Decision::Open { retry_after: Duration::ZERO });
        assert_eq!(waiting.count(), 19, "{answers:?}");
        let probe = answers.into_iter().find(|answer| matches!(answer, Decision::Granted(_))).map(granted).unwrap();
        assert!(probe.pass.is_probe);
        settle(&fresh.store, &probe, Report { is_alive: survives, ..Report::default() }).await;
        if !survives {
            fresh.store.fail(&probe, &BreakerSettings::default()).await.unwrap();
        }
    }
    let known = fresh.store.known(&line().credential).await.unwrap();
    assert_eq!((known.circuit.failures, known.circuit.open_until), (0, None), "the second probe closed the breaker");
}

async fn a_probe_that_dies_leaves_its_place(fresh: Fresh) {
    open_breaker(&fresh).await;
    fresh.clock.advance(Duration::from_mins(5));
    granted(reserve(&fresh.store).await);
    fresh.clock.advance(Duration::from_secs(59));
    assert_eq!(reserve(&fresh.store).await, Decision::Open { retry_after: Duration::ZERO });
    fresh.clock.advance(Duration::from_secs(1));
    assert!(granted(reserve(&fresh.store).await).pass.is_probe);
}

async fn windows_are_learnt_whatever_the_order_of_answers(fresh: Fresh) {
    let start = fresh.clock.now();
    let told = |remaining, windows: u32| {
        let over_at = start + QUARTER / 2 * windows;
        Window { limit: Some(60), remaining, reset: over_at, over_at }
    };
    // The answer that tells less of the same window, of a later one, and of an earlier one.
    for (window, left) in [(told(40, 1), 40), (told(45, 1), 40), (told(37, 1), 37), (told(58, 2), 58), (told(3, 1), 58)]
    {
        let call = granted(reserve(&fresh.store).await);
        settle(&fresh.store, &call, alive(vec![(WindowKind::Short, window)])).await;
        let known = fresh.store.known(&line().credential).await.unwrap();
        assert_eq!(known.allowances["user_timeline"].short().unwrap().remaining, left);
    }
    let day = start + Duration::from_hours(20);
    let used_up = Window { limit: None, remaining: 0, reset: day, over_at: day };
    let call = granted(reserve(&fresh.store).await);
    settle(&fresh.store, &call, alive(vec![(WindowKind::Short, told(0, 2)), (WindowKind::AppDay, used_up)])).await;
    assert_eq!(reserve(&fresh.store).await, Decision::RateLimited { until: day }, "the latest of the used-up windows");
}

async fn a_refusal_rests_one_endpoint_of_one_credential(fresh: Fresh) {
    let call = granted(reserve(&fresh.store).await);
    let refusal = Refusal { rest: Duration::from_mins(10), longest: QUARTER, unit: 0.0 };
    let report = Report { refusal: Some(refusal), ..alive(Vec::new()) };
    let until = settle(&fresh.store, &call, report).await.unwrap();
    assert_eq!(until, fresh.clock.now() + Duration::from_mins(10));
    assert_eq!(reserve(&fresh.store).await, Decision::RateLimited { until });
    let settings = BreakerSettings::default();
    let others =
        [ApiLine { endpoint: "users_by_ids", ..line() }, ApiLine { credential: "fedcba9876543210".into(), ..line() }];
    for other in others {
        granted(fresh.store.reserve(&other, &ask(5, 5), None, &settings).await.unwrap().0);
    }
    fresh.clock.set(until);
    granted(reserve(&fresh.store).await);
}

async fn calls_of_a_dead_process_are_forgotten_in_time(fresh: Fresh) {
    granted(reserve(&fresh.store).await);
    assert_eq!(reserve(&fresh.store).await, Decision::Busy, "a window of which nothing is known may hold one call");
    fresh.clock.advance(PROBE_PATIENCE);
    let second = granted(reserve(&fresh.store).await);

    let over_at = fresh.clock.now() + QUARTER;
    let told = Window { limit: Some(60), remaining: 1, reset: over_at, over_at };
    settle(&fresh.store, &second, alive(vec![(WindowKind::Short, told)])).await;
    assert_eq!(reserve(&fresh.store).await, Decision::Busy, "the first call may not have arrived yet");
    fresh.clock.advance(HOLD);
    let until = over_at;
    assert_eq!(reserve(&fresh.store).await, Decision::RateLimited { until }, "it may have arrived since");
    fresh.clock.set(over_at);
    granted(reserve(&fresh.store).await);
}

async fn a_call_without_an_answer_counts_as_made(fresh: Fresh) {
    let call = granted(reserve(&fresh.store).await);
    let over_at = fresh.clock.now() + QUARTER;
    let told = Window { limit: Some(60), remaining: 2, reset: over_at, over_at };
    settle(&fresh.store, &call, alive(vec![(WindowKind::Short, told)])).await;
    for _ in 0..2 {
        let call = granted(reserve(&fresh.store).await);
        settle(&fresh.store, &call, Report { is_lost: true, ..Report::default() }).await;
    }
    assert_eq!(reserve(&fresh.store).await, Decision::RateLimited { until: over_at });
}

async fn what_is_read_is_counted_by_day_and_by_month(fresh: Fresh) {
    let read = |posts| Report { reads: Reads { posts, users: 2 }, ..alive(Vec::new()) };
    fresh.clock.set("2026-01-30T23:00:00Z".parse().unwrap());
    let call = granted(reserve_within(&fresh.store, Some(20)).await);
    assert_eq!(call.posts, 20);
    settle(&fresh.store, &call, read(9)).await;
    fresh.clock.set("2026-01-31T23:59:59Z".parse().unwrap());
    let call = granted(reserve_within(&fresh.store, Some(20)).await);
    assert_eq!(call.posts, 11);
    settle(&fresh.store, &call, read(7)).await;
    let usage = fresh.store.usage(Some(20)).await.unwrap();
    assert_eq!((usage.today, usage.month), (Reads { posts: 7, users: 2 }, Reads { posts: 16, users: 4 }));
    let until = "2026-02-01T00:00:00Z".parse().unwrap();
    assert_eq!((usage.left(), reserve_within(&fresh.store, Some(20)).await), (Some(4), Decision::Spent { until }));

    fresh.clock.set(until);
    assert_eq!(fresh.store.usage(Some(20)).await.unwrap().month, Reads::default());
    assert_eq!(granted(reserve_within(&fresh.store, Some(20)).await).posts, 20);
}

async fn posts_are_not_promised_twice(fresh: Fresh) {
    let call = granted(reserve(&fresh.store).await);
    settle(&fresh.store, &call, alive(Vec::new())).await;
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let store = fresh.store.clone();
        callers.spawn(async move { store.reserve(&line(), &ask(5, 40), Some(100), &BreakerSettings::default()).await });
    }
    let answers: Vec<_> = callers.join_all().await.into_iter().map(|answer| answer.unwrap().0).collect();
    let mut promised: Vec<u32> = answers
        .iter()
        .filter_map(|answer| if let Decision::Granted(call) = answer { Some(call.posts) } else { None })
        .collect();
    promised.sort_unstable();
    assert_eq!(promised, [20, 40, 40], "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Decision::Busy).count(), 5, "some may come back");
}

async fn unused_credentials_are_forgotten(fresh: Fresh) {
    let call = granted(reserve(&fresh.store).await);
    settle(&fresh.store, &call, alive(Vec::new())).await;
    fresh.clock.advance(Duration::from_hours(48));
    assert_eq!(fresh.store.forget_unused_credentials().await.unwrap(), 0);
    fresh.clock.advance(Duration::from_secs(1));
    assert_eq!(fresh.store.forget_unused_credentials().await.unwrap(), 1);
    assert!(fresh.store.known(&line().credential).await.unwrap().allowances.is_empty());
}
