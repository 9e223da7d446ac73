//! What ingestion is doing.

use amber_proto::v1;

use super::leader::state;
use super::number::{count, small};
use super::run::run;
use super::time::{duration, timestamp};
use crate::config;
use crate::domain::Usage;
use crate::ingestion::{Job, LeaderProgress, Status};
use crate::resilience::{BreakerSnapshot, BreakerState};

pub(in crate::grpc) fn ingestion_status(status: Status) -> v1::GetIngestionStatusResponse {
    let control = status.control;
    v1::GetIngestionStatusResponse {
        enabled: status.enabled,
        running: status.running,
        circuit_breaker: Some(breaker(status.breaker)),
        rate_limited_until: status.rate_limited_until.map(timestamp),
        stopped_reason: control.stopped_reason.unwrap_or_default(),
        jobs: status.jobs.into_iter().map(job).collect(),
        config: Some(settings(status.settings)),
        last_run: status.last_run.map(run),
        leaders: status.leaders.into_iter().map(progress).collect(),
        paused: control.paused,
        stopped_until: control.stopped_until.map(timestamp),
        missed_ticks: count(control.missed_ticks),
        last_tick: control.last_tick.map(timestamp),
        usage: status.usage.map(usage),
    }
}

pub(in crate::grpc) fn started_ingestion(status: Status) -> v1::StartIngestionResponse {
    v1::StartIngestionResponse { running: status.running, jobs: status.jobs.into_iter().map(job).collect() }
}

pub(super) fn breaker_state(state: BreakerState) -> v1::CircuitBreakerState {
    match state {
        BreakerState::Closed => v1::CircuitBreakerState::Closed,
        BreakerState::Open => v1::CircuitBreakerState::Open,
        BreakerState::HalfOpen => v1::CircuitBreakerState::HalfOpen,
    }
}

fn usage(usage: Usage) -> v1::XUsage {
    v1::XUsage {
        posts_today: count(usage.today.posts),
        posts_this_month: count(usage.month.posts),
        users_today: count(usage.today.users),
        users_this_month: count(usage.month.users),
        monthly_post_budget: usage.budget.map(count),
    }
}

fn breaker(breaker: BreakerSnapshot) -> v1::CircuitBreaker {
    v1::CircuitBreaker {
        state: breaker_state(breaker.state).into(),
        consecutive_failures: small(breaker.consecutive_failures),
        open_for: breaker.open_for.map(duration),
    }
}

fn job(job: Job) -> v1::IngestionJob {
    v1::IngestionJob {
        id: job.id.to_owned(),
        name: job.name.to_owned(),
        trigger: job.trigger,
        next_run_time: Some(timestamp(job.next_run)),
    }
}

fn settings(settings: config::Ingestion) -> v1::IngestionConfig {
    v1::IngestionConfig {
        interval: Some(duration(settings.interval)),
        cron: settings.cron,
        backfill_count: settings.backfill_count.map_or(0, small),
        limit: small(settings.limit),
        dry_run: settings.dry_run,
    }
}

fn progress(progress: LeaderProgress) -> v1::LeaderIngestion {
    let LeaderProgress { leader, last_error, last_success_at, high_water, gaps, unreachable } = progress;
    v1::LeaderIngestion {
        leader_id: leader.id.to_string(),
        handle: leader.x_handle().map(|handle| handle.to_string()).unwrap_or_default(),
        state: state(leader.state).into(),
        last_error: last_error.unwrap_or_default(),
        last_success_time: last_success_at.map(timestamp),
        high_water_mark: high_water.map(|id| id.to_string()).unwrap_or_default(),
        gaps: small(gaps),
        unreachable_gaps: small(unreachable),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Leader, LeaderId, LeaderState};

    #[test]
    fn an_open_breaker_tells_for_how_long() {
        let open = |open_for| {
            breaker(BreakerSnapshot { state: BreakerState::Open, consecutive_failures: 5, open_for }).open_for
        };
        assert_eq!(open(Some(Duration::from_mins(5))).unwrap().seconds, 300);
        assert_eq!(open(None), None);
    }

    #[test]
    fn a_leader_shows_its_handle_without_the_at_sign() {
        let leader = Leader {
            id: LeaderId(uuid::Uuid::nil()),
            name: "Asha".into(),
            handles: [("x".into(), "@asha".into())].into(),
            tracking_topics: Vec::new(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            x_user_id: None,
            avatar_url: None,
            x_post_count: None,
            state: LeaderState::Active,
        };
        let shown = progress(LeaderProgress {
            leader,
            last_error: None,
            last_success_at: None,
            high_water: Some(1_900_000_000_000_000_001),
            gaps: 2,
            unreachable: 1,
        });
        assert_eq!((shown.handle.as_str(), shown.high_water_mark.as_str()), ("asha", "1900000000000000001"));
        assert_eq!((shown.state(), shown.gaps, shown.unreachable_gaps), (v1::LeaderState::Active, 2, 1));
    }
}
