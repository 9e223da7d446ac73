//! The health report.

use std::time::Duration;

use amber_proto::v1;

use super::ingestion::breaker_state;
use super::number::count;
use super::time::{duration, timestamp};
use crate::domain::Background;
use crate::health::{Check, IngestTotals, IngestionCheck, Report, TaskCheck};
use crate::store::Counts;

pub(in crate::grpc) fn health(report: Report) -> v1::GetHealthResponse {
    let status = if report.is_ok() { v1::HealthStatus::Ok } else { v1::HealthStatus::Degraded };
    v1::GetHealthResponse {
        status: status.into(),
        check_time: Some(timestamp(report.at)),
        database: Some(database(&report.database, report.counts.as_ref())),
        redis: Some(redis(&report.redis)),
        ingestion_scheduler: Some(scheduler(report.ingestion)),
        background_tasks: Some(tasks(report.tasks)),
        stats: Some(stats(report.totals)),
        build: Some(v1::BuildInfo {
            version: report.build.version,
            commit: report.build.commit,
            build_time: report.build.build_time,
        }),
    }
}

pub(in crate::grpc) fn watched_health(report: Report) -> v1::WatchHealthResponse {
    v1::WatchHealthResponse { report: Some(health(report)) }
}

/// The result, how long the answer took, and what failed.
fn outcome<T>(check: &Check<T>) -> (v1::CheckStatus, Option<Duration>, &'static str) {
    match check {
        Check::Ok(_, took) => (v1::CheckStatus::Ok, Some(*took), ""),
        Check::Failed(why) => (v1::CheckStatus::Error, None, why),
        Check::Disabled => (v1::CheckStatus::Disabled, None, ""),
    }
}

fn database(check: &Check<()>, found: Option<&Counts>) -> v1::DatabaseCheck {
    let (status, latency, error) = outcome(check);
    let found = found.filter(|_| matches!(check, Check::Ok(..))).map(counts);
    v1::DatabaseCheck { status: status.into(), latency: latency.map(duration), counts: found, error: error.to_owned() }
}

fn counts(found: &Counts) -> v1::DatabaseCounts {
    v1::DatabaseCounts {
        leaders: count(found.leaders),
        posts: count(found.posts),
        review_items: count(found.review_items),
        latest_post_time: found.latest_post_at.map(timestamp),
    }
}

fn redis(check: &Check<()>) -> v1::RedisCheck {
    let (status, latency, error) = outcome(check);
    v1::RedisCheck { status: status.into(), latency: latency.map(duration), error: error.to_owned() }
}

fn scheduler(check: IngestionCheck) -> v1::IngestionSchedulerCheck {
    let status = if check.running { v1::CheckStatus::Ok } else { v1::CheckStatus::Stopped };
    v1::IngestionSchedulerCheck {
        status: status.into(),
        enabled: check.enabled,
        circuit_breaker_state: breaker_state(check.breaker).into(),
        running: check.running,
    }
}

fn tasks(check: TaskCheck) -> v1::BackgroundTasksCheck {
    let status = if check.down.is_empty() { v1::CheckStatus::Ok } else { v1::CheckStatus::Error };
    v1::BackgroundTasksCheck {
        status: status.into(),
        down: check.down.into_iter().map(Background::as_str).map(str::to_owned).collect(),
        restarts: count(check.restarts),
    }
}

fn stats(totals: IngestTotals) -> v1::IngestionStats {
    v1::IngestionStats {
        total_ingests: count(totals.total_ingests),
        last_ingest_duration: Some(duration(totals.last_ingest)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::config::Build;
    use crate::resilience::BreakerState;

    fn report(database: Check<()>, counts: Option<Counts>) -> Report {
        Report {
            at: Timestamp::UNIX_EPOCH,
            database,
            counts,
            redis: Check::Disabled,
            ingestion: IngestionCheck { enabled: true, running: false, breaker: BreakerState::HalfOpen },
            tasks: TaskCheck::default(),
            totals: IngestTotals::default(),
            build: Build { version: "0.1.0".into(), commit: "c0ffee".into(), build_time: "unknown".into() },
        }
    }

    #[test]
    fn a_database_or_a_task_that_is_down_degrades_the_whole() {
        let counts = Counts { leaders: 2, posts: 3, review_items: 0, latest_post_at: None };
        let well = health(report(Check::Ok((), Duration::from_millis(4)), Some(counts)));
        assert_eq!(well.status(), v1::HealthStatus::Ok);
        assert_eq!(well.redis.unwrap().status(), v1::CheckStatus::Disabled);
        let database = well.database.unwrap();
        assert_eq!((database.counts.unwrap().posts, database.latency.unwrap().nanos), (3, 4_000_000));

        let ill = health(report(Check::Failed("the database does not answer"), Some(counts)));
        assert_eq!(ill.status(), v1::HealthStatus::Degraded);
        let database = ill.database.unwrap();
        assert_eq!(database.error, "the database does not answer");
        assert!(database.counts.is_none() && database.latency.is_none());

        let mut stumbling = report(Check::Ok((), Duration::from_millis(4)), None);
        stumbling.tasks = TaskCheck { down: [Background::Scheduler].into(), restarts: 3 };
        assert!(stumbling.serves());
        let stumbling = health(stumbling);
        assert_eq!(stumbling.status(), v1::HealthStatus::Degraded);
        let tasks = stumbling.background_tasks.unwrap();
        assert_eq!(
            (tasks.status(), tasks.down, tasks.restarts),
            (v1::CheckStatus::Error, vec!["scheduler".to_owned()], 3)
        );
    }

    #[test]
    fn a_scheduler_that_does_not_run_is_stopped() {
        let check = health(report(Check::Disabled, None)).ingestion_scheduler.unwrap();
        assert_eq!(check.status(), v1::CheckStatus::Stopped);
        assert_eq!(check.circuit_breaker_state(), v1::CircuitBreakerState::HalfOpen);
    }
}
